//! What a dataset comes to in the bodies that are sent, and in `inputs.json`.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use crate::support::{Place, plain_mock};

/// Runs with the words, and returns what was sent.
#[track_caller]
fn sent(place: &Place, words: &[&str]) -> Vec<Value> {
    let server = plain_mock();
    let mut all = vec!["--export-level", "raw", "--streaming"];
    all.extend(words);
    place.profile(&server.url(), &all).expect_code(0);
    place.records("profile_export_raw.jsonl")
}

fn first_message(record: &Value) -> &str {
    record["payload"]["messages"][0]["content"]
        .as_str()
        .unwrap_or_default()
}

#[test]
fn each_session_has_its_own_mark_in_all_its_turns() {
    let place = Place::new();
    let words = [
        "--cache-bust",
        "first_turn_prefix",
        "--isl",
        "30",
        "--session-turns-mean",
        "2",
        "--num-dataset-entries",
        "2",
        "--num-conversations",
        "5",
        "--num-warmup-sessions",
        "1",
        "--random-seed",
        "4",
    ];
    let records = sent(&place, &words);
    let mut marks: HashMap<&str, HashSet<&str>> = HashMap::new();
    for record in &records {
        let mark = record["cache_bust_marker"].as_str().unwrap();
        assert_eq!(record["cache_bust_target"], "first_turn_prefix");
        assert!(first_message(record).starts_with(mark), "{record}");
        assert!(mark.starts_with("[rid:") && mark.ends_with("]\n\n"));
        let session = record["metadata"]["x_correlation_id"].as_str().unwrap();
        marks.entry(session).or_default().insert(mark);
    }
    let sessions = marks.len();
    assert!(sessions >= 5, "{marks:?}");
    assert!(marks.values().all(|marks| marks.len() == 1), "{marks:?}");
    let different: HashSet<_> = marks.values().flatten().collect();
    assert_eq!(different.len(), sessions);
    assert!(!place.result("inputs.json").contains("[rid:"));

    let lengths: Vec<_> = place
        .records("profile_export.jsonl")
        .iter()
        .filter(|record| record["metadata"]["turn_index"] == 0)
        .map(|record| record["metrics"]["input_sequence_length"]["value"].as_u64())
        .collect();
    // A mark takes its mean length off the prompt; its own differs by a few tokens.
    for length in lengths {
        assert!((25..=35).contains(&length.unwrap()), "{length:?}");
    }
}

#[test]
fn isolation_marks_the_warmup_only() {
    let place = Place::new();
    let words = [
        "--cache-bust",
        "warmup_isolation_first_turn",
        "--isl",
        "30",
        "--request-count",
        "4",
        "--warmup-request-count",
        "3",
    ];
    let records = sent(&place, &words);
    let of = |phase: &str| -> Vec<&Value> {
        let records = records.iter();
        records
            .filter(|record| record["metadata"]["benchmark_phase"] == phase)
            .collect()
    };
    assert_eq!(of("profiling").len(), 4);
    for record in of("profiling") {
        assert!(!first_message(record).contains("[warmup]"), "{record}");
        assert!(record.get("cache_bust_marker").is_none());
    }
    for record in of("warmup") {
        assert!(
            first_message(record).starts_with("[warmup]\n\n"),
            "{record}"
        );
    }
}

const CAPTURE: &str = r#"{"model": "recorded", "messages": [{"role": "user", "content": "hi"}], "temperature": 0.25, "stop": ["x"], "max_tokens": 9, "stream": false}"#;

#[test]
fn a_captured_request_is_sent_with_what_was_recorded_unless_told_otherwise() {
    for (words, expected) in [
        (
            &[][..],
            json!({
                "model": "mock-model",
                "messages": [{"role": "user", "content": "hi"}],
                "temperature": 0.25,
                "stop": ["x"],
                "max_tokens": 9,
                "stream": true,
            }),
        ),
        (
            &["--captured-body", "messages"],
            json!({
                "model": "mock-model",
                "messages": [{"role": "user", "content": "hi"}],
                "max_completion_tokens": 9,
                "stream": true,
            }),
        ),
        (
            &["--captured-body", "verbatim"],
            serde_json::from_str(CAPTURE).unwrap(),
        ),
    ] {
        let place = Place::new();
        let folder = place.path().join("capture/2024/05");
        std::fs::create_dir_all(&folder).unwrap();
        let record = json!({
            "captureData": {"endpointInput": {"data": CAPTURE, "encoding": "JSON"}},
            "eventMetadata": {"eventId": "e", "inferenceTime": "2024-05-01T00:00:00Z"},
        });
        std::fs::write(folder.join("a.jsonl"), record.to_string()).unwrap();
        let mut all = vec![
            "--input-file",
            "capture",
            "--custom-dataset-type",
            "sagemaker_data_capture",
            "--request-count",
            "1",
        ];
        all.extend(words);
        let mut records = sent(&place, &all);
        let inputs: Value = serde_json::from_str(&place.result("inputs.json")).unwrap();
        assert_eq!(inputs["data"][0]["payloads"][0], records[0]["payload"]);
        let body = records[0]["payload"].as_object_mut().unwrap();
        body.remove("stream_options");
        assert_eq!(Value::Object(body.clone()), expected, "{words:?}");
    }
}

#[test]
fn prompts_are_counted_in_the_chat_template_on_request() {
    let tokenizer = concat!(env!("CARGO_MANIFEST_DIR"), "/../tokenizer/tests/data/tiny");
    for (flag, expected) in [(&[][..], 2), (&["--apply-chat-template"], 4)] {
        let place = Place::new();
        let folder = place.path().join("tokenizer");
        std::fs::create_dir(&folder).unwrap();
        std::fs::copy(
            format!("{tokenizer}/tokenizer.json"),
            folder.join("tokenizer.json"),
        )
        .unwrap();
        let template = "{% for message in messages %}hello {{ message.content }}{% endfor %}\
                        {% if add_generation_prompt %} world{% endif %}";
        let config = json!({"bos_token": "<s>", "chat_template": template});
        std::fs::write(folder.join("tokenizer_config.json"), config.to_string()).unwrap();
        place.write("prompts.jsonl", "{\"text\": \"hello world\"}");
        let server = plain_mock();
        let url = server.url();
        let mut words = vec![
            "profile",
            "--url",
            &url,
            "--model",
            "m",
            "--artifact-dir",
            "results",
            "--tokenizer",
            "./tokenizer",
            "--input-file",
            "prompts.jsonl",
            "--request-count",
            "1",
        ];
        words.extend(flag);
        place.run(&words).expect_code(0);
        let record = &place.records("profile_export.jsonl")[0];
        let length = &record["metrics"]["input_sequence_length"]["value"];
        assert_eq!(*length, expected, "{flag:?}");
    }
}

#[test]
fn a_large_dataset_is_written_down_whole_beside_the_run() {
    let place = Place::new();
    let words = [
        "--num-dataset-entries",
        "6000",
        "--isl",
        "100",
        "--request-count",
        "5",
        "--random-seed",
        "1",
    ];
    sent(&place, &words);
    let inputs: Value = serde_json::from_str(&place.result("inputs.json")).unwrap();
    let sessions = inputs["data"].as_array().unwrap();
    assert_eq!(sessions.len(), 6000);
    for (index, session) in sessions.iter().enumerate() {
        assert_eq!(session["session_id"], format!("session_{index:06}"));
        assert_eq!(session["payloads"].as_array().unwrap().len(), 1);
    }
}
