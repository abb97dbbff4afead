//! Goodput: requests that meet every service level objective (DistServe, OSDI 2024).

use super::prelude::*;

/// Good requests per second of the window. Failed requests are not good, and not looked at.
fn goodput(window: &WindowInputs<'_>) -> Option<Value> {
    window.per_second(window.number(1)?)
}

/// Good requests among all that were tried, failed ones included.
fn good_request_fraction(window: &WindowInputs<'_>) -> Option<Value> {
    let count = |position| window.number(position).unwrap_or(0.0);
    let (errors, good, valid) = (count(0), count(1), count(2));
    let attempted = errors + valid;
    Some(Value::Float(if attempted > 0.0 {
        good / attempted
    } else {
        0.0
    }))
}

/// Goodput.
pub(super) static GOODPUT_FAMILY: &[Metric] = &[
    Metric::aggregate(
        "good_request_count",
        "Good Request Count",
        Float,
        Formula::Objectives,
    )
    .without_unit()
    .unit(Requests)
    .flags(&[GOODPUT])
    .explained(
        "1 if the record meets every SLO else 0, summed",
        "the record lacks a metric of an SLO (it then does not count as good)",
    ),
    Metric::derived("goodput", "Goodput", Float, Formula::Window(goodput))
        .short_without_unit("Goodput")
        .unit(RequestsPerSecond)
        .flags(&[GOODPUT])
        .console(ConsoleGroup::Default, Some(1000))
        .requires(&["benchmark_duration", "good_request_count"])
        .explained("`good_request_count / W`", "W = 0"),
    Metric::derived(
        "good_request_fraction",
        "GoodRequestFraction",
        Float,
        Formula::Window(good_request_fraction),
    )
    .short_without_unit("GoodReqFrac")
    .unit(Ratio)
    .flags(&[GOODPUT, LARGER_IS_BETTER])
    .uses(&["error_request_count", "good_request_count", "request_count"])
    .explained(
        "`good / (request_count + error_request_count)`; 0.0 if nothing was attempted",
        "",
    ),
];
