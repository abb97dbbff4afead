//! What holds for every dialect.

use proptest::prelude::*;

use super::test_support::{answer_of, object, settings};
use crate::conversation::{Media, Turn};
use crate::format::{FormatContext, format, remarks};
use crate::kind::EndpointType;

/// Answers of all types, with a hole for a value of an odd shape.
const ANSWERS: [&str; 12] = [
    r#"{"object":"list","data":[{"object":"embedding","embedding":?}],"usage":?}"#,
    r#"{"data":?,"embeddings":?}"#,
    r#"{"rankings":?,"results":?,"meta":?}"#,
    r#"{"data":[{"url":?,"b64_json":?,"revised_prompt":?}],"size":?}"#,
    r#"{"b64_json":?,"partial_image_index":?}"#,
    r#"{"id":?,"status":?,"error":?,"inference_time_s":?}"#,
    r#"{"text":?,"usage":?}"#,
    r#"{"object":"chat.completion","choices":[{"message":?}]}"#,
    r#"{"object":"text_completion","choices":?}"#,
    r#"{"object":?,"error":?}"#,
    r#"{"type":?,"output":?,"response":?,"delta":?,"content":?}"#,
    "?",
];

const ODD: [&str; 10] = [
    "null",
    "true",
    "-1.5e3",
    "18446744073709551616",
    "\"\"",
    "\"x\\u0000é\"",
    "[]",
    "[null,[1],{}]",
    "{}",
    "{\"message\":7,\"tokens\":[]}",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        (
            prop::sample::select(&ANSWERS[..]),
            prop::sample::select(&ODD[..])
        )
            .prop_map(|(answer, odd)| answer.replace('?', odd)),
        ".{0,60}",
    ]
}

proptest! {
    #[test]
    fn no_answer_breaks_a_dialect(
        index in 0..EndpointType::NAMED.len(),
        content_type in prop::sample::select(vec!["application/json", "text/event-stream", "text/plain", "image/png"]),
        texts in prop::collection::vec(text(), 0..4),
    ) {
        let body = match content_type {
            "text/event-stream" => texts.iter().map(|text| format!("data: {text}\n\n")).collect(),
            _ => texts.concat(),
        };
        let answer = answer_of(EndpointType::NAMED[index].0, content_type, &body);
        answer.failure(1, 100);
    }

    #[test]
    fn no_turn_breaks_a_dialect(
        index in 0..EndpointType::NAMED.len(),
        text in ".{0,12}",
        content in prop_oneof![".{0,20}", "data:[a-z/+;,]{0,20}", "[a-z]{0,4},[A-Z]{0,4}"],
        name in prop::sample::select(vec!["", "query", "passages", "other"]),
        turns in 0_usize..3,
    ) {
        let media = || vec![Media { name: name.into(), contents: vec![content.clone(), text.clone()] }];
        let turn = Turn {
            texts: vec![Media { name: name.into(), contents: vec![text.clone()] }],
            images: media(),
            audios: media(),
            videos: media(),
            extra_body: object(&serde_json::json!({"prompt": text})),
            ..Turn::default()
        };
        let settings = settings(EndpointType::NAMED[index].0);
        let turns = vec![&turn; turns];
        let context = FormatContext {
            turns: &turns,
            system_message: Some(&text),
            user_context_message: None,
            previous_response_id: None,
            settings: &settings,
        };
        let _ = format(&context);
        remarks(&context);
    }
}
