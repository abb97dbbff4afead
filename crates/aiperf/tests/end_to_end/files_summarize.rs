//! `aiperf summarize`: the same files as the run's own, and what is left of a killed run.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Child;

use aiperf_mock::MockOptions;
use rustix::process::Signal;

use crate::support::place::{signal, wait, wait_until};
use crate::support::{Place, mock, plain_mock, quick};

type Files = BTreeMap<String, Vec<u8>>;

fn contents(place: &Place) -> Files {
    let results = place.results();
    let names = place.files(&results);
    names
        .into_iter()
        .map(|name| {
            let content = std::fs::read(results.join(&name)).unwrap();
            (name, content)
        })
        .collect()
}

/// Files that the end of a run does not make.
fn is_made_before(name: &str) -> bool {
    const BEFORE: [&str; 5] = [
        "inputs.json",
        "logs/aiperf.log",
        ".aiperf_run_state.json",
        ".aiperf_results_ready.json",
        // Made of fragments, which are gone.
        "outputs.json",
    ];
    BEFORE.contains(&name) || name.ends_with(".jsonl")
}

/// Runs, removes what the end of the run made, summarises, and requires the same files.
#[track_caller]
fn is_summarised_as_the_run_was(server: MockOptions, words: &[&str]) {
    let server = mock(server);
    let place = Place::new();
    place.profile(&server.url(), words).expect_code(0);
    let before = contents(&place);
    let of_the_end = before.keys().filter(|name| !is_made_before(name));
    let mut count = 0;
    for name in of_the_end {
        std::fs::remove_file(place.results().join(name)).unwrap();
        count += 1;
    }
    assert!(count >= 3, "{:?}", before.keys());
    let ended = place.run(&["summarize", "results"]).expect_code(0);
    assert_eq!(ended.stderr, "");
    let after = contents(&place);
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        after.keys().collect::<Vec<_>>()
    );
    for (name, content) in &before {
        assert!(
            *content == after[name],
            "{name} differs:\n{}",
            difference(content, &after[name])
        );
    }
}

/// The first lines that differ.
fn difference(left: &[u8], right: &[u8]) -> String {
    let (left, right) = (
        String::from_utf8_lossy(left),
        String::from_utf8_lossy(right),
    );
    let pairs = left.lines().zip(right.lines());
    let different = pairs.filter(|(one, other)| one != other).take(5);
    different
        .map(|(one, other)| format!("- {one}\n+ {other}\n"))
        .collect()
}

#[test]
fn a_closed_loop_with_warmup_failures_and_goodput_is_summarised_as_the_run_was() {
    let server = MockOptions {
        error_rate: 0.2,
        cut_rate: 0.1,
        stream_error_rate: 0.1,
        draft_tokens: Some(3),
        reasoning_tokens: 4,
        seed: 3,
        ..quick()
    };
    let words = [
        "--streaming",
        "--concurrency",
        "4",
        "--request-count",
        "60",
        "--warmup-request-count",
        "6",
        "--goodput",
        "request_latency:30 time_to_first_token:6",
        "--slice-duration",
        "0.1",
        "--export-outputs-json",
        "--export-formats",
        "parquet",
        "--export-level",
        "raw",
        "--show-trace-timing",
    ];
    is_summarised_as_the_run_was(server, &words);
}

#[test]
fn an_open_loop_with_a_prefix_and_given_up_requests_is_summarised_as_the_run_was() {
    let words = [
        "--streaming",
        "--request-rate",
        "300",
        "--request-count",
        "60",
        "--request-cancellation-rate",
        "30",
        "--request-cancellation-delay",
        "0.01",
        "--profile-export-prefix",
        "mine",
        "--random-seed",
        "5",
    ];
    is_summarised_as_the_run_was(quick(), &words);
}

#[test]
fn a_run_whose_last_requests_were_cut_off_is_summarised_as_it_was() {
    let server = MockOptions {
        hang_rate: 0.2,
        ..quick()
    };
    let words = [
        "--concurrency",
        "4",
        "--benchmark-duration",
        "0.5",
        "--benchmark-grace-period",
        "0.2",
        "--use-server-token-count",
    ];
    is_summarised_as_the_run_was(server, &words);
}

