use proptest::prelude::*;

use super::*;
use crate::transcript::{ReadMark, Transcript};

const END: u64 = 1_000_000;

/// The messages of a body that came in reads of the given lengths; read `i` returned at `i + 1`.
fn messages(body: &[u8], lengths: &[usize]) -> Vec<(u64, String)> {
    let mut end = 0;
    let reads: Vec<ReadMark> = lengths
        .iter()
        .zip(1..)
        .map(|(length, at)| {
            end += length;
            ReadMark { at, end }
        })
        .collect();
    let transcript = Transcript {
        content_type: None,
        body,
        reads: &reads,
        ended_at: END,
        method_is_post: true,
    };
    transcript
        .messages()
        .map(|message| (message.at, message.text().into_owned()))
        .collect()
}

fn texts(body: &[u8]) -> Vec<String> {
    messages(body, &[])
        .into_iter()
        .map(|(_, text)| text)
        .collect()
}

#[test]
fn the_earliest_blank_line_ends_a_message_whatever_its_line_ends() {
    for (body, expected) in [
        ("data: a\n\ndata: b\n\n", &["data: a", "data: b"][..]),
        ("data: a\r\n\r\ndata: b\r\n\r\n", &["data: a", "data: b"]),
        (
            "data: a\r\n\r\ndata: b\n\ndata: c",
            &["data: a", "data: b", "data: c"],
        ),
        (
            "data: a\n\r\ndata: b\r\n\ndata: c\n\n",
            &["data: a", "data: b", "data: c"],
        ),
        ("data: a\n\n\n\ndata: b\n\n\n", &["data: a", "data: b"]),
        ("data: a\ndata: b\n\n", &["data: a\ndata: b"]),
        ("data: a\r\rdata: b", &["data: a\r\rdata: b"]),
        ("data: a\n", &["data: a"]),
        ("\u{feff}data: a\n\n", &["data: a"]),
        (" \n\u{a0}\n\n\n\n data: a\n\n", &["data: a"]),
        ("", &[]),
        ("\n\n \r\n", &[]),
    ] {
        assert_eq!(texts(body.as_bytes()), expected, "{body:?}");
    }
}

#[test]
fn bytes_that_are_no_utf8_become_replacement_characters() {
    assert_eq!(texts(b"data: \xff\xfea\n\n"), ["data: \u{fffd}\u{fffd}a"]);
}

#[test]
fn a_message_has_the_time_of_the_read_that_completed_its_blank_line() {
    // The second newline comes with the second read, and brings the next message along.
    let body = b"data: a\n\ndata: b\n\ndata: c\n\ndata: d";
    assert_eq!(
        messages(body, &[8, 10, 9, 7]),
        [
            (2, "data: a".into()),
            (2, "data: b".into()),
            (3, "data: c".into()),
            // No blank line: complete only when the stream ended.
            (END, "data: d".into()),
        ]
    );
    // Marks that do not cover the body fall back to its end.
    assert_eq!(messages(b"data: a\n\ndata: b\n\n", &[9])[1].0, END);
}

