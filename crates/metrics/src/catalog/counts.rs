//! Counts of requests, the duration of the benchmark, and rates over the observation window.

use super::prelude::*;

/// One per record; the catalog's flags decide which records.
fn one(_: &Inputs<'_>) -> Outcome {
    Ok(Value::Int(1))
}

/// Valid and failed requests.
fn completed_request_count(window: &WindowInputs<'_>) -> Option<Value> {
    let completed = window.int(0).unwrap_or(0) + window.int(1).unwrap_or(0);
    (completed > 0).then_some(Value::Int(completed))
}

/// Share of failed requests; a clean run has 0 and not nothing.
fn request_error_rate(window: &WindowInputs<'_>) -> Option<Value> {
    let (errors, valid) = (window.int(0).unwrap_or(0), window.int(1).unwrap_or(0));
    let completed = errors + valid;
    (completed > 0).then(|| Value::Float(100.0 * errors as f64 / completed as f64))
}

/// Whether a failed request exceeded the model's context.
fn context_overflow(facts: &RecordFacts<'_>) -> Outcome {
    Ok(Value::Int(i64::from(facts.context_overflow)))
}

/// Wall time of the start.
fn request_timestamp(inputs: &Inputs<'_>) -> Outcome {
    known(Some(inputs.start_epoch_ns()))
}

/// Wall time of the last content.
fn response_timestamp(inputs: &Inputs<'_>) -> Outcome {
    let latency = u64::try_from(inputs.int(0)?).map_err(|_| Absence::NegativeInterval)?;
    known(inputs.start_epoch_ns().checked_add(latency))
}

/// From the first start to the last content of any valid request.
fn benchmark_duration(window: &WindowInputs<'_>) -> Option<Value> {
    let duration = window.int(0)? - window.int(1)?;
    (duration > 0).then_some(Value::Int(duration))
}

/// The second input per second of the window.
fn rate(window: &WindowInputs<'_>) -> Option<Value> {
    window.per_second(window.number(1)?)
}

/// Input and output together.
fn total_token_throughput(window: &WindowInputs<'_>) -> Option<Value> {
    window.per_second(window.number(1)? + window.number(2)?)
}

/// Time within the sender; 0 means it was not measured.
fn credit_drop_latency(facts: &RecordFacts<'_>) -> Outcome {
    known(facts.credit_drop_latency_ns.filter(|&latency| latency > 0))
}

