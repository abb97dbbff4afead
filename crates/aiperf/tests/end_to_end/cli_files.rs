//! The files of a run: their names, when they are there, and that the footer tells the truth.

use crate::support::{Place, plain_mock};

const WARM: &[&str] = &[
    "--streaming",
    "--request-count",
    "4",
    "--warmup-request-count",
    "2",
    "--export-level",
    "raw",
];

fn with(words: &[&'static str]) -> Vec<&'static str> {
    WARM.iter().chain(words).copied().collect()
}

#[test]
fn a_full_run_writes_these_files() {
    let place = Place::new();
    let server = plain_mock();
    place.profile(&server.url(), WARM).expect_code(0);
    insta::assert_snapshot!(place.files(&place.results()).join("\n"), @"
    .aiperf_results_ready.json
    .aiperf_run_state.json
    inputs.json
    logs/aiperf.log
    phase_manifest.json
    phases/profiling/profile_export_aiperf.csv
    phases/profiling/profile_export_aiperf.json
    phases/warmup/profile_export_aiperf.csv
    phases/warmup/profile_export_aiperf.json
    profile_export.jsonl
    profile_export_aiperf.csv
    profile_export_aiperf.json
    profile_export_console.txt
    profile_export_raw.jsonl
    ");
}

#[test]
fn a_prefix_takes_the_place_of_the_usual_names() {
    let place = Place::new();
    let server = plain_mock();
    place
        .profile(
            &server.url(),
            &with(&["--profile-export-prefix", "mine.json"]),
        )
        .expect_code(0);
    insta::assert_snapshot!(place.files(&place.results()).join("\n"), @"
    .aiperf_results_ready.json
    .aiperf_run_state.json
    inputs.json
    logs/aiperf.log
    mine.csv
    mine.json
    mine.jsonl
    mine_console.txt
    mine_raw.jsonl
    phase_manifest.json
    phases/profiling/mine.csv
    phases/profiling/mine.json
    phases/warmup/mine.csv
    phases/warmup/mine.json
    ");
}

#[test]
fn without_phases_and_records_there_are_fewer_files() {
    let place = Place::new();
    let server = plain_mock();
    let words = ["--request-count", "2", "--export-level", "summary"];
    place.profile(&server.url(), &words).expect_code(0);
    insta::assert_snapshot!(place.files(&place.results()).join("\n"), @"
    .aiperf_results_ready.json
    .aiperf_run_state.json
    inputs.json
    logs/aiperf.log
    profile_export_aiperf.csv
    profile_export_aiperf.json
    profile_export_console.txt
    ");
}

#[test]
fn without_an_artifact_folder_the_run_names_its_own() {
    let server = plain_mock();
    for (words, folder) in [
        (
            &["--model", "a/b", "--concurrency", "2"][..],
            "a_b-openai-chat-concurrency2",
        ),
        (
            &[
                "--model",
                "m",
                "--endpoint-type",
                "completions",
                "--request-rate",
                "500",
            ][..],
            "m-openai-completions-request_rate500.0",
        ),
        (
            &[
                "--model",
                "a,b",
                "--request-rate",
                "500",
                "--concurrency",
                "3",
            ][..],
            "a_multi-openai-chat-concurrency3-request_rate500.0",
        ),
    ] {
        let place = Place::new();
        let url = server.url();
        let mut line = vec![
            "profile",
            "--url",
            &url,
            "--tokenizer",
            "builtin",
            "--request-count",
            "4",
        ];
        line.extend(words);
        place.run(&line).expect_code(0);
        let summary = place
            .path()
            .join("artifacts")
            .join(folder)
            .join("profile_export_aiperf.json");
        assert!(
            summary.exists(),
            "{folder}: {:?}",
            place.files(place.path())
        );
    }
}

#[test]
fn every_file_that_the_footer_names_is_there() {
    let place = Place::new();
    let server = plain_mock();
    let ended = place.profile(&server.url(), WARM).expect_code(0);
    let footer = ended.stdout.split("CLI Command:").nth(1).unwrap();
    let folder = place.results().canonicalize().unwrap();
    let named: Vec<&str> = footer
        .split_whitespace()
        .filter(|word| word.starts_with(folder.to_str().unwrap()))
        .collect();
    assert!(named.len() >= 5, "{footer}");
    for path in named {
        assert!(
            std::path::Path::new(path).is_file(),
            "{path} is named but not there"
        );
    }
}

#[test]
fn the_console_report_is_also_a_file() {
    let place = Place::new();
    let server = plain_mock();
    let ended = place
        .profile(&server.url(), &["--streaming"])
        .expect_code(0);
    let file = place.result("profile_export_console.txt");
    assert!(!file.contains('\u{1b}'), "the file has no colours");
    assert_eq!(
        file.matches("Time to First Token (ms)").count(),
        1,
        "{file}"
    );
    let table = ended.shown("AIPerf | LLM Metrics: Usage");
    for line in table.lines() {
        assert!(
            file.contains(line),
            "on the console but not in the file: {line}"
        );
    }
}

#[test]
fn a_second_run_in_the_same_folder_leaves_nothing_of_the_first() {
    let place = Place::new();
    let server = plain_mock();
    place.profile(&server.url(), WARM).expect_code(0);
    place
        .profile(&server.url(), &["--request-count", "2"])
        .expect_code(0);
    assert_eq!(place.records("profile_export.jsonl").len(), 2);
    assert_eq!(place.summary()["request_count"]["avg"], 2.0);
    let files = place.files(&place.results());
    let leftovers: Vec<&String> = files
        .iter()
        .filter(|name| name.contains("raw") || name.contains("phase"))
        .collect();
    assert!(leftovers.is_empty(), "of the first run: {leftovers:?}");
}

#[test]
fn a_run_that_fails_early_leaves_no_result_of_an_earlier_one() {
    let place = Place::new();
    let server = plain_mock();
    place
        .profile(&server.url(), &["--request-count", "2"])
        .expect_code(0);
    place.write("broken.jsonl", "{\n");
    place
        .profile(&server.url(), &["--input-file", "broken.jsonl"])
        .expect_code(1);
    assert!(!place.results().join(".aiperf_results_ready.json").exists());
    assert!(!place.results().join("profile_export_aiperf.json").exists());
}

#[test]
fn the_seed_decides_what_is_sent() {
    let server = plain_mock();
    let inputs = |seed: &str| {
        let place = Place::new();
        let words = [
            "--request-count",
            "3",
            "--isl-stddev",
            "50",
            "--random-seed",
            seed,
        ];
        place.profile(&server.url(), &words).expect_code(0);
        place.result("inputs.json")
    };
    assert_eq!(inputs("5"), inputs("5"));
    assert_ne!(inputs("5"), inputs("6"));
}

#[test]
fn an_http_trace_is_written_with_each_record_if_asked_for() {
    let place = Place::new();
    let server = plain_mock();
    let words = ["--request-count", "2", "--streaming", "--export-http-trace"];
    place.profile(&server.url(), &words).expect_code(0);
    for record in place.records("profile_export.jsonl") {
        assert!(
            record["trace_data"]["request_send_start_ns"].is_u64(),
            "{record}"
        );
    }
}
