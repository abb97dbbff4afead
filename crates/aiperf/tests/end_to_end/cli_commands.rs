//! The commands beside `profile`.

use std::io::{BufRead as _, BufReader};

use rustix::process::Signal;
use serde_json::Value;

use crate::support::Place;
use crate::support::place::{signal, wait};

#[test]
fn the_demo_measures_its_own_server_without_any_flag_but_a_count() {
    let place = Place::new();
    let ended = place
        .run(&["demo", "--request-count", "20", "--concurrency", "4"])
        .expect_code(0);
    assert_eq!(ended.stderr, "");
    assert!(
        ended
            .stdout
            .starts_with("mock inference server: http://127.0.0.1:"),
        "{ended}"
    );
    let summary = place
        .path()
        .join("artifacts/mock-model-openai-chat-concurrency4/profile_export_aiperf.json");
    let summary: Value = serde_json::from_slice(&std::fs::read(summary).unwrap()).unwrap();
    assert_eq!(summary["request_count"]["avg"], 20.0);
    assert_eq!(summary["output_sequence_length"]["avg"], 32.0);
    // The server waits for 20 ms on average; a client that adds much to that is broken.
    let ttft = summary["time_to_first_token"]["avg"].as_f64().unwrap();
    assert!((10.0..60.0).contains(&ttft), "{ttft}");
}

#[test]
fn the_mock_server_names_its_port_and_ends_well_when_asked_to() {
    for ending in [Signal::TERM, Signal::INT] {
        let place = Place::new();
        let mut child = place
            .aiperf(&["mock-server", "--port", "0"])
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let url = line
            .trim()
            .strip_prefix("listening on ")
            .expect(&line)
            .to_owned();
        place
            .profile(&url, &["--request-count", "3"])
            .expect_code(0);

        signal(&child, ending);
        let ended = wait(child).expect_code(0);
        assert_eq!(ended.stderr, "");
        let mut rest = String::new();
        output.read_line(&mut rest).unwrap();
        assert!(rest.starts_with("served 3 requests"), "{rest}");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = Place::new()
        .run(&["mock-server", "--port", &port])
        .expect_code(1);
    assert!(ended.stderr.contains(&port), "{ended}");
}

#[test]
fn a_schema_is_printed_for_every_name_that_is_listed() {
    let place = Place::new();
    let names = place.run(&["schema"]).expect_code(0).stdout;
    assert!(names.lines().any(|name| name == "summary"), "{names}");
    for name in names.lines() {
        let schema = place.run(&["schema", name]).expect_code(0).stdout;
        let schema: Value = serde_json::from_str(&schema).unwrap();
        assert!(schema["$schema"].is_string(), "{name}");
    }
    assert_ended!(place.run(&["schema", "sumary"]), @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭───────────────────────────────────────────── Error ──────────────────────────────────────────────╮
    │  no schema is called `sumary`                                                                    │
    │    hint: the names are `record`, `raw_record`, `summary`, `timeslices`, `inputs`, `outputs`,     │
    │  `phase_manifest`, `ready_marker`, `trace_data`, `gpu_telemetry`, `network_latency`,             │
    │  `accuracy`, `server_metrics`, `server_metrics_record`, `aggregate`, `sweep`, `collated`,        │
    │  `sampling_design`                                                                               │
    ╰──────────────────────────────────────────────────────────────────────────────────────────────────╯
    ");
}

#[test]
fn a_reference_page_that_does_not_exist_is_refused() {
    assert_ended!(Place::new().run(&["reference", "metrix"]), @"
    exit code: 1
    ----- stdout -----

    ----- stderr -----
    ╭─────────────────────────────── Error ────────────────────────────────╮
    │  no page is called `metrix`                                          │
    │    hint: `metrics`, `environment`, `rules` or the name of a command  │
    ╰──────────────────────────────────────────────────────────────────────╯
    ");
}

#[test]
fn a_trace_is_validated_before_it_is_replayed() {
    let place = Place::new();
    let trace = place.path().join("trace.jsonl");
    std::fs::write(&trace, "{\"timestamp\": 0, \"input_length\": 5}\n").unwrap();
    let ended = place.run(&["validate", "mooncake-trace", "trace.jsonl"]);
    let ended = ended.expect_code(0);
    assert!(ended.stdout.contains("1 row of `trace.jsonl`"), "{ended}");

    std::fs::write(&trace, "{\"input_length\": 5}\n{\"timestamp\": 0}\n").unwrap();
    let ended = place.run(&[
        "validate",
        "--target",
        "mooncake_trace",
        "--input",
        "trace.jsonl",
    ]);
    let ended = ended.expect_code(1);
    assert!(ended.stderr.contains("line 2: a row needs"), "{ended}");

    let ended = place.run(&["validate", "mooncake-trace", "nowhere.jsonl"]);
    let ended = ended.expect_code(1);
    assert!(ended.stderr.contains("nowhere.jsonl"), "{ended}");
    let ended = place.run(&["validate"]).expect_code(1);
    assert!(
        ended.stderr.contains("aiperf validate mooncake-trace FILE"),
        "{ended}"
    );
}
