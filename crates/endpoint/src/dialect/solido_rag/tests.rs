use serde_json::json;

use crate::conversation::Turn;
use crate::dialect::test_support::{
    assert_no_content, body, failure, json_answer, object, parts_of, settings, streamed_answer,
};
use crate::format::EndpointSettings;
use crate::kind::EndpointType::SolidoRag;

#[test]
fn the_body_holds_a_list_of_texts_and_never_asks_for_a_stream() {
    let streaming = EndpointSettings {
        streaming: true,
        ..settings(SolidoRag)
    };
    assert_eq!(
        body(&streaming, &Turn::text("cat")),
        r#"{"query":["cat"],"filters":{"family":"Solido","tool":"SDE"},"inference_model":"m1"}"#
    );
    let overridden = EndpointSettings {
        extra: object(&json!({"filters": {}, "k": 3})),
        ..settings(SolidoRag)
    };
    assert_eq!(
        body(&overridden, &Turn::text("cat")),
        r#"{"query":["cat"],"filters":{},"inference_model":"m1","k":3}"#
    );
}

#[test]
fn the_answer_is_its_content() {
    let answer = json_answer(SolidoRag, r#"{"content":"c","sources":[{"a":1}]}"#);
    assert_eq!(parts_of(&answer), ["100 Text c||"]);
    let events = [
        r#"{"content":"a"}"#,
        r#"{"content":""}"#,
        r#"{"content":"b"}"#,
    ];
    let answer = streamed_answer(SolidoRag, &events);
    assert_eq!(parts_of(&answer), ["1 Text a||", "3 Text b||"]);
}

#[test]
fn what_has_no_content_is_a_failure() {
    for body in ["{}", r#"{"content":7}"#, "[1]", "x", ""] {
        assert_no_content(&json_answer(SolidoRag, body), body);
    }
    let error = json_answer(SolidoRag, r#"{"error":{"type":"T","message":"m"}}"#);
    assert_eq!(failure(&error), Some(("T".into(), "m".into())));
}
