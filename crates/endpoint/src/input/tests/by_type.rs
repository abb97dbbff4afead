//! What the bodies of each type give the model to read.

use proptest::prelude::*;

use super::*;

/// Texts, images and clips of a body.
fn found(endpoint_type: EndpointType, body: &str) -> (Vec<String>, usize, usize) {
    let input = extract(endpoint_type, body.as_bytes());
    (input.texts, input.images, input.audios)
}

#[test]
fn bodies_that_do_not_ask_for_text_are_read_too() {
    use EndpointType as T;
    for (endpoint_type, body, texts, images, audios) in [
        (
            T::Embeddings,
            r#"{"model":"m1","input":["a","b"]}"#,
            &["a", "b"][..],
            0,
            0,
        ),
        (
            T::NimEmbeddings,
            r#"{"input":["a b data:image/png;base64,AAA","data:image/png;base64,AAA","c data:x","d"]}"#,
            &["a b", "c data:x", "d"],
            2,
            0,
        ),
        (
            T::ChatEmbeddings,
            r#"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url"}]}]}"#,
            &["a"],
            1,
            0,
        ),
        (
            T::NimRankings,
            r#"{"model":"m1","query":{"text":"Q"},"passages":[{"text":"P1"},{"image":"x"}]}"#,
            &["Q", "P1"],
            0,
            0,
        ),
        (
            T::CohereRankings,
            r#"{"model":"m1","query":"Q","documents":["P1","P2"]}"#,
            &["Q", "P1", "P2"],
            0,
            0,
        ),
        (
            T::HfTeiRankings,
            r#"{"query":"Q","texts":["P1"]}"#,
            &["Q", "P1"],
            0,
            0,
        ),
        (
            T::HfTeiRankings,
            r#"{"query":7,"texts":["P1"],"inputs":"z"}"#,
            &["z"],
            0,
            0,
        ),
        (
            T::SolidoRag,
            r#"{"query":["cat"],"filters":{"tool":"SDE"}}"#,
            &["cat"],
            0,
            0,
        ),
        (
            T::HuggingfaceGenerate,
            r#"{"inputs":"a b","parameters":{}}"#,
            &["a b"],
            0,
            0,
        ),
        (
            T::ImageGeneration,
            r#"{"prompt":"cat","n":1}"#,
            &["cat"],
            0,
            0,
        ),
        (
            T::ImageEdit,
            r#"{"prompt":"a","image":{"b64_data":"AAAA"}}"#,
            &["a"],
            1,
            0,
        ),
        (
            T::ImageEdit,
            r#"{"prompt":"a","url":"http://h/i.png"}"#,
            &["a"],
            1,
            0,
        ),
        (T::VideoGeneration, r#"{"prompt":"cat"}"#, &["cat"], 0, 0),
        (
            T::AudioTranscription,
            r#"{"file":{"b64_data":"AAAA"},"model":"m1"}"#,
            &[],
            0,
            1,
        ),
        (
            T::ImageRetrieval,
            r#"{"input":[{"type":"image_url","url":"i"},{"type":"image_url","url":"j"},{"type":"text","text":"t"}]}"#,
            &[],
            2,
            0,
        ),
    ] {
        let texts = texts.iter().map(ToString::to_string).collect();
        assert_eq!(
            found(endpoint_type, body),
            (texts, images, audios),
            "{body}"
        );
    }
}

#[test]
fn the_first_clip_gives_the_seconds_of_audio() {
    use base64::Engine as _;
    let mut wav = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\0\0\0\0".to_vec();
    wav.extend([0; 4000]);
    let wav = base64::engine::general_purpose::STANDARD.encode(wav);
    let body = format!(r#"{{"file":{{"b64_data":"{wav}"}}}}"#);
    let input = extract(EndpointType::AudioTranscription, body.as_bytes());
    assert_eq!(input.audio_seconds, Some(0.5));
    let part = |data: &str| {
        format!(r#"{{"type":"input_audio","input_audio":{{"data":"{data}","format":"wav"}}}}"#)
    };
    let body = |first: &str, second: &str| {
        format!(
            r#"{{"messages":[{{"role":"user","content":[{},{}]}}]}}"#,
            part(first),
            part(second)
        )
    };
    let input = extract(EndpointType::Chat, body(&wav, "AAAA").as_bytes());
    assert_eq!((input.audios, input.audio_seconds), (2, Some(0.5)));
    let input = extract(EndpointType::Chat, body("AAAA", &wav).as_bytes());
    assert_eq!((input.audios, input.audio_seconds), (2, None));
}

#[test]
fn a_responses_body_begins_with_its_instructions() {
    let items = r#""input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image"},
        {"type":"input_audio"},{"type":"output_text","text":"b"},{"type":"text","text":"no"},{"type":"video_url"}]},
        {"type":"function_call_output","output":"out"}]"#;
    for (instructions, system) in [
        (r#""SYS""#, &["SYS"][..]),
        (
            r#"[{"type":"input_text","text":"S"},"Y",{"text":""},7]"#,
            &["S", "Y"],
        ),
        ("null", &[]),
        (r#""""#, &[]),
    ] {
        let body = format!(r#"{{{items},"instructions":{instructions}}}"#);
        let input = extract(EndpointType::Responses, body.as_bytes());
        let mut texts = system.to_vec();
        texts.extend(["a", "b", "out"]);
        assert_eq!(input.texts, texts, "{instructions}");
        assert_eq!(input.tool_texts, ["out"]);
        assert_eq!((input.images, input.audios, input.videos), (1, 1, 0));
        let roles: Vec<&str> = input.messages.iter().map(|m| m.role.as_str()).collect();
        if system.is_empty() {
            assert_eq!(roles, ["user"]);
        } else {
            assert_eq!(roles, ["system", "user"]);
            assert_eq!(input.messages[0].content, system.concat());
        }
    }
    let body = r#"{"input":"a","instructions":"S"}"#;
    let input = extract(EndpointType::Responses, body.as_bytes());
    assert_eq!(input.texts, ["S", "a"]);
    assert!(input.messages.is_empty());
}

#[test]
fn a_messages_body_has_system_blocks_and_tool_blocks() {
    let body = r#"{"system":[{"type":"text","text":"S1","cache_control":{}},{"type":"x","text":"no"},"S2"],
        "messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image","source":{}}]},
            {"role":"assistant","content":[{"type":"thinking","thinking":"t"},{"type":"tool_use","id":"1","name":"fn","input":{"k":1}}]},
            {"role":"user","content":[{"type":"tool_result","content":"r1"},
                {"type":"tool_result","content":[{"type":"text","text":"r2"},{"type":"image"}]}]}],
        "tools":[{"name":"fn","description":"D","input_schema":{"type":"object"}}]}"#;
    let input = extract(EndpointType::Messages, body.as_bytes());
    let tools = [
        "fn",
        "D",
        r#"{"type":"object"}"#,
        "fn",
        r#"{"k":1}"#,
        "r1",
        "r2",
    ];
    let mut texts = vec!["S1", "S2", "a"];
    texts.extend(tools);
    assert_eq!(input.texts, texts);
    assert_eq!(input.tool_texts, tools);
    assert_eq!(input.images, 2);
    let view: Vec<_> = input
        .messages
        .iter()
        .map(|m| (m.role.as_str(), m.content.as_str()))
        .collect();
    assert_eq!(
        view,
        [
            ("system", "S1S2"),
            ("user", "a"),
            ("assistant", ""),
            ("user", "")
        ]
    );
    let input = extract(EndpointType::Messages, br#"{"system":"S","messages":[]}"#);
    assert_eq!(input.texts, ["S"]);
}

proptest! {
    #[test]
    fn no_body_breaks_the_reading(index in 0..EndpointType::NAMED.len(), body in ".{0,80}") {
        extract(EndpointType::NAMED[index].0, body.as_bytes());
    }

    #[test]
    fn no_member_of_an_odd_shape_breaks_the_reading(
        index in 0..EndpointType::NAMED.len(),
        key in prop::sample::select(vec!["messages", "input", "prompt", "query", "passages", "documents", "tools", "system", "instructions", "image", "file", "url"]),
        value in prop::sample::select(vec!["null", "[]", "{}", "[null]", "[[]]", "7", "\"x\"", "[{\"type\":7,\"content\":{}}]",
            "[{\"role\":7,\"content\":[{\"type\":\"input_audio\"},{\"type\":\"tool_result\"}]}]", "{\"b64_data\":7}", "{\"b64_data\":\"é\"}"]),
    ) {
        let body = format!(r#"{{"{key}":{value},"query":"q"}}"#);
        extract(EndpointType::NAMED[index].0, body.as_bytes());
    }
}
