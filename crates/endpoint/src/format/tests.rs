use serde_json::json;

use super::*;
use crate::conversation::Media;

fn chat() -> EndpointSettings {
    EndpointSettings {
        models: vec!["m1".into()],
        ..EndpointSettings::default()
    }
}

fn completions() -> EndpointSettings {
    EndpointSettings {
        endpoint_type: EndpointType::Completions,
        ..chat()
    }
}

fn context<'a>(settings: &'a EndpointSettings, turns: &'a [&'a Turn]) -> FormatContext<'a> {
    FormatContext {
        turns,
        system_message: None,
        user_context_message: None,
        previous_response_id: None,
        settings,
    }
}

fn body(context: &FormatContext<'_>) -> String {
    String::from_utf8(format(context).unwrap()).unwrap()
}

fn raw_turn(messages: Value) -> Turn {
    let Value::Array(messages) = messages else {
        panic!("a list expected")
    };
    Turn {
        raw_messages: Some(messages),
        ..Turn::default()
    }
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else {
        panic!("an object expected")
    };
    members
}

#[test]
fn a_chat_body_has_leading_messages_history_and_the_new_turn() {
    let turns = [
        &Turn::text("hi"),
        &Turn {
            role: Some("assistant".into()),
            ..Turn::text("yo")
        },
        &Turn::text("again"),
    ];
    let settings = chat();
    let context = FormatContext {
        system_message: Some("SYS"),
        user_context_message: Some("CTX"),
        ..context(&settings, &turns)
    };
    assert_eq!(
        body(&context),
        r#"{"messages":[{"role":"system","content":"SYS"},{"role":"user","content":"CTX"},{"role":"user","content":"hi"},{"role":"assistant","content":"yo"},{"role":"user","content":"again"}],"model":"m1","stream":false}"#
    );
}

#[test]
fn a_streaming_chat_body_is_capped_and_asks_for_usage() {
    let turn = Turn {
        max_tokens: Some(5),
        ..Turn::text("hi")
    };
    let mut settings = EndpointSettings {
        streaming: true,
        ..chat()
    };
    assert_eq!(
        body(&context(&settings, &[&turn])),
        r#"{"messages":[{"role":"user","content":"hi"}],"model":"m1","stream":true,"max_completion_tokens":5,"stream_options":{"include_usage":true}}"#
    );
    settings.use_legacy_max_tokens = true;
    settings.per_chunk_usage = true;
    assert_eq!(
        body(&context(&settings, &[&turn])),
        r#"{"messages":[{"role":"user","content":"hi"}],"model":"m1","stream":true,"max_tokens":5,"stream_options":{"include_usage":true,"continuous_usage_stats":true}}"#
    );
}

#[test]
fn media_become_content_parts_in_a_fixed_order() {
    let turn = Turn {
        videos: vec![Media::unnamed("data:video/mp4;base64,CCC")],
        audios: vec![Media::unnamed("wav,BBB")],
        images: vec![Media::unnamed("data:image/png;base64,AAA")],
        ..Turn::text("a")
    };
    assert_eq!(
        body(&context(&chat(), &[&turn])),
        r#"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAA"}},{"type":"input_audio","input_audio":{"data":"BBB","format":"wav"}},{"type":"video_url","video_url":{"url":"data:video/mp4;base64,CCC"}}]}],"model":"m1","stream":false}"#
    );
}

/// The content of the message that a turn becomes.
fn content(settings: &EndpointSettings, turn: &Turn) -> Result<Value, EndpointError> {
    let body = format(&context(settings, &[turn]))?;
    let body: Value = serde_json::from_slice(&body).unwrap();
    Ok(body["messages"][0]["content"].clone())
}

