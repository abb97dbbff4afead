//! Bodies that are sent as they are, and SPEED-Bench.

use aiperf_endpoint::conversation::ContextMode;
use serde_json::json;

use super::super::FileFormat;
use super::{folder, load, load_bytes, refusal, rows, texts};
use crate::plan::FilePlan;

#[test]
fn each_line_of_a_file_is_a_payload_of_its_own() {
    let content = concat!(
        r#"{"messages":[{"role":"user","content":"a"}],"z":1,"seed":18446744073709551615,"a":null}"#,
        "\n",
        r#"{"messages":[]}"#
    );
    let loaded = rows(content);
    assert_eq!(loaded.len(), 2);
    assert_eq!(loaded[0].id, "session_000000");
    assert_eq!(
        loaded[0].context_mode,
        ContextMode::MessageArrayWithResponses
    );
    let payload = loaded[0].turns[0].raw_payload.clone().unwrap();
    let text = serde_json::to_string(&payload).unwrap();
    assert_eq!(text, content.lines().next().unwrap());
}

#[test]
fn each_file_of_a_folder_is_a_conversation_of_payloads() {
    let payload = |text| json!({"messages": [text]}).to_string();
    let folder = folder(&[
        ("b.jsonl", &payload("3")),
        ("a.jsonl", &format!("{}\n{}", payload("1"), payload("2"))),
        ("c.jsonl", "\n"),
        ("notes.txt", "not json"),
        ("deeper/d.jsonl", &payload("4")),
    ]);
    let mut plan = FilePlan::new(folder.path());
    plan.format = Some(FileFormat::RawPayload);
    let loaded = load(&plan).unwrap();
    let messages: Vec<Vec<_>> = loaded
        .iter()
        .map(|found| {
            let payloads = found.turns.iter().map(|turn| turn.raw_payload.as_ref());
            payloads
                .map(|payload| payload.unwrap()["messages"][0].clone())
                .collect()
        })
        .collect();
    assert_eq!(messages, [vec![json!("1"), json!("2")], vec![json!("3")]]);
}

#[test]
fn payloads_without_messages_are_refused_with_their_line() {
    let load = |content: &[u8]| {
        let error = load_bytes(content, |plan| plan.format = Some(FileFormat::RawPayload));
        error.unwrap_err().to_string()
    };
    assert!(load(b"{\"messages\":[]}\n{\"prompt\":1}").ends_with("line 2: `messages`: is missing"));
    assert!(load(br#"{"messages":1}"#).contains("line 1: `messages`: expected an array"));
}

#[test]
fn the_inputs_of_a_run_can_be_sent_again() {
    let content = json!({"data": [
        {"session_id": "a", "payloads": [{"x": 1}, {"x": 2}]},
        {"session_id": "b", "payloads": [{"x": 3}]},
    ]});
    for content in [
        content.to_string(),
        serde_json::to_string_pretty(&content).unwrap(),
    ] {
        let loaded = rows(&content);
        let ids: Vec<&str> = loaded.iter().map(|found| found.id.as_str()).collect();
        assert_eq!(ids, ["a", "b"]);
        let payload = loaded[0].turns[1].raw_payload.as_ref().unwrap();
        assert_eq!(payload["x"], 2);
    }
}

#[test]
fn broken_inputs_are_refused_with_their_place() {
    for (content, reason) in [
        (
            r#"{"data":[{"payloads":[{}]}]}"#,
            "`data[0].session_id`: is missing",
        ),
        (
            r#"{"data":[{"session_id":"a","payloads":[]},{"payloads":[]}]}"#,
            "`data[0].payloads`: a session needs",
        ),
        (
            r#"{"data":[{"session_id":"a","payloads":[5]}]}"#,
            "`data[0].payloads[0]`: expected an object, found a number",
        ),
        (
            r#"{"data":[{"session_id":"a","payloads":[{}]},{"session_id":"a","payloads":[{}]}]}"#,
            "`data[1].session_id`: `a` is taken",
        ),
        (
            r#"{"data":[{"session_id":"a","payloads":[{}]},7]}"#,
            "`data[1]`: expected an object",
        ),
    ] {
        let error = load_bytes(content.as_bytes(), |plan| {
            plan.format = Some(FileFormat::InputsJson);
        });
        let error = error.unwrap_err().to_string();
        assert!(error.contains(reason), "{content}\n{error}");
    }
    let error = load_bytes(b"{", |plan| plan.format = Some(FileFormat::InputsJson));
    assert!(error.unwrap_err().to_string().contains("not valid JSON"));
}

const ID: &str = "0123456789abcdef0123456789abcdef";

fn question(category: &str, contents: &[&str]) -> String {
    let messages: Vec<_> = contents
        .iter()
        .map(|text| json!({"role": "user", "content": text}))
        .collect();
    json!({"question_id": ID, "category": category, "messages": messages}).to_string()
}

#[test]
fn every_message_of_a_speed_bench_row_is_a_turn() {
    let content = format!(
        "{}\n{}",
        question("math", &["1", "2"]),
        question("qa", &["3"]).replace("ef\"", "ee\"")
    );
    let load = |name: &str| {
        load_bytes(content.as_bytes(), |plan| {
            plan.format = Some(FileFormat::from_name(name).unwrap());
        })
    };
    let all = load("speed_bench_qualitative").unwrap();
    assert_eq!(
        all.iter().map(texts).collect::<Vec<_>>(),
        [vec!["1", "2"], vec!["3"]]
    );
    assert_eq!(all[0].id, ID);
    assert_eq!(all[0].turns[0].role.as_deref(), Some("user"));
    let some = load("speed_bench_qa").unwrap();
    assert_eq!(some.iter().flat_map(texts).collect::<Vec<_>>(), ["3"]);
    let error = load("speed_bench_coding").unwrap_err().to_string();
    assert!(
        error.contains("no row has the category `coding`"),
        "{error}"
    );
}

#[test]
fn bad_speed_bench_rows_are_refused() {
    for (row, reason) in [
        (
            question("math", &[]),
            "`messages`: a row needs at least one",
        ),
        (
            question("math", &["  "]),
            "`messages[0].content`: must not be blank",
        ),
        (question("", &["a"]), "`category`: must not be empty"),
        (
            question("math", &["a"]).replace(ID, "short"),
            "`question_id`: must have 32 characters",
        ),
        (
            question(
                "math",
                &["FULL BENCHMARK DATA SHOULD BE FETCHED FROM THE SOURCE USING SPECDEC_BENCH"],
            ),
            "`messages[0].content`: is the upstream placeholder",
        ),
    ] {
        let error = load_bytes(row.as_bytes(), |plan| {
            plan.format = Some(FileFormat::from_name("speed_bench_math").unwrap());
        });
        let error = error.unwrap_err().to_string();
        assert!(error.contains(&format!("line 1: {reason}")), "{error}");
    }
}

#[test]
fn a_row_of_a_named_type_is_read_as_that() {
    let reason = refusal(r#"{"type":"multi_turn","text":"a"}"#);
    assert_eq!(reason, "line 1: `turns`: a row needs at least one turn");
}
