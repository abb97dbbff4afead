use serde_json::json;

use crate::conversation::Turn;
use crate::dialect::test_support::{
    answer_of, assert_no_content, body, failure, json_answer, object, parts_of, settings,
    streamed_answer, try_body,
};
use crate::error::EndpointError;
use crate::format::EndpointSettings;
use crate::kind::EndpointType::Raw;
use crate::parse::{Answer, parse_with};
use crate::response_field::ResponseField;
use crate::transcript::Transcript;

fn answer_at(field: &str, body: &str) -> Answer {
    let settings = EndpointSettings {
        response_field: ResponseField::for_type(Raw, field).unwrap(),
        ..settings(Raw)
    };
    let transcript = Transcript {
        content_type: Some("application/json"),
        body: body.as_bytes(),
        reads: &[],
        ended_at: 100,
        method_is_post: true,
    };
    parse_with(&settings, &transcript)
}

#[test]
fn the_body_is_that_of_the_dataset_or_none() {
    let turn = Turn {
        raw_payload: Some(object(&json!({"a": 1}))),
        ..Turn::default()
    };
    let with_extra = EndpointSettings {
        streaming: true,
        extra: object(&json!({"x": 1})),
        ..settings(Raw)
    };
    assert_eq!(body(&with_extra, &turn), r#"{"a":1}"#);
    assert_eq!(
        try_body(&with_extra, &[&Turn::text("a")]),
        Err(EndpointError::NoRawPayload)
    );
}

#[test]
fn the_query_comes_first_and_common_shapes_second() {
    let body = r#"{"a":{"b":"queried"},"text":"detected"}"#;
    for (field, expected) in [
        ("", "detected"),
        ("a.b", "queried"),
        ("a.c", "detected"),
        ("text", "detected"),
        // Found, but nothing that can be content.
        ("a", "detected"),
        ("join('', a)", "detected"),
    ] {
        assert_eq!(answer_at(field, body).output, expected, "{field}");
    }
    let embeddings = answer_at("a.v", r#"{"a":{"v":[[0.5],[1.5]]}}"#);
    assert_eq!(parts_of(&embeddings), ["100 Media ||"]);
    assert_eq!(embeddings.media.unwrap().embeddings, 2);
}

#[test]
fn text_that_is_no_json_is_the_answer_as_it_is() {
    let answer = answer_of(Raw, "text/plain", "plain words");
    assert_eq!(answer.output, "plain words");
    let answer = streamed_answer(Raw, &["one ", r#"{"text":"two"}"#, "{}", "[DONE]"]);
    assert_eq!(
        parts_of(&answer),
        [
            "1 Text one||",
            "2 Text two||",
            "3 Text {}||",
            "4 Text [DONE]||"
        ]
    );
}

#[test]
fn usage_is_found_in_the_envelopes_of_all_vendors() {
    for body in [
        r#"{"text":"a","usage":{"prompt_tokens":3}}"#,
        r#"{"text":"a","usageMetadata":{"promptTokenCount":3}}"#,
        r#"{"text":"a","meta":{"tokens":{"input_tokens":3}}}"#,
    ] {
        let usage = json_answer(Raw, body).usage.unwrap();
        assert_eq!(usage.prompt_tokens, Some(3), "{body}");
    }
    assert_eq!(json_answer(Raw, r#"{"text":"a","usage":7}"#).usage, None);
}

#[test]
fn an_error_counts_only_where_there_is_no_content() {
    let answer = json_answer(Raw, r#"{"text":"a","error":"none"}"#);
    assert_eq!((failure(&answer), answer.output.as_str()), (None, "a"));
    let answer = json_answer(Raw, r#"{"error":{"message":"m","code":"slow_down"}}"#);
    assert_eq!(failure(&answer), Some(("slow_down".into(), "m".into())));
    for body in [r#"{"x":1}"#, r#"{"text":""}"#, "7"] {
        assert_no_content(&json_answer(Raw, body), body);
    }
}
