//! Recorded calls of agents.

use aiperf_endpoint::conversation::{ContextMode, Conversation};
use serde_json::{Value, json};

use super::super::{Filters, PublicPlan};
use super::{FolderHub, load_plan};
use crate::error::DatasetError;

fn span(start: &str, end: &str, text: &str) -> Value {
    json!({
        "type": "llm_call", "start_time": start, "end_time": end, "status": {"code": 1},
        "attributes": {
            "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 20,
            "gen_ai.request.temperature": 0.5, "gen_ai.request.stop_sequences": ["x"],
            "gen_ai.system_instructions": "be brief",
            "gen_ai.input.messages": json!([
                {"role": "developer", "parts": [{"type": "text", "content": text}]},
                {"role": "assistant", "parts": [
                    {"type": "thinking", "thinking": "hm"},
                    {"type": "tool_call", "id": "c", "name": "f", "arguments": {"a": 1}},
                ]},
                {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c", "result": "ok"}]},
            ]).to_string(),
            "gen_ai.tool.definitions": json!([{"type": "function", "name": "f", "description": "d", "parameters": {}}]).to_string(),
        },
    })
}

fn exgentic_hub() -> FolderHub {
    let mut failed = span("2025-01-01T00:00:05", "2025-01-01T00:00:06", "failed");
    failed["status"]["code"] = json!(2);
    let session = |id: &str, model: &str, spans: Value| {
        json!({"harness": "claude_code", "session_id": id, "models": [model], "spans": spans})
            .to_string()
    };
    let rows = [
        session(
            "one",
            "azure/gpt-4.1",
            json!([
                span("2025-01-01T00:00:03Z", "2025-01-01T00:00:04Z", "second"),
                span("2025-01-01T00:00:00Z", "2025-01-01T00:00:01.5Z", "first"),
                failed,
            ]),
        ),
        session("two", "Kimi-K2.5", json!([{"type": "other"}])),
        session(
            "three",
            "Kimi-K2.5",
            json!([span("2025-01-01T00:00:00Z", "2025-01-01T00:00:01Z", "x")]),
        ),
    ];
    let hub = FolderHub::new();
    let revision = "70036b93a04e61b0ea2706a68b962f4f26774587";
    let place = hub.place("Exgentic/agent-llm-traces", revision, "data/train.jsonl");
    std::fs::write(place, rows.join("\n")).unwrap();
    hub
}

fn exgentic(adjust: impl Fn(&mut PublicPlan)) -> Result<Vec<Conversation>, DatasetError> {
    let mut plan = PublicPlan::new("exgentic").unwrap();
    plan.limit = Some(10);
    adjust(&mut plan);
    load_plan(plan, &exgentic_hub())
}

#[test]
fn recorded_calls_of_agents_become_turns_with_their_pauses() {
    let loaded = exgentic(|_| {}).unwrap();
    assert_eq!(
        loaded
            .iter()
            .map(|found| found.id.as_str())
            .collect::<Vec<_>>(),
        ["one", "three"]
    );
    let turns = &loaded[0].turns;
    assert_eq!(
        loaded[0].context_mode,
        ContextMode::MessageArrayWithResponses
    );
    assert_eq!(
        turns.iter().map(|turn| turn.delay_ms).collect::<Vec<_>>(),
        [None, Some(1500.0)]
    );
    assert_eq!(
        json!(turns[0].raw_messages),
        json!([
            {"role": "system", "content": "be brief"},
            {"role": "system", "content": "first"},
            {"role": "assistant", "content": "", "reasoning_content": "hm", "tool_calls": [
                {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}
            ]},
            {"role": "tool", "tool_call_id": "c", "content": "ok"},
        ])
    );
    assert_eq!(json!(turns[0].raw_tools)[0]["function"]["description"], "d");
    assert_eq!(
        json!(turns[0].extra_body),
        json!({"temperature": 0.5, "stop": ["x"]})
    );
    assert_eq!(
        turns[0].extra_headers,
        [("x-dynamo-session-id".to_owned(), "one".to_owned())]
    );
    assert_eq!(turns[0].max_tokens, Some(20));
}

#[test]
fn a_schedule_makes_a_conversation_of_every_call() {
    let loaded = exgentic(|plan| plan.fixed_schedule = true).unwrap();
    let found: Vec<_> = loaded
        .iter()
        .map(|found| (found.id.as_str(), found.turns[0].timestamp_ms.unwrap()))
        .collect();
    assert_eq!(found, [("one:1", 0.0), ("one:0", 3000.0), ("three:0", 0.0)]);
}

#[test]
fn sessions_are_filtered_counted_and_missed_with_a_message() {
    let filtered = |words: &[&str]| {
        exgentic(|plan| plan.filters = Filters::from_words(words.iter().copied()).unwrap())
    };
    assert_eq!(filtered(&["source_model=kimi-k2.5"]).unwrap().len(), 1);
    assert_eq!(exgentic(|plan| plan.limit = Some(1)).unwrap().len(), 1);
    let error = filtered(&["harness=tool_calling"]).unwrap_err().to_string();
    assert!(
        error.contains("there are claude_code/Kimi-K2.5, claude_code/gpt-4.1"),
        "{error}"
    );
    let error = exgentic(|plan| plan.limit = None).unwrap_err().to_string();
    assert!(error.contains("--num-dataset-entries"), "{error}");
    let mut plan = PublicPlan::new("aimo").unwrap();
    plan.filters = Filters::from_words(["harness=tool_calling"]).unwrap();
    let error = load_plan(plan, &FolderHub::new()).unwrap_err().to_string();
    assert!(
        error.contains("`exgentic` and `exgentic_v2` only"),
        "{error}"
    );
}
