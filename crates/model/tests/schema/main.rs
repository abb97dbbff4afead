//! The schemas describe exactly what is written.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod checker;

use std::path::Path;

use aiperf_model::{
    AccuracyRecord, GpuTelemetryRecord, MetricRecord, NAMED_METRICS, NetworkLatencyRecord,
    OutputsFile, RawRecord, ReadyMarker, SCHEMA_NAMES, ServerMetricsExport, ServerMetricsRecord,
    Summary, Timeslices, TraceData, schema,
};
use checker::Checker;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[test]
fn every_name_gives_a_schema_with_identity_title_and_description() {
    for name in SCHEMA_NAMES {
        let schema = schema(name).unwrap();
        assert_eq!(schema["$id"], format!("urn:aiperf:schema:{name}"));
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        assert!(
            schema["title"].is_string() && schema["description"].is_string(),
            "{name}"
        );
        for (member, property) in schema["properties"].as_object().unwrap() {
            assert!(
                property["description"].is_string(),
                "{name}: `{member}` is not described"
            );
        }
    }
    assert_eq!(schema("no_such_file"), None);
}

#[test]
fn the_samples_are_valid() {
    for line in sample("profile_export.jsonl").lines() {
        assert_valid("record", &parse(line));
        if let Some(trace) = parse(line).get("trace_data") {
            assert_valid("trace_data", trace);
        }
    }
    for line in sample("profile_export_raw.jsonl").lines() {
        assert_valid("raw_record", &parse(line));
    }
    assert_valid("summary", &parse(&sample("profile_export_aiperf.json")));
    assert_valid(
        "timeslices",
        &parse(&sample("profile_export_aiperf_timeslices.json")),
    );
    assert_valid("inputs", &parse(&sample("inputs.json")));
    assert_valid("outputs", &parse(&sample("outputs.json")));
    assert_valid("phase_manifest", &parse(&sample("phase_manifest.json")));
    assert_valid(
        "ready_marker",
        &parse(&sample(".aiperf_results_ready.json")),
    );
}

#[test]
fn what_does_not_belong_is_refused() {
    let lines = sample("profile_export.jsonl");
    let line = parse(
        lines
            .lines()
            .find(|line| line.contains("request_latency"))
            .unwrap(),
    );
    let spoil = |pointer: &str, value: Value| {
        let mut spoilt = line.clone();
        *spoilt.pointer_mut(pointer).unwrap() = value;
        spoilt
    };
    for spoilt in [
        spoil("/metadata/session_num", json!("1")),
        spoil("/metadata/session_num", json!(1.5)),
        spoil("/metadata/session_num", json!(null)),
        spoil("/metadata/conversation_id", json!(null)),
        spoil("/metadata/benchmark_phase", json!("cooldown")),
        spoil("/metrics/request_latency/value", json!("fast")),
        spoil("/metrics/request_latency", json!({"value": 1})),
        spoil("/metrics", json!([])),
        json!({"metrics": {}}),
    ] {
        assert!(!errors("record", &spoilt).is_empty(), "{spoilt}");
    }
}

