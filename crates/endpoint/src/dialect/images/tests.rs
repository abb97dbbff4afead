use serde_json::json;

use crate::conversation::{Media, Turn};
use crate::dialect::test_support::{
    answer_of, assert_no_content, body, failure, json_answer, object, remarks_on, settings,
    try_body,
};
use crate::format::EndpointSettings;
use crate::kind::EndpointType::{ImageEdit, ImageGeneration};
use crate::parse::media::{GeneratedImage, ImageOptions};

fn edit_of(image: &str) -> Turn {
    Turn {
        images: vec![Media::unnamed(image)],
        ..Turn::text("a")
    }
}

#[test]
fn a_generation_body_has_the_newest_prompt() {
    let mut settings = EndpointSettings {
        streaming: true,
        extra: object(&json!({"size": "1x1"})),
        ..settings(ImageGeneration)
    };
    let turn = Turn::text("cat");
    assert_eq!(
        body(&settings, &turn),
        r#"{"prompt":"cat","model":"m1","response_format":"b64_json","n":1,"stream":true,"size":"1x1"}"#
    );
    settings.streaming = false;
    settings.extra = object(&json!({"response_format": "url", "n": 2}));
    assert_eq!(
        try_body(&settings, &[&Turn::text("dog"), &turn]).unwrap(),
        r#"{"prompt":"cat","model":"m1","response_format":"url","n":2}"#
    );
    let error = try_body(&settings, &[&Turn::default()]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "endpoint type `image_generation` needs a text prompt in every turn; this one of the dataset has none"
    );
}

#[test]
fn an_edit_body_carries_the_image_as_a_file() {
    let with_extra = EndpointSettings {
        extra: object(&json!({"size": "1x1"})),
        ..settings(ImageEdit)
    };
    assert_eq!(
        body(&with_extra, &edit_of("data:image/png;base64,AAAA")),
        r#"{"prompt":"a","model":"m1","response_format":"b64_json","n":1,"image":{"b64_data":"AAAA","filename":"image.png","content_type":"image/png"},"size":"1x1"}"#
    );
}

#[test]
fn the_type_of_an_image_is_named_or_recognised() {
    for (image, filename, content_type) in [
        ("data:image/jpeg;base64,AAAA", "image.jpg", "image/jpeg"),
        ("data:image/jpg;base64,AAAA", "image.jpg", "image/jpeg"),
        ("data:image/webp;base64,AAAA", "image.webp", "image/webp"),
        (
            "data:image/svg+xml;base64,AAAA",
            "image.svg",
            "image/svg+xml",
        ),
        ("data:image/tiff;base64,AAAA", "image.tiff", "image/tiff"),
        ("data:text/html;base64,/9j/AAAA", "image.jpg", "image/jpeg"),
        ("data:image/png,iVBORw0KGgoA", "image.png", "image/png"),
        ("iVBORw0KGgoA", "image.png", "image/png"),
        ("/9j/AAAA", "image.jpg", "image/jpeg"),
        ("R0lGODlhAAAA", "image.gif", "image/gif"),
        ("R0lGODdhAAAA", "image.gif", "image/gif"),
        ("UklGRAAA", "image.webp", "image/webp"),
        ("QkAA", "image.bmp", "image/bmp"),
    ] {
        let body: serde_json::Value =
            serde_json::from_str(&body(&settings(ImageEdit), &edit_of(image))).unwrap();
        let base64 = image.split_once(',').map_or(image, |(_, base64)| base64);
        assert_eq!(
            body["image"],
            json!({"b64_data": base64, "filename": filename, "content_type": content_type}),
            "{image}"
        );
    }
    for image in [
        "data:image/png;base64",
        "data:text/html;base64,AAAA",
        "hello",
        "äöüß",
    ] {
        let error = try_body(&settings(ImageEdit), &[&edit_of(image)]).unwrap_err();
        assert!(
            error.to_string().starts_with("image content `"),
            "{image}: {error}"
        );
    }
}

#[test]
fn an_image_at_a_url_is_sent_as_the_url() {
    for url in ["http://h/i.png", "HTTPS://h/i.png"] {
        assert_eq!(
            body(&settings(ImageEdit), &edit_of(url)),
            format!(
                r#"{{"prompt":"a","model":"m1","response_format":"b64_json","n":1,"url":"{url}"}}"#
            )
        );
    }
}

