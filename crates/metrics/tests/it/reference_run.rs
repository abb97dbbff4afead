//! A recorded run of the reference: its per-request values must follow from the facts, and its
//! summary and time slices from the records.
//!
//! Recorded with three warmup and sixteen profiling requests to a streaming chat stub that sometimes
//! fails, reasons, or sends several chunks in one piece; with `--request-rate 40`, `--goodput`,
//! `--slice-duration 0.2` and `--export-http-trace`. Strings that nothing reads were left out.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::common::{chat, find};
use aiperf_metrics::{
    ActiveMetrics, Bounds, Columns, ExportedNumber, HttpTraceFacts, InjectedLatencies,
    MetricResult, PERCENTILES, PhaseWindow, RecordFacts, RecordValues, RunContext, UsageFacts,
    compute_record, summarise, timeslices,
};
use serde_json::{Map, Value};

const RUN: &str = include_str!("../fixtures/recorded_run.jsonl");
const SUMMARY: &str = include_str!("../fixtures/recorded_summary.json");

/// Values that involve no wall clock agree to this.
const EXACT: f64 = 1e-9;
/// The reference keeps wall time in floats, of 256 ns resolution: long durations suffer little,
/// short ones and the rate of a short gap a lot.
const WALL_CLOCK: f64 = 2e-6;
const SHORT_WAIT: f64 = 5e-4;
const CURVE: f64 = 1e-4;
const CHUNK_RATE: f64 = 2e-2;

const START_PERF_NS: u64 = 5_000_000_000;

/// What the recorder would have known of one line of the recorded run.
struct Recorded {
    line: Value,
    content_perf_ns: Vec<u64>,
}

impl Recorded {
    fn parse(line: &str) -> Self {
        let line: Value = serde_json::from_str(line).unwrap();
        let metrics = &line["metrics"];
        let mut content_perf_ns = Vec::new();
        if let Some(first) = nanos(&metrics["time_to_first_token"]) {
            content_perf_ns.push(START_PERF_NS + first);
            for gap in metrics["inter_chunk_latency"]
                .as_array()
                .into_iter()
                .flatten()
            {
                let previous = content_perf_ns[content_perf_ns.len() - 1];
                content_perf_ns.push(previous + nanos(gap).unwrap());
            }
        }
        Self {
            line,
            content_perf_ns,
        }
    }

    fn facts(&self) -> RecordFacts<'_> {
        let metrics = &self.line["metrics"];
        let error = self.line["error"].as_str();
        let (start, end) = (self.integer("start_ns"), self.integer("end_ns"));
        let tokens = |tag: &str| metrics[tag].as_u64();
        let usage = UsageFacts {
            prompt_tokens: tokens("usage_prompt_tokens"),
            completion_tokens: tokens("usage_completion_tokens"),
            total_tokens: tokens("usage_total_tokens"),
            reasoning_tokens: tokens("usage_reasoning_tokens"),
            prompt_cache_read_tokens: tokens("usage_prompt_cache_read_tokens"),
            ..UsageFacts::default()
        };
        let requested = metrics["osl_mismatch_diff_pct"].as_f64().map(|pct| {
            let length = tokens("output_sequence_length").unwrap() as f64;
            (length / (1.0 + pct / 100.0)).round() as u64
        });
        RecordFacts {
            start_perf_ns: START_PERF_NS,
            start_epoch_ns: start,
            content_perf_ns: &self.content_perf_ns,
            first_output_perf_ns: nanos(&metrics["time_to_first_output_token"])
                .map(|latency| START_PERF_NS + latency),
            request_end_perf_ns: Some(START_PERF_NS + (end - start)),
            usage,
            input_tokens: tokens("input_sequence_length").or(tokens("error_isl")),
            output_tokens: tokens("output_token_count"),
            reasoning_tokens: tokens("reasoning_token_count"),
            max_tokens: requested,
            http: Some(self.http()),
            credit_issued_epoch_ns: Some(self.integer("credit_issued_ns")),
            failed: error.is_some(),
            context_overflow: error.is_some_and(|message| message.contains("maximum context")),
            ..RecordFacts::default()
        }
    }

    fn http(&self) -> HttpTraceFacts {
        let trace = &self.line["trace"];
        let stamp = |name: &str| trace[name].as_u64();
        HttpTraceFacts {
            pool_wait_start_ns: stamp("connection_pool_wait_start_ns"),
            pool_wait_end_ns: stamp("connection_pool_wait_end_ns"),
            dns_lookup_start_ns: stamp("dns_lookup_start_ns"),
            dns_lookup_end_ns: stamp("dns_lookup_end_ns"),
            tcp_connect_start_ns: stamp("tcp_connect_start_ns"),
            tcp_connect_end_ns: stamp("tcp_connect_end_ns"),
            connection_reused: stamp("connection_reused_ns").is_some(),
            request_send_start_ns: stamp("request_send_start_ns"),
            request_send_end_ns: stamp("request_send_end_ns"),
            response_receive_start_ns: stamp("response_receive_start_ns"),
            response_receive_end_ns: stamp("response_receive_end_ns"),
            request_bytes: stamp("request_bytes_total").unwrap(),
            request_chunks: stamp("request_chunks_count").unwrap(),
            response_bytes: stamp("response_bytes_total").unwrap(),
            response_chunks: stamp("response_chunks_count").unwrap(),
        }
    }

    fn integer(&self, name: &str) -> u64 {
        self.line[name].as_u64().unwrap()
    }
}

