mod properties;

use super::*;
use crate::dialect::test_support::parts_of as parts;
use crate::transcript::ReadMark;

/// A stream whose message `i` arrives in a read of its own, at `i + 1`.
fn stream_of(endpoint_type: EndpointType, messages: &[&str]) -> Answer {
    let mut body = Vec::new();
    let mut reads = Vec::new();
    for (message, at) in messages.iter().zip(1..) {
        body.extend_from_slice(message.as_bytes());
        body.extend_from_slice(b"\n\n");
        reads.push(ReadMark {
            at,
            end: body.len(),
        });
    }
    let transcript = Transcript {
        content_type: Some("text/event-stream; charset=utf-8"),
        body: &body,
        reads: &reads,
        ended_at: 100,
        method_is_post: true,
    };
    parse(endpoint_type, &transcript)
}

fn stream(messages: &[&str]) -> Answer {
    stream_of(EndpointType::Chat, messages)
}

fn whole_of(endpoint_type: EndpointType, content_type: Option<&str>, body: &[u8]) -> Answer {
    let reads = [ReadMark {
        at: 50,
        end: body.len(),
    }];
    parse(
        endpoint_type,
        &Transcript {
            content_type,
            body,
            reads: &reads,
            ended_at: 100,
            method_is_post: true,
        },
    )
}

fn whole(body: &str) -> Answer {
    whole_of(
        EndpointType::Chat,
        Some("application/json"),
        body.as_bytes(),
    )
}