#[test]
fn extras_cannot_replace_what_the_turn_gives() {
    let turn = Turn {
        extra_body: object(&json!({"mask": "m", "user": "u"})),
        ..edit_of("http://h/i.png")
    };
    let with_extra = EndpointSettings {
        extra: object(&json!({"prompt": "x", "image": "x", "url": "x", "n": 3})),
        ..settings(ImageEdit)
    };
    assert_eq!(
        body(&with_extra, &turn),
        r#"{"prompt":"a","model":"m1","response_format":"b64_json","n":3,"url":"http://h/i.png","user":"u"}"#
    );
    let remarks = remarks_on(&with_extra, &turn);
    assert_eq!(remarks.len(), 4);
    assert!(remarks[3].contains("`mask`"), "{}", remarks[3]);
}

#[test]
fn an_edit_needs_a_prompt_and_an_image() {
    let without_prompt = Turn {
        texts: Vec::new(),
        ..edit_of("http://h/i.png")
    };
    for (turn, what) in [
        (without_prompt, "needs a text prompt"),
        (Turn::text("a"), "needs a reference image"),
        (edit_of(""), "needs a reference image"),
    ] {
        let error = try_body(&settings(ImageEdit), &[&turn]).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[test]
fn images_of_a_whole_answer_are_described() {
    for endpoint_type in [ImageGeneration, ImageEdit] {
        let answer = json_answer(
            endpoint_type,
            r#"{"created":1,"data":[{"b64_json":"AAAA","revised_prompt":"a cat"},{"url":"http://h/1.png"},{"revised_prompt":"no image"},{"b64_json":""}],
                "size":"1x1","quality":"low","output_format":"png","background":"opaque","usage":{"input_tokens":5,"output_tokens":9}}"#,
        );
        assert_eq!(failure(&answer), None);
        let media = answer.media.unwrap();
        let expected = [
            GeneratedImage {
                base64_bytes: Some(4),
                revised_prompt: Some("a cat".into()),
                ..GeneratedImage::default()
            },
            GeneratedImage {
                url: Some("http://h/1.png".into()),
                ..GeneratedImage::default()
            },
        ];
        assert_eq!(media.images, expected);
        let options = ImageOptions {
            size: Some("1x1".into()),
            quality: Some("low".into()),
            output_format: Some("png".into()),
            background: Some("opaque".into()),
        };
        assert_eq!(media.image_options, options);
        assert_eq!(answer.usage.unwrap().completion_tokens, Some(9));
    }
}

#[test]
fn previews_of_a_stream_are_images_but_not_finished_ones() {
    let stream = concat!(
        "event: image_generation.partial_image\n",
        "data: {\"type\":\"image_generation.partial_image\",\"b64_json\":\"AA==\",\"partial_image_index\":0,\"size\":\"1x1\"}\n\n",
        "data: {\"type\":\"keepalive\"}\n\n",
        "data: {\"type\":\"image_generation.completed\",\"b64_json\":\"AAAA\",\"quality\":\"low\",\"usage\":{\"output_tokens\":3}}\n\n",
        "data: [DONE]\n\n",
    );
    let answer = answer_of(ImageGeneration, "text/event-stream", stream);
    assert_eq!(failure(&answer), None);
    assert_eq!((answer.parts.len(), answer.message_count), (2, 4));
    let media = answer.media.unwrap();
    assert_eq!((media.images.len(), media.finished_images()), (2, 1));
    assert_eq!(media.images[0].partial_image_index, Some(0));
    let options = &media.image_options;
    assert_eq!(
        (options.size.as_deref(), options.quality.as_deref()),
        (Some("1x1"), Some("low"))
    );
    assert_eq!(answer.usage.unwrap().completion_tokens, Some(3));
}

#[test]
fn answers_without_images_fail() {
    for body in [
        "{}",
        "[]",
        r#"{"created":1}"#,
        r#"{"data":[]}"#,
        r#"{"data":[null,1,{"url":null}]}"#,
        r#"{"b64_json":null}"#,
        r#"{"detail":"no"}"#,
    ] {
        for endpoint_type in [ImageGeneration, ImageEdit] {
            assert_no_content(&json_answer(endpoint_type, body), body);
        }
    }
    let body = r#"{"error":{"message":"safety","type":"image_generation_user_error"}}"#;
    assert_eq!(
        failure(&json_answer(ImageEdit, body)),
        Some(("image_generation_user_error".into(), "safety".into()))
    );
}