#[test]
fn the_members_of_the_schema_are_those_that_are_written_and_in_that_order() {
    let metadata = json!({
        "session_num": 1, "x_request_id": "a", "x_correlation_id": "b", "conversation_id": "c",
        "turn_index": 0, "source_trace_id": "t", "source_outer_idx": 1, "source_inner_idx": 2,
        "source_kind": "k", "credit_issued_ns": 1, "scheduled_send_ns": 1, "request_start_ns": 2, "request_ack_ns": 3,
        "request_end_ns": 4, "worker_id": "w", "record_processor_id": "p",
        "benchmark_phase": "profiling", "phase_index": 0, "profiling_index": 0,
        "phase_name": "profiling", "phase_kind": "profiling", "was_cancelled": false,
        "cancellation_time_ns": 5, "context_overflow_skip": false, "agent_depth": 0,
        "parent_correlation_id": "d", "root_correlation_id": "e",
    });
    let error = json!({
        "code": 500, "type": "T", "message": "m", "cause": "c", "cause_chain": ["c"], "details": 1,
    });
    let errors = json!([{"error_details": error, "count": 1}]);
    let trace = json!({
        "trace_type": "aiohttp", "request_send_start_ns": 1, "request_headers": {"a": "b"},
        "request_headers_sent_ns": 1, "request_chunks": [[1, 2]], "request_send_end_ns": 1,
        "request_chunks_count": 1, "request_bytes_total": 1, "response_status_code": 200,
        "response_reason": "OK", "response_receive_start_ns": 1, "response_headers": {"a": "b"},
        "response_headers_received_ns": 1, "response_chunks": [[1, 2]], "response_chunks_count": 1,
        "response_bytes_total": 1, "response_receive_end_ns": 1, "error_timestamp_ns": 1,
        "connection_pool_wait_start_ns": 1, "connection_pool_wait_end_ns": 1,
        "tcp_connect_start_ns": 1, "tcp_connect_end_ns": 1, "connection_reused_ns": 1,
        "dns_cache_hit_ns": 1, "dns_cache_miss_ns": 1, "dns_lookup_start_ns": 1,
        "dns_lookup_end_ns": 1, "local_ip": "a", "local_port": 1, "remote_ip": "b",
        "remote_port": 2, "sending_ns": 1, "waiting_ns": 1, "receiving_ns": 1, "duration_ns": 1,
        "blocked_ns": 1, "dns_lookup_ns": 1, "connecting_ns": 1,
    });
    let acceptance = json!({
        "engine": "e", "mean_acceptance_length": 1.5, "draft_acceptance_rate": 0.5,
        "acceptance_histogram": {"0": 1, "2": 3}, "num_accepted_draft_tokens": 6,
        "num_draft_tokens": 12, "num_spec_steps": 4, "num_spec_tokens": 3,
        "completion_tokens": 9, "per_step_accepted": [0, 2], "per_step_drafted": [3, 3],
    });
    assert_complete::<TraceData>("trace_data", &trace);
    assert_complete::<MetricRecord>(
        "record",
        &json!({
            "metadata": metadata, "metrics": {"a": {"value": [1, 2.5], "unit": "ms"}},
            "trace_data": trace, "spec_decode_acceptance": acceptance, "error": error,
        }),
    );
    assert_complete::<RawRecord>(
        "raw_record",
        &json!({
            "metadata": metadata, "start_perf_ns": 1, "request_headers": {"a": "b"}, "status": 200,
            "response_headers": {"a": "b"}, "responses": [
                {"perf_ns": 1, "packets": [{"name": "data", "value": "v"}]},
                {"perf_ns": 1, "text": "t", "content_type": "c"},
                {"perf_ns": 1, "raw_bytes": "t", "content_type": "c"},
            ],
            "error": error, "cache_bust_marker": "m", "cache_bust_target": "system_prefix",
            "payload": {"model": "m"},
        }),
    );

    let result = json!({
        "unit": "ms", "avg": 1.0, "p1": 1.0, "p5": 1.0, "p10": 1.0, "p25": 1.0, "p50": 1.0,
        "p75": 1.0, "p90": 1.0, "p95": 1.0, "p99": 1.0, "min": 1.0, "max": 1.0, "std": 0.0,
        "count": 1, "sum": 1.0, "approximation": "near",
    });
    let mut summary = json!({"schema_version": "1.4", "aiperf_version": "0", "benchmark_id": "b"});
    for tag in NAMED_METRICS {
        summary[tag] = result.clone();
    }
    let further = json!({
        "telemetry_data": {
            "summary": {
                "endpoints_configured": ["a"], "endpoints_successful": ["a"], "start_time": "s",
                "end_time": "e",
            },
            "endpoints": {"h:1": {"gpus": {"gpu_0": {
                "gpu_index": 0, "gpu_name": "n", "gpu_uuid": "u", "platform": "nvidia",
                "hostname": "h", "namespace": "n", "pod_name": "p", "metrics": {"m": result},
            }}}},
            "error_summary": errors,
        },
        "input_config": {"models": []},
        "run_info": {
            "benchmark_id": "b", "sweep_id": "s", "random_seed": 1, "trial": 0, "run_label": "r",
            "variation_label": "v", "variation_index": 0, "variation_values": {"c": 1},
            "cli_command": "aiperf",
        },
        "was_cancelled": true, "is_complete": false, "incomplete_reason": "r",
        "error_summary": errors, "start_time": "s", "end_time": "e",
        "branch_stats": {
            "children_spawned": 1, "children_completed": 1, "children_errored": 1,
            "children_truncated": 1, "children_delayed": 1, "parents_suspended": 1,
            "parents_resumed": 1, "parents_failed_due_to_child_error": 1, "joins_suppressed": 1,
            "graphs_admitted": 1, "graphs_completed_to_end": 1,
        },
        "warmup_metrics": {"request_latency": result},
        "pooled_spec_decode_acceptance_histogram": {"0": 1},
        "metadata": {"scenario": "s"},
    });
    for (member, value) in further.as_object().unwrap() {
        summary[member] = value.clone();
    }
    assert_complete::<Summary>("summary", &summary);
    assert_complete::<Timeslices>(
        "timeslices",
        &json!({
            "timeslices": [
                {"timeslice_index": 0, "start_ns": 1, "end_ns": 2, "is_complete": false},
            ],
            "input_config": {},
        }),
    );

    let entry = json!({
        "session_num": 0, "conversation_id": "c", "turn_index": 0, "x_request_id": "x",
        "benchmark_phase": "profiling", "request_start_ns": 1, "request_end_ns": 2,
        "metrics": {"a": 1}, "response_text": "t",
    });
    assert_complete::<OutputsFile>(
        "outputs",
        &json!({"schema_version": "1.0", "data": [entry], "warmup": [entry]}),
    );
    assert_complete::<ReadyMarker>(
        "ready_marker",
        &json!({
            "ready": true, "was_cancelled": false, "partial": true, "failed_exporters": ["e"],
            "terminal_phase": "Failed", "terminal_error": "e",
        }),
    );
    assert_complete::<GpuTelemetryRecord>(
        "gpu_telemetry",
        &json!({
            "gpu_index": 0, "gpu_uuid": "u", "gpu_model_name": "n", "pci_bus_id": "p",
            "device": "d", "hostname": "h", "namespace": "n", "pod_name": "p",
            "platform": "nvidia", "timestamp_ns": 1, "telemetry_source_url": "s",
            "telemetry_data": {"nvidia_power_usage": 302.0},
        }),
    );
    assert_complete::<NetworkLatencyRecord>(
        "network_latency",
        &json!({
            "timestamp_ns": 1, "target_url": "u", "target_host": "h", "target_port": 80,
            "probe_type": "tcp_connect", "rtt_ns": 5, "success": true, "error": error,
        }),
    );
    let series = json!({
        "endpoint_url": "u", "labels": {"m": "a"},
        "stats": {
            "total": 1.0, "rate": 1.0, "rate_avg": 1.0, "rate_min": 1.0, "rate_max": 1.0,
            "rate_std": 1.0, "count": 1, "sum": 1.0, "avg": 1.0, "min": 1.0, "max": 1.0, "std": 1.0,
            "p1": 1.0, "p5": 1.0, "p10": 1.0, "p25": 1.0, "p50": 1.0, "p75": 1.0, "p90": 1.0,
            "p95": 1.0, "p99": 1.0, "count_rate": 1.0, "sum_rate": 1.0, "p1_estimate": 1.0,
            "p5_estimate": 1.0, "p10_estimate": 1.0, "p25_estimate": 1.0, "p50_estimate": 1.0,
            "p75_estimate": 1.0, "p90_estimate": 1.0, "p95_estimate": 1.0, "p99_estimate": 1.0,
        },
        "buckets": {"+Inf": 1},
        "timeslices": [{
            "start_ns": 1, "end_ns": 2, "is_complete": false, "total": 1.0, "rate": 1.0, "count": 1,
            "sum": 1.0, "avg": 1.0, "min": 1.0, "max": 1.0, "buckets": {"+Inf": 1},
        }],
    });
    let metric = json!({"type": "gauge", "description": "d", "unit": "count", "series": [series]});
    assert_complete::<ServerMetricsExport>(
        "server_metrics",
        &json!({
            "schema_version": "1.1", "aiperf_version": "0.13.0", "benchmark_id": "b",
            "summary": {
                "endpoints_configured": ["u"], "endpoints_successful": ["u"],
                "start_time": "2026-11-21T22:27:31", "end_time": "2026-11-21T22:27:32",
                "endpoint_info": {"u": {
                    "total_fetches": 1, "first_fetch_ns": 1, "last_fetch_ns": 2,
                    "avg_fetch_latency_ms": 1.0, "unique_updates": 1, "first_update_ns": 1,
                    "last_update_ns": 2, "duration_seconds": 1.0, "avg_update_interval_ms": 1.0,
                    "median_update_interval_ms": 1.0,
                }},
                "phase_time_ranges": {"profiling": {"start_ns": 1, "end_ns": 2}},
            },
            "metrics_phase": "profiling", "metrics": {"g": metric}, "warmup_metrics": {"g": metric},
            "input_config": {}, "error_summary": [{"error_details": error, "count": 1}],
        }),
    );
    assert_complete::<ServerMetricsRecord>(
        "server_metrics_record",
        &json!({
            "endpoint_url": "u", "timestamp_ns": 1, "endpoint_latency_ns": 1,
            "metrics": {"g": [{
                "labels": {"m": "a"}, "value": 1.0, "buckets": {"+Inf": 1.0}, "sum": 1.0, "count": 1.0,
            }]},
            "request_sent_ns": 1, "first_byte_ns": 1, "benchmark_phase": "profiling",
            "phase_index": 1, "profiling_index": 0, "phase_name": "p", "phase_kind": "profiling",
        }),
    );
    assert_complete::<AccuracyRecord>(
        "accuracy",
        &json!({
            "session_num": 0, "conversation_id": "c", "x_request_id": "x", "worker_id": "w",
            "benchmark_phase": "profiling", "timestamp_ns": 1, "task": "t", "grader_name": "g",
            "passed": true, "unparsed": false, "confidence": 1.0, "expected": "e", "actual": "a",
            "explanation": "x", "model_output": "o", "model_thinking": "t",
        }),
    );
}

/// `value` has every member there is: it must come out of the type as it went in, be valid, and
/// name every property of every schema it touches, in the same order.
#[track_caller]
fn assert_complete<T: Serialize + DeserializeOwned>(name: &str, value: &Value) {
    let typed: T = serde_json::from_str(&value.to_string()).unwrap();
    assert_eq!(
        serde_json::to_string(&typed).unwrap(),
        value.to_string(),
        "{name}"
    );
    assert_valid(name, value);
    let root = schema(name).unwrap();
    let mut checker = Checker {
        root: &root,
        errors: Vec::new(),
        demand_all_members: true,
    };
    checker.check(&root, value, "");
    assert_eq!(checker.errors, Vec::<String>::new(), "{name}");
}

#[track_caller]
fn assert_valid(name: &str, value: &Value) {
    assert_eq!(errors(name, value), Vec::<String>::new(), "{name}");
}

fn errors(name: &str, value: &Value) -> Vec<String> {
    let root = schema(name).unwrap();
    let mut checker = Checker {
        root: &root,
        errors: Vec::new(),
        demand_all_members: false,
    };
    checker.check(&root, value, "");
    checker.errors
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn sample(name: &str) -> String {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    std::fs::read_to_string(samples.join(name)).unwrap()
}