fn nanos(milliseconds: &Value) -> Option<u64> {
    milliseconds
        .as_f64()
        .map(|value| (value * 1e6).round() as u64)
}

fn context() -> RunContext {
    let slos = [
        ("time_to_first_token", 45.0),
        ("output_sequence_length", 8.0),
    ];
    let slos = slos
        .into_iter()
        .map(|(tag, limit)| (tag.to_owned(), limit))
        .collect();
    RunContext { slos, ..chat() }
}

fn recorded_run() -> Vec<Recorded> {
    RUN.lines().map(Recorded::parse).collect()
}

fn recorded_columns() -> Columns {
    let active = Arc::new(ActiveMetrics::new(&context()).unwrap());
    let mut columns = Columns::new(Arc::clone(&active));
    let mut values = RecordValues::new(&active);
    for record in recorded_run() {
        let facts = record.facts();
        compute_record(&active, &facts, &mut values);
        columns.push(
            &values,
            &facts,
            u16::try_from(record.integer("phase")).unwrap(),
        );
    }
    columns
}

fn expected() -> Value {
    serde_json::from_str(SUMMARY).unwrap()
}

fn phase_window(index: usize) -> PhaseWindow {
    let phase = &expected()["phases"][index];
    let bounds = Bounds {
        start_epoch_ns: phase["start_ns"].as_u64().unwrap(),
        end_epoch_ns: phase["end_ns"].as_u64().unwrap(),
    };
    PhaseWindow {
        phase: u16::try_from(index).unwrap(),
        bounds: Some(bounds),
    }
}

#[track_caller]
fn assert_close(what: &str, actual: f64, expected: f64, tolerance: f64) {
    let scale = expected.abs().max(1e-12);
    assert!(
        (actual - expected).abs() <= tolerance * scale,
        "{what}: {actual} for {expected}"
    );
}

