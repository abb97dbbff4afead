//! Runs that end early, and readers that go away.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;

use aiperf_mock::MockOptions;
use rustix::process::Signal;

use crate::support::place::{signal, wait, wait_until};
use crate::support::{Place, mock, plain_mock, quick};

/// Some requests are answered and the run would go on for ever.
fn endless() -> MockOptions {
    MockOptions {
        hang_rate: 0.2,
        ..quick()
    }
}

const ENDLESS: &[&str] = &[
    "--streaming",
    "--concurrency",
    "4",
    "--benchmark-duration",
    "3600",
];

fn has_records(place: &Place) -> bool {
    let file = place.results().join("profile_export.jsonl");
    std::fs::metadata(file).is_ok_and(|metadata| metadata.len() > 0)
}

#[test]
fn a_first_interrupt_ends_the_run_with_all_files_and_success() {
    for ending in [Signal::INT, Signal::TERM] {
        let place = Place::new();
        let server = mock(endless());
        let child = place.profiling(&server.url(), ENDLESS).spawn().unwrap();
        wait_until("a record is on disk", || has_records(&place));
        signal(&child, ending);
        let ended = wait(child).expect_code(0);
        assert!(ended.stderr.contains("Cancellation in Progress"), "{ended}");
        assert!(!ended.stderr.contains("Force Quit"), "{ended}");
        let summary = place.summary();
        assert_eq!(summary["was_cancelled"], true);
        assert_eq!(summary["is_complete"], false);
        let records = place.records("profile_export.jsonl");
        let counted = ["request_count", "error_request_count"]
            .iter()
            .filter_map(|tag| summary[*tag]["avg"].as_f64())
            .sum::<f64>();
        let cut_off = summary["request_accounting"]["cut_off"].as_f64().unwrap();
        assert_eq!(
            counted + cut_off,
            records.len() as f64,
            "every record is counted, or was cut off"
        );
        let marker = place.result(".aiperf_results_ready.json");
        assert!(marker.contains(r#""was_cancelled":true"#), "{marker}");
    }
}

#[test]
fn an_interrupted_report_says_that_it_is_incomplete() {
    let place = Place::new();
    let server = mock(endless());
    let child = place.profiling(&server.url(), ENDLESS).spawn().unwrap();
    wait_until("a record is on disk", || has_records(&place));
    signal(&child, Signal::INT);
    let ended = wait(child).expect_code(0);
    let footer = ended.stdout.split("CLI Command:").nth(1).unwrap();
    assert!(footer.contains("cancelled early"), "{footer}");
}

/// Standard output is a pipe that is full and that nobody reads, so the report cannot be written.
#[test]
fn a_second_interrupt_ends_the_program_even_if_nobody_reads_its_output() {
    let place = Place::new();
    let server = mock(endless());
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut filler = writer.try_clone().unwrap();
    let filling = std::thread::spawn(move || while filler.write_all(&[b' '; 4096]).is_ok() {});
    let mut command = place.profiling(&server.url(), ENDLESS);
    command.args(["--log-level", "error"]).stdout(writer);
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut panels = BufReader::new(child.stderr.take().unwrap());

    wait_until("a record is on disk", || has_records(&place));
    signal(&child, Signal::INT);
    let mut shown = String::new();
    while !shown.contains("Cancellation in Progress") {
        assert_ne!(panels.read_line(&mut shown).unwrap(), 0, "{shown}");
    }
    let marker = place.results().join(".aiperf_results_ready.json");
    wait_until("only the report is missing", || marker.exists());
    signal(&child, Signal::INT);
    let ended = wait(child);
    panels.read_to_string(&mut shown).unwrap();
    // Lets the filling thread end.
    let _ = reader.read(&mut [0]);
    drop(reader);
    filling.join().unwrap();
    assert_eq!(ended.code, Some(137), "{shown}");
    assert!(shown.contains("Force Quit"), "{shown}");
}

#[test]
fn what_was_measured_survives_a_kill() {
    let place = Place::new();
    let server = mock(endless());
    let child = place.profiling(&server.url(), ENDLESS).spawn().unwrap();
    wait_until("a record and the inputs are on disk", || {
        has_records(&place) && place.results().join("inputs.json").exists()
    });
    signal(&child, Signal::KILL);
    assert_eq!(wait(child).code, None);
    assert!(!place.records("profile_export.jsonl").is_empty());
    assert!(place.result("inputs.json").starts_with('{'));
    assert!(!place.results().join("profile_export_aiperf.json").exists());
}

#[test]
fn a_reader_that_goes_away_does_not_end_the_run() {
    let place = Place::new();
    let server = plain_mock();
    let mut child = place
        .profiling(&server.url(), &["--request-count", "5"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut first).unwrap();
    drop(output);
    let ended = wait(child).expect_code(0);
    assert_eq!(ended.stderr, "");
    assert_eq!(place.records("profile_export.jsonl").len(), 5);
    assert!(place.results().join(".aiperf_results_ready.json").exists());
}

#[test]
fn help_into_a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    let mut child = place.aiperf(&["profile", "--help"]).spawn().unwrap();
    drop(child.stdout.take());
    let ended = wait(child).expect_code(0);
    assert_eq!(ended.stderr, "");
}
