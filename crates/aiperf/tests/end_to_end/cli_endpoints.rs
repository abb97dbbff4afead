//! Every endpoint type against the mock server.

use serde_json::Value;

use crate::support::{Place, mock, quick};

const BUILTIN: &[&str] = &["--tokenizer", "builtin"];
const IMAGES: &[&str] = &["--image-width-mean", "16", "--image-height-mean", "16"];
const AUDIO: &[&str] = &["--audio-length-mean", "0.2"];

/// Runs one type and returns its summary.
fn profile(kind: &str, path: &str, flags: &[&str]) -> Value {
    let place = Place::new();
    let server = mock(quick());
    let url = format!("{}{path}", server.url());
    let usual = ["profile", "--model", "m", "--url", &url, "--ui", "none"];
    let chosen = ["--artifact-dir", "results", "--endpoint-type", kind];
    let words = [&usual[..], &chosen, &["--request-count", "4"], flags].concat();
    let ended = place.run(&words).expect_code(0);
    let records = place.records("profile_export.jsonl");
    assert_eq!(records.len(), 4, "{kind}: {ended}");
    assert!(
        records.iter().all(|record| record["error"].is_null()),
        "{kind}: {records:?}"
    );
    place.summary()
}

#[test]
fn types_with_tokens_are_measured_with_and_without_a_stream() {
    for kind in [
        "chat",
        "completions",
        "responses",
        "messages",
        "huggingface_generate",
        "solido_rag",
    ] {
        let whole = profile(kind, "", BUILTIN);
        assert!(whole["output_sequence_length"].is_object(), "{kind}");
        assert!(whole["time_to_first_token"].is_null(), "{kind}");
        let streamed = profile(kind, "", &[BUILTIN, &["--streaming"]].concat());
        assert!(streamed["time_to_first_token"].is_object(), "{kind}");
        assert!(streamed["inter_token_latency"].is_object(), "{kind}");
    }
}

#[test]
fn types_that_only_score_have_no_output_throughput() {
    for kind in [
        "embeddings",
        "chat_embeddings",
        "nim_embeddings",
        "nim_rankings",
        "cohere_rankings",
        "hf_tei_rankings",
    ] {
        let summary = profile(kind, "", BUILTIN);
        assert!(summary["input_sequence_length"].is_object(), "{kind}");
        assert!(summary["output_token_throughput"].is_null(), "{kind}");
    }
}

#[test]
fn types_with_media_send_and_receive_them() {
    for (kind, flags) in [
        ("image_generation", BUILTIN.to_vec()),
        ("image_edit", [BUILTIN, IMAGES].concat()),
        ("image_retrieval", IMAGES.to_vec()),
        ("audio_transcription", AUDIO.to_vec()),
        ("video_generation", BUILTIN.to_vec()),
    ] {
        let summary = profile(kind, "", &flags);
        assert!(summary["request_latency"].is_object(), "{kind}");
    }
}

#[test]
fn a_template_makes_the_body_and_a_field_finds_the_answer() {
    let template = r#"{"payload_template": "{\"prompt\": {{ text|tojson }}, \"model\": \"m\"}"}"#;
    let flags = [BUILTIN, &["--extra-inputs", template]].concat();
    let summary = profile("template", "/v1/completions", &flags);
    assert!(summary["output_sequence_length"].is_object());
}

#[test]
fn what_an_endpoint_has_no_place_for_is_told_once() {
    let server = mock(quick());
    for (words, told) in [
        (
            "--endpoint-type completions --image-batch-size 1 --image-width-mean 16 --image-height-mean 16",
            "endpoint type `completions` has no place for images; none is sent",
        ),
        (
            "--endpoint-type embeddings --osl 5",
            "endpoint type `embeddings` has no place for a number of output tokens; none is sent",
        ),
    ] {
        let place = Place::new();
        let words: Vec<&str> = words.split(' ').chain(["--request-count", "3"]).collect();
        place.profile(&server.url(), &words).expect_code(0);
        let log = place.result("logs/aiperf.log");
        assert_eq!(log.matches(told).count(), 1, "{log}");
    }
    let place = Place::new();
    place
        .profile(&server.url(), &["--osl", "5", "--request-count", "3"])
        .expect_code(0);
    assert!(!place.result("logs/aiperf.log").contains("has no place for"));
}
