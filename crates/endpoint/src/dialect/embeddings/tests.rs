use serde_json::json;

use crate::conversation::{Media, Turn};
use crate::dialect::test_support::{
    assert_no_content, body, failure, json_answer, named, object, remarks_on, settings, try_body,
};
use crate::format::{EndpointSettings, FormatContext, format};
use crate::kind::EndpointType::{ChatEmbeddings, Embeddings, NimEmbeddings};
use crate::parse::PartKind;

#[test]
fn an_embeddings_body_is_a_list_even_of_one_text() {
    assert_eq!(
        body(&settings(Embeddings), &Turn::text("hi")),
        r#"{"model":"m1","input":["hi"]}"#
    );
    let turn = Turn {
        texts: vec![named("", &["a", "", "b"]), named("x", &["c"])],
        extra_body: object(&json!({"dimensions": 8, "z": null})),
        ..Turn::default()
    };
    let with_extra = EndpointSettings {
        extra: object(&json!({"dimensions": 4, "model": "m2"})),
        ..settings(Embeddings)
    };
    assert_eq!(
        body(&with_extra, &turn),
        r#"{"model":"m2","input":["a","b","c"],"dimensions":8,"z":null}"#
    );
    assert_eq!(
        body(&settings(Embeddings), &Turn::default()),
        r#"{"model":"m1","input":[]}"#
    );
}

#[test]
fn embeddings_take_one_turn_and_no_cap() {
    let turn = Turn {
        max_tokens: Some(5),
        ..Turn::text("a")
    };
    for endpoint_type in [Embeddings, NimEmbeddings] {
        let settings = settings(endpoint_type);
        assert_eq!(body(&settings, &turn), r#"{"model":"m1","input":["a"]}"#);
        assert_eq!(remarks_on(&settings, &turn).len(), 1);
        assert!(remarks_on(&settings, &Turn::text("a")).is_empty());
        let error = try_body(&settings, &[&turn, &turn]).unwrap_err();
        assert!(error.to_string().ends_with("takes exactly one turn, not 2"));
    }
}

#[test]
fn nim_pairs_texts_with_images() {
    let turn = |texts: &[&str], images: &[&str]| Turn {
        texts: vec![named("", texts)],
        images: images.iter().map(|image| Media::unnamed(*image)).collect(),
        extra_body: object(&json!({"input_type": "query"})),
        ..Turn::default()
    };
    let settings = settings(NimEmbeddings);
    for (turn, expected) in [
        (
            turn(&["a"], &["data:image/png;base64,AAA"]),
            r#"{"model":"m1","input":["a data:image/png;base64,AAA"],"input_type":"query"}"#,
        ),
        (
            turn(&["a", "b"], &["i", "j"]),
            r#"{"model":"m1","input":["a i","b j"],"input_type":"query"}"#,
        ),
        (
            turn(&[], &["i", ""]),
            r#"{"model":"m1","input":["i"],"input_type":"query"}"#,
        ),
        (
            turn(&["a", "b"], &[]),
            r#"{"model":"m1","input":["a","b"],"input_type":"query"}"#,
        ),
        (
            turn(&[], &[]),
            r#"{"model":"m1","input":[],"input_type":"query"}"#,
        ),
    ] {
        assert_eq!(body(&settings, &turn), expected);
    }
    let error = try_body(&settings, &[&turn(&["a", "b"], &["i"])]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "2 texts cannot be paired with 1 images; give as many of one as of the other"
    );
}

#[test]
fn chat_embeddings_have_the_body_of_a_chat() {
    let turn = Turn {
        images: vec![Media::unnamed("data:image/png;base64,AAA")],
        ..Turn::text("a")
    };
    let settings = settings(ChatEmbeddings);
    let context = FormatContext {
        turns: &[&turn],
        system_message: Some("SYS"),
        user_context_message: None,
        previous_response_id: None,
        settings: &settings,
    };
    assert_eq!(
        String::from_utf8(format(&context).unwrap()).unwrap(),
        r#"{"messages":[{"role":"system","content":"SYS"},{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAA"}}]}],"model":"m1","stream":false}"#
    );
}

#[test]
fn embeddings_are_counted_and_usage_is_taken() {
    for endpoint_type in [Embeddings, NimEmbeddings, ChatEmbeddings] {
        let answer = json_answer(
            endpoint_type,
            r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1,-2e-3]},
                {"object":"embedding","embedding":"AACAPw=="}],
                "model":"m1","usage":{"prompt_tokens":7,"total_tokens":7}}"#,
        );
        assert_eq!(failure(&answer), None, "{endpoint_type}");
        assert_eq!(answer.media.unwrap().embeddings, 2);
        assert_eq!(answer.usage.unwrap().prompt_tokens, Some(7));
        assert_eq!(answer.parts.len(), 1);
        assert_eq!(
            (answer.parts[0].at, answer.parts[0].kind),
            (100, PartKind::Media)
        );
    }
}

#[test]
fn chat_embeddings_are_found_under_other_names() {
    for (body, count) in [
        (r#"{"embeddings":[[1,2],[3,4]]}"#, 2),
        (r#"{"embeddings":[1,2]}"#, 1),
        (r#"{"data":[],"embedding":[0.5]}"#, 1),
        (
            r#"{"data":[{"object":"embedding","embedding":[1]},{"object":"x"}]}"#,
            1,
        ),
    ] {
        let answer = json_answer(ChatEmbeddings, body);
        assert_eq!(
            answer.media.map(|media| media.embeddings),
            Some(count),
            "{body}"
        );
    }
    for body in [
        r#"{"embeddings":[]}"#,
        r#"{"embeddings":["x"]}"#,
        r#"{"data":[{"object":"x"}]}"#,
    ] {
        assert_no_content(&json_answer(ChatEmbeddings, body), body);
    }
}

#[test]
fn answers_without_embeddings_fail() {
    for body in [
        "",
        "[]",
        "7",
        r#"{"data":[]}"#,
        r#"{"data":null}"#,
        r#"{"usage":{"prompt_tokens":1}}"#,
        r#"{"data":[{"object":"embedding","embedding":null}]}"#,
    ] {
        assert_no_content(&json_answer(Embeddings, body), body);
    }
    for body in [
        r#"{"data":[{"object":"embedding","embedding":[1]},{"object":"other","embedding":[1]}]}"#,
        r#"{"data":[[1,2]]}"#,
        r#"{"data":[{"embedding":[1]}]}"#,
    ] {
        let (_, message) = failure(&json_answer(Embeddings, body)).unwrap();
        assert!(
            message.contains("something that is no embedding"),
            "{body}: {message}"
        );
    }
    for endpoint_type in [Embeddings, ChatEmbeddings] {
        let body = r#"{"error":{"message":"too long","type":"BadRequest","code":400}}"#;
        let failure = failure(&json_answer(endpoint_type, body));
        assert_eq!(failure, Some(("BadRequest".into(), "too long".into())));
    }
}
