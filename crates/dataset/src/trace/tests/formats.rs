//! The keys of each format's rows.

use aiperf_endpoint::conversation::ContextMode;
use proptest::prelude::*;
use serde_json::json;

use super::{all, mooncake, open_plan, opened, refusal, text};
use crate::error::DatasetError;
use crate::file::FileFormat::{self, BailianTrace, BurstGptTrace, MooncakeTrace};
use crate::plan::FilePlan;

#[test]
fn a_mooncake_row_becomes_a_turn() {
    let loaded = mooncake(
        r#"{"timestamp":7.5,"input_length":20,"output_length":50,"extra":{"temperature":0},"x":1}"#,
    );
    let turn = &loaded[0].turns[0];
    assert_eq!(loaded[0].id, "session_000000");
    assert_eq!(loaded[0].context_mode, ContextMode::DeltasWithoutResponses);
    assert_eq!(turn.timestamp_ms, Some(7.5));
    assert_eq!(turn.max_tokens, Some(50));
    assert_eq!(turn.extra_body["temperature"], 0);
}

#[test]
fn rows_of_a_session_follow_each_other_where_the_first_of_them_stands() {
    let loaded = mooncake(concat!(
        r#"{"session_id":"s","text_input":"1","timestamp":5}"#,
        "\n",
        r#"{"text_input":"2"}"#,
        "\n",
        r#"{"session_id":"session_000000","text_input":"3"}"#,
        "\n",
        r#"{"session_id":"s","delay":250,"text_input":"4"}"#,
    ));
    let found: Vec<_> = loaded
        .iter()
        .map(|found| {
            (
                found.id.as_str(),
                found.turns.iter().map(text).collect::<Vec<_>>(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("s", vec!["1", "4"]),
            ("session_000001", vec!["2"]),
            ("session_000000", vec!["3"])
        ]
    );
    assert_eq!(loaded[0].turns[1].delay_ms, Some(250.0));
}

#[test]
fn messages_and_payloads_are_replayed_literally() {
    let messages = json!([{"role": "user", "content": "a", "z": 1, "a": 2}]);
    let tools = json!([{"type": "function"}]);
    let payload = json!({"prompt": "a", "big": 18_446_744_073_709_551_615u64});
    let loaded = mooncake(&format!(
        "{}\n{}",
        json!({"messages": messages, "tools": tools, "output_length": 3, "extra": {"k": 1}}),
        json!({"payload": payload, "timestamp": 1})
    ));
    let first = &loaded[0].turns[0];
    assert_eq!(json!(first.raw_messages), messages);
    assert_eq!(json!(first.raw_tools), tools);
    assert_eq!(first.max_tokens, Some(3));
    assert_eq!(first.extra_body["k"], 1);
    assert_eq!(json!(loaded[1].turns[0].raw_payload), payload);
    for conversation in loaded {
        assert_eq!(
            conversation.context_mode,
            ContextMode::MessageArrayWithResponses
        );
    }
}

#[test]
fn bad_mooncake_rows_are_refused_with_line_and_key() {
    for (row, reason) in [
        (r#"{"timestamp":1}"#, "line 1: a row needs exactly one of"),
        (
            r#"{"input_length":1,"text_input":"a"}"#,
            "line 1: a row needs exactly one of",
        ),
        (
            r#"{"text_input":"a","hash_ids":[1]}"#,
            "line 1: `hash_ids`: goes with `input_length`",
        ),
        (
            r#"{"text_input":"a","tools":[{}]}"#,
            "line 1: `tools`: goes with `messages`",
        ),
        (
            r#"{"messages":[{"role":"user"}],"tools":[]}"#,
            "line 1: `tools`: must not be empty",
        ),
        (
            r#"{"messages":[]}"#,
            "line 1: `messages`: must not be empty",
        ),
        (
            r#"{"messages":[{"role":"user"},{}]}"#,
            "line 1: `messages[1].role`: expected a string",
        ),
        (
            r#"{"messages":[5]}"#,
            "line 1: `messages[0]`: expected an object, found a number",
        ),
        (r#"{"payload":{}}"#, "line 1: `payload`: must not be empty"),
        (
            r#"{"input_length":-1}"#,
            "line 1: `input_length`: must be at least 0, is -1",
        ),
        (
            r#"{"input_length":"x"}"#,
            "line 1: `input_length`: expected a number, found a string `x`",
        ),
        (
            r#"{"input_length":1,"hash_ids":["a"]}"#,
            "line 1: `hash_ids[0]`: expected a whole number",
        ),
        (
            r#"{"input_length":9,"hash_ids":[1],"output_length":2.5}"#,
            "line 1: `output_length`: expected a whole",
        ),
        (
            r#"{"type":"single_turn","input_length":1}"#,
            "line 1: `type`: expected `mooncake_trace`",
        ),
        (
            "{\"session_id\":\"s\",\"text_input\":\"a\"}\n{\"session_id\":\"s\",\"payload\":{\"a\":1}}",
            "line 2: session `s` has `payload` here and `text_input` in line 1",
        ),
        (
            "{\"session_id\":\"s\",\"messages\":[{\"role\":\"u\"}]}\n{\"session_id\":\"s\",\"payload\":{\"a\":1}}",
            "line 2: session `s` has `payload` here and `messages` in line 1",
        ),
        (
            "{\"input_length\":512}\n{\"input_length\":512,\"hash_ids\":[1,2]}",
            "line 2: `hash_ids`: 2 blocks of 512 tokens are more than `input_length` 512",
        ),
        (
            r#"{"input_length":0,"hash_ids":[1]}"#,
            "line 1: `hash_ids`: 1 blocks",
        ),
    ] {
        let refusal = refusal(row, MooncakeTrace);
        assert!(refusal.starts_with(reason), "{row}\n{refusal}");
    }
}

#[test]
fn bailian_chats_are_followed_to_their_first_request() {
    let row = |chat: i64, parent: i64, turn: u32| {
        json!({"chat_id": chat, "parent_chat_id": parent, "timestamp": 61.114, "input_length": 521,
               "output_length": turn, "type": "text", "turn": turn, "hash_ids": []})
        .to_string()
    };
    let content = [
        row(12, 11, 3),
        row(10, -1, 1),
        row(11, 10, 2),
        // The parent is not in the file.
        row(50, 49, 2),
        // A circle.
        row(70, 71, 1),
        row(71, 70, 2),
    ]
    .join("\n");
    let loaded = all(&opened(&content, BailianTrace, |_| {}).unwrap());
    let sessions: Vec<_> = loaded
        .iter()
        .map(|found| {
            let bounds = found.turns.iter().map(|turn| turn.max_tokens.unwrap());
            (found.id.as_str(), bounds.collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(sessions[..2], [("10", vec![1, 2, 3]), ("50", vec![2])]);
    assert_eq!(
        sessions[2..]
            .iter()
            .map(|(_, turns)| turns.len())
            .sum::<usize>(),
        2
    );
    assert_eq!(loaded[0].turns[0].timestamp_ms, Some(61_114.0));

    let reason = refusal(
        r#"{"chat_id":1,"timestamp":1,"input_length":5}"#,
        BailianTrace,
    );
    assert_eq!(reason, "line 1: `output_length`: is missing");
}

#[test]
fn burst_records_that_cannot_be_read_are_left_out() {
    let content = "\u{feff}Timestamp,Model,Request tokens,Response tokens\n\
                   1.5,\"a,b\",10,20\n2,m,3.0,4\n3,m\nx,m,1,1\n4,m,5,0\n";
    let loaded = all(&opened(content, BurstGptTrace, |_| {}).unwrap());
    let found: Vec<_> = loaded
        .iter()
        .map(|found| {
            (
                found.turns[0].timestamp_ms.unwrap(),
                found.turns[0].max_tokens.unwrap(),
            )
        })
        .collect();
    assert_eq!(found, [(1500.0, 20), (4000.0, 1)]);
    let reason = refusal("Timestamp,Request tokens\n1,2\n", BurstGptTrace);
    assert_eq!(
        reason,
        "line 1: the CSV header has no column `Response tokens`"
    );
}

#[test]
fn an_output_length_of_zero_asks_for_one_token() {
    let loaded = mooncake(r#"{"text_input":"a","output_length":0}"#);
    assert_eq!(loaded[0].turns[0].max_tokens, Some(1));
}

#[test]
fn lengths_need_a_tokenizer_and_texts_do_not() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let open = |content: &str| {
        std::fs::write(file.path(), content).unwrap();
        open_plan(&FilePlan::new(file.path()), None, 1)
    };
    assert!(open(r#"{"text_input":"a"}"#).is_ok());
    let error = open(r#"{"input_length":4}"#).unwrap_err();
    assert!(matches!(error, DatasetError::NoTokenizer), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_make_a_loader_panic(content in prop::collection::vec(any::<u8>(), 0..200)) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        for format in [MooncakeTrace, BailianTrace, BurstGptTrace, FileFormat::SageMakerDataCapture] {
            let mut plan = FilePlan::new(file.path());
            plan.format = Some(format);
            let _ = open_plan(&plan, None, 1);
        }
    }

    #[test]
    fn rows_with_keys_of_any_value_load_or_are_refused(
        values in prop::collection::vec(
            prop_oneof![
                Just(json!(null)), any::<i64>().prop_map(|n| json!(n)), any::<f64>().prop_map(|n| json!(n)),
                "[a-z0-9]{0,4}".prop_map(|s| json!(s)), Just(json!([])), Just(json!({})),
                Just(json!([{"role": "user"}])), Just(json!({"a": {"data": "e30="}})),
            ],
            12,
        ),
    ) {
        let keys = ["input_length", "hash_ids", "messages", "payload", "tools", "timestamp", "delay",
            "chat_id", "turn", "output_length", "captureData", "eventMetadata"];
        let row: serde_json::Map<_, _> =
            keys.iter().map(|key| (*key).to_owned()).zip(values).collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), serde_json::to_string(&row).unwrap()).unwrap();
        for format in [MooncakeTrace, BailianTrace, FileFormat::SageMakerDataCapture] {
            let mut plan = FilePlan::new(file.path());
            plan.format = Some(format);
            match open_plan(&plan, None, 1) {
                Ok(opened) => prop_assert_eq!(opened.len(), 1),
                Err(DatasetError::Row { line, .. }) => prop_assert_eq!(line, 1),
                Err(DatasetError::NoTokenizer | DatasetError::Source { .. }) => {}
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }
}