fn started(place: &Place, url: &str, words: &[&str]) -> Child {
    let child = place.profiling(url, words).spawn().unwrap();
    let file = place.results().join("profile_export.jsonl");
    wait_until("records are on disk", || {
        let text = std::fs::read(&file).unwrap_or_default();
        text.iter().filter(|&&byte| byte == b'\n').count() >= 20
    });
    child
}

#[test]
fn a_killed_run_is_summarised_as_far_as_it_came_and_says_so() {
    let server = plain_mock();
    let place = Place::new();
    let words = [
        "--streaming",
        "--concurrency",
        "4",
        "--warmup-request-count",
        "4",
        "--request-count",
        "100000",
        "--export-outputs-json",
        "--export-formats",
        "parquet",
    ];
    let child = started(&place, &server.url(), &words);
    signal(&child, Signal::KILL);
    assert_eq!(wait(child).code, None);
    assert!(!place.results().join("profile_export_aiperf.json").exists());

    let ended = place.run(&["summarize", "results"]).expect_code(0);
    assert!(ended.stderr.contains("Partial results"), "{ended}");
    assert!(
        ended.stdout.contains("AIPerf | INCOMPLETE RESULTS"),
        "{ended}"
    );
    let summary = place.summary();
    assert_eq!(summary["is_complete"], false);
    let reason = summary["incomplete_reason"].as_str().unwrap();
    assert!(
        reason.starts_with("The run did not come to its end"),
        "{reason}"
    );
    let lines = aiperf_model::open_records(place.results().join("profile_export.jsonl")).unwrap();
    let measured = lines
        .filter_map(Result::ok)
        .filter(aiperf_model::MetricRecord::is_profiling)
        .count();
    assert_eq!(
        summary["request_count"]["avg"].as_f64(),
        Some(measured as f64)
    );
    assert_eq!(summary["warmup_metrics"]["request_count"]["avg"], 4.0);
    assert!(place.results().join("profile_export.parquet").exists());
    let outputs = aiperf_model::read_outputs(place.results().join("outputs.json")).unwrap();
    assert!(!outputs.data.is_empty());
    // Only a run that came to its end says that its files are ready.
    assert!(!place.results().join(".aiperf_results_ready.json").exists());
}

#[test]
fn a_record_that_was_being_written_is_left_out() {
    let place = Place::new();
    place
        .profile(&plain_mock().url(), &["--request-count", "3"])
        .expect_code(0);
    let path = place.results().join("profile_export.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &text[..text.len() - 20]).unwrap();
    let ended = place.run(&["summarize", "results"]).expect_code(0);
    assert!(
        ended.stderr.contains("is cut off and was left out"),
        "{ended}"
    );
    assert_eq!(place.summary()["request_count"]["avg"], 2.0);

    // In the middle of the file it is no accident of a kill.
    std::fs::write(&path, format!("{{\"metadata\":\n{text}")).unwrap();
    let ended = place.run(&["summarize", "results"]).expect_code(1);
    assert!(ended.stderr.contains("line 1"), "{ended}");
}

#[test]
fn what_cannot_be_summarised_is_refused_with_the_reason() {
    let place = Place::new();
    let refused = |words: &[&str], reason: &str| {
        let ended = place.run(words).expect_code(1);
        let text = ended
            .stderr
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(text.contains(reason), "{ended}");
    };
    refused(&["summarize"], "no directory is given");
    refused(
        &["summarize", "nowhere"],
        "cannot open the directory `nowhere`",
    );
    refused(&["summarize", "."], ".aiperf_run_state.json");
    let words = ["--request-count", "2", "--export-level", "summary"];
    place.profile(&plain_mock().url(), &words).expect_code(0);
    refused(&["summarize", "results"], "kept no records");
    assert!(
        Path::new(&place.results())
            .join("profile_export_aiperf.json")
            .exists()
    );
}
