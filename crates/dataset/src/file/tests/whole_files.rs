//! Files as a whole: compression, blank lines, formats, what cannot be read.

use std::io::Write;

use aiperf_endpoint::conversation::ContextMode;

use super::super::FileFormat;
use super::{load, load_bytes, refusal, rows, texts};
use crate::error::DatasetError;
use crate::plan::FilePlan;

#[test]
fn the_first_bad_line_is_named_and_the_others_are_counted() {
    let content = concat!(
        "{\"text\":\"ok\"}\n\n{\"text\":1}\n{\"text\":\"ok\"}\nnonsense\n",
        "{\"text\":2}\n"
    );
    assert_eq!(
        refusal(content),
        "line 3: `text`: expected a string, found a number `1` (2 more lines have errors)"
    );
    assert_eq!(
        refusal("{\"text\":\"ok\"}\n[1]\n5"),
        "line 2: expected a JSON object, found an array (1 more line has errors)"
    );
    let broken = load_bytes(b"{\"text\":\"ok\"}\n{\"text\":\"\xFF\"}", |_| {}).unwrap_err();
    assert!(
        broken.to_string().ends_with("line 2: not valid UTF-8"),
        "{broken}"
    );
}

#[test]
fn blank_lines_carriage_returns_and_a_byte_order_mark_are_no_trouble() {
    let loaded = rows("\u{feff}{\"text\":\"a\"}\r\n\r\n   \n{\"text\":\"b\"}");
    assert_eq!(
        loaded.iter().flat_map(texts).collect::<Vec<_>>(),
        ["a", "b"]
    );
}

#[test]
fn gzip_is_known_by_its_first_bytes() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder
        .write_all(b"{\"text\":\"a\"}\n{\"text\":\"b\"}\n")
        .unwrap();
    let compressed = encoder.finish().unwrap();
    assert_eq!(load_bytes(&compressed, |_| {}).unwrap().len(), 2);

    let error = load_bytes(&compressed[..compressed.len() - 12], |_| {}).unwrap_err();
    assert!(matches!(error, DatasetError::Unreadable { .. }), "{error}");
}

#[test]
fn files_that_hold_no_rows_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let missing = FilePlan::new(folder.path().join("none.jsonl"));
    assert!(
        load(&missing)
            .unwrap_err()
            .to_string()
            .ends_with("none.jsonl` does not exist")
    );
    let mut plan = FilePlan::new(folder.path());
    plan.format = Some(FileFormat::SingleTurn);
    let error = load(&plan).unwrap_err().to_string();
    assert!(
        error.ends_with("is a folder; this dataset type needs one file"),
        "{error}"
    );

    for content in ["", "\n \n\t\n", "\u{feff}"] {
        for format in [
            None,
            Some(FileFormat::SingleTurn),
            Some(FileFormat::MultiTurn),
        ] {
            let error = load_bytes(content.as_bytes(), |plan| plan.format = format).unwrap_err();
            assert!(matches!(error, DatasetError::Empty { .. }), "{error}");
        }
    }
    for content in [r#"[{"text":"a"}]"#, "[\n  {\"text\": \"a\"}\n]\n"] {
        for format in [None, Some(FileFormat::SingleTurn)] {
            let error = load_bytes(content.as_bytes(), |plan| plan.format = format).unwrap_err();
            assert!(
                error
                    .to_string()
                    .ends_with("one JSON object on each line instead"),
                "{error}"
            );
        }
    }
}

#[test]
fn the_format_is_told_by_the_first_row() {
    let of_first_turn = |content| rows(content)[0].context_mode;
    for content in [
        r#"{"text":"a"}"#,
        r#"{"type":"single_turn","images":["http://h/x"]}"#,
    ] {
        assert_eq!(
            of_first_turn(content),
            ContextMode::MessageArrayWithResponses
        );
    }
    for content in [
        r#"{"turns":[{"text":"a"}]}"#,
        r#"{"type":"multi_turn","turns":[{"text":"a"}]}"#,
    ] {
        assert_eq!(of_first_turn(content), ContextMode::DeltasWithoutResponses);
    }
}
