//! What the readers do with whole, broken, cut and unreadable files.

use std::io::{self, BufReader, Read};

use aiperf_model::{
    AsyncRecordReader, ReadError, ReadyMarker, RecordReader, open_records, open_records_async,
    read_document, read_inputs, read_summary,
};
use proptest::prelude::*;

const GOOD: &str = r#"{"ready":true}"#;

/// One word per line that the reader reports: `ok`, `line N` of a malformed line, `cut N`.
fn outcomes<I: Iterator<Item = Result<ReadyMarker, ReadError>>>(lines: I) -> Vec<String> {
    lines.map(|line| outcome(&line)).collect()
}

fn outcome(line: &Result<ReadyMarker, ReadError>) -> String {
    match line {
        Ok(_) => "ok".to_owned(),
        Err(ReadError::Malformed { line, .. }) => format!("line {line}"),
        Err(ReadError::TruncatedLine { line, .. }) => format!("cut {line}"),
        Err(other) => other.to_string(),
    }
}

fn read(text: &[u8]) -> Vec<String> {
    outcomes(RecordReader::new(text, "t.jsonl"))
}

/// Through a buffer of a few bytes, so that lines arrive in pieces.
async fn read_async(text: &[u8]) -> Vec<String> {
    let source = tokio::io::BufReader::with_capacity(3, text);
    let mut reader = AsyncRecordReader::<_, ReadyMarker>::new(source, "t.jsonl");
    let mut outcomes = Vec::new();
    while let Some(line) = reader.next_record().await {
        outcomes.push(outcome(&line));
    }
    outcomes
}

#[tokio::test]
async fn lines_are_judged_one_by_one_and_numbered_from_one() {
    let broken = "{\"ready\":1}";
    for (text, expected) in [
        (String::new(), vec![]),
        ("\n \r\n\n".to_owned(), vec![]),
        (format!("{GOOD}\n{GOOD}\n"), vec!["ok", "ok"]),
        (format!("{GOOD}\r\n{GOOD}\r\n"), vec!["ok", "ok"]),
        (format!("{GOOD}\n{GOOD}"), vec!["ok", "ok"]),
        (
            format!("{GOOD}\n\n{GOOD}\n{broken}\n"),
            vec!["ok", "ok", "line 4"],
        ),
        (format!("{broken}\n{GOOD}\n"), vec!["line 1", "ok"]),
        (format!("{broken}\n{broken}"), vec!["line 1", "line 2"]),
        (format!("{GOOD}\n{{\"ready\":tr"), vec!["ok", "cut 2"]),
        (format!("{GOOD}\n{{\"ready\":tr\n"), vec!["ok", "line 2"]),
        (format!("{{\"ready\":tr\n{GOOD}"), vec!["line 1", "ok"]),
        (format!("{GOOD}{GOOD}\n"), vec!["line 1"]),
    ] {
        assert_eq!(read(text.as_bytes()), expected, "{text:?}");
        assert_eq!(
            read_async(text.as_bytes()).await,
            expected,
            "asynchronously: {text:?}"
        );
    }
}

#[test]
fn a_file_cut_at_any_byte_gives_its_whole_lines_and_at_most_one_cut_one() {
    let line = r#"{"ready":true,"terminal_error":"größe \n 😀"}"#;
    let text = format!("{line}\n{line}\n");
    for end in 0..text.len() {
        let ends = [line.len(), text.len() - 1];
        let lines_whole = ends.iter().filter(|&&line_end| end >= line_end).count();
        let outcomes = read(&text.as_bytes()[..end]);
        let (whole, rest) = outcomes.split_at(lines_whole);
        assert!(
            whole.iter().all(|outcome| outcome == "ok"),
            "{end}: {outcomes:?}"
        );
        let is_cut = end != 0 && end != line.len() && end != line.len() + 1 && lines_whole < 2;
        let expected: Vec<String> = is_cut
            .then(|| format!("cut {}", lines_whole + 1))
            .into_iter()
            .collect();
        assert_eq!(rest, expected, "{end}");
    }
}

