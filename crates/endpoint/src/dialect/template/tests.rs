use crate::dialect::test_support::{assert_no_content, json_answer, settings};
use crate::format::EndpointSettings;
use crate::kind::EndpointType::Template;
use crate::parse::{Answer, parse_with};
use crate::response_field::ResponseField;
use crate::transcript::Transcript;

fn answer_at(field: &str, body: &str) -> Answer {
    let settings = EndpointSettings {
        response_field: ResponseField::for_type(Template, field).unwrap(),
        ..settings(Template)
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
fn a_field_that_is_not_there_is_no_content() {
    let body = r#"{"a":{"b":"queried"},"text":"detected"}"#;
    for (field, expected) in [("text", "detected"), ("", "detected"), ("a.b", "queried")] {
        assert_eq!(answer_at(field, body).output, expected, "{field}");
    }
    for field in ["a.c", "a", "join('', a)"] {
        assert_no_content(&answer_at(field, body), field);
    }
}

#[test]
fn without_settings_common_shapes_are_recognised() {
    assert_eq!(json_answer(Template, r#"{"output":"o"}"#).output, "o");
    let rankings = json_answer(Template, r#"{"results":[{"index":0}]}"#);
    assert_eq!(rankings.media.unwrap().rankings, 1);
}