#[test]
fn values_of_every_record_are_those_of_the_reference() {
    let active = ActiveMetrics::new(&context()).unwrap();
    let mut values = RecordValues::new(&active);
    for record in recorded_run() {
        let facts = record.facts();
        compute_record(&active, &facts, &mut values);
        let ours: BTreeMap<&str, ExportedNumber<'_>> = values
            .exported(&active)
            .map(|entry| (entry.tag, entry.number))
            .collect();
        let theirs = record.line["metrics"].as_object().unwrap();
        let our_tags: Vec<&str> = ours.keys().copied().collect();
        let mut their_tags: Vec<&str> = theirs.keys().map(String::as_str).collect();
        their_tags.sort_unstable();
        assert_eq!(our_tags, their_tags);
        for (tag, number) in ours {
            let value = &theirs[tag];
            match number {
                ExportedNumber::Int(int) => assert_eq!(Some(int), value.as_i64(), "{tag}"),
                ExportedNumber::Float(float) => {
                    assert!(value.is_f64(), "{tag} is an integer in the reference");
                    assert_close(tag, float, value.as_f64().unwrap(), EXACT);
                }
                ExportedNumber::List(list) => {
                    let theirs = value.as_array().unwrap();
                    assert_eq!(list.iter().count(), theirs.len(), "{tag}");
                    for (element, theirs) in list.iter().zip(theirs) {
                        let ExportedNumber::Float(element) = element else {
                            panic!("{tag} is in milliseconds");
                        };
                        assert_close(tag, element, theirs.as_f64().unwrap(), EXACT);
                    }
                }
            }
        }
    }
}

fn tolerance(tag: &str) -> f64 {
    let follows_chunks = ["decode_throughput", "tokens_in_flight"];
    if follows_chunks.iter().any(|name| tag.contains(name)) {
        CHUNK_RATE
    } else if ["credit_to_start_latency", "effective_latency"].contains(&tag) {
        SHORT_WAIT
    } else if tag.starts_with("effective_") || tag.starts_with("active_") {
        CURVE
    } else if tag == "benchmark_duration" {
        WALL_CLOCK
    } else {
        EXACT
    }
}

fn compare(ours: &[MetricResult], theirs: &Map<String, Value>, is_whole: bool) {
    for (tag, theirs) in theirs {
        let ours = find(ours, tag).unwrap_or_else(|| panic!("no {tag}"));
        assert_eq!(ours.unit, theirs["unit"], "{tag}");
        let statistics = ours.statistics;
        let count = statistics.count.map(|count| count as f64);
        let mut members = vec![
            ("avg".to_owned(), statistics.avg),
            ("min".to_owned(), statistics.min),
            ("max".to_owned(), statistics.max),
            ("std".to_owned(), statistics.std),
            ("sum".to_owned(), statistics.sum),
            ("count".to_owned(), count),
        ];
        members.extend(PERCENTILES.map(|q| (format!("p{q}"), statistics.percentile(q))));
        for (member, ours) in members {
            let theirs = theirs.get(&member).and_then(Value::as_f64);
            let what = format!("{tag} {member}");
            match (ours, theirs) {
                (Some(ours), Some(theirs)) => assert_close(&what, ours, theirs, tolerance(tag)),
                (ours, theirs) => assert_eq!(ours, theirs, "{what}"),
            }
        }
    }
    if is_whole {
        let shown = |result: &&MetricResult| !result.visibility.internal;
        for result in ours.iter().filter(shown) {
            assert!(
                theirs.contains_key(&result.tag),
                "the reference has no {}",
                result.tag
            );
        }
    }
}

#[test]
fn summaries_are_those_of_the_reference() {
    let columns = recorded_columns();
    let expected = expected();
    for (phase, name) in [(0, "warmup"), (1, "profiling")] {
        let results = summarise(&columns, &[phase_window(phase)], InjectedLatencies::All);
        compare(&results, expected[name].as_object().unwrap(), true);
    }
}

#[test]
fn time_slices_are_those_of_the_reference() {
    let expected = expected();
    let slice_ns = expected["slice_ns"].as_u64().unwrap();
    let slices = timeslices(&recorded_columns(), &[phase_window(1)], slice_ns);
    let theirs = expected["slices"].as_array().unwrap();
    assert_eq!(slices.len(), theirs.len());
    for (ours, theirs) in slices.iter().zip(theirs) {
        // 256 ns is what the reference's floats resolve.
        let start = theirs["start_ns"].as_u64().unwrap();
        assert!(ours.bounds.start_epoch_ns.abs_diff(start) <= 256);
        assert_eq!(ours.is_complete, theirs["is_complete"].as_bool().unwrap());
        let metrics = theirs["metrics"].as_object().unwrap();
        if ours.is_complete {
            compare(&ours.results, metrics, false);
        }
    }
}
