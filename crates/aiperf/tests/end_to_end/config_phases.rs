//! Files that flags cannot stand for: lists of phases, ramps on curves, distributions, pools.

use std::collections::HashSet;

use aiperf_mock::{MockOptions, MockServer};
use serde_json::Value;

use crate::support::{Ended, Place, mock, quick};

/// A configuration with `rest` below `benchmark`.
fn file(server: &MockServer, rest: &str) -> String {
    format!(
        "randomSeed: 7\nbenchmark:\n  model: mock-model\n  endpoint: {{url: '{}', streaming: true}}\n  \
         tokenizer: {{name: builtin}}\n  artifacts: {{dir: results}}\n{rest}\n",
        server.url()
    )
}

fn run(server: &MockServer, rest: &str, code: i32) -> (Place, Ended) {
    let place = Place::new();
    place.write("bench.yaml", &file(server, rest));
    let ended = place
        .run(&["profile", "--config", "bench.yaml"])
        .expect_code(code);
    (place, ended)
}

const DATASET: &str = "  dataset: {entries: 20, isl: 16, osl: 6}\n";

fn with_phases(phases: &str) -> String {
    format!("{DATASET}  phases:\n{phases}")
}

/// How often each phase was recorded, by its name.
fn counts(records: &[Value]) -> Vec<(String, usize)> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for record in records {
        let name = record["metadata"]["phase_name"].as_str().unwrap();
        match counts.iter_mut().find(|(known, _)| known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name.to_owned(), 1)),
        }
    }
    counts
}

const FOUR: &str = "    \
    - {name: prime, kind: warmup, type: concurrency, requests: 3, concurrency: 2}\n    \
    - {name: steady, kind: profiling, type: constant, rate: 100, requests: 8}\n    \
    - {name: again, kind: warmup, type: concurrency, requests: 2}\n    \
    - {name: burst, kind: profiling, type: concurrency, concurrency: 3, requests: 9}";

#[test]
fn any_list_of_phases_is_carried_out_and_told_phase_by_phase() {
    let server = mock(quick());
    let (place, _) = run(&server, &with_phases(FOUR), 0);
    let records = place.records("profile_export.jsonl");
    let expected = [("prime", 3), ("steady", 8), ("again", 2), ("burst", 9)];
    assert_eq!(
        counts(&records),
        expected.map(|(name, count)| (name.to_owned(), count))
    );
    for record in &records {
        let metadata = &record["metadata"];
        let index = expected
            .iter()
            .position(|(name, _)| metadata["phase_name"] == *name);
        assert_eq!(metadata["phase_index"], index.unwrap());
        let (kind, measured) = match index.unwrap() {
            1 => ("profiling", Some(0)),
            3 => ("profiling", Some(1)),
            _ => ("warmup", None),
        };
        assert_eq!(metadata["benchmark_phase"], kind);
        assert_eq!(
            metadata.get("profiling_index").and_then(Value::as_u64),
            measured
        );
    }
    // One goes on in the dataset where the other stopped.
    let mut in_order: Vec<&Value> = records.iter().collect();
    in_order.sort_by_key(|record| record["metadata"]["session_num"].as_u64());
    let conversations: HashSet<&str> = in_order[..20]
        .iter()
        .map(|record| record["metadata"]["conversation_id"].as_str().unwrap())
        .collect();
    assert_eq!(conversations.len(), 20);

    let summary = place.summary();
    assert_eq!(summary["request_count"]["avg"], 17.0);
    assert_eq!(summary["warmup_metrics"]["request_count"]["avg"], 5.0);
    let manifest: Value = serde_json::from_str(&place.result("phase_manifest.json")).unwrap();
    for (entry, (name, count)) in manifest["phases"].as_array().unwrap().iter().zip(expected) {
        assert_eq!(
            (&entry["phase_name"], &entry["total_request_count"]),
            (&name.into(), &count.into())
        );
        let own: Value =
            serde_json::from_str(&place.result(entry["metrics_json"].as_str().unwrap())).unwrap();
        assert_eq!(own["request_count"]["avg"], count as f64);
    }
    let names: Vec<_> = summary["input_config"]["phases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|phase| phase["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["prime", "steady", "again", "burst"]);
    // Rates divide by the time of both measured phases together, without what lies between.
    let seconds = summary["benchmark_duration"]["avg"].as_f64().unwrap();
    let rate = summary["request_throughput"]["avg"].as_f64().unwrap();
    assert!(
        (rate * seconds - 17.0).abs() < 1e-6,
        "{rate} in {seconds} s"
    );
}

#[test]
fn a_seamless_phase_begins_while_answers_of_the_one_before_are_awaited() {
    let server = mock(MockOptions {
        ttft_ms: 400.0,
        ..quick()
    });
    let phases = "    \
        - {name: one, kind: profiling, type: concurrency, concurrency: 4, requests: 4}\n    \
        - {name: two, kind: profiling, type: constant, rate: 100, requests: 5, seamless: true}\n    \
        - {name: three, kind: profiling, type: concurrency, requests: 1}";
    let (place, ended) = run(&server, &with_phases(phases), 0);
    let records = place.records("profile_export.jsonl");
    let of = |phase: &str, member: &str| -> Vec<u64> {
        let own = records
            .iter()
            .filter(|record| record["metadata"]["phase_name"] == phase);
        own.map(|record| record["metadata"][member].as_u64().unwrap())
            .collect()
    };
    assert_eq!(
        (
            of("one", "session_num").len(),
            of("two", "session_num").len()
        ),
        (4, 5)
    );
    let starts = of("two", "request_start_ns");
    assert!(
        starts.iter().min() < of("one", "request_end_ns").iter().min(),
        "they overlap"
    );
    // The third waits for all of them.
    assert!(
        of("three", "request_start_ns")[0] > *of("two", "request_end_ns").iter().max().unwrap()
    );
    let log = place.result("logs/aiperf.log");
    let place_of = |text: &str| log.find(text).unwrap_or_else(|| panic!("{text}\n{ended}"));
    assert!(place_of("Phase two (profiling) started") < place_of("Phase one (profiling) complete"));
    let manifest: Value = serde_json::from_str(&place.result("phase_manifest.json")).unwrap();
    let begun = |index: usize| manifest["phases"][index]["start_ns"].as_u64().unwrap();
    let over = |index: usize| manifest["phases"][index]["end_ns"].as_u64().unwrap();
    assert!(begun(1) < over(0) && begun(2) >= over(1) && over(1) >= over(0));
}