#[test]
fn errors_say_file_line_column_and_reason() {
    let text = format!("{GOOD}\n{{\"ready\":\"yes\"}}\n{{\"ready\":tr");
    let errors: Vec<String> = RecordReader::<_, ReadyMarker>::new(text.as_bytes(), "runs/a.jsonl")
        .filter_map(|line| line.err().map(|error| error.to_string()))
        .collect();
    insta::assert_snapshot!(errors.join("\n"), @r#"
    `runs/a.jsonl` line 2 column 14: invalid type: string "yes", expected a boolean
    `runs/a.jsonl` line 3 is cut off at the end of the file, as after a kill; the lines before it are whole
    "#);
}

#[test]
fn an_input_error_ends_the_reading() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let good = format!("{GOOD}\n");
    let source = BufReader::new(good.as_bytes().chain(Failing));
    let outcomes = outcomes(RecordReader::new(source, "t.jsonl"));
    assert_eq!(
        outcomes,
        [
            "ok",
            "cannot read `t.jsonl` from line 2 on: the disk is gone"
        ]
    );
}

#[tokio::test]
async fn a_missing_file_is_named() {
    let missing = "no/such/file";
    let errors = [
        open_records(missing).err(),
        open_records_async(missing).await.err(),
        read_inputs(missing).err(),
    ];
    for error in errors {
        let error = error.unwrap();
        assert!(matches!(error, ReadError::Open { .. }));
        assert!(
            error
                .to_string()
                .starts_with("cannot open `no/such/file`: "),
            "{error}"
        );
        assert_eq!(error.line(), None);
    }
}

#[test]
fn an_error_in_a_document_names_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("profile_export_aiperf.json");
    std::fs::write(
        &path,
        "{\n  \"schema_version\": \"1.4\",\n  \"was_cancelled\": 3\n}",
    )
    .unwrap();
    let error = read_summary(&path).unwrap_err();
    let ReadError::Malformed {
        line,
        column,
        reason,
        ..
    } = &error
    else {
        panic!("{error}")
    };
    assert_eq!((*line, *column), (3, 20));
    assert_eq!(reason, "invalid type: integer `3`, expected a boolean");
    assert_eq!(error.path(), path);
}

#[test]
fn a_document_that_is_cut_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("marker.json");
    std::fs::write(&path, "{\"ready\":true").unwrap();
    assert!(matches!(
        read_document::<ReadyMarker>(&path),
        Err(ReadError::Malformed { line: 1, .. })
    ));
}

proptest! {
    #[test]
    fn garbage_never_panics_and_both_readers_agree(
        text in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        prop_assert_eq!(read(&text), runtime.block_on(read_async(&text)));
    }

    #[test]
    fn garbage_that_looks_like_json_never_panics(text in r#"([{}\[\]",:\\u0-9a-f\n. -]|ready|true){0,80}"#) {
        let lines = text.lines().count();
        prop_assert!(read(text.as_bytes()).len() <= lines);
    }

    #[test]
    fn line_numbers_count_every_line_of_the_file(
        lines in proptest::collection::vec(0_u8..3, 0..40),
        ends_with_line_feed: bool,
    ) {
        let texts = [GOOD, "", "{\"ready\":7}"];
        let chosen: Vec<&str> = lines.iter().map(|&kind| texts[usize::from(kind)]).collect();
        let mut text = chosen.join("\n");
        if ends_with_line_feed {
            text.push('\n');
        }
        let expected: Vec<String> = lines
            .iter()
            .zip(1..)
            .filter_map(|(kind, number)| match kind {
                0 => Some("ok".to_owned()),
                1 => None,
                _ => Some(format!("line {number}")),
            })
            .collect();
        prop_assert_eq!(read(text.as_bytes()), expected);
    }
}
