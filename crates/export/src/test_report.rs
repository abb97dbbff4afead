//! A handmade report for tests, with one metric of every kind.

use aiperf_metrics::result::{ConsoleGroup, MetricResult, Statistics, Visibility};
use serde_json::{Map, json};

use crate::{
    ErrorCount, Fact, PhaseKind, PhaseReport, RequestCounts, RunInfo, RunReport, SelfCheckView,
};

const ORDINARY: Visibility = Visibility {
    error_only: false,
    internal: false,
    experimental: false,
    no_individual_records: false,
};

/// A metric that is one number.
pub(crate) fn scalar(
    tag: &str,
    header: &str,
    unit: &'static str,
    value: f64,
    visibility: Visibility,
) -> MetricResult {
    MetricResult {
        tag: tag.to_owned(),
        header: header.to_owned(),
        unit,
        group: ConsoleGroup::Default,
        order: None,
        visibility,
        approximation: None,
        statistics: Statistics::scalar(value),
    }
}

/// A metric with all statistics, made from its mean.
fn distribution(tag: &str, header: &str, unit: &'static str, mean: f64) -> MetricResult {
    let around = [0.6, 0.65, 0.7, 0.8, 0.95, 1.2, 1.4, 1.5, 1.58].map(|factor| Some(mean * factor));
    let statistics = Statistics {
        avg: Some(mean),
        percentiles: around,
        min: Some(mean * 0.5),
        max: Some(mean * 1.6),
        std: Some(mean * 0.25),
        count: Some(6),
        sum: Some(mean * 6.0),
    };
    MetricResult {
        statistics,
        ..scalar(tag, header, unit, 0.0, ORDINARY)
    }
}

fn placed(group: ConsoleGroup, order: u32, result: MetricResult) -> MetricResult {
    MetricResult {
        group,
        order: Some(order),
        ..result
    }
}

fn results() -> Vec<MetricResult> {
    let error_only = Visibility {
        error_only: true,
        ..ORDINARY
    };
    let effective = MetricResult {
        statistics: Statistics {
            percentiles: [
                None,
                None,
                None,
                None,
                Some(2.0),
                None,
                Some(2.0),
                Some(2.0),
                Some(2.0),
            ],
            count: None,
            sum: None,
            ..distribution("", "", "", 1.75).statistics
        },
        ..distribution(
            "effective_concurrency",
            "Effective Concurrency",
            "requests",
            1.75,
        )
    };
    let adjusted = MetricResult {
        statistics: Statistics {
            avg: None,
            max: None,
            std: None,
            sum: None,
            percentiles: [
                Some(215.0),
                Some(215.0),
                Some(216.0),
                Some(219.0),
                Some(220.5),
                Some(226.25),
                None,
                None,
                None,
            ],
            min: Some(215.0),
            count: Some(8),
        },
        ..distribution(
            "adj_request_latency",
            "Request Latency (error-adjusted)",
            "ms",
            1.0,
        )
    };
    let usage = |tag, header, value| {
        let total = scalar(tag, header, "tokens", value, ORDINARY);
        placed(ConsoleGroup::Usage, 2000, total)
    };
    let default = |order, result| placed(ConsoleGroup::Default, order, result);
    let mut results = vec![
        placed(
            ConsoleGroup::None,
            10,
            distribution("http_req_waiting", "HTTP Waiting (TTFB)", "ms", 22.67),
        ),
        MetricResult {
            group: ConsoleGroup::None,
            ..distribution("inter_chunk_latency", "Inter Chunk Latency", "ms", 10.5)
        },
        default(
            400,
            distribution("request_latency", "Request Latency", "ms", 1219.375),
        ),
        default(
            100,
            distribution("time_to_first_token", "Time to First Token", "ms", 25.42),
        ),
        default(
            500,
            distribution(
                "output_token_throughput_per_user",
                "Output Token Throughput Per User",
                "tokens/sec/user",
                98.46,
            ),
        ),
        MetricResult {
            visibility: error_only,
            ..distribution("error_isl", "Error Input Sequence Length", "tokens", 16.0)
        },
        MetricResult {
            group: ConsoleGroup::None,
            ..scalar(
                "benchmark_duration",
                "Benchmark Duration",
                "sec",
                1.41,
                ORDINARY,
            )
        },
        default(
            900,
            scalar(
                "request_throughput",
                "Request Throughput",
                "requests/sec",
                4.125,
                ORDINARY,
            ),
        ),
        default(
            1000,
            scalar("request_count", "Request Count", "requests", 6.0, ORDINARY),
        ),
        default(
            950,
            scalar(
                "completed_request_count",
                "Completed Requests (Success + Error)",
                "requests",
                8.0,
                ORDINARY,
            ),
        ),
        scalar(
            "error_request_count",
            "Error Request Count",
            "requests",
            2.0,
            error_only,
        ),
        adjusted,
        placed(ConsoleGroup::Effective, 10, effective),
        usage(
            "total_usage_prompt_tokens",
            "Total Usage Prompt Tokens",
            96.0,
        ),
    ];
    for (tag, value) in [
        ("usage_discrepancy_count", 3.0),
        ("osl_mismatch_count", 2.0),
        ("osl_mismatch_diff_pct", 40.0),
    ] {
        let hidden = scalar(tag, tag, "count", value, ORDINARY);
        results.push(MetricResult {
            group: ConsoleGroup::None,
            ..hidden
        });
    }
    results
}

