use serde_json::{Value, json};

use crate::conversation::{Media, Turn};
use crate::dialect::test_support::{
    assert_no_content, body, failure, json_answer, object, parts_of, replayed, settings,
    streamed_answer, try_body,
};
use crate::error::EndpointError;
use crate::format::{EndpointSettings, FormatContext, format};
use crate::kind::EndpointType::Responses;
use crate::parse::Answer;

fn stream(events: &[Value]) -> Answer {
    let events: Vec<String> = events.iter().map(Value::to_string).collect();
    streamed_answer(Responses, &events)
}

fn body_of(context: &FormatContext<'_>) -> String {
    String::from_utf8(format(context).unwrap()).unwrap()
}

fn raw(messages: &Value) -> Turn {
    Turn {
        raw_messages: messages.as_array().cloned(),
        ..Turn::default()
    }
}

#[test]
fn a_body_has_instructions_and_items_with_their_type_last() {
    let settings = EndpointSettings {
        streaming: true,
        ..settings(Responses)
    };
    let turn = Turn {
        max_tokens: Some(7),
        ..Turn::text("hi")
    };
    let context = FormatContext {
        turns: &[&turn],
        system_message: Some("SYS"),
        user_context_message: Some("CTX"),
        previous_response_id: None,
        settings: &settings,
    };
    assert_eq!(
        body_of(&context),
        r#"{"input":[{"type":"message","role":"user","content":"CTX"},{"role":"user","content":"hi","type":"message"}],"model":"m1","stream":true,"instructions":"SYS","max_output_tokens":7}"#
    );
}

#[test]
fn a_continued_answer_takes_the_newest_turn_alone() {
    let settings = EndpointSettings {
        streaming: true,
        use_server_token_count: true,
        ..settings(Responses)
    };
    let turns = [
        &Turn::text("a"),
        &raw(&json!([{"role": "assistant"}])),
        &Turn::text("b"),
    ];
    let context = FormatContext {
        turns: &turns,
        system_message: Some("SYS"),
        user_context_message: Some("CTX"),
        previous_response_id: Some("resp_1"),
        settings: &settings,
    };
    assert_eq!(
        body_of(&context),
        r#"{"input":[{"role":"user","content":"b","type":"message"}],"model":"m1","stream":true,"previous_response_id":"resp_1","instructions":"SYS","stream_options":{"include_usage":true}}"#
    );
}

#[test]
fn usage_is_asked_for_if_streaming_and_the_server_counts() {
    for (streaming, server_counts, extra, expected) in [
        (true, false, json!({}), None),
        (false, true, json!({}), None),
        (true, true, json!({}), Some(json!({"include_usage": true}))),
        (
            true,
            true,
            json!({"stream_options": "x"}),
            Some(json!({"include_usage": true})),
        ),
        (
            true,
            true,
            json!({"stream_options": {"include_usage": false, "a": 1}}),
            Some(json!({"include_usage": false, "a": 1})),
        ),
    ] {
        let settings = EndpointSettings {
            streaming,
            use_server_token_count: server_counts,
            extra: object(&extra),
            ..settings(Responses)
        };
        let body: Value = serde_json::from_str(&body(&settings, &Turn::text("a"))).unwrap();
        assert_eq!(
            body.get("stream_options"),
            expected.as_ref(),
            "{streaming} {extra}"
        );
    }
}

#[test]
fn parts_have_names_of_their_own() {
    let turn = Turn {
        images: vec![Media::unnamed("u")],
        audios: vec![Media::unnamed("wav,BBB")],
        ..Turn::text("a")
    };
    let body: Value = serde_json::from_str(&body(&settings(Responses), &turn)).unwrap();
    assert_eq!(
        body["input"][0]["content"],
        json!([
            {"type": "input_text", "text": "a"},
            {"type": "input_image", "image_url": "u"},
            {"type": "input_audio", "input_audio": {"data": "BBB", "format": "wav"}},
        ])
    );
    let video = Turn {
        videos: vec![Media::unnamed("u")],
        ..Turn::text("a")
    };
    assert_eq!(
        try_body(&settings(Responses), &[&video]),
        Err(EndpointError::Media {
            endpoint_type: Responses,
            media: "video"
        })
    );
}

