use serde_json::json;

use crate::conversation::{Media, Turn};
use crate::dialect::test_support::{
    assert_no_content, body, failure, json_answer, named, object, remarks_on, settings, try_body,
};
use crate::format::EndpointSettings;
use crate::kind::EndpointType::ImageRetrieval;

#[test]
fn a_retrieval_body_lists_images_and_no_model() {
    let run = EndpointSettings {
        models: Vec::new(),
        ..settings(ImageRetrieval)
    };
    let turn = Turn {
        images: vec![Media::unnamed("data:image/png;base64,AAAA")],
        ..Turn::text("not sent")
    };
    assert_eq!(
        body(&run, &turn),
        r#"{"input":[{"type":"image_url","url":"data:image/png;base64,AAAA"}]}"#
    );
    let turn = Turn {
        images: vec![named("", &["i", "", "j"])],
        extra_body: object(&json!({"threshold": 0.5})),
        max_tokens: Some(1),
        ..Turn::default()
    };
    assert_eq!(
        body(&run, &turn),
        r#"{"input":[{"type":"image_url","url":"i"},{"type":"image_url","url":"j"}],"threshold":0.5}"#
    );
    assert_eq!(remarks_on(&run, &turn).len(), 1);
}

#[test]
fn a_retrieval_needs_an_image_and_one_turn() {
    let empty = Turn {
        images: vec![Media::unnamed("")],
        ..Turn::default()
    };
    for turn in [Turn::text("a"), empty] {
        let error = try_body(&settings(ImageRetrieval), &[&turn]).unwrap_err();
        assert!(
            error.to_string().contains("needs an image in every turn"),
            "{error}"
        );
    }
    let turn = Turn::text("a");
    assert!(try_body(&settings(ImageRetrieval), &[&turn, &turn]).is_err());
}

#[test]
fn what_was_found_is_counted() {
    for (body, count) in [
        (
            r#"{"data":[{"index":0,"bounding_boxes":{}},{"index":1}],"usage":{"images_size_mb":0.1}}"#,
            2,
        ),
        (r#"{"data":{"boxes":[]}}"#, 1),
    ] {
        let answer = json_answer(ImageRetrieval, body);
        assert_eq!(failure(&answer), None, "{body}");
        assert_eq!(answer.media.unwrap().retrieved, count, "{body}");
    }
    for body in [
        "",
        "[1]",
        "{}",
        r#"{"data":[]}"#,
        r#"{"data":{}}"#,
        r#"{"data":null}"#,
        r#"{"data":"x"}"#,
    ] {
        assert_no_content(&json_answer(ImageRetrieval, body), body);
    }
}