fn server_errors() -> Vec<ErrorCount> {
    vec![
        ErrorCount {
            code: Some(500),
            kind: Some("Internal Server Error".to_owned()),
            message: format!(
                r#"{{"error": {{"message": "[bold]boom[/x] overload {}{}", "type": "server_error"}}}}"#,
                "very long text ".repeat(8),
                "x".repeat(120)
            ),
            count: 1234,
            ..ErrorCount::default()
        },
        ErrorCount {
            kind: Some("InvalidInferenceResultError".to_owned()),
            message: "no content".to_owned(),
            cause_chain: Some(vec!["InvalidInferenceResultError".to_owned()]),
            count: 1,
            ..ErrorCount::default()
        },
    ]
}

/// A run with a warmup, some failures and most figures.
pub(crate) fn report() -> RunReport {
    let warmup = vec![
        distribution("request_latency", "Request Latency", "ms", 80.0),
        scalar("request_count", "Request Count", "requests", 2.0, ORDINARY),
    ];
    let counts = RequestCounts {
        successful: 6,
        failed: 2,
    };
    RunReport {
        aiperf_version: "0.1.0".to_owned(),
        metrics_title: "LLM Metrics".to_owned(),
        run_info: RunInfo {
            benchmark_id: "e173f8f418d5".to_owned(),
            random_seed: Some(3),
            cli_command: Some("aiperf profile -m 'm' --concurrency 2".to_owned()),
            ..RunInfo::default()
        },
        results: results(),
        warmup_results: Some(warmup.clone()),
        phases: vec![
            PhaseReport {
                name: "warmup".to_owned(),
                kind: PhaseKind::Warmup,
                phase_index: 0,
                profiling_index: None,
                start_ns: 1_795_304_603_853_092_429,
                end_ns: 1_795_304_603_924_681_742,
                counts: RequestCounts {
                    successful: 2,
                    failed: 0,
                },
                errors: Vec::new(),
                results: warmup,
                was_cancelled: false,
            },
            PhaseReport {
                name: "profiling".to_owned(),
                kind: PhaseKind::Profiling,
                phase_index: 1,
                profiling_index: Some(0),
                start_ns: 1_795_304_603_926_586_414,
                end_ns: 1_795_304_604_115_417_871,
                counts,
                errors: server_errors(),
                results: results(),
                was_cancelled: false,
            },
        ],
        errors: server_errors(),
        input_config: Some(json!({
            "models": {"items": [{"name": "m"}]},
            "endpoint": {"urls": ["http://127.0.0.1:18451"], "type": "chat", "streaming": true},
            "datasets": [{"name": "main", "type": "synthetic", "entries": 8,
                "random_seed": null, "prompts": {"isl": {"mean": 16.0}, "osl": {"mean": 6.0}}}],
            "phases": [{"name": "profiling", "kind": "profiling", "type": "concurrency",
                "requests": 8, "concurrency": 2}],
            "otel": {},
        })),
        was_cancelled: false,
        incomplete_reason: None,
        start_ns: 1_795_304_603_926_586_414,
        end_ns: 1_795_304_604_115_417_871,
        counts,
        extra: Map::from_iter([(
            "client_self_check".to_owned(),
            json!({"verdict": "VALID", "limit": null}),
        )]),
        ..RunReport::default()
    }
}

/// The same run, stopped by the user in a single phase, with a verdict of the client.
pub(crate) fn cancelled() -> RunReport {
    let fact = |label: &str, value: &str, note: &str| Fact {
        label: label.to_owned(),
        value: value.to_owned(),
        note: note.to_owned(),
    };
    RunReport {
        was_cancelled: true,
        incomplete_reason: Some("Run cancelled before all records were processed.".to_owned()),
        warmup_results: None,
        phases: Vec::new(),
        errors: Vec::new(),
        self_check: Some(SelfCheckView {
            verdict: "VALID".to_owned(),
            facts: vec![
                fact("Send delay p99 (ms)", "0.12", "limit 1.00"),
                fact("CPU of the busiest I/O thread (%)", "31", "limit 80"),
            ],
        }),
        ..report()
    }
}

/// A run of which nothing succeeded.
pub(crate) fn all_failed() -> RunReport {
    RunReport {
        results: vec![scalar("error_request_count", "Error Request Count", "requests", 8.0, Visibility { error_only: true, ..ORDINARY })],
        warmup_results: None,
        phases: Vec::new(),
        errors: vec![ErrorCount {
            code: Some(400),
            kind: Some("Bad Request".to_owned()),
            message: r#"{"detail":[{"type":"extra_forbidden","loc":["body","max_completion_tokens"],"msg":"Extra inputs are not permitted"}]}"#.to_owned(),
            count: 8,
            ..ErrorCount::default()
        }],
        counts: RequestCounts { successful: 0, failed: 8 },
        extra: Map::new(),
        ..report()
    }
}