#[test]
fn fields_follow_the_table_of_odd_lines() {
    type Expected = &'static [(&'static str, Option<&'static str>)];
    let cases: &[(&str, Expected, Option<&str>)] = &[
        ("data:x", &[("data", Some("x"))], Some("x")),
        (
            "data: {\"a\":\ndata: 1}",
            &[("data", Some("{\"a\":")), ("data", Some("1}"))],
            Some("{\"a\":\n1}"),
        ),
        (
            "event: message\ndata: {\"a\":\"x\ny\"}\nid: 3",
            &[
                ("event", Some("message")),
                ("data", Some("{\"a\":\"x\\ny\"}")),
                ("id", Some("3")),
            ],
            Some("{\"a\":\"x\\ny\"}"),
        ),
        (": ping", &[("comment", Some("ping"))], None),
        (":c", &[("comment", Some("c"))], None),
        ("data", &[("data", None)], None),
        ("x\ny", &[("x", None), ("y", None)], None),
        (
            "retry: 10\n\tdata:  y ",
            &[("retry", Some("10")), ("data", Some("y"))],
            Some("y"),
        ),
        ("Data: z", &[("Data", Some("z"))], None),
        ("id:1:2", &[("id", Some("1:2"))], None),
        (
            "data:\ndata: q",
            &[("data", Some("")), ("data", Some("q"))],
            Some("q"),
        ),
        (
            "data: x\rdata: y",
            &[("data", Some("x")), ("data", Some("y"))],
            Some("x\ny"),
        ),
        (
            "data: a\u{2028}b",
            &[("data", Some("a\u{2028}b"))],
            Some("a\u{2028}b"),
        ),
        (
            "event: e\ndata: a\u{2028}b",
            &[("event", Some("e")), ("data", Some("a")), ("b", None)],
            Some("a"),
        ),
        (
            "event: e\n{\"a\":\"b\nc:d\"}",
            &[
                ("event", Some("e")),
                ("{\"a\"", Some("\"b")),
                ("c", Some("d\"}")),
            ],
            None,
        ),
        (
            "data: {\"a\nmore\nevent: x",
            &[("data", Some("{\"a\\nmore\\nevent: x"))],
            Some("{\"a\\nmore\\nevent: x"),
        ),
    ];
    for (text, expected, data) in cases {
        let fields = fields(text);
        let found: Vec<_> = fields
            .iter()
            .map(|f| (f.name, f.value.as_deref()))
            .collect();
        assert_eq!(found, *expected, "{text:?}");
        assert_eq!(data_text(&fields).as_deref(), *data, "{text:?}");
    }
}

/// Streams made of the bytes that matter to framing, so that cuts fall where it hurts.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(&b"\n"[..]),
        Just(&b"\r\n"[..]),
        Just(&b"\r"[..]),
        Just(&b"\n\n"[..]),
        Just(&b" "[..]),
        Just(&b"data: {\"a\":\"\xc3\xa9\"}"[..]),
        Just(&b"data: [DONE]"[..]),
        Just(&b": ping"[..]),
        Just(&b"event: error"[..]),
        Just(&b"\xff\xe2\x80"[..]),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Where the blank line after each message ends, found by looking at every byte.
fn ends_of_blank_lines(body: &[u8]) -> Vec<usize> {
    (1..=body.len())
        .filter(|&end| {
            let head = &body[..end];
            head.ends_with(b"\n\n") || head.ends_with(b"\n\r\n")
        })
        .collect()
}

proptest! {
    #[test]
    fn cutting_the_stream_at_any_byte_changes_no_message(body in streams()) {
        let whole = messages(&body, &[body.len()]);
        let ends = ends_of_blank_lines(&body);
        for cut in 0..=body.len() {
            let pieces = messages(&body, &[cut, body.len() - cut]);
            prop_assert_eq!(whole.len(), pieces.len());
            for ((at_whole, text), (at_piece, same_text)) in whole.iter().zip(&pieces) {
                prop_assert_eq!(text, same_text);
                // Only messages whose blank line lies before the cut can be earlier.
                prop_assert!(at_piece >= at_whole);
            }
            let early = pieces.iter().filter(|(at, _)| *at == 1).count();
            prop_assert!(early <= ends.iter().filter(|&&end| end <= cut).count());
        }
        // Byte by byte, a message's instant is the end of a blank line (or of the stream).
        let bytewise = messages(&body, &vec![1; body.len()]);
        let mut last = 0;
        for (at, _) in bytewise {
            prop_assert!(at == END || ends.contains(&(at as usize)));
            prop_assert!(at > last || at == END);
            last = at;
        }
    }

    #[test]
    fn no_bytes_make_the_parser_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        for (_, text) in messages(&body, &[body.len()]) {
            let fields = fields(&text);
            prop_assert!(!fields.is_empty());
            data_text(&fields);
        }
    }
}
