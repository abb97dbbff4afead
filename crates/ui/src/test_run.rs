//! A run in the middle, for tests.

use aiperf_metrics::catalog::find;
use aiperf_metrics::{ConsoleGroup, MetricResult, Statistics, Visibility};
use aiperf_schedule::{Nanos, PhaseKind, StopRules};

use crate::logs::{LogLine, Severity};
use crate::model::{Counts, PhaseProgress, Snapshot};

/// A second.
pub(crate) const S: Nanos = 1_000_000_000;

/// A quarter of 400 requests, 4 less recorded than ended.
pub(crate) fn phase() -> PhaseProgress {
    PhaseProgress {
        index: 1,
        profiling_index: Some(0),
        name: "profiling".to_owned(),
        kind: PhaseKind::Profiling,
        stop: StopRules {
            requests: Some(400),
            ..StopRules::default()
        },
        start: 100 * S,
        sending_end: None,
        requests_end: None,
        records_end: None,
        grace_timed_out: false,
        was_cancelled: false,
        counts: Counts {
            sent: 110,
            completed: 100,
            failed: 6,
            cancelled: 0,
            sessions_sent: 110,
            sessions_completed: 100,
            sessions_cancelled: 0,
        },
        valid_records: 90,
        failed_records: 6,
    }
}

/// A warmup of 20 requests that is over.
pub(crate) fn warmup() -> PhaseProgress {
    PhaseProgress {
        index: 0,
        profiling_index: None,
        name: "warmup".to_owned(),
        kind: PhaseKind::Warmup,
        stop: StopRules {
            requests: Some(20),
            ..StopRules::default()
        },
        start: 90 * S,
        requests_end: Some(95 * S),
        records_end: Some(95 * S),
        counts: Counts {
            sent: 20,
            completed: 20,
            ..Counts::default()
        },
        valid_records: 20,
        failed_records: 0,
        ..phase()
    }
}

/// A metric of the catalog with figures that grow with their position.
pub(crate) fn metric(tag: &str, first: f64) -> MetricResult {
    let metric = find(tag).unwrap_or_else(|| panic!("no metric {tag}"));
    let at = |step: f64| Some(first * (1.0 + step / 10.0));
    MetricResult {
        tag: tag.to_owned(),
        header: metric.header.to_owned(),
        unit: metric.display_unit.as_str(),
        group: metric.group,
        order: metric.order,
        visibility: metric.visibility(),
        approximation: None,
        statistics: Statistics {
            avg: at(5.0),
            percentiles: std::array::from_fn(|index| at(1.0 + index as f64)),
            min: at(0.0),
            max: at(12.0),
            std: Some(first / 3.0),
            count: Some(90),
            sum: Some(first * 90.0),
        },
    }
}

/// A metric that is one number.
pub(crate) fn scalar(tag: &str, value: f64) -> MetricResult {
    MetricResult {
        statistics: Statistics::scalar(value),
        ..metric(tag, value)
    }
}

/// A metric that no catalog knows.
pub(crate) fn unknown(tag: &str, value: f64) -> MetricResult {
    MetricResult {
        tag: tag.to_owned(),
        header: "Server Running Requests".to_owned(),
        unit: "req",
        group: ConsoleGroup::Default,
        order: None,
        visibility: Visibility::default(),
        approximation: None,
        statistics: Statistics::scalar(value),
    }
}

/// Ten seconds after the measured phase began.
pub(crate) fn snapshot() -> Snapshot {
    Snapshot {
        now: 110 * S,
        phases: vec![warmup(), phase()],
        metrics: vec![
            metric("time_to_first_token", 11.25),
            metric("request_latency", 1_186.0),
            metric("inter_token_latency", 4.8),
            metric("output_token_throughput_per_user", 207.15),
            metric("output_sequence_length", 33.0),
            metric("input_sequence_length", 32.0),
            scalar("request_throughput", 18.86),
            scalar("input_token_throughput", 578.2),
            scalar("output_token_throughput", 596.9),
            scalar("request_count", 90.0),
            scalar("total_isl", 2_880.0),
            scalar("total_osl", 2_970.0),
        ],
    }
}

/// Some lines of a log.
pub(crate) fn log_lines() -> Vec<LogLine> {
    let line = |second: u32, severity, message: &str| LogLine {
        time: format!("22:31:{second:02}.465"),
        severity,
        message: message.to_owned(),
        place: "phase_log.rs:40".to_owned(),
    };
    vec![
        line(32, Severity::Info, "dataset: 100 conversations"),
        line(
            33,
            Severity::Notice,
            "Phase profiling (profiling) started | phase_index=1 | profiling_index=0 | target: 400 requests",
        ),
        line(34, Severity::Warning, "the server is slow"),
    ]
}
