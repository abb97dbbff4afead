use proptest::prelude::*;

use super::*;

/// The parts of JSON that dialects look at, and pieces of other things.
fn any_text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "data: ",
        "data:",
        "event: ",
        "error",
        "\n",
        "\n\n",
        "\r\n\r\n",
        "[DONE]",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "null",
        "0",
        "-1",
        "1e999",
        "{}",
        "[]",
        "\"type\":",
        "\"object\":",
        "\"choices\":",
        "\"delta\":",
        "\"message\":",
        "\"content\":",
        "\"text\":",
        "\"index\":",
        "\"usage\":",
        "\"tool_calls\":",
        "\"chat.completion.chunk\"",
        "\"chat.completion\"",
        "\"text_completion\"",
        "\"response.output_text.delta\"",
        "\"response.completed\"",
        "\"response\":",
        "\"output\":",
        "\"content_block_delta\"",
        "\"text_delta\"",
        "\"token\":",
        "\"generated_text\":",
        "\"data\":",
        "\"embedding\"",
        "\"b64_json\":",
        "\"é\"",
        "\"\\ud800\"",
        "\u{feff}",
        "\u{2028}",
        "x",
    ]);
    prop::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

/// A stream of well-formed events of all types.
fn any_events() -> impl Strategy<Value = String> {
    let event = prop::sample::select(vec![
        r#"{"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"é"}}]}"#,
        r#"{"object":"chat.completion.chunk","choices":[{"index":1,"delta":{"content":"b"}}]}"#,
        r#"{"object":"chat.completion.chunk","choices":[{"delta":{"reasoning":"r"}}],"usage":{"completion_tokens":1}}"#,
        r#"{"object":"chat.completion.chunk","choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{}"}}]}},{"delta":{"content":"c"}}]}"#,
        r#"{"object":"text_completion","choices":[{"text":"t"}],"usage":{"prompt_tokens":1}}"#,
        r#"{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"d"}"#,
        r#"{"type":"response.output_text.done","output_index":0,"content_index":0,"text":"d"}"#,
        r#"{"type":"response.completed","response":{"id":"r","output":[{"id":"i"}],"usage":{"input_tokens":2}}}"#,
        r#"{"type":"message_start","message":{"usage":{"input_tokens":2}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"h"}}"#,
        r#"{"token":{"text":"t"},"details":{"generated_tokens":2}}"#,
        r#"{"text":"plain"}"#,
        r#"{"error":{"message":"m"}}"#,
        "[DONE]",
    ]);
    let end = prop::sample::select(vec!["\n\n", "\r\n\r\n", "\n\r\n"]);
    prop::collection::vec((event, end), 0..12).prop_map(|events| {
        let events = events
            .iter()
            .map(|(event, end)| format!("data: {event}{end}"));
        events.collect()
    })
}

/// A body that came in reads of these lengths.
fn reads_of(lengths: &[usize], body: &[u8]) -> Vec<ReadMark> {
    let mut end = 0;
    let mut reads = Vec::new();
    for (length, at) in lengths.iter().chain([&body.len()]).zip(1..) {
        end = body.len().min(end + length);
        reads.push(ReadMark { at, end });
    }
    reads
}

/// What an answer holds, without the instants.
fn timeless(mut answer: Answer) -> Answer {
    for part in &mut answer.parts {
        part.at = 0;
    }
    answer.last_message_at = None;
    answer
}

fn settings_of(endpoint_type: EndpointType) -> EndpointSettings {
    EndpointSettings {
        endpoint_type,
        response_field: ResponseField::for_type(endpoint_type, "choices[0].text || text").unwrap(),
        ..EndpointSettings::default()
    }
}