#[test]
fn one_text_is_a_bare_string_and_several_are_parts() {
    let part = |text: &str| json!({"type": "text", "text": text});
    let texts = |contents: &[&str]| Turn {
        texts: vec![Media {
            name: String::new(),
            contents: contents.iter().map(ToString::to_string).collect(),
        }],
        ..Turn::default()
    };
    for (turn, expected) in [
        (Turn::text(""), json!("")),
        (texts(&["a", "", "b"]), json!([part("a"), part("b")])),
        // A list of parts that would be empty is an empty string.
        (texts(&["", ""]), json!("")),
        (Turn::default(), json!("")),
        (
            Turn {
                images: vec![Media::unnamed("")],
                ..Turn::text("a")
            },
            json!([part("a")]),
        ),
    ] {
        assert_eq!(content(&chat(), &turn).unwrap(), expected);
    }
    let forced = EndpointSettings {
        force_content_parts: true,
        ..chat()
    };
    assert_eq!(
        content(&forced, &Turn::text("a")).unwrap(),
        json!([part("a")])
    );
    assert_eq!(content(&forced, &Turn::text("")).unwrap(), json!(""));
}

#[test]
fn audio_names_its_format_or_is_refused() {
    let audio = |content: &str| {
        content_of_part(content).map(|part| {
            let audio = &part["input_audio"];
            (
                audio["format"].as_str().unwrap().to_owned(),
                audio["data"].as_str().unwrap().to_owned(),
            )
        })
    };
    fn content_of_part(audio: &str) -> Result<Value, EndpointError> {
        let turn = Turn {
            audios: vec![Media::unnamed(audio)],
            ..Turn::default()
        };
        content(&chat(), &turn).map(|parts| parts[0].clone())
    }
    for (content, format) in [
        ("mp3,BB", "mp3"),
        ("data:audio/flac;base64,BB", "flac"),
        ("data:;base64,BB", "wav"),
    ] {
        assert_eq!(
            audio(content),
            Ok((format.into(), "BB".into())),
            "{content}"
        );
    }
    assert_eq!(
        audio("BBBB"),
        Err(EndpointError::Audio {
            start: "BBBB".into()
        })
    );
}

#[test]
fn images_with_identifiers_pair_up_or_are_refused() {
    let turn = |uuids: &[&str]| Turn {
        images: vec![Media {
            name: String::new(),
            contents: vec!["u".into(), String::new()],
        }],
        image_uuids: vec![uuids.iter().map(ToString::to_string).collect()],
        ..Turn::default()
    };
    assert_eq!(
        content(&chat(), &turn(&["1", "2"])).unwrap(),
        json!([
            {"type": "image_url", "image_url": {"url": "u"}, "uuid": "1"},
            {"type": "image_url", "image_url": {"url": ""}, "uuid": "2"},
        ])
    );
    assert_eq!(
        content(&chat(), &turn(&["1"])),
        Err(EndpointError::ImageUuids {
            contents: 2,
            uuids: 1
        })
    );
}

#[test]
fn raw_messages_go_in_as_they_are_and_may_reset_what_came_before() {
    let first = Turn::text("old");
    let raw = raw_turn(json!([{"role": "tool", "content": "r", "tool_call_id": "1"}]));
    let empty = raw_turn(json!([]));
    let messages = |turns: &[&Turn]| {
        let settings = chat();
        let body: Value = serde_json::from_str(&body(&context(&settings, turns))).unwrap();
        body["messages"].to_string()
    };
    assert_eq!(
        messages(&[&first, &empty, &raw]),
        r#"[{"role":"user","content":"old"},{"role":"tool","content":"r","tool_call_id":"1"}]"#
    );
    let reset = Turn {
        reset_context: true,
        ..raw
    };
    assert_eq!(
        messages(&[&first, &reset]),
        r#"[{"role":"tool","content":"r","tool_call_id":"1"}]"#
    );
}

