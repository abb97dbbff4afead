//! `profile_export_aiperf.json`: the figures of a run for programs.
//!
//! There is no `telemetry_data` block: without GPU figures the reference writes an empty one, which
//! its readers do not need.

use aiperf_metrics::result::MetricResult;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::json::without_nulls;
use crate::metrics::metric_object;
use crate::time::{local_time, utc_time};
use crate::{ErrorCount, HiddenMetrics, PhaseReport, RunInfo, RunReport};

/// Version of the file's structure, the reference's.
pub const SCHEMA_VERSION: &str = "1.4";

/// Metrics that stand before everything else, in this order. All others follow at the end.
const NAMED_METRICS: [&str; 25] = [
    "request_throughput",
    "request_latency",
    "request_count",
    "time_to_first_token",
    "time_to_second_token",
    "inter_token_latency",
    "output_token_throughput",
    "output_token_throughput_per_user",
    "output_sequence_length",
    "input_sequence_length",
    "goodput",
    "good_request_count",
    "output_token_count",
    "reasoning_token_count",
    "min_request_timestamp",
    "max_response_timestamp",
    "inter_chunk_latency",
    "total_output_tokens",
    "total_reasoning_tokens",
    "benchmark_duration",
    "total_isl",
    "total_osl",
    "error_request_count",
    "error_isl",
    "total_error_isl",
];

/// How the figures of a summary are written.
#[derive(Debug, Clone)]
pub struct SummaryOptions {
    /// Which hidden metrics the files show.
    pub hidden: HiddenMetrics,
    /// The zone of `start_time` and `end_time`.
    pub time_zone: TimeZone,
}

impl Default for SummaryOptions {
    fn default() -> Self {
        Self {
            hidden: HiddenMetrics::default(),
            time_zone: TimeZone::system(),
        }
    }
}

/// The summary of the run's profiling phases.
pub fn run_summary(report: &RunReport, options: &SummaryOptions) -> Value {
    let window = Window {
        results: &report.results,
        errors: &report.errors,
        was_cancelled: report.was_cancelled,
        start_ns: report.start_ns,
        end_ns: report.end_ns,
    };
    let mut summary = window_summary(report, &window, options);
    if let Some(warmup) = &report.warmup_results {
        let warmup_metrics = warmup
            .iter()
            .filter(|result| options.hidden.admits(result))
            .map(|result| (result.tag.clone(), metric_object(result)))
            .collect::<Map<_, _>>();
        summary.insert("warmup_metrics".to_owned(), Value::Object(warmup_metrics));
    }
    if !report.acceptance_histogram.is_empty() {
        let histogram = json!(report.acceptance_histogram);
        summary.insert(
            "pooled_spec_decode_acceptance_histogram".to_owned(),
            histogram,
        );
    }
    append_other_metrics(&mut summary, window.results, options.hidden);
    for (key, value) in &report.extra {
        if !value.is_null() {
            summary.insert(key.clone(), without_nulls(value));
        }
    }
    Value::Object(summary)
}

/// The summary of one phase: the same file with that phase's figures.
pub fn phase_summary(report: &RunReport, phase: &PhaseReport, options: &SummaryOptions) -> Value {
    let window = Window {
        results: &phase.results,
        errors: &phase.errors,
        was_cancelled: phase.was_cancelled,
        start_ns: phase.start_ns,
        end_ns: phase.end_ns,
    };
    let mut summary = window_summary(report, &window, options);
    append_other_metrics(&mut summary, window.results, options.hidden);
    Value::Object(summary)
}

/// What a summary covers: the whole run or one phase.
struct Window<'a> {
    results: &'a [MetricResult],
    errors: &'a [ErrorCount],
    was_cancelled: bool,
    start_ns: i64,
    end_ns: i64,
}

fn window_summary(
    report: &RunReport,
    window: &Window<'_>,
    options: &SummaryOptions,
) -> Map<String, Value> {
    let mut summary = Map::new();
    let mut put = |key: &str, value: Value| {
        summary.insert(key.to_owned(), value);
    };
    put("schema_version", SCHEMA_VERSION.into());
    put("aiperf_version", report.aiperf_version.as_str().into());
    put("benchmark_id", report.run_info.benchmark_id.as_str().into());
    for tag in NAMED_METRICS {
        let named = window.results.iter().find(|result| result.tag == tag);
        if let Some(result) = named.filter(|result| options.hidden.admits(result)) {
            put(tag, metric_object(result));
        }
    }
    if let Some(input_config) = &report.input_config {
        put("input_config", without_nulls(input_config));
    }
    put("run_info", run_info(&report.run_info, window));
    put("was_cancelled", window.was_cancelled.into());
    put("is_complete", report.is_complete().into());
    if let Some(reason) = &report.incomplete_reason {
        put("incomplete_reason", reason.as_str().into());
    }
    put(
        "error_summary",
        window.errors.iter().map(error_entry).collect(),
    );
    put(
        "start_time",
        local_time(window.start_ns, &options.time_zone).into(),
    );
    put(
        "end_time",
        local_time(window.end_ns, &options.time_zone).into(),
    );
    summary
}

