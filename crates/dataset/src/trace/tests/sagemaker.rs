//! Recorded requests of Amazon SageMaker.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::{all, open_plan, opened};
use crate::conversations::Conversations;
use crate::error::DatasetError;
use crate::file::FileFormat::SageMakerDataCapture;
use crate::plan::FilePlan;
use crate::trace::CapturedBody;

fn request(text: &str) -> Value {
    json!({"model": "recorded", "messages": [{"role": "user", "content": text}], "stream": true})
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "callers make the values in place"
)]
fn record(time: &str, input: Value, output: Option<Value>) -> String {
    let mut record = json!({
        "captureData": {"endpointInput": input},
        "eventMetadata": {"eventId": "e-1", "inferenceTime": time},
    });
    if let Some(output) = output {
        record["captureData"]["endpointOutput"] = output;
    }
    record.to_string()
}

fn as_json(body: &Value) -> Value {
    json!({"data": body.to_string(), "encoding": "JSON", "mode": "INPUT"})
}

fn as_base64(text: &str) -> Value {
    json!({"data": BASE64_STANDARD.encode(text)})
}

fn load(content: &str, adjust: impl Fn(&mut FilePlan)) -> Result<Conversations, DatasetError> {
    opened(content, SageMakerDataCapture, adjust)
}

#[test]
fn records_are_replayed_in_the_order_of_their_times() {
    let answer = json!({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 33}});
    let stream = "data: {\"choices\":[]}\n\ndata: {\"choices\":[],\"usage\":{\"completion_tokens\":44}}\n\ndata: [DONE]\n\n";
    let mut bounded = request("third");
    bounded["max_completion_tokens"] = json!(7);
    let content = [
        record(
            "2024-05-01T12:00:03Z",
            as_json(&bounded),
            Some(as_json(&answer)),
        ),
        record(
            "2024-05-01T14:00:01.250+02:00",
            as_base64(&request("first").to_string()),
            Some(as_json(&answer)),
        ),
        record(
            "2024-05-01T12:00:02Z",
            as_json(&request("second")),
            Some(as_base64(stream)),
        ),
        record("2024-05-01T12:00:04Z", as_json(&request("failed")), None),
        record(
            "2024-05-01T12:00:05Z",
            as_json(&request("broken")),
            Some(json!({"data": "!", "encoding": "BASE64"})),
        ),
    ]
    .join("\n");
    let opened = load(&content, |_| {}).unwrap();
    let loaded = all(&opened);
    let found: Vec<_> = loaded
        .iter()
        .enumerate()
        .map(|(index, found)| {
            let turn = &found.turns[0];
            let text = turn.raw_messages.as_ref().unwrap()[0]["content"].clone();
            let bound = opened.outline(index).turns[0].max_tokens;
            (text, turn.timestamp_ms.unwrap(), bound)
        })
        .collect();
    assert_eq!(
        found,
        [
            (json!("first"), 0.0, Some(33)),
            (json!("second"), 750.0, Some(44)),
            (json!("third"), 1750.0, Some(7)),
            (json!("failed"), 2750.0, None),
            (json!("broken"), 3750.0, None),
        ]
    );
    assert_eq!(loaded[0].id, "session_000000");
}