fn chunk(delta: &str) -> String {
    format!(r#"data: {{"object":"chat.completion.chunk","choices":[{{"delta":{delta}}}]}}"#)
}

#[test]
fn a_chat_stream_is_read_event_by_event() {
    let answer = stream(&[
        ": ping",
        &chunk(r#"{"role":"assistant","content":""}"#),
        &chunk(r#"{"reasoning_content":"hm"}"#),
        &chunk(r#"{"content":"He"}"#),
        "data: {bad",
        &chunk(
            r#"{"tool_calls":[{"index":0,"id":"x","type":"function","function":{"name":"fn","arguments":""}}]}"#,
        ),
        &chunk(r#"{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}"#),
        r#"data: {"object":"chat.completion.chunk","choices":[{"delta":{},"finish_reason":"stop"}]}"#,
        r#"data: {"object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#,
        "data: [DONE]",
    ]);
    assert_eq!(
        parts(&answer),
        [
            "3 Reasoning |hm|",
            "4 Text He||",
            "6 ToolCall fn||",
            "7 ToolCall {\"a\"||"
        ]
    );
    let usage = answer.usage.unwrap();
    assert_eq!(
        (usage.prompt_tokens, usage.completion_tokens),
        (Some(3), Some(2))
    );
    assert_eq!(answer.first_chunk_tokens, None);
    assert_eq!(
        (answer.message_count, answer.last_message_at),
        (10, Some(10))
    );
    assert_eq!(answer.failure(1, 100), None);
}

#[test]
fn reasoning_outranks_tool_calls_and_those_outrank_text() {
    let call = r#"[{"index":0,"function":{"name":"f","arguments":"1"}}]"#;
    for (delta, expected) in [
        (
            r#"{"reasoning_content":"","reasoning":"r"}"#.to_owned(),
            Some("1 Reasoning |r|"),
        ),
        (
            r#"{"reasoning_content":"a","reasoning":"b"}"#.to_owned(),
            Some("1 Reasoning |a|"),
        ),
        (
            r#"{"reasoning":"r","content":"c"}"#.to_owned(),
            Some("1 Reasoning c|r|"),
        ),
        (
            format!(r#"{{"reasoning":"r","content":"c","tool_calls":{call}}}"#),
            Some("1 Reasoning c|r|"),
        ),
        (
            format!(r#"{{"content":"c","tool_calls":{call}}}"#),
            Some("1 ToolCall f1||c"),
        ),
        (
            r#"{"content":"c","tool_calls":[{"index":0}]}"#.to_owned(),
            Some("1 Text c||"),
        ),
        (
            r#"{"content":"c","tool_calls":[]}"#.to_owned(),
            Some("1 Text c||"),
        ),
        (r#"{"content":" "}"#.to_owned(), Some("1 Text  ||")),
        (r#"{"content":"\u00e9\n"}"#.to_owned(), Some("1 Text é\n||")),
        (
            r#"{"content":null,"tool_calls":null,"reasoning":null}"#.to_owned(),
            None,
        ),
        (
            r#"{"function_call":{"name":"f","arguments":"1"}}"#.to_owned(),
            None,
        ),
        ("{}".to_owned(), None),
        ("null".to_owned(), None),
    ] {
        let answer = stream(&[&chunk(&delta)]);
        assert_eq!(
            parts(&answer),
            expected.into_iter().collect::<Vec<_>>(),
            "{delta}"
        );
    }
}

#[test]
fn a_chat_body_that_is_no_stream_is_one_part_at_its_end() {
    let message = |message: &str| {
        format!(r#"{{"object":"chat.completion","choices":[{{"message":{message}}}]}}"#)
    };
    let calls =
        r#"[{"function":{"name":"f","arguments":"{}"}},{"function":{"name":"g","arguments":"1"}}]"#;
    for (body, expected) in [
        (message(r#"{"content":"c"}"#), &["100 Text c||"][..]),
        (
            message(&format!(
                r#"{{"content":"c","reasoning":"r","tool_calls":{calls}}}"#
            )),
            &["100 Reasoning c|r|"],
        ),
        (
            message(&format!(r#"{{"content":"c","tool_calls":{calls}}}"#)),
            &["100 ToolCall f{}g1||c"],
        ),
        // Shapes that a strict reading refuses.
        (
            message(r#"{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#),
            &["100 Text ab||"],
        ),
        (
            message(r#"{"content":"c","tool_calls":[null,{"function":null}]}"#),
            &["100 Text c||"],
        ),
        (
            message(r#"{"content":"c","reasoning":7}"#),
            &["100 Text c||"],
        ),
        (
            message(r#"{"content":"old","content":"new"}"#),
            &["100 Text new||"],
        ),
        (
            chunk(r#"{"content":"x"}"#)["data: ".len()..].to_owned(),
            &["100 Text x||"],
        ),
        (
            r#"{"object":"chat.completion","choices":[{"text":"a"}]}"#.to_owned(),
            &[],
        ),
        (
            r#"{"object":"chat.completion","choices":[]}"#.to_owned(),
            &[],
        ),
        (
            r#"{"object":"chat.completion","choices":[null]}"#.to_owned(),
            &[],
        ),
        (
            r#"{"object":"x","choices":[{"message":{"content":"c"}}]}"#.to_owned(),
            &[],
        ),
        (
            r#"{"choices":[{"message":{"content":"c"}}]}"#.to_owned(),
            &[],
        ),
        ("[1]".to_owned(), &[]),
        ("7".to_owned(), &[]),
        (String::new(), &[]),
    ] {
        let answer = whole(&body);
        assert_eq!(parts(&answer), expected, "{body}");
        assert_eq!(
            (answer.message_count, answer.error.is_none()),
            (1, true),
            "{body}"
        );
    }
}

#[test]
fn all_choices_are_counted_and_those_of_one_response_are_one_part() {
    let body = r#"{"object":"chat.completion","choices":[{"index":0,"message":{"content":"a"}},{"index":1,"message":{"reasoning":"r","content":"b"}},null,{"message":{"content":"c","tool_calls":[{"function":{"name":"f"}}]}}],"usage":{"completion_tokens":4}}"#;
    let answer = whole(body);
    assert_eq!(parts(&answer), ["100 Reasoning abf|r|c"]);
    assert_eq!(answer.first_chunk_tokens, Some(4));

    let of_choice = |index: usize, text: &str| {
        format!(
            r#"data: {{"object":"chat.completion.chunk","choices":[{{"index":{index},"delta":{{"content":"{text}"}}}}]}}"#
        )
    };
    let answer = stream(&[&of_choice(0, "a"), &of_choice(1, "b"), &of_choice(0, "c")]);
    assert_eq!(parts(&answer), ["1 Text a||", "2 Text b||", "3 Text c||"]);

    let body =
        br#"{"object":"text_completion","choices":[{"text":"a"},{"text":null},{"text":"b"}]}"#;
    let answer = whole_of(EndpointType::Completions, None, body);
    assert_eq!(parts(&answer), ["100 Text ab||"]);
}

#[test]
fn speculative_decoding_is_read_once_with_the_answers_usage() {
    let metrics = r#""metrics":{"speculative_decoding":{"acceptance_histogram":[1,1],"mean_acceptance_length":1.5,"draft_acceptance_rate":0.5,"num_accepted_draft_tokens":1,"num_draft_tokens":2,"num_spec_steps":2,"num_spec_tokens":1}}"#;
    let usage = r#""usage":{"completion_tokens":3}"#;
    let end =
        format!(r#"data: {{"object":"chat.completion.chunk","choices":[],{usage},{metrics}}}"#);
    let content = chunk(r#"{"content":"a"}"#);
    let answer = stream(&[&content, &end]);
    let decoding = answer.speculative_decoding.unwrap();
    assert_eq!((decoding.steps, decoding.completion_tokens), (2, Some(3)));
    assert_eq!(stream(&[&content, &end, &end]).speculative_decoding, None);
    assert_eq!(stream(&[&content]).speculative_decoding, None);
    // Also where the message is read leniently.
    for message in [r#"{"content":"a"}"#, r#"{"content":[{"text":"a"}]}"#] {
        let body = format!(
            r#"{{"object":"chat.completion","choices":[{{"message":{message}}}],{metrics}}}"#
        );
        assert_eq!(
            whole(&body).speculative_decoding.unwrap().steps,
            2,
            "{message}"
        );
    }
    for extra in ["", r#",{"text":"b"}"#] {
        let body = format!(
            r#"{{"object":"text_completion","choices":[{{"text":"a"}}{extra}],{metrics}}}"#
        );
        let answer = whole_of(EndpointType::Completions, None, body.as_bytes());
        assert_eq!(answer.speculative_decoding.unwrap().steps, 2, "{extra}");
    }
}

#[test]
fn completions_are_read_from_their_text() {
    for object in ["completion", "text_completion"] {
        let event =
            |text: &str| format!(r#"data: {{"object":"{object}","choices":[{{"text":{text}}}]}}"#);
        let answer = stream_of(
            EndpointType::Completions,
            &[
                &event("\"a\""),
                &event("\"\""),
                &event("null"),
                &event("\"b\""),
                "data: [DONE]",
            ],
        );
        assert_eq!(parts(&answer), ["1 Text a||", "4 Text b||"]);
    }
    let body = |object: &str| {
        format!(
            r#"{{"object":"{object}","choices":[{{"text":"a"}}],"usage":{{"prompt_tokens":1}}}}"#
        )
    };
    let read = |body: &str| {
        whole_of(
            EndpointType::Completions,
            Some("application/json"),
            body.as_bytes(),
        )
    };
    assert_eq!(read(&body("text_completion")).output, "a");
    let foreign = read(&body("chat.completion"));
    assert_eq!(
        (
            foreign.output.as_str(),
            foreign.usage.unwrap().prompt_tokens
        ),
        ("", Some(1))
    );
    // A key that is there twice is read leniently: the last one counts.
    assert_eq!(
        read(r#"{"object":"x","object":"completion","choices":[{"text":"a"}]}"#).output,
        "a"
    );
}

#[test]
fn the_last_usage_with_members_is_taken_whole() {
    let with_usage = |delta: &str, usage: &str| {
        format!(
            r#"data: {{"object":"chat.completion.chunk","choices":[{{"delta":{delta}}}],"usage":{usage}}}"#
        )
    };
    let answer = stream(&[
        &with_usage("{}", r#"{"prompt_tokens":9}"#),
        &with_usage(
            r#"{"content":"a"}"#,
            r#"{"prompt_tokens":9,"completion_tokens":3}"#,
        ),
        &with_usage(r#"{"content":"b"}"#, r#"{"completion_tokens":5}"#),
        &with_usage("{}", "{}"),
        &with_usage("{}", "null"),
        &with_usage(r#"{"content":"c"}"#, r#""much""#),
    ]);
    let usage = answer.usage.unwrap();
    assert_eq!(
        (usage.prompt_tokens, usage.completion_tokens),
        (None, Some(5))
    );
    assert_eq!(answer.first_chunk_tokens, Some(3));
    assert_eq!(answer.output, "abc");
}

#[test]
fn the_end_marker_does_not_end_the_reading() {
    let answer = stream(&["data: [DONE]", &chunk(r#"{"content":"late"}"#)]);
    assert_eq!(answer.output, "late");
}

#[test]
fn an_error_event_fails_the_record_and_keeps_what_came_before() {
    let answer = stream(&[
        &chunk(r#"{"content":"a"}"#),
        "event: error\ndata: {\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}",
        &chunk(r#"{"content":"b"}"#),
    ]);
    assert_eq!((answer.output.as_str(), answer.message_count), ("a", 1));
    let failure = answer.failure(1, 100).unwrap();
    assert_eq!(
        (failure.code, failure.kind.as_deref()),
        (Some(502), Some("SSEResponseError"))
    );
    assert_eq!(
        failure.message,
        "Error occurred in SSE response: overloaded_error: Overloaded"
    );
}

#[test]
fn a_lone_data_line_is_never_an_error_event() {
    let answer = stream(&["data: event: error"]);
    assert_eq!((answer.error, answer.message_count), (None, 1));
}

#[test]
fn an_error_inside_the_answer_fails_the_record() {
    for error in [
        r#"{"error":{"message":"m","type":"T","code":429}}"#,
        r#"{"object":"error","message":"m","type":"T","code":429}"#,
        // Read leniently, because `choices` is no list.
        r#"{"choices":0,"error":{"message":"m","type":"T","code":429}}"#,
    ] {
        let streamed = stream(&[
            &chunk(r#"{"content":"a"}"#),
            &format!("data: {error}"),
            "data: [DONE]",
        ]);
        assert_eq!((streamed.output.as_str(), streamed.message_count), ("a", 2));
        for answer in [streamed, whole(error)] {
            let failure = answer.failure(1, 100).unwrap();
            assert_eq!(
                (
                    failure.code,
                    failure.kind.as_deref(),
                    failure.message.as_str()
                ),
                (Some(429), Some("T"), "m"),
                "{error}"
            );
        }
    }
    let harmless = stream(&[
        r#"data: {"object":"chat.completion.chunk","choices":[{"delta":{"content":"a"}}],"error":null}"#,
    ]);
    assert_eq!((harmless.error, harmless.output.as_str()), (None, "a"));
}

#[test]
fn records_without_usable_content_say_why() {
    let reason = |answer: &Answer, started_at, ended_at| {
        let failure = answer.failure(started_at, ended_at).unwrap();
        assert_eq!(failure.kind.as_deref(), Some("InvalidInferenceResultError"));
        let start = "InvalidInferenceResultError('Invalid inference result: ";
        failure
            .message
            .strip_prefix(start)
            .unwrap()
            .strip_suffix("')")
            .unwrap()
            .to_owned()
    };
    const NO_CONTENT: &str = "No responses with actual content were received from the server \
        (only usage/metadata, null/empty data, or [DONE] markers)";
    assert_eq!(reason(&stream(&[]), 1, 100), "No responses were received");
    assert_eq!(reason(&stream(&["data: [DONE]"]), 1, 100), NO_CONTENT);
    assert_eq!(reason(&whole(""), 1, 100), NO_CONTENT);
    assert_eq!(
        reason(&whole(r#"{"object":"x","usage":{"a":1}}"#), 1, 100),
        NO_CONTENT
    );
    assert_eq!(
        reason(&whole_of(EndpointType::Chat, None, b"\x00"), 1, 100),
        NO_CONTENT
    );
    let good = stream(&[&chunk(r#"{"content":"a"}"#)]);
    assert_eq!(good.failure(0, 2), None);
    let late = u64::MAX;
    assert_eq!(
        reason(&good, late, late),
        format!("Start perf ns timestamp is invalid: {late}")
    );
    assert_eq!(
        reason(&good, 2, 2),
        "End perf ns timestamp 2 is not after start 2"
    );
    let mut unstamped = good;
    unstamped.parts[0].at = 0;
    assert_eq!(
        reason(&unstamped, 0, 2),
        "Response 0 perf ns timestamp is invalid: 0"
    );
}

#[test]
fn the_content_type_decides_and_not_the_wish_for_a_stream() {
    let body = r#"{"object":"chat.completion","choices":[{"message":{"content":"c"}}]}"#;
    for (content_type, expected) in [
        (Some("application/json"), "c"),
        (Some("text/html"), "c"),
        (None, "c"),
        (Some("application/octet-stream"), "c"),
        (Some("image/png"), ""),
        (Some("text/event-stream"), ""),
    ] {
        let answer = whole_of(EndpointType::Chat, content_type, body.as_bytes());
        assert_eq!(answer.output, expected, "{content_type:?}");
    }
}

#[test]
fn one_bad_byte_does_not_cost_the_answer() {
    let body =
        b"{\"object\":\"chat.completion\",\"choices\":[{\"message\":{\"content\":\"a\xff\"}}]}";
    let answer = whole_of(EndpointType::Chat, Some("application/json"), body);
    assert_eq!(answer.output, "a\u{fffd}");
}

#[test]
fn a_line_break_inside_a_json_string_is_repaired() {
    let answer = stream(&[
        "event: m\ndata: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"delta\":{\"content\":\"a\nb\"}}]}",
    ]);
    assert_eq!(answer.output, "a\nb");
}