#[test]
fn too_many_failures_of_one_phase_end_the_run() {
    let server = mock(MockOptions {
        error_rate: 1.0,
        ..quick()
    });
    let phases = "    \
        - {name: one, kind: profiling, type: concurrency, requests: 12}\n    \
        - {name: two, kind: profiling, type: concurrency, requests: 500, failedRequestThreshold: 0.5}";
    let (place, _) = run(&server, &with_phases(phases), 1);
    let counts = counts(&place.records("profile_export.jsonl"));
    assert_eq!(counts[0], ("one".to_owned(), 12));
    assert!((10..500).contains(&counts[1].1), "{counts:?}");
}

#[test]
fn ramps_follow_their_curves() {
    let server = mock(quick());
    let phases = "    \
        - {name: climb, kind: profiling, type: constant, rate: 50, requests: 40, rateRamp: {duration: 1, strategy: exponential}}\n    \
        - {name: leap, kind: profiling, type: constant, rate: 50, requests: 20, rateRamp: {duration: 0.5, strategy: poisson}}";
    let (place, _) = run(&server, &with_phases(phases), 0);
    let manifest: Value = serde_json::from_str(&place.result("phase_manifest.json")).unwrap();
    let start = manifest["phases"][0]["start_ns"].as_u64().unwrap();
    let records = place.records("profile_export.jsonl");
    let issued: Vec<f64> = records[..40]
        .iter()
        .map(|record| {
            let at = record["metadata"]["credit_issued_ns"].as_u64().unwrap();
            (at as f64 - start as f64) / 1e9
        })
        .collect();
    // The rate goes from 5 to 50 with the square of time: the area is 5 t + 15 t³.
    for (number, at) in issued.iter().enumerate().take(20) {
        let due = 5.0 * at + 15.0 * at.powi(3);
        let expected = (number + 1) as f64;
        // Late by at most 60 ms on a busy machine; never early.
        assert!(due > expected - 1e-3, "{number} at {at}");
        let later = at - 0.06;
        assert!(
            5.0 * later + 15.0 * later.powi(3) < expected,
            "{number} at {at}"
        );
    }
}

#[test]
fn lengths_follow_their_distributions() {
    let server = mock(quick());
    let rest = "  dataset: {entries: 60, isl: {peaks: [{value: 10, weight: 30}, {value: 40, weight: 70}]}, \
        osl: {points: [{value: 3}, {value: 5}]}}\n  phases: {type: concurrency, requests: 60}";
    let (place, _) = run(&server, rest, 0);
    let records = place.records("profile_export.jsonl");
    let seen: HashSet<u64> = records
        .iter()
        .map(|record| {
            let length = &record["metrics"]["input_sequence_length"]["value"];
            length.as_f64().unwrap() as u64
        })
        .collect();
    assert_eq!(seen, HashSet::from([10, 40]));
    let inputs = place.result("inputs.json");
    for bound in ["\"max_completion_tokens\":3", "\"max_completion_tokens\":5"] {
        assert!(inputs.replace(": ", ":").contains(bound), "{bound}");
    }
}

#[test]
fn a_dataset_with_a_seed_of_its_own_is_the_same_whatever_the_run_draws() {
    let server = mock(quick());
    let inputs = |seed: u64| {
        let rest = format!(
            "  dataset: {{entries: 5, isl: {{mean: 30, stddev: 9}}, randomSeed: {seed}}}\n  \
             phases: {{type: poisson, rate: 500, requests: 5}}"
        );
        run(&server, &rest, 0).0.result("inputs.json")
    };
    assert_eq!(inputs(3), inputs(3));
    assert_ne!(inputs(3), inputs(4));
}

#[test]
fn pools_of_records_in_the_file_are_drawn_from() {
    let server = mock(quick());
    let rest = "  dataset: {type: file, format: random_pool, entries: 6, records: {questions: [{text: why}, {text: how}], \
        facts: [{text: because}]}}\n  phases: {type: concurrency, requests: 6}";
    let (place, _) = run(&server, rest, 0);
    let inputs = place.result("inputs.json");
    assert!(inputs.contains("because") && (inputs.contains("why") || inputs.contains("how")));
    assert_eq!(place.summary()["request_count"]["avg"], 6.0);
}

#[test]
fn a_summary_that_nobody_wants_is_not_written() {
    let server = mock(quick());
    let rest = format!("{DATASET}  phases: {{type: concurrency, requests: 2}}");
    let place = Place::new();
    let text = file(&server, &rest).replace("{dir: results}", "{dir: results, summary: false}");
    place.write("bench.yaml", &text);
    place
        .run(&["profile", "--config", "bench.yaml"])
        .expect_code(0);
    let files = place.files(&place.results());
    assert!(
        !files.contains(&"profile_export_aiperf.json".to_owned()),
        "{files:?}"
    );
    assert!(
        files.contains(&"profile_export_aiperf.csv".to_owned()),
        "{files:?}"
    );
}
