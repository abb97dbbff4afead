use serde_json::{Value, json};

use crate::conversation::{Media, Turn};
use crate::dialect::test_support::{
    assert_no_content, body, failure, json_answer, parts_of, replayed, settings, streamed_answer,
    try_body,
};
use crate::error::EndpointError;
use crate::format::{EndpointSettings, FormatContext, format};
use crate::kind::EndpointType::Messages;
use crate::parse::Answer;

fn stream(events: &[Value]) -> Answer {
    let events: Vec<String> = events.iter().map(Value::to_string).collect();
    streamed_answer(Messages, &events)
}

fn body_with(settings: &EndpointSettings, turns: &[&Turn]) -> String {
    let context = FormatContext {
        turns,
        system_message: Some("SYS"),
        user_context_message: Some("CTX"),
        previous_response_id: None,
        settings,
    };
    String::from_utf8(format(&context).unwrap()).unwrap()
}

fn streaming() -> EndpointSettings {
    EndpointSettings {
        streaming: true,
        ..settings(Messages)
    }
}

#[test]
fn a_body_has_its_system_prompt_apart_and_always_a_cap() {
    let turn = Turn {
        max_tokens: Some(9),
        ..Turn::text("hi")
    };
    assert_eq!(
        body_with(&streaming(), &[&turn]),
        r#"{"model":"m1","messages":[{"role":"user","content":"CTX"},{"role":"user","content":"hi"}],"max_tokens":9,"stream":true,"system":"SYS"}"#
    );
    assert_eq!(
        body(&settings(Messages), &Turn::text("hi")),
        r#"{"model":"m1","messages":[{"role":"user","content":"hi"}],"max_tokens":1024}"#
    );
}

#[test]
fn the_newest_system_blocks_follow_the_conversations_message() {
    let blocks = |text: &str| {
        let block = json!({"type": "text", "text": text, "cache_control": {"type": "ephemeral"}});
        Some(vec![block])
    };
    let first = Turn {
        raw_system: blocks("old"),
        raw_tools: Some(vec![json!({"name": "t"})]),
        ..Turn::text("0")
    };
    let second = Turn {
        raw_system: blocks("R"),
        ..Turn::text("a")
    };
    let third = Turn::text("b");
    let body = body_with(&streaming(), &[&first, &second, &third]);
    assert!(
        body.ends_with(
            r#""max_tokens":1024,"stream":true,"system":[{"type":"text","text":"SYS"},{"type":"text","text":"R","cache_control":{"type":"ephemeral"}}],"tools":[{"name":"t"}]}"#
        ),
        "{body}"
    );
}

#[test]
fn images_are_sources_and_other_media_are_refused() {
    let content = |image: &str| {
        let turn = Turn {
            images: vec![Media::unnamed(image)],
            ..Turn::text("a")
        };
        let body: Value = serde_json::from_str(&body(&settings(Messages), &turn)).unwrap();
        body["messages"][0]["content"][1].clone()
    };
    for (image, source) in [
        (
            "data:image/jpeg;base64,AA",
            json!({"type": "base64", "media_type": "image/jpeg", "data": "AA"}),
        ),
        (
            "data:;base64,AA",
            json!({"type": "base64", "media_type": "image/png", "data": "AA"}),
        ),
        (
            "http://h/i.png",
            json!({"type": "url", "url": "http://h/i.png"}),
        ),
    ] {
        assert_eq!(
            content(image),
            json!({"type": "image", "source": source}),
            "{image}"
        );
    }
    let media = || vec![Media::unnamed("wav,AA")];
    for (turn, media) in [
        (
            Turn {
                audios: media(),
                ..Turn::default()
            },
            "audio",
        ),
        (
            Turn {
                videos: media(),
                ..Turn::default()
            },
            "video",
        ),
    ] {
        assert_eq!(
            try_body(&settings(Messages), &[&turn]),
            Err(EndpointError::Media {
                endpoint_type: Messages,
                media
            })
        );
    }
}