#[test]
fn a_folder_is_searched_to_its_bottom_and_times_start_at_its_first_record() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, content: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    };
    write(
        "b/2024/x.jsonl",
        &record("2024-05-01T00:00:00", as_json(&request("1")), None),
    );
    write(
        "a.jsonl",
        &record("2024-05-01T00:00:09", as_json(&request("2")), None),
    );
    write("empty.jsonl", "");
    write("notes.txt", "no capture");
    let mut plan = FilePlan::new(folder.path());
    let times = |plan: &FilePlan| {
        let opened = open_plan(plan, None, 1).unwrap();
        (0..opened.len())
            .map(|index| opened.outline(index).turns[0].timestamp_ms.unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(times(&plan), [0.0, 9000.0]);
    plan.trace.window.start_ms = Some(9000.0);
    assert_eq!(times(&plan), [9000.0]);

    let empty = tempfile::tempdir().unwrap();
    plan.path = empty.path().to_path_buf();
    plan.format = Some(SageMakerDataCapture);
    let error = open_plan(&plan, None, 1).unwrap_err().to_string();
    assert!(
        error.ends_with("no `*.jsonl` file in the folder or below it"),
        "{error}"
    );
}

#[test]
fn a_switch_says_how_much_of_the_recorded_body_is_kept() {
    let mut body = request("a");
    body["temperature"] = json!(0.3);
    body["stop"] = json!(["x"]);
    body["max_tokens"] = json!(5);
    body["tools"] = json!([{"type": "function"}]);
    let content = record("2024-05-01T00:00:00Z", as_json(&body), None);
    let turn = |captured_body| {
        let opened = load(&content, |plan| plan.trace.captured_body = captured_body).unwrap();
        opened.conversation(0).unwrap().turns[0].clone()
    };
    let messages = turn(CapturedBody::MessagesOnly);
    assert!(messages.extra_body.is_empty());
    assert_eq!(messages.max_tokens, Some(5));
    assert_eq!(json!(messages.raw_tools), body["tools"]);
    let parameters = turn(CapturedBody::WithParameters);
    assert_eq!(
        json!(parameters.extra_body),
        json!({"temperature": 0.3, "stop": ["x"], "max_tokens": 5}),
        "the bound keeps its name"
    );
    assert_eq!(parameters.max_tokens, None, "and is sent once");
    assert_eq!(parameters.raw_messages, messages.raw_messages);
    let verbatim = turn(CapturedBody::Verbatim);
    assert_eq!(json!(verbatim.raw_payload), body);
}

#[test]
fn a_bound_that_the_run_lowers_keeps_its_name() {
    let mut body = request("a");
    body["max_completion_tokens"] = json!(50);
    let content = record("2024-05-01T00:00:00Z", as_json(&body), None);
    let opened = load(&content, |plan| plan.trace.max_osl = Some(7)).unwrap();
    let turn = opened.conversation(0).unwrap().turns[0].clone();
    assert_eq!(turn.extra_body["max_completion_tokens"], json!(7));
    assert_eq!(opened.outline(0).turns[0].max_tokens, Some(7));
}

#[test]
fn records_that_are_no_chat_are_left_out() {
    let chat = record("2024-05-01T00:00:00Z", as_json(&request("a")), None);
    let others = [
        record(
            "2024-05-01T00:00:00Z",
            as_json(&json!({"inputs": "a"})),
            None,
        ),
        record("2024-05-01T00:00:00Z", as_json(&json!([1])), None),
        record(
            "2024-05-01T00:00:00Z",
            json!({"data": "1,2", "encoding": "CSV"}),
            None,
        ),
        record("2024-05-01T00:00:00Z", json!({}), None),
    ]
    .join("\n");
    let loaded = load(&format!("{others}\n{chat}"), |_| {}).unwrap();
    assert_eq!(loaded.len(), 1);
    let error = load(&others, |_| {}).unwrap_err().to_string();
    assert!(
        error.contains("none of the 4 recorded requests has `messages`"),
        "{error}"
    );
}

#[test]
fn records_that_cannot_be_understood_are_refused_with_their_line() {
    let good = record("2024-05-01T00:00:00Z", as_json(&request("a")), None);
    for (bad, reason) in [
        ("{}".to_owned(), "line 2: `eventMetadata`: is missing"),
        (
            record("yesterday", as_json(&request("a")), None),
            "`event e-1.eventMetadata.inferenceTime`: `yesterday` is no ISO 8601 time",
        ),
        (
            record(
                "2024-05-01T00:00:00Z",
                json!({"data": "{", "encoding": "JSON"}),
                None,
            ),
            "captureData.endpointInput.data`: not valid JSON",
        ),
        (
            record("2024-05-01T00:00:00Z", json!({"data": "*"}), None),
            "captureData.endpointInput.data`: not valid base64",
        ),
        (
            record(
                "2024-05-01T00:00:00Z",
                as_json(&json!({"messages": [1]})),
                None,
            ),
            "`event e-1.messages[0]`: expected an object",
        ),
    ] {
        let error = load(&format!("{good}\n{bad}"), |_| {})
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("line 2: ") && error.contains(reason),
            "{error}"
        );
    }
}

#[test]
fn prompts_longer_than_allowed_are_dropped_by_their_recorded_length() {
    let answer = |tokens: u32| json!({"choices": [], "usage": {"prompt_tokens": tokens}});
    let content = [
        record(
            "2024-05-01T00:00:00Z",
            as_json(&request("long")),
            Some(as_json(&answer(100))),
        ),
        record(
            "2024-05-01T00:00:05Z",
            as_json(&request("short")),
            Some(as_json(&answer(10))),
        ),
    ]
    .join("\n");
    let opened = load(&content, |plan| plan.trace.max_isl = Some(50)).unwrap();
    assert_eq!(opened.len(), 1);
    // Times count from the first record, kept or not.
    assert_eq!(opened.outline(0).turns[0].timestamp_ms, Some(5000.0));
}

#[test]
fn the_published_layout_of_capture_folders_is_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let hour = folder.path().join("endpoint/AllTraffic/2024/05/01/12");
    std::fs::create_dir_all(&hour).unwrap();
    let content = record("2024-05-01T12:00:00Z", as_json(&request("a")), None);
    std::fs::write(hour.join("34-56-789-uuid.jsonl"), content).unwrap();
    let opened = open_plan(&FilePlan::new(folder.path()), None, 1).unwrap();
    assert_eq!(opened.len(), 1);
    assert!(Path::new(folder.path()).is_dir());
}
