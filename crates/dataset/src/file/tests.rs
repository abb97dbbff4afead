//! The rules of both formats, as tables of rows and outcomes.

use std::io::Write;
use std::path::Path;

use aiperf_endpoint::conversation::{ContextMode, Conversation, Media, Turn};
use aiperf_random::RootSeed;
use proptest::prelude::*;

use super::*;
use crate::plan::SessionIdStyle;

fn load(plan: &FilePlan) -> Result<Vec<Conversation>, DatasetError> {
    let seed = RootSeed::fixed(8);
    conversations(plan, SessionIds::new(SessionIdStyle::Numbered, seed), seed)
}

/// Loads a file of these bytes, after `adjust` has changed the plan.
fn load_bytes(
    content: &[u8],
    adjust: impl Fn(&mut FilePlan),
) -> Result<Vec<Conversation>, DatasetError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    let mut plan = FilePlan::new(file.path());
    adjust(&mut plan);
    load(&plan)
}

fn rows(content: &str) -> Vec<Conversation> {
    load_bytes(content.as_bytes(), |_| {}).unwrap()
}

/// The error's text after the file's name.
fn refusal(content: &str) -> String {
    let message = load_bytes(content.as_bytes(), |_| {})
        .unwrap_err()
        .to_string();
    message
        .split_once("` ")
        .map_or(message.clone(), |(_, reason)| reason.to_owned())
}

fn first_turn(row: &str) -> Turn {
    rows(row).remove(0).turns.remove(0)
}

fn texts(conversation: &Conversation) -> Vec<&str> {
    conversation
        .turns
        .iter()
        .map(|turn| turn.texts[0].contents[0].as_str())
        .collect()
}

#[test]
fn a_row_becomes_a_turn() {
    let turn = first_turn(
        r#"{"text":"Hi","output_length":20,"extra":{"temperature":0,"model":"m"},"role":"tool","delay":5,"unknown":1}"#,
    );
    assert_eq!(turn.texts, [Media::unnamed("Hi")]);
    assert_eq!(turn.max_tokens, Some(20));
    assert_eq!(turn.role.as_deref(), Some("tool"));
    assert_eq!((turn.delay_ms, turn.timestamp_ms), (Some(5.0), None));
    assert_eq!(
        turn.extra_body.keys().collect::<Vec<_>>(),
        ["temperature", "model"]
    );
}