fn delta(index: usize, delta: &Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

/// What a model streams that thinks, says something and calls a tool.
fn full_stream(arguments: &str) -> Vec<Value> {
    vec![
        json!({"type": "message_start", "message": {"usage": {"input_tokens": 10, "cache_read_input_tokens": 4, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": "", "signature": ""}}),
        json!({"type": "ping"}),
        delta(0, &json!({"type": "thinking_delta", "thinking": "h"})),
        delta(0, &json!({"type": "thinking_delta", "thinking": "m"})),
        delta(0, &json!({"type": "signature_delta", "signature": "sig"})),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}),
        delta(1, &json!({"type": "text_delta", "text": "Hi"})),
        json!({"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "t", "name": "f", "input": {}, "x": null}}),
        delta(2, &json!({"type": "input_json_delta", "partial_json": ""})),
        delta(
            2,
            &json!({"type": "input_json_delta", "partial_json": arguments}),
        ),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 7}}),
        json!({"type": "message_stop"}),
    ]
}

#[test]
fn a_stream_is_read_event_by_event_and_its_usage_is_joined() {
    let answer = stream(&full_stream(r#"{"a":1}"#));
    assert_eq!(
        parts_of(&answer),
        [
            "4 Reasoning |h|",
            "5 Reasoning |m|",
            "9 Text Hi||",
            "12 ToolCall {\"a\":1}||",
        ]
    );
    let usage = answer.usage.unwrap();
    assert_eq!(
        (
            usage.prompt_tokens,
            usage.prompt_uncached_tokens,
            usage.prompt_cache_read_tokens
        ),
        (Some(14), Some(10), Some(4))
    );
    assert_eq!(usage.completion_tokens, Some(7));
    assert_eq!(failure(&answer), None);
}

#[test]
fn the_reply_holds_thoughts_text_and_calls() {
    let replayed_with = |arguments: &str| replayed(&stream(&full_stream(arguments))).unwrap();
    assert_eq!(
        replayed_with(r#"{"a":1}"#),
        r#"[{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"sig"},{"type":"text","text":"Hi"},{"type":"tool_use","id":"t","name":"f","input":{"a":1}}]}]"#
    );
    // What is no JSON goes back as it came.
    assert!(replayed_with(r#"{"a":"#).ends_with(r#""input":"{\"a\":"}]}]"#));
    assert!(replayed_with("").ends_with(r#""name":"f","input":{}}]}]"#));
    let plain = stream(&[delta(0, &json!({"type": "text_delta", "text": "Hi"}))]);
    assert_eq!(replayed(&plain).as_deref(), Some("Hi"));
}

#[test]
fn pieces_without_a_block_are_counted_and_not_replayed() {
    let answer = stream(&[
        delta(5, &json!({"type": "thinking_delta", "thinking": "hm"})),
        json!({"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": "1"}}),
        // An index that is no number is read leniently.
        json!({"type": "content_block_delta", "index": "x", "delta": {"type": "text_delta", "text": "t"}}),
        delta(0, &json!({"type": "unknown_delta", "text": "t"})),
        delta(0, &json!({"type": "text_delta"})),
        delta(0, &json!(null)),
    ]);
    assert_eq!(
        parts_of(&answer),
        ["1 Reasoning |hm|", "2 ToolCall 1||", "3 Text t||"]
    );
    assert_eq!(replayed(&answer).as_deref(), Some("hm1t"));
}

#[test]
fn a_whole_message_is_one_part() {
    let text = json!({"type": "text", "text": "t"});
    let thinking = json!({"type": "thinking", "thinking": "th", "signature": "s"});
    let call = json!({"type": "tool_use", "id": "i", "name": "f", "input": {"b": 1, "a": 2}});
    for (content, expected) in [
        (json!([text, text]), Some("100 Text tt||")),
        (
            json!([call, text]),
            Some("100 ToolCall f{\"b\":1,\"a\":2}||t"),
        ),
        (json!([thinking, text, call]), Some("100 Reasoning t|th|")),
        (
            json!([{"type": "tool_use", "name": "f", "input": {}}]),
            Some("100 ToolCall f||"),
        ),
        (json!([null, {"type": "x"}]), None),
        (json!("t"), None),
    ] {
        let body = json!({"type": "message", "content": content, "usage": {"input_tokens": 3}});
        let answer = json_answer(Messages, &body.to_string());
        assert_eq!(parts_of(&answer), Vec::from_iter(expected), "{content}");
        assert_eq!(answer.usage.unwrap().prompt_tokens, Some(3));
        if expected.is_none() {
            assert_no_content(&answer, &body.to_string());
        }
    }
    let body = json!({"type": "message", "content": [text, call, thinking]});
    assert_eq!(
        replayed(&json_answer(Messages, &body.to_string())).unwrap(),
        r#"[{"role":"assistant","content":[{"type":"thinking","thinking":"th","signature":"s"},{"type":"text","text":"t"},{"type":"tool_use","id":"i","name":"f","input":{"b":1,"a":2}}]}]"#
    );
}

#[test]
fn an_error_fails_the_answer_with_its_type_and_message() {
    let error =
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    let text = delta(0, &json!({"type": "text_delta", "text": "a"}));
    let answer = stream(&[text.clone(), error.clone(), text]);
    let expected = Some(("overloaded_error".to_owned(), "Overloaded".to_owned()));
    assert_eq!(
        (answer.output.as_str(), failure(&answer)),
        ("a", expected.clone())
    );
    assert_eq!(
        failure(&json_answer(Messages, &error.to_string())),
        expected
    );
    assert_eq!(
        failure(&json_answer(Messages, r#"{"type":"error"}"#))
            .unwrap()
            .1,
        r#"{"type":"error"}"#
    );
    assert_no_content(&json_answer(Messages, "{}"), "{}");
}