#[test]
fn items_that_need_more_than_themselves_are_not_replayed() {
    let items = [
        "web_search_call",
        "file_search_call",
        "image_generation_call",
        "code_interpreter_call",
        "computer_call",
        "reasoning",
    ];
    let mut history: Vec<Value> = items.iter().map(|kind| json!({"type": kind})).collect();
    history.insert(2, json!({"type": "function_call", "call_id": "c"}));
    history.push(json!({"role": "assistant", "content": "kept"}));
    let turns = [&Turn::text("a"), &raw(&history.into()), &Turn::text("b")];
    let body: Value =
        serde_json::from_str(&try_body(&settings(Responses), &turns).unwrap()).unwrap();
    assert_eq!(
        body["input"],
        json!([
            {"role": "user", "content": "a", "type": "message"},
            {"type": "function_call", "call_id": "c"},
            {"role": "assistant", "content": "kept"},
            {"role": "user", "content": "b", "type": "message"},
        ])
    );
}

#[test]
fn a_reset_forgets_the_turns_before_and_keeps_the_context_message() {
    let settings = settings(Responses);
    let reset = Turn {
        reset_context: true,
        raw_tools: Some(vec![json!({"name": "t"})]),
        ..raw(&json!([{"role": "user", "content": "new"}]))
    };
    let context = FormatContext {
        turns: &[&Turn::text("old"), &reset],
        system_message: None,
        user_context_message: Some("CTX"),
        previous_response_id: None,
        settings: &settings,
    };
    assert_eq!(
        body_of(&context),
        r#"{"input":[{"type":"message","role":"user","content":"CTX"},{"role":"user","content":"new"}],"model":"m1","stream":false,"tools":[{"name":"t"}]}"#
    );
}

fn delta(output_index: &Value, text: &str) -> Value {
    json!({"type": "response.output_text.delta", "output_index": output_index, "content_index": 0, "delta": text})
}

fn done(output_index: &Value, text: &str) -> Value {
    json!({"type": "response.output_text.done", "output_index": output_index, "content_index": 0, "text": text})
}

#[test]
fn a_stream_is_read_event_by_event_and_each_text_counts_once() {
    let answer = stream(&[
        json!({"type": "response.created", "response": {"id": "r", "status": "in_progress"}}),
        delta(&json!(0), "He"),
        delta(&json!(0), "y"),
        done(&json!(0), "Hey"),
        done(&json!(1), "Only"),
        json!({"type": "response.reasoning_text.delta", "delta": "hm"}),
        json!({"type": "response.reasoning_summary_text.delta", "delta": "summary"}),
        json!({"type": "response.function_call_arguments.delta", "delta": "{}"}),
        json!({"type": "response.function_call_arguments.done", "arguments": "{}"}),
        json!({"type": "response.output_item.done", "item": {"id": "i", "type": "message"}}),
        json!({"type": "response.completed", "response": {"usage": {"input_tokens": 3, "output_tokens": 2}}}),
    ]);
    assert_eq!(
        parts_of(&answer),
        [
            "2 Text He||",
            "3 Text y||",
            "4 Text ||",
            "5 Text Only||",
            "6 Reasoning |hm|",
            "8 ToolCall {}||",
        ]
    );
    let usage = answer.usage.unwrap();
    assert_eq!(
        (usage.prompt_tokens, usage.completion_tokens),
        (Some(3), Some(2))
    );
    assert_eq!(failure(&answer), None);
}

#[test]
fn an_empty_piece_does_not_make_the_whole_text_a_repetition() {
    let answer = stream(&[
        delta(&json!(0), ""),
        done(&json!(0), "x"),
        done(&json!(1), ""),
    ]);
    assert_eq!(parts_of(&answer), ["2 Text x||"]);
}

#[test]
fn odd_indexes_do_not_cost_the_text() {
    let answer = stream(&[
        delta(&json!("0"), "a"),
        delta(&json!(null), "b"),
        done(&json!(null), "ab"),
    ]);
    assert_eq!(parts_of(&answer), ["1 Text a||", "2 Text b||", "3 Text ||"]);
}

