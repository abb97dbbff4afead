use serde_json::{Value, json};

use super::*;
use crate::history::tests::history;
use Stamp::{Outside, Profiling, Warmup};

const SECOND: i64 = 1_000_000_000;

/// Statistics of the first series, as a file has them.
fn shown(scrapes: &[(i64, Stamp, &str)], span: Span, slice_ns: Option<i64>) -> Value {
    let history = history(scrapes);
    let (key, series) = history.series.first().unwrap();
    json!(statistics(key, series, span, slice_ns))
}

const MEASURED: Span = Span::Stamped(Profiling);

#[test]
fn a_counter_grows_from_the_sample_before_the_first_measured_one() {
    let counter = |value: i64| format!("# TYPE c_total counter\nc_total{{m=\"a\"}} {value}\n");
    let pages: Vec<String> = [100, 110, 150, 210, 250].map(counter).into();
    let scrapes = [
        (SECOND, Outside, &*pages[0]),
        (2 * SECOND, Warmup, &*pages[1]),
        (3 * SECOND, Profiling, &*pages[2]),
        (4 * SECOND, Profiling, &*pages[3]),
        (5 * SECOND, Outside, &*pages[4]),
    ];
    assert_eq!(
        shown(&scrapes, MEASURED, None),
        json!({"labels": {"m": "a"}, "stats": {"total": 100.0, "rate": 50.0}})
    );
    assert_eq!(
        shown(&scrapes, Span::Stamped(Warmup), None)["stats"],
        json!({"total": 10.0, "rate": 10.0})
    );
    assert_eq!(
        shown(&scrapes, Span::Between(3 * SECOND, 5 * SECOND), None)["stats"]["total"],
        140.0
    );
    // Without a sample before, growth begins at the first measured one, and never at zero.
    assert_eq!(
        shown(&scrapes[2..], MEASURED, None)["stats"],
        json!({"total": 60.0, "rate": 60.0})
    );
    assert_eq!(shown(&scrapes[..2], MEASURED, None), Value::Null);
}

#[test]
fn a_counter_that_starts_anew_does_not_grow_backwards() {
    let scrapes = [
        (0, Outside, "# TYPE c counter\nc 100"),
        (SECOND, Profiling, "# TYPE c counter\nc 120"),
        (2 * SECOND, Profiling, "# TYPE c counter\nc 5"),
    ];
    assert_eq!(
        shown(&scrapes, MEASURED, None)["stats"],
        json!({"total": 0.0, "rate": 0.0})
    );
}

#[test]
fn a_gauge_has_the_distribution_of_its_measured_samples() {
    let gauge = |value: f64| format!("# TYPE g gauge\ng {value}\n");
    let pages: Vec<String> = [9.0, 1.0, 2.0, 3.0, 4.0].map(gauge).into();
    let mut scrapes: Vec<(i64, Stamp, &str)> = (0..)
        .zip(&pages)
        .map(|(index, page)| (index * SECOND, Profiling, &**page))
        .collect();
    scrapes[0].1 = Warmup;
    let found = shown(&scrapes, MEASURED, None);
    assert_eq!(found["stats"]["avg"], 2.5);
    assert_eq!(found["stats"]["min"], 1.0);
    assert_eq!(found["stats"]["max"], 4.0);
    assert_eq!(found["stats"]["p50"], 2.5);
    assert_eq!(found["stats"]["p25"], 1.75);
    let deviation = found["stats"]["std"].as_f64().unwrap();
    assert!((deviation - (5.0f64 / 3.0).sqrt()).abs() < 1e-12);
    let single = shown(&scrapes[..2], MEASURED, Some(SECOND));
    assert_eq!(single["stats"]["std"], 0.0);
    assert_eq!(single["timeslices"], Value::Null);
    assert_eq!(
        shown(&scrapes, MEASURED, Some(2 * SECOND))["timeslices"],
        json!([
            {"start_ns": SECOND, "end_ns": 3 * SECOND, "avg": 1.5, "min": 1.0, "max": 2.0},
            {"start_ns": 3 * SECOND, "end_ns": 4 * SECOND, "is_complete": false, "avg": 3.5, "min": 3.0, "max": 4.0},
        ])
    );
}

