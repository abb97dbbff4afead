//! The examples say the same about the samples as they did when the snapshots were taken.
#![expect(
    clippy::duplicate_mod,
    reason = "each example brings the table module along"
)]

use std::path::{Path, PathBuf};

use aiperf_model::{InputsFile, read_inputs};

#[path = "../examples/analyze_inputs.rs"]
#[expect(dead_code, reason = "the example's `main` is not called here")]
mod analyze_inputs;
#[path = "../examples/correlate.rs"]
#[expect(dead_code, reason = "the example's `main` is not called here")]
mod correlate;
#[path = "../examples/parse_profile_export.rs"]
#[expect(dead_code, reason = "the example's `main` is not called here")]
mod parse_profile_export;

#[test]
fn the_metrics_of_the_sample_are_listed() {
    let records = parse_profile_export::load(&sample("profile_export.jsonl")).unwrap();
    insta::assert_snapshot!(parse_profile_export::report(&records).unwrap());
}

#[tokio::test]
async fn loading_without_blocking_gives_the_same_records() {
    let path = sample("profile_export.jsonl");
    let records = parse_profile_export::load_async(&path).await.unwrap();
    assert!(!records.is_empty());
    assert_eq!(records, parse_profile_export::load(&path).unwrap());
}

#[test]
fn what_was_sent_is_counted() {
    let inputs = read_inputs(sample("inputs.json")).unwrap();
    insta::assert_snapshot!(analyze_inputs::report(&inputs).unwrap());
}

#[test]
fn nothing_sent_gives_a_table_without_figures() {
    let text = analyze_inputs::report(&InputsFile::default()).unwrap();
    insta::assert_snapshot!(text, @r"
    0 sessions

    session  payloads  messages  bytes  min  mean  max
    total           0         0      0    -     -    -
    ");
}

#[test]
fn inputs_and_records_are_joined_by_conversation_and_turn() {
    let inputs = read_inputs(sample("inputs.json")).unwrap();
    let records = parse_profile_export::load(&sample("profile_export.jsonl")).unwrap();
    insta::assert_snapshot!(correlate::report(&inputs, &records).unwrap());
}

#[test]
fn records_without_an_input_are_counted() {
    let records = parse_profile_export::load(&sample("profile_export.jsonl")).unwrap();
    let profiling = records
        .iter()
        .filter(|record| record.is_profiling())
        .count();
    let text = correlate::report(&InputsFile::default(), &records).unwrap();
    assert!(
        text.contains(&format!("{profiling} records belong to no turn")),
        "{text}"
    );
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("samples")
        .join(name)
}