fn append_other_metrics(
    summary: &mut Map<String, Value>,
    results: &[MetricResult],
    hidden: HiddenMetrics,
) {
    for result in results.iter().filter(|result| hidden.admits(result)) {
        if !NAMED_METRICS.contains(&result.tag.as_str()) {
            summary.insert(result.tag.clone(), metric_object(result));
        }
    }
}

/// The local times beside this block do not say their zone, so the block adds both in UTC.
fn run_info(info: &RunInfo, window: &Window<'_>) -> Value {
    without_nulls(&json!({
        "benchmark_id": info.benchmark_id,
        "sweep_id": info.sweep_id,
        "random_seed": info.random_seed,
        "trial": info.trial,
        "run_label": info.run_label,
        "variation_label": info.variation_label,
        "variation_index": info.variation_index,
        "variation_values": info.variation_values,
        "cli_command": info.cli_command,
        "start_time_utc": utc_time(window.start_ns),
        "end_time_utc": utc_time(window.end_ns),
    }))
}

fn error_entry(error: &ErrorCount) -> Value {
    without_nulls(&json!({
        "error_details": {
            "code": error.code,
            "type": error.kind,
            "message": error.message,
            "cause": error.cause,
            "cause_chain": error.cause_chain,
            "details": error.details,
        },
        "count": error.count,
    }))
}

#[cfg(test)]
mod tests {
    use aiperf_metrics::result::{ConsoleGroup, Statistics, Visibility};
    use proptest::prelude::*;

    use super::*;
    use crate::json::pretty;
    use crate::test_report;

    fn options() -> SummaryOptions {
        SummaryOptions {
            hidden: HiddenMetrics::default(),
            time_zone: TimeZone::UTC,
        }
    }

    #[test]
    fn a_summary_holds_every_block_in_the_reference_order() {
        let text = pretty(&run_summary(&test_report::report(), &options())).unwrap();
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_cancelled_run_says_so_and_why_it_is_incomplete() {
        let summary = run_summary(&test_report::cancelled(), &options());
        assert_eq!(summary["was_cancelled"], true);
        assert_eq!(summary["is_complete"], false);
        assert_eq!(
            summary["incomplete_reason"],
            "Run cancelled before all records were processed."
        );
    }

    #[test]
    fn a_run_without_results_still_has_a_summary_with_its_errors() {
        let text = pretty(&run_summary(&test_report::all_failed(), &options())).unwrap();
        insta::assert_snapshot!(text);
    }

    #[test]
    fn hidden_metrics_appear_only_on_request() {
        let mut report = test_report::report();
        let hidden = Visibility {
            internal: true,
            ..Visibility::default()
        };
        report
            .results
            .push(test_report::scalar("secret", "Secret", "ms", 1.0, hidden));
        assert!(run_summary(&report, &options()).get("secret").is_none());
        let shown = SummaryOptions {
            hidden: HiddenMetrics {
                internal: true,
                experimental: false,
            },
            ..options()
        };
        assert_eq!(run_summary(&report, &shown)["secret"]["avg"], 1.0);
    }

    fn any_statistic() -> impl Strategy<Value = Option<f64>> {
        proptest::option::of(prop_oneof![
            any::<f64>(),
            Just(f64::NAN),
            Just(f64::INFINITY)
        ])
    }

    fn null_paths(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Null => found.push(path.to_owned()),
            Value::Array(items) => {
                items
                    .iter()
                    .for_each(|item| null_paths(item, &format!("{path}[]"), found));
            }
            Value::Object(members) => {
                for (key, member) in members {
                    null_paths(member, &format!("{path}.{key}"), found);
                }
            }
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn no_figure_makes_the_summary_hold_null_or_nan(
            avg in any_statistic(),
            percentiles in proptest::array::uniform9(any_statistic()),
            min in any_statistic(),
            sum in any_statistic(),
            count in proptest::option::of(any::<u64>()),
        ) {
            let mut report = test_report::report();
            report.results.push(MetricResult {
                tag: "any".to_owned(),
                header: "Any".to_owned(),
                unit: "ms",
                group: ConsoleGroup::Default,
                order: None,
                visibility: Visibility::default(),
                approximation: None,
                statistics: Statistics { avg, percentiles, min, max: min, std: sum, count, sum },
            });
            let text = pretty(&run_summary(&report, &options())).unwrap();
            let parsed: Value = serde_json::from_str(&text).unwrap();
            let mut nulls = Vec::new();
            null_paths(&parsed, "", &mut nulls);
            prop_assert!(nulls.is_empty(), "null at {nulls:?}");
        }
    }
}
