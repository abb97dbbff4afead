//! The lines that `outputs.json` is made from.

use aiperf_endpoint::failure::reason_phrase;
use aiperf_engine::Exchange;
use aiperf_model::OutputEntry;
use aiperf_record::{OutputSettings, RecorderSettings};

use crate::support::{EVENT_STREAM, JSON, answered, event, record, settings};

const METRICS: &[&str] = &["output_sequence_length", "input_sequence_length"];

#[test]
fn every_measured_request_has_its_text_and_the_wanted_figures_in_the_wanted_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outputs.jsonl");
    let settings = RecorderSettings {
        outputs: Some(OutputSettings {
            path: path.clone(),
            metrics: METRICS,
        }),
        ..settings(1)
    };
    let streamed = [event("one "), event("two"), "data: [DONE]\n\n".to_owned()].concat();
    let reasoned = r#"{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","reasoning_content":"hm. ","content":"é"}}]}"#;
    let in_warmup = Exchange {
        phase: 0,
        ..answered(0, 200, EVENT_STREAM, &streamed)
    };
    record(
        settings,
        [
            in_warmup,
            answered(1, 200, EVENT_STREAM, &streamed),
            answered(2, 200, JSON, reasoned),
            answered(3, 500, JSON, reason_phrase(500)),
        ],
    );
    let text = std::fs::read_to_string(&path).unwrap();
    let mut entries: Vec<OutputEntry> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    entries.sort_by_key(|entry| entry.session_num);
    let texts: Vec<Option<&str>> = entries
        .iter()
        .map(|entry| entry.response_text.as_deref())
        .collect();
    assert_eq!(texts, [Some("one two"), Some("hm. é"), None]);
    let tags: Vec<&str> = entries[0].metrics.keys().map(String::as_str).collect();
    assert_eq!(tags, METRICS);
    assert!(entries[2].metrics.is_empty());
    assert_eq!(entries[0].conversation_id.as_deref(), Some("c0"));
    assert!(entries[0].request_end_ns > entries[0].request_start_ns);
}