#[test]
fn a_whole_response_is_one_part() {
    let response = |output: Value, text: &str| {
        json!({"object": "response", "output": output, "output_text": text}).to_string()
    };
    let message = json!({"type": "message", "content": [
        {"type": "output_text", "text": "a"}, {"type": "refusal", "refusal": "no"}, {"type": "output_text", "text": "b"},
    ]});
    let reasoning =
        json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": "r"}]});
    let call = json!({"type": "function_call", "name": "f", "arguments": "{}"});
    for (body, expected) in [
        (response(json!([message]), "x"), Some("100 Text ab||")),
        (
            response(json!([call, message, reasoning]), ""),
            Some("100 Reasoning ab|r|"),
        ),
        (response(json!([call, message]), ""), Some("100 Text ab||")),
        (
            response(json!([call, call]), ""),
            Some("100 ToolCall f{}f{}||"),
        ),
        (response(json!([]), "x"), Some("100 Text x||")),
        (response(json!(null), "x"), Some("100 Text x||")),
        (response(json!([null, 7, {"type": "message"}]), ""), None),
        (json!({"output_text": "x"}).to_string(), None),
    ] {
        let answer = json_answer(Responses, &body);
        assert_eq!(parts_of(&answer), Vec::from_iter(expected), "{body}");
        if expected.is_none() {
            assert_no_content(&answer, &body);
        }
    }
    let counted = json!({"object": "response", "output_text": "x", "usage": {"input_tokens": 4}});
    let usage = json_answer(Responses, &counted.to_string()).usage.unwrap();
    assert_eq!(usage.prompt_tokens, Some(4));
}

#[test]
fn a_failed_response_is_a_failure_with_the_servers_own_words() {
    let error = json!({"code": "server_error", "message": "m"});
    let expected = Some(("server_error".to_owned(), "m".to_owned()));
    for end in [
        json!({"type": "response.failed", "response": {"status": "failed", "error": error}}),
        json!({"type": "error", "error": error}),
        json!({"type": "error", "code": "server_error", "message": "m", "param": null}),
        json!({"error": error}),
    ] {
        let answer = stream(&[delta(&json!(0), "a"), end.clone(), delta(&json!(0), "b")]);
        assert_eq!(
            (answer.output.as_str(), failure(&answer)),
            ("a", expected.clone()),
            "{end}"
        );
        assert_eq!(replayed(&answer).as_deref(), Some("a"), "{end}");
    }
    let whole = json!({"object": "response", "status": "failed", "error": error});
    assert_eq!(
        failure(&json_answer(Responses, &whole.to_string())),
        expected
    );

    let silent = json!({"type": "response.failed", "response": {"usage": {"input_tokens": 1}}});
    let answer = stream(std::slice::from_ref(&silent));
    let (kind, message) = failure(&answer).unwrap();
    assert_eq!(
        (kind.as_str(), message),
        ("SSEResponseError", silent.to_string())
    );
    assert_eq!(answer.usage.unwrap().prompt_tokens, Some(1));
}

#[test]
fn a_response_cut_short_by_a_limit_is_an_answer_with_usage() {
    let answer = stream(&[
        delta(&json!(0), "a"),
        json!({"type": "response.output_item.done", "item": {"id": "i"}}),
        json!({"type": "response.incomplete", "response": {"status": "incomplete", "usage": {"output_tokens": 1}}}),
    ]);
    assert_eq!(failure(&answer), None);
    assert_eq!(answer.usage.unwrap().completion_tokens, Some(1));
    // Its items may be incomplete; its text is what the session saw.
    assert_eq!(replayed(&answer).as_deref(), Some("a"));
}

#[test]
fn every_item_is_replayed_once_and_in_its_place() {
    let item_done = |item: Value| json!({"type": "response.output_item.done", "item": item});
    let message = json!({"id": "m", "type": "message", "content": []});
    let call = json!({"call_id": "c", "type": "function_call"});
    let nameless = json!({"type": "x", "a": 1});
    let answer = stream(&[
        item_done(json!({"id": "late", "type": "message"})),
        item_done(json!({"id": "m", "type": "message", "other": true})),
        item_done(nameless.clone()),
        item_done(json!({"type": "x", "a": 2})),
        item_done(json!(null)),
        json!({"type": "response.completed", "response": {"output": [call, message, nameless]}}),
    ]);
    assert_eq!(
        replayed(&answer).unwrap(),
        json!([
            call,
            message,
            nameless,
            {"id": "late", "type": "message"},
            {"type": "x", "a": 2},
        ])
        .to_string()
    );
    let whole = json!({"object": "response", "output": [call]});
    assert_eq!(
        replayed(&json_answer(Responses, &whole.to_string())).unwrap(),
        json!([call]).to_string()
    );
    assert_eq!(
        replayed(&stream(&[delta(&json!(0), "text")])).as_deref(),
        Some("text")
    );
}