#[test]
fn a_system_message_is_merged_with_the_one_that_is_there() {
    let merged = |own: Value| {
        let turn = raw_turn(json!([own, {"role": "user", "content": "u"}]));
        let before = turn.clone();
        let turns = [&turn];
        let settings = chat();
        let context = FormatContext {
            system_message: Some("SYS"),
            user_context_message: Some("CTX"),
            ..context(&settings, &turns)
        };
        let body: Value = serde_json::from_str(&body(&context)).unwrap();
        // The turn is shared with other requests.
        assert_eq!(turn, before);
        body["messages"].clone()
    };
    let with = |system: Value| json!([system, {"role": "user", "content": "CTX"}, {"role": "user", "content": "u"}]);
    assert_eq!(
        merged(json!({"role": "system", "content": "own"})),
        with(json!({"role": "system", "content": "SYS\n\nown"}))
    );
    assert_eq!(
        merged(json!({"role": "system", "content": [{"type": "text", "text": "own"}]})),
        with(
            json!({"role": "system", "content": [{"type": "text", "text": "SYS"}, {"type": "text", "text": "own"}]})
        )
    );
    assert_eq!(
        merged(json!({"role": "system", "content": ""})),
        with(json!({"role": "system", "content": "SYS"}))
    );
}

#[test]
fn the_newest_tools_are_sent_and_the_last_turn_decides_the_rest() {
    let tools = |name: &str| Some(vec![json!({"name": name})]);
    let first = Turn {
        raw_tools: tools("a"),
        model: Some("x".into()),
        max_tokens: Some(1),
        ..Turn::text("1")
    };
    let second = Turn {
        raw_tools: tools("b"),
        ..Turn::text("2")
    };
    let third = Turn {
        model: Some("m2".into()),
        ..Turn::text("3")
    };
    let body = body(&context(&chat(), &[&first, &second, &third]));
    assert!(
        body.ends_with(r#"}],"model":"m2","stream":false,"tools":[{"name":"b"}]}"#),
        "{body}"
    );
}

#[test]
fn an_empty_role_or_model_is_none() {
    let turn = Turn {
        role: Some(String::new()),
        model: Some(String::new()),
        ..Turn::text("a")
    };
    assert_eq!(
        body(&context(&chat(), &[&turn])),
        r#"{"messages":[{"role":"user","content":"a"}],"model":"m1","stream":false}"#
    );
}

#[test]
fn later_writers_override_and_the_key_keeps_its_place() {
    let settings = EndpointSettings {
        extra: object(json!({"temperature": 0.1, "model": "extra", "seed": null})),
        ..chat()
    };
    let turn = Turn {
        extra_body: object(json!({"temperature": 0.2, "stream": true, "z": 1})),
        ..Turn::text("hi")
    };
    assert_eq!(
        body(&context(&settings, &[&turn])),
        r#"{"messages":[{"role":"user","content":"hi"}],"model":"extra","stream":true,"temperature":0.2,"seed":null,"z":1,"stream_options":{"include_usage":true}}"#
    );
}

#[test]
fn usage_is_asked_for_if_the_merged_body_streams() {
    let options = |streaming: bool, extra: Value| {
        let settings = EndpointSettings {
            streaming,
            extra: object(extra),
            ..chat()
        };
        let body: Value =
            serde_json::from_str(&body(&context(&settings, &[&Turn::text("a")]))).unwrap();
        body.get("stream_options").map(Value::to_string)
    };
    let usage = Some(r#"{"include_usage":true}"#.to_owned());
    for (streaming, extra, expected) in [
        (true, json!({}), usage.clone()),
        (true, json!({"stream_options": null}), usage.clone()),
        (false, json!({"stream": 1}), usage),
        (true, json!({"stream": false}), None),
        (true, json!({"stream": ""}), None),
        (false, json!({}), None),
        (
            true,
            json!({"stream_options": {"include_usage": false}}),
            Some(r#"{"include_usage":false}"#.to_owned()),
        ),
        (
            true,
            json!({"stream_options": {"a": 1}}),
            Some(r#"{"a":1,"include_usage":true}"#.to_owned()),
        ),
        (
            true,
            json!({"stream_options": "x"}),
            Some("\"x\"".to_owned()),
        ),
    ] {
        assert_eq!(
            options(streaming, extra.clone()),
            expected,
            "{streaming} {extra}"
        );
    }
}

#[test]
fn a_completions_body_holds_one_prompt_bare_and_several_as_a_list() {
    let streaming = EndpointSettings {
        streaming: true,
        per_chunk_usage: true,
        ..completions()
    };
    let turn = Turn {
        max_tokens: Some(7),
        ..Turn::text("hi")
    };
    assert_eq!(
        body(&context(&streaming, &[&turn])),
        r#"{"prompt":"hi","model":"m1","stream":true,"max_tokens":7,"stream_options":{"include_usage":true}}"#
    );
    let two = Turn {
        texts: vec![Media::unnamed("a"), Media::unnamed(""), Media::unnamed("b")],
        ..Turn::default()
    };
    assert_eq!(
        body(&context(&completions(), &[&two])),
        r#"{"prompt":["a","b"],"model":"m1","stream":false}"#
    );
    assert_eq!(
        body(&context(&completions(), &[&Turn::text("")])),
        r#"{"prompt":[],"model":"m1","stream":false}"#
    );
}

#[test]
fn a_whole_body_is_sent_as_it_is_whatever_the_type() {
    let payload = object(json!({"b": 1.0, "a": "é", "big": u64::MAX}));
    let turn = Turn {
        raw_payload: Some(payload),
        ..Turn::default()
    };
    let settings = EndpointSettings {
        endpoint_type: EndpointType::SolidoRag,
        extra: object(json!({"x": 1})),
        streaming: true,
        ..chat()
    };
    assert_eq!(
        body(&context(&settings, &[&turn])),
        r#"{"b":1.0,"a":"é","big":18446744073709551615}"#
    );
}

#[test]
fn requests_that_cannot_be_built_say_why() {
    let turn = Turn::text("a");
    let error = |settings: &EndpointSettings, turns: &[&Turn]| {
        format(&context(settings, turns)).unwrap_err().to_string()
    };
    assert_eq!(error(&chat(), &[]), "a request needs at least one turn");
    assert_eq!(
        error(&completions(), &[&turn, &turn]),
        "endpoint type `completions` takes exactly one turn, not 2"
    );
    assert_eq!(
        error(&EndpointSettings::default(), &[&turn]),
        "no model for the request; give one with `--model`"
    );
}

#[test]
fn what_a_type_has_no_place_for_is_remarked() {
    let clip = || {
        vec![Media {
            name: String::new(),
            contents: vec!["x".into()],
        }]
    };
    let turn = Turn {
        images: clip(),
        audios: clip(),
        videos: clip(),
        max_tokens: Some(5),
        ..Turn::text("a")
    };
    let remarks_of = |endpoint_type| {
        let settings = EndpointSettings {
            endpoint_type,
            ..chat()
        };
        remarks(&context(&settings, &[&turn]))
    };
    assert!(remarks_of(EndpointType::Chat).is_empty());
    let of_completions = remarks_of(EndpointType::Completions);
    assert_eq!(of_completions.len(), 3);
    assert_eq!(
        of_completions[0],
        "endpoint type `completions` has no place for images; none is sent"
    );
    for endpoint_type in [
        EndpointType::ImageGeneration,
        EndpointType::ImageEdit,
        EndpointType::VideoGeneration,
        EndpointType::AudioTranscription,
        EndpointType::SolidoRag,
        EndpointType::Embeddings,
        EndpointType::ImageRetrieval,
    ] {
        let told = remarks_of(endpoint_type).join("; ");
        assert!(
            told.contains("number of output tokens"),
            "{endpoint_type}: {told}"
        );
    }
}