/// Counts, duration and throughput.
pub(super) static COUNTS: &[Metric] = &[
    Metric::aggregate("request_count", "Request Count", Int, Formula::Values(one))
        .short_without_unit("Requests")
        .unit(Requests)
        .flags(&[LARGER_IS_BETTER, NOT_PER_RECORD])
        .console(ConsoleGroup::Default, Some(1100))
        .explained(
            "1 per **valid** record, summed",
            "no valid record (then the key is missing, not 0)",
        ),
    Metric::aggregate(
        "error_request_count",
        "Error Request Count",
        Int,
        Formula::Values(one),
    )
    .short_without_unit("Error Count")
    .unit(Requests)
    .flags(&[ERROR_ONLY, NOT_PER_RECORD])
    .console(ConsoleGroup::Default, None)
    .explained("1 per failed record, summed", "no failed record"),
    Metric::derived(
        "completed_request_count",
        "Completed Requests (Success + Error)",
        Int,
        Formula::Window(completed_request_count),
    )
    .short_without_unit("Completed")
    .unit(Requests)
    .flags(&[NOT_PER_RECORD])
    .console(ConsoleGroup::Default, Some(1075))
    .uses(&["error_request_count", "request_count"])
    .explained(
        "`request_count + error_request_count` (missing = 0)",
        "sum is 0",
    ),
    Metric::derived(
        "request_error_rate",
        "Request Error Rate",
        Float,
        Formula::Window(request_error_rate),
    )
    .short_without_unit("Err %")
    .unit(Percent)
    .flags(&[NOT_PER_RECORD])
    .console(ConsoleGroup::Default, Some(1080))
    .uses(&["error_request_count", "request_count"])
    .explained(
        "`100 × errors / (valid + errors)`; 0.0 on a clean run",
        "sum is 0",
    ),
    Metric::aggregate(
        "context_overflow_count",
        "Context Overflow Count",
        Int,
        Formula::Facts(context_overflow),
    )
    .short_without_unit("Ctx Overflow")
    .unit(Requests)
    .flags(&[ERROR_ONLY, NOT_PER_RECORD])
    .console(ConsoleGroup::Default, None)
    .explained(
        "1 per failed record whose input exceeds the model's context, summed",
        "no failed record (0 if there are some, but of other kinds)",
    ),
    Metric::aggregate(
        "min_request_timestamp",
        "Minimum Request Timestamp",
        Int,
        Formula::Values(request_timestamp),
    )
    .folded(Fold::Minimum)
    .short_without_unit("Min Req")
    .unit(Nanoseconds)
    .flags(&[INTERNAL, NOT_PER_RECORD])
    .explained("`start_wall` of valid records, smallest", ""),
    Metric::aggregate(
        "max_response_timestamp",
        "Maximum Response Timestamp",
        Int,
        Formula::Values(response_timestamp),
    )
    .folded(Fold::Maximum)
    .short_without_unit("Max Resp")
    .unit(Nanoseconds)
    .flags(&[INTERNAL, NOT_PER_RECORD])
    .requires(&["request_latency"])
    .explained("`start_wall + request_latency`, largest", ""),
    Metric::derived(
        "benchmark_duration",
        "Benchmark Duration",
        Int,
        Formula::Window(benchmark_duration),
    )
    .short_without_unit("Duration")
    .units(Nanoseconds, Seconds)
    .requires(&["max_response_timestamp", "min_request_timestamp"])
    .explained(
        "`max_response_timestamp − min_request_timestamp`; failed records do not extend it",
        "the last content is not after the first start",
    ),
    Metric::derived(
        "request_throughput",
        "Request Throughput",
        Float,
        Formula::Window(rate),
    )
    .short_without_unit("Req/sec")
    .unit(RequestsPerSecond)
    .flags(&[LARGER_IS_BETTER])
    .console(ConsoleGroup::Default, Some(900))
    .requires(&["benchmark_duration", "request_count"])
    .explained(
        "`request_count / W`; W is the observation window, not `benchmark_duration`",
        "W = 0",
    ),
    Metric::derived(
        "output_token_throughput",
        "Output Token Throughput",
        Float,
        Formula::Window(rate),
    )
    .short_without_unit("Output TPS")
    .unit(TokensPerSecond)
    .flags(&[TOKENS, LARGER_IS_BETTER])
    .console(ConsoleGroup::Default, Some(800))
    .requires(&["benchmark_duration", "total_osl"])
    .explained("`total_osl / W`", "W = 0"),
    Metric::derived(
        "input_token_throughput",
        "Input Token Throughput",
        Float,
        Formula::Window(rate),
    )
    .short_without_unit("Input TPS")
    .unit(TokensPerSecond)
    .flags(&[LARGER_IS_BETTER])
    .console(ConsoleGroup::Default, Some(805))
    .requires(&["benchmark_duration", "total_isl"])
    .explained("`total_isl / W`", "W = 0"),
    Metric::derived(
        "total_token_throughput",
        "Total Token Throughput",
        Float,
        Formula::Window(total_token_throughput),
    )
    .short_without_unit("Total TPS")
    .unit(TokensPerSecond)
    .flags(&[TOKENS, LARGER_IS_BETTER])
    .requires(&["benchmark_duration", "total_isl", "total_osl"])
    .explained("`(total_isl + total_osl) / W`", "W = 0"),
    Metric::record(
        "credit_drop_latency",
        "Credit Drop Latency",
        Int,
        Formula::Facts(credit_drop_latency),
    )
    .short("Credit Latency")
    .units(Nanoseconds, Milliseconds)
    .flags(&[INTERNAL])
    .explained(
        "from the sender's taking up the request to sending it",
        "0 or unknown",
    ),
];