#[test]
fn slices_of_a_counter_take_its_last_sample_up_to_each_bound() {
    let counter = |value: f64| format!("# TYPE c counter\nc {value}\n");
    let pages: Vec<String> = [0.0, 1.0, 4.0, 10.0].map(counter).into();
    let scrapes: Vec<(i64, Stamp, &str)> = [0, SECOND, 2 * SECOND, 7 * SECOND / 2]
        .into_iter()
        .zip(&pages)
        .map(|(at, page)| (at, Profiling, &**page))
        .collect();
    let found = shown(&scrapes, MEASURED, Some(SECOND));
    assert_eq!(
        found["timeslices"],
        json!([
            {"start_ns": 0, "end_ns": SECOND, "total": 1.0, "rate": 1.0},
            {"start_ns": SECOND, "end_ns": 2 * SECOND, "total": 3.0, "rate": 3.0},
            {"start_ns": 2 * SECOND, "end_ns": 3 * SECOND, "total": 0.0, "rate": 0.0},
            {"start_ns": 3 * SECOND, "end_ns": 7 * SECOND / 2, "is_complete": false, "total": 6.0, "rate": 12.0},
        ])
    );
    let stats = &found["stats"];
    assert_eq!(
        [&stats["rate_avg"], &stats["rate_min"], &stats["rate_max"]],
        [4.0 / 3.0, 0.0, 3.0]
    );
}

fn histogram(small: i64, all: i64, sum: f64) -> String {
    format!(
        "# TYPE h histogram\nh_bucket{{le=\"1\"}} {small}\nh_bucket{{le=\"+Inf\"}} {all}\nh_sum {sum}\nh_count {all}\n"
    )
}

#[test]
fn a_histogram_grows_from_its_reference() {
    let pages = [
        histogram(5, 5, 2.0),
        histogram(15, 15, 7.0),
        histogram(25, 25, 12.0),
    ];
    let scrapes = [
        (0, Outside, &*pages[0]),
        (SECOND, Profiling, &*pages[1]),
        (2 * SECOND, Profiling, &*pages[2]),
    ];
    let found = shown(&scrapes, MEASURED, Some(SECOND));
    let stats = &found["stats"];
    assert_eq!(stats["count"], 20);
    assert_eq!(stats["sum"], 10.0);
    assert_eq!(stats["avg"], 0.5);
    assert_eq!(stats["count_rate"], 10.0);
    assert_eq!(stats["sum_rate"], 5.0);
    assert_eq!(stats["p50_estimate"], 0.5);
    assert_eq!(found["buckets"], json!({"1": 20, "+Inf": 20}));
    assert_eq!(
        found["timeslices"],
        json!([{"start_ns": SECOND, "end_ns": 2 * SECOND, "count": 10, "sum": 5.0, "avg": 0.5,
                "buckets": {"1": 10, "+Inf": 10}}])
    );
}

#[test]
fn a_histogram_that_did_not_grow_has_its_buckets_and_no_mean() {
    let page = histogram(5, 5, 2.0);
    let scrapes = [(0, Outside, &*page), (SECOND, Profiling, &*page)];
    assert_eq!(
        shown(&scrapes, MEASURED, None),
        json!({"stats": {"count": 0}, "buckets": {"1": 0, "+Inf": 0}})
    );
}

#[test]
fn a_bucket_that_shrank_withholds_buckets_and_estimates() {
    let pages = [histogram(5, 5, 2.0), histogram(2, 9, 7.0)];
    let scrapes = [(0, Outside, &*pages[0]), (SECOND, Profiling, &*pages[1])];
    assert_eq!(
        shown(&scrapes, MEASURED, None),
        json!({"stats": {"count": 4, "sum": 5.0, "avg": 1.25, "count_rate": 4.0, "sum_rate": 5.0}})
    );
}