proptest! {
    /// However the network cuts a body, whatever the body is, whichever type reads it: nothing
    /// panics, and the answer is the same as that of the body in one piece.
    #[test]
    fn any_body_cut_anywhere_gives_the_same_answer(
        body in prop_oneof![
            any_events().prop_map(String::into_bytes),
            any_text().prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..120),
        ],
        lengths in prop::collection::vec(0..60usize, 0..20),
        content_type in prop::sample::select(vec![Some("text/event-stream"), Some("application/json"), None]),
    ) {
        for (endpoint_type, name) in EndpointType::NAMED {
            let reads = reads_of(&lengths, &body);
            let transcript = Transcript {
                content_type,
                body: &body,
                reads: &reads,
                ended_at: 100,
                method_is_post: true,
            };
            let answer = parse(endpoint_type, &transcript);
            let lengths = answer.parts.iter().fold((0, 0, 0), |sum, part| {
                (sum.0 + part.output_bytes, sum.1 + part.reasoning_bytes, sum.2 + part.prose_bytes)
            });
            let texts = (answer.output.len(), answer.reasoning.len(), answer.tool_prose.len());
            prop_assert_eq!(lengths, texts, "{}", name);
            prop_assert!(answer.parts.len() <= answer.message_count, "{name}");
            let instants: Vec<u64> = answer.parts.iter().map(|part| part.at).collect();
            prop_assert!(instants.is_sorted(), "{name} {instants:?}");
            crate::reply::capture(&answer);

            let reads = [ReadMark { at: 7, end: body.len() }];
            let at_once = Transcript { reads: &reads, ..transcript };
            prop_assert_eq!(timeless(answer), timeless(parse(endpoint_type, &at_once)), "{}", name);
            parse_with(&settings_of(endpoint_type), &at_once);
        }
    }

    /// Odd JSON in place of every member that the chat dialects look at.
    #[test]
    fn no_json_makes_the_dialects_panic(
        value in prop::sample::select(vec!["null", "7", "\"x\"", "[]", "{}", "[null]", "[{}]", "[[1]]", "{\"index\":-1}", "true", "[{\"function\":{\"name\":1,\"arguments\":{}}}]"]),
        key in prop::sample::select(vec!["choices", "object", "usage", "error", "message", "delta", "content", "tool_calls", "function_call", "reasoning", "text", "index", "metrics"]),
    ) {
        let member = format!("\"{key}\":{value}");
        for body in [
            format!("{{{member}}}"),
            format!(r#"{{"object":"chat.completion","choices":[{{{member}}}]}}"#),
            format!(r#"{{"object":"chat.completion","choices":[{{"message":{{{member}}}}}]}}"#),
            format!(r#"{{"object":"chat.completion.chunk","choices":[{{"delta":{{{member}}}}}]}}"#),
            format!(r#"{{"object":"chat.completion.chunk","choices":[{{"delta":{{{member}}}}},{{{member}}}]}}"#),
            format!(r#"{{"object":"completion","choices":[{{{member}}}]}}"#),
        ] {
            for endpoint_type in [EndpointType::Chat, EndpointType::Completions] {
                let answer = whole_of(endpoint_type, None, body.as_bytes());
                let lengths: usize = answer.parts.iter().map(|part| part.output_bytes).sum();
                prop_assert_eq!(lengths, answer.output.len());
                crate::reply::capture(&answer);
            }
        }
    }

    /// The same for the events of the responses and messages types.
    #[test]
    fn no_member_of_an_event_makes_the_dialects_panic(
        kind in prop::sample::select(vec![
            "response.output_text.delta", "response.output_text.done", "response.output_item.done",
            "response.completed", "response.failed", "response.incomplete", "error", "message",
            "message_start", "message_delta", "content_block_start", "content_block_delta",
        ]),
        members in prop::collection::vec((
            prop::sample::select(vec![
                "delta", "text", "item", "response", "output", "output_index", "content_index",
                "index", "content", "content_block", "usage", "message", "error", "status", "id",
            ]),
            prop::sample::select(vec![
                "null", "7", "1e99", "\"x\"", "[]", "{}", "[null]", "[[]]", "{\"type\":\"thinking\",\"thinking\":7}",
                "{\"type\":\"tool_use\",\"input\":7,\"index\":0}", "{\"output\":[7,{}],\"usage\":7,\"id\":7,\"status\":\"failed\"}",
                "{\"type\":\"input_json_delta\",\"partial_json\":\"{\"}", "{\"usage\":{\"input_tokens\":null}}", "[{\"type\":\"message\",\"content\":[7]}]",
            ]),
        ), 0..4),
    ) {
        let members: String = members.iter().map(|(key, value)| format!(",\"{key}\":{value}")).collect();
        let event = format!("data: {{\"type\":\"{kind}\"{members}}}");
        for endpoint_type in [EndpointType::Responses, EndpointType::Messages] {
            let answer = stream_of(endpoint_type, &[&event, &event]);
            prop_assert_eq!(answer.message_count > 0, true);
            crate::reply::capture(&answer);
            let whole = whole_of(endpoint_type, None, &event.as_bytes()["data: ".len()..]);
            crate::reply::capture(&whole);
        }
    }
}
