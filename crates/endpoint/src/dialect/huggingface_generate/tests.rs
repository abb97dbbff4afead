use serde_json::json;

use crate::conversation::{Media, Turn};
use crate::dialect::test_support::{
    assert_no_content, body, failure, json_answer, object, parts_of, settings, streamed_answer,
    try_body,
};
use crate::format::EndpointSettings;
use crate::kind::EndpointType::HuggingfaceGenerate;

#[test]
fn extra_inputs_are_parameters_and_keys_of_a_turn_are_not() {
    let settings = EndpointSettings {
        streaming: true,
        extra: object(&json!({"temperature": 0.1})),
        ..settings(HuggingfaceGenerate)
    };
    let turn = Turn {
        texts: vec![Media::unnamed("a"), Media::unnamed(""), Media::unnamed("b")],
        max_tokens: Some(5),
        extra_body: object(&json!({"z": 1})),
        ..Turn::default()
    };
    assert_eq!(
        body(&settings, &turn),
        r#"{"inputs":"a b","parameters":{"max_new_tokens":5,"temperature":0.1},"z":1}"#
    );
    assert!(try_body(&settings, &[&turn, &turn]).is_err());
}

#[test]
fn a_body_without_parameters_holds_an_empty_object() {
    assert_eq!(
        body(&settings(HuggingfaceGenerate), &Turn::text("a")),
        r#"{"inputs":"a","parameters":{}}"#
    );
}

#[test]
fn a_stream_is_its_tokens_and_not_the_whole_text_at_its_end() {
    let answer = streamed_answer(
        HuggingfaceGenerate,
        &[
            r#"{"index":1,"token":{"id":5,"text":" a","logprob":-0.5,"special":false},"generated_text":null,"details":null}"#,
            r#"{"index":2,"token":{"id":6,"text":"","special":true}}"#,
            r#"{"index":3,"token":{"id":6,"text":"b"},"generated_text":" ab","details":{"finish_reason":"length","generated_tokens":3,"input_length":7,"seed":null}}"#,
            r#"{"token":null,"generated_text":"ab"}"#,
        ],
    );
    assert_eq!(parts_of(&answer), ["1 Text  a||", "3 Text b||"]);
    let usage = answer.usage.unwrap();
    assert_eq!(
        (usage.prompt_tokens, usage.completion_tokens),
        (Some(7), Some(3))
    );
}

#[test]
fn a_whole_answer_is_an_object_or_a_list_of_one() {
    for body in [
        r#"{"generated_text":"x"}"#,
        r#"[{"generated_text":"x"},{"generated_text":"y"}]"#,
    ] {
        let answer = json_answer(HuggingfaceGenerate, body);
        assert_eq!(parts_of(&answer), ["100 Text x||"], "{body}");
    }
    let detailed = r#"{"generated_text":"x","details":{"generated_tokens":1,"prefill":[{},{}]}}"#;
    let usage = json_answer(HuggingfaceGenerate, detailed).usage.unwrap();
    assert_eq!(
        (usage.prompt_tokens, usage.completion_tokens),
        (Some(2), Some(1))
    );
    for body in ["[]", "{}", "[7]", r#"{"generated_text":""}"#, "x"] {
        assert_no_content(&json_answer(HuggingfaceGenerate, body), body);
    }
}

#[test]
fn an_error_in_the_stream_fails_the_answer() {
    let answer = streamed_answer(
        HuggingfaceGenerate,
        &[
            r#"{"token":{"text":"a"}}"#,
            r#"{"error":"Model is overloaded","error_type":"overloaded"}"#,
            r#"{"token":{"text":"b"}}"#,
        ],
    );
    assert_eq!(
        failure(&answer),
        Some(("SSEResponseError".into(), "Model is overloaded".into()))
    );
    assert_eq!(parts_of(&answer), ["1 Text a||"]);
}
