use serde_json::json;

use crate::conversation::{Media, Turn};
use crate::dialect::test_support::{
    answer_of, assert_no_content, body, failure, json_answer, object, remarks_on, settings,
    try_body,
};
use crate::format::EndpointSettings;
use crate::kind::EndpointType::AudioTranscription;

fn turn(audio: &str) -> Turn {
    Turn {
        audios: vec![Media::unnamed(audio)],
        ..Turn::default()
    }
}

#[test]
fn a_transcription_body_carries_the_clip_as_a_file() {
    assert_eq!(
        body(&settings(AudioTranscription), &turn("wav,AAAA")),
        r#"{"file":{"b64_data":"AAAA","filename":"audio.wav","content_type":"audio/wav"},"model":"m1"}"#
    );
}

#[test]
fn the_format_of_a_clip_gives_name_and_type() {
    for (audio, filename, content_type) in [
        ("MP3,AAAA", "audio.mp3", "audio/mpeg"),
        ("mpga,AAAA", "audio.mpga", "audio/mpeg"),
        ("mpeg,AAAA", "audio.mpeg", "audio/mpeg"),
        ("flac,AAAA", "audio.flac", "audio/flac"),
        ("ogg,AAAA", "audio.ogg", "audio/ogg"),
        ("m4a,AAAA", "audio.m4a", "audio/mp4"),
        ("mp4,AAAA", "audio.mp4", "audio/mp4"),
        ("webm,AAAA", "audio.webm", "audio/webm"),
        ("aiff,AAAA", "audio.aiff", "audio/aiff"),
        ("data:audio/mp3;base64,AAAA", "audio.mp3", "audio/mpeg"),
        ("data:;base64,AAAA", "audio.wav", "audio/wav"),
    ] {
        let body: serde_json::Value =
            serde_json::from_str(&body(&settings(AudioTranscription), &turn(audio))).unwrap();
        assert_eq!(
            body["file"],
            json!({"b64_data": "AAAA", "filename": filename, "content_type": content_type}),
            "{audio}"
        );
    }
}

#[test]
fn extras_are_merged_except_the_file() {
    let with_extra = EndpointSettings {
        extra: object(&json!({"language": "en", "file": "x"})),
        ..settings(AudioTranscription)
    };
    let turn = Turn {
        extra_body: object(&json!({"timestamp_granularities": ["word"], "file": 1})),
        ..turn("wav,AAAA")
    };
    assert_eq!(
        body(&with_extra, &turn),
        r#"{"file":{"b64_data":"AAAA","filename":"audio.wav","content_type":"audio/wav"},"model":"m1","language":"en","timestamp_granularities":["word"]}"#
    );
    assert_eq!(remarks_on(&with_extra, &turn).len(), 2);
}

#[test]
fn a_transcription_needs_audio_in_a_known_form() {
    for (turn, what) in [
        (Turn::text("a"), "needs audio in every turn"),
        (turn(""), "needs audio in every turn"),
        (turn("AAAA"), "has no comma"),
    ] {
        let error = try_body(&settings(AudioTranscription), &[&turn]).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[test]
fn the_transcript_is_the_text_of_json_or_the_whole_body() {
    for (content_type, body, transcript, seconds) in [
        (
            "application/json",
            r#"{"text":"Hello","usage":{"type":"duration","prompt_audio_seconds":2.5}}"#,
            "Hello",
            Some(2.5),
        ),
        ("text/plain; charset=utf-8", "Hello\n", "Hello\n", None),
        ("text/plain", "42", "42", None),
        (
            "text/vtt",
            "WEBVTT\n\n00:00 --> 00:01\nHi",
            "WEBVTT\n\n00:00 --> 00:01\nHi",
            None,
        ),
    ] {
        let answer = answer_of(AudioTranscription, content_type, body);
        assert_eq!(failure(&answer), None, "{body}");
        assert_eq!(answer.output, transcript, "{body}");
        assert_eq!(
            answer.usage.and_then(|usage| usage.prompt_audio_seconds),
            seconds
        );
    }
}

#[test]
fn answers_without_a_transcript_fail() {
    for body in [
        "",
        "{}",
        r#"{"text":""}"#,
        r#"{"text":null}"#,
        r#"{"text":["a"]}"#,
    ] {
        assert_no_content(&json_answer(AudioTranscription, body), body);
    }
    let body = r#"{"error":{"message":"bad audio"}}"#;
    assert_eq!(
        failure(&json_answer(AudioTranscription, body)).unwrap().1,
        "bad audio"
    );
}