#[test]
fn lists_of_strings_are_one_batch_and_objects_keep_their_names() {
    let turn = first_turn(r#"{"texts":["a","b"]}"#);
    assert_eq!(
        turn.texts,
        [Media {
            name: String::new(),
            contents: vec!["a".into(), "b".into()]
        }]
    );
    let turn = first_turn(
        r#"{"texts":[{"name":"query","contents":["q"]},{"name":"passages","contents":["c","d"]}]}"#,
    );
    let named = turn
        .texts
        .iter()
        .map(|text| (text.name.as_str(), text.contents.len()));
    assert_eq!(named.collect::<Vec<_>>(), [("query", 1), ("passages", 2)]);
}

#[test]
fn numbers_may_be_strings_and_null_is_absent() {
    let turn = first_turn(r#"{"text":"a","output_length":" 5 ","timestamp":"12.5","delay":null}"#);
    assert_eq!(
        (turn.max_tokens, turn.timestamp_ms, turn.delay_ms),
        (Some(5), Some(12.5), None)
    );
    assert_eq!(
        first_turn(r#"{"text":"a","output_length":7.0}"#).max_tokens,
        Some(7)
    );
    assert_eq!(
        first_turn(r#"{"text":null,"texts":["b"],"extra":null}"#)
            .texts
            .len(),
        1
    );
}

#[test]
fn a_zero_timestamp_may_stand_beside_a_delay() {
    let turn = first_turn(r#"{"text":"a","timestamp":0,"delay":5}"#);
    assert_eq!((turn.timestamp_ms, turn.delay_ms), (Some(0.0), Some(5.0)));
}

#[test]
fn all_kinds_of_media_are_taken() {
    let turn = first_turn(
        r#"{"image":"http://h/a.png","audios":["wav,AA","mp3,BB"],"video":"data:video/mp4;base64,AA"}"#,
    );
    assert_eq!(turn.images, [Media::unnamed("http://h/a.png")]);
    assert_eq!(turn.audios[0].contents, ["wav,AA", "mp3,BB"]);
    assert_eq!(turn.videos.len(), 1);
    assert!(turn.texts.is_empty());
}

#[test]
fn bad_rows_are_refused_with_key_and_reason() {
    for (row, reason) in [
        (
            r#"{"text":""}"#,
            "line 1: a turn needs at least one of `text`",
        ),
        (
            r#"{"texts":[]}"#,
            "line 1: a turn needs at least one of `text`",
        ),
        (
            r#"{"text":"a","texts":["b"]}"#,
            "line 1: `texts`: cannot be set together with `text`",
        ),
        (
            r#"{"text":5}"#,
            "line 1: `text`: expected a string, found a number `5`",
        ),
        (
            r#"{"texts":"a"}"#,
            "line 1: `texts`: expected an array, found a string `a`",
        ),
        (
            r#"{"texts":["a",{"name":"q"}]}"#,
            "line 1: `texts[1]`: expected a string, found an object",
        ),
        (
            r#"{"texts":[{"name":3}]}"#,
            "line 1: `texts[0].name`: expected a string, found a number",
        ),
        (
            r#"{"texts":[{"contents":[1]}]}"#,
            "line 1: `texts[0].contents[0]`: expected a string",
        ),
        (
            r#"{"text":"a","output_length":0}"#,
            "line 1: `output_length`: must be at least 1, is 0",
        ),
        (
            r#"{"text":"a","output_length":2.5}"#,
            "line 1: `output_length`: expected a whole number",
        ),
        (
            r#"{"text":"a","output_length":"x"}"#,
            "line 1: `output_length`: expected a number",
        ),
        (
            r#"{"text":"a","output_length":1e12}"#,
            "line 1: `output_length`: must be at most",
        ),
        (
            r#"{"text":"a","timestamp":1,"delay":2}"#,
            "line 1: `delay`: cannot be set together",
        ),
        (
            r#"{"text":"a","timestamp":"inf"}"#,
            "line 1: `timestamp`: expected a number",
        ),
        (
            r#"{"text":"a","extra":[1]}"#,
            "line 1: `extra`: expected an object, found an array",
        ),
        (
            r#"{"text":"a","session_id":1}"#,
            "line 1: `session_id`: expected a string",
        ),
        (
            r#"{"text":"a","role":1}"#,
            "line 1: `role`: expected a string, found a number `1`",
        ),
        (
            r#"{"text":"a","image":"x.gif"}"#,
            "line 1: `image`: `x.gif` is neither a URL",
        ),
        (
            r#"{"text":"a","image_uuids":["u"]}"#,
            "line 1: `image_uuids`: references",
        ),
        (
            r#"{"turns":[]}"#,
            "line 1: `turns`: a row needs at least one turn",
        ),
        (
            r#"{"turns":[5]}"#,
            "line 1: `turns[0]`: expected an object, found a number `5`",
        ),
        (
            r#"{"turns":[{"text":"a"},{"text":""}]}"#,
            "line 1: `turns[1]`: a turn needs at least",
        ),
        (
            r#"{"turns":[{"text":"a","delay":"x"}]}"#,
            "line 1: `turns[0].delay`: expected a number",
        ),
        (
            r#"{"session_id":5,"turns":[{"text":"a"}]}"#,
            "line 1: `session_id`: expected a string",
        ),
        (
            r#"{"text":"a"} x"#,
            "line 1: not valid JSON: trailing characters (column 14)",
        ),
        (r#"{"text":NaN}"#, "line 1: not valid JSON"),
    ] {
        let refusal = refusal(row);
        assert!(refusal.starts_with(reason), "{row}\n{refusal}");
    }
}

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
    let error = load(&FilePlan::new(folder.path())).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("is a folder; name one JSON Lines file"),
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

#[test]
fn formats_that_are_not_supported_are_refused_by_name() {
    for (content, format) in [
        (
            r#"{"timestamp":0,"input_length":1024,"output_length":50,"hash_ids":[0]}"#,
            "mooncake_trace",
        ),
        (r#"{"text_input":"a"}"#, "mooncake_trace"),
        (r#"{"messages":[],"timestamp":5}"#, "mooncake_trace"),
        (
            r#"{"messages":[{"role":"user","content":"a"}]}"#,
            "raw_payload",
        ),
        (
            r#"{"data":[{"session_id":"a","payloads":[{}]}]}"#,
            "inputs_json",
        ),
        (
            "{\n  \"data\": [\n    {\"payloads\": []}\n  ]\n}\n",
            "inputs_json",
        ),
        (
            r#"{"chat_id":1,"parent_chat_id":-1,"timestamp":1,"input_length":5}"#,
            "bailian_trace",
        ),
        (
            r#"{"captureData":{},"eventMetadata":{}}"#,
            "sagemaker_data_capture",
        ),
        (
            r#"{"session_id":"a","turns":[{"text":"a","forks":["b"]}]}"#,
            "dag_jsonl",
        ),
        (
            r#"{"session_id":"a","turns":[{"messages":[]}]}"#,
            "dag_jsonl",
        ),
        (r#"{"type":"random_pool","text":"a"}"#, "random_pool"),
        (
            r#"{"question_id":"q","category":"math","messages":[]}"#,
            "speed_bench",
        ),
        (
            r#"{"session_id":"s","round_index":0,"timing_events":[]}"#,
            "tracelab",
        ),
        ("{\n\"id\":1,\n\"requests\":[]\n}", "weka_trace"),
        (
            "Timestamp,Model,Request tokens,Response tokens,Total tokens\n5,a,1,2,3",
            "burst_gpt_trace",
        ),
    ] {
        let error = load_bytes(content.as_bytes(), |_| {}).unwrap_err();
        let DatasetError::UnsupportedFormat { format: found, .. } = &error else {
            panic!("{content}: {error}")
        };
        assert_eq!(found, format);
        assert!(
            error
                .to_string()
                .contains("supported are `single_turn` and `multi_turn`")
        );
    }
    assert!(matches!(
        load_bytes(br#"{"prompt":"a"}"#, |_| {}).unwrap_err(),
        DatasetError::Unrecognized { .. }
    ));
}

#[test]
fn format_names_may_be_written_in_several_ways() {
    for name in ["single_turn", "Single-Turn", "SINGLE_TURN"] {
        assert_eq!(FileFormat::from_name(name).unwrap(), FileFormat::SingleTurn);
    }
    for name in ["mooncake-trace", "speed_bench_math", "random_pool"] {
        let error = FileFormat::from_name(name).unwrap_err();
        assert!(
            matches!(error, DatasetError::UnsupportedFormat { .. }),
            "{error}"
        );
    }
    assert!(matches!(
        FileFormat::from_name("csv").unwrap_err(),
        DatasetError::UnknownFormat { .. }
    ));
}

#[test]
fn rows_of_one_session_are_sent_in_order_without_history() {
    let loaded = rows(concat!(
        "{\"text\":\"1\",\"session_id\":\"s\"}\n{\"text\":\"2\"}\n",
        "{\"text\":\"3\",\"session_id\":\"s\"}\n{\"text\":\"4\",\"session_id\":\"\"}"
    ));
    assert_eq!(
        loaded.iter().map(texts).collect::<Vec<_>>(),
        [vec!["1", "3"], vec!["2"], vec!["4"]]
    );
    assert_eq!(
        loaded
            .iter()
            .map(|found| found.id.as_str())
            .collect::<Vec<_>>(),
        ["s", "session_000000", "session_000001"]
    );
    assert_eq!(
        loaded[0].context_mode,
        ContextMode::MessageArrayWithResponses
    );
}

#[test]
fn made_up_ids_avoid_authored_ones() {
    let loaded = rows("{\"text\":\"a\"}\n{\"text\":\"b\",\"session_id\":\"session_000000\"}");
    assert_eq!(loaded[0].id, "session_000001");
    assert_eq!(loaded[1].id, "session_000000");
}

#[test]
fn lines_of_one_session_are_joined_with_history() {
    let loaded = rows(concat!(
        "{\"session_id\":\"s\",\"turns\":[{\"text\":\"1\"}]}\n",
        "{\"session_id\":\"t\",\"turns\":[{\"text\":\"2\"}]}\n",
        "{\"session_id\":\"s\",\"turns\":[{\"text\":\"3\"},{\"text\":\"4\"}]}"
    ));
    assert_eq!(
        loaded.iter().map(texts).collect::<Vec<_>>(),
        [vec!["1", "3", "4"], vec!["2"]]
    );
    assert_eq!(loaded[0].context_mode, ContextMode::DeltasWithoutResponses);
}

#[test]
fn a_leading_system_turn_becomes_the_system_message() {
    let hoisted = rows(r#"{"turns":[{"role":"system","texts":["be","brief"]},{"text":"hi"}]}"#);
    assert_eq!(hoisted[0].system_message.as_deref(), Some("be\nbrief"));
    assert_eq!(hoisted[0].turns.len(), 1);

    for kept in [
        r#"{"turns":[{"role":"system","text":"alone"}]}"#,
        r#"{"turns":[{"role":"system","text":"a"},{"role":"system","text":"b"}]}"#,
        r#"{"turns":[{"role":"system","text":"a","delay":5},{"text":"b"}]}"#,
        r#"{"turns":[{"role":"system","text":"a","timestamp":0},{"text":"b"}]}"#,
        r#"{"turns":[{"role":"system","text":"a","output_length":5},{"text":"b"}]}"#,
        r#"{"turns":[{"role":"system","text":"a","extra":{"k":1}},{"text":"b"}]}"#,
        r#"{"turns":[{"role":"system","text":"a","image":"http://h/x"},{"text":"b"}]}"#,
        r#"{"turns":[{"text":"a"},{"role":"system","text":"b"}]}"#,
    ] {
        assert_eq!(rows(kept)[0].system_message, None, "{kept}");
    }
    let row = br#"{"turns":[{"role":"system","text":"a"},{"text":"b"}]}"#;
    let loaded = load_bytes(row, |plan| plan.hoist_system_turns = false).unwrap();
    assert_eq!(loaded[0].turns.len(), 2);
}

#[test]
fn long_delays_are_cut_to_the_cap() {
    let content = br#"{"turns":[{"text":"a"},{"text":"b","delay":9000},{"text":"c","delay":10}]}"#;
    let loaded = load_bytes(content, |plan| plan.delay_cap_ms = Some(500.0)).unwrap();
    let delays: Vec<_> = loaded[0].turns.iter().map(|turn| turn.delay_ms).collect();
    assert_eq!(delays, [None, Some(500.0), Some(10.0)]);
}

#[test]
fn a_rows_output_length_wins_over_the_plans() {
    let content = b"{\"text\":\"a\",\"output_length\":7}\n{\"text\":\"b\"}";
    let plan_length = Some(Normal::fixed(30.9));
    let loaded = load_bytes(content, |plan| plan.output_tokens = plan_length).unwrap();
    let lengths: Vec<_> = loaded
        .iter()
        .map(|found| found.turns[0].max_tokens)
        .collect();
    assert_eq!(lengths, [Some(7), Some(30)]);
}

#[test]
fn a_limit_keeps_the_first_conversations() {
    let content = b"{\"text\":\"a\"}\n{\"text\":\"b\"}\n{\"text\":\"c\"}";
    let loaded = load_bytes(content, |plan| plan.limit = Some(2)).unwrap();
    assert_eq!(
        loaded.iter().flat_map(texts).collect::<Vec<_>>(),
        ["a", "b"]
    );
}

#[test]
fn media_paths_start_at_the_working_directory() {
    assert!(Path::new("Cargo.toml").exists());
    let reason = refusal(r#"{"image":"no-such-image.png"}"#);
    assert!(
        reason.starts_with("line 1: `image`: cannot read image `no-such-image.png`"),
        "{reason}"
    );
}

/// JSON values of any shape, with the formats' own keys more often than chance has it.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z0-9:/.]{0,8}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("text"),
        Just("texts"),
        Just("turns"),
        Just("image"),
        Just("audios"),
        Just("output_length"),
        Just("delay"),
        Just("timestamp"),
        Just("session_id"),
        Just("extra"),
        Just("role"),
        Just("name"),
        Just("contents"),
        Just("type"),
        Just("x"),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|pairs| Value::Object(
                pairs
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()
            )),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_make_a_loader_panic(content in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in [None, Some(FileFormat::SingleTurn), Some(FileFormat::MultiTurn)] {
            let _ = load_bytes(&content, |plan| plan.format = format);
        }
    }

    #[test]
    fn rows_of_any_shape_load_or_are_refused_with_their_line(row in any_json()) {
        for format in [FileFormat::SingleTurn, FileFormat::MultiTurn] {
            match load_bytes(row.to_string().as_bytes(), |plan| plan.format = Some(format)) {
                Ok(loaded) => prop_assert!(!loaded.is_empty() && !loaded[0].turns.is_empty()),
                Err(DatasetError::Row { line, .. }) => prop_assert_eq!(line, 1),
                Err(DatasetError::TopLevelArray { .. }) => prop_assert!(row.is_array()),
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }

    #[test]
    fn texts_survive_the_way_through_a_file(text in "\\PC{1,40}", id in "[a-z]{1,9}") {
        let row = serde_json::json!({"text": text, "session_id": id}).to_string();
        let loaded = rows(&row);
        prop_assert_eq!(&loaded[0].id, &id);
        prop_assert_eq!(texts(&loaded[0]), vec![text.as_str()]);
    }
}
