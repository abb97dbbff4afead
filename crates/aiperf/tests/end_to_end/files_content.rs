//! What is in the files that flags add: time slices, texts of answers, advice on the console.

use aiperf_mock::MockOptions;
use serde_json::Value;

use crate::support::{Place, ScriptedServer, mock, plain_mock, quick};

fn json(place: &Place, name: &str) -> Value {
    serde_json::from_str(&place.result(name)).unwrap()
}

#[test]
fn time_slices_hold_every_measured_request_once() {
    let place = Place::new();
    let server = mock(MockOptions {
        error_rate: 0.2,
        ..quick()
    });
    let words = [
        "--streaming",
        "--concurrency",
        "2",
        "--request-count",
        "30",
        "--warmup-request-count",
        "3",
        "--slice-duration",
        "0.1",
    ];
    place.profile(&server.url(), &words).expect_code(0);
    let document = json(&place, "profile_export_aiperf_timeslices.json");
    let slices = document["timeslices"].as_array().unwrap();
    assert!(slices.len() > 1, "{slices:#?}");
    let count = |tag: &str| -> f64 {
        let each = slices.iter().filter_map(|slice| slice[tag]["avg"].as_f64());
        each.sum()
    };
    let summary = place.summary();
    assert_eq!(
        Some(count("request_count")),
        summary["request_count"]["avg"].as_f64()
    );
    assert_eq!(count("request_count") + count("error_request_count"), 30.0);
    assert_eq!(document["input_config"], summary["input_config"]);
    let length =
        |slice: &Value| slice["end_ns"].as_u64().unwrap() - slice["start_ns"].as_u64().unwrap();
    for slice in slices {
        let is_complete = slice.get("is_complete").is_none();
        assert_eq!(is_complete, length(slice) == 100_000_000, "{slice:#}");
    }
    // The table says the same, one figure a row.
    let csv = place.result("profile_export_aiperf_timeslices.csv");
    assert!(csv.starts_with("Timeslice,Start_NS,End_NS,Metric,Unit,Stat,Value\r\n"));
    let last = csv.lines().last().unwrap();
    let index = last.split(',').next().unwrap();
    assert_eq!(index.parse(), Ok(slices.len() - 1));
}

#[test]
fn texts_of_answers_are_written_in_order_with_a_few_figures() {
    let place = Place::new();
    let server = mock(MockOptions {
        error_rate: 0.3,
        ..quick()
    });
    let words = [
        "--streaming",
        "--concurrency",
        "4",
        "--request-count",
        "20",
        "--warmup-request-count",
        "3",
        "--export-outputs-json",
        "--export-level",
        "summary",
    ];
    place.profile(&server.url(), &words).expect_code(0);
    let outputs = json(&place, "outputs.json");
    assert_eq!(outputs["schema_version"], "1.0");
    let entries = outputs["data"].as_array().unwrap();
    assert_eq!(entries.len(), 20, "the warmup has no part in it");
    let numbers: Vec<u64> = entries
        .iter()
        .map(|entry| entry["session_num"].as_u64().unwrap())
        .collect();
    assert!(numbers.is_sorted());
    let summary = place.summary();
    let failed = entries
        .iter()
        .filter(|entry| entry["response_text"].is_null());
    let failed: Vec<&Value> = failed.collect();
    assert_eq!(
        Some(failed.len() as f64),
        summary["error_request_count"]["avg"].as_f64()
    );
    assert!(
        failed
            .iter()
            .all(|entry| entry["metrics"] == serde_json::json!({}))
    );
    for entry in entries
        .iter()
        .filter(|entry| entry["response_text"].is_string())
    {
        assert_ne!(entry["response_text"], "");
        assert!(
            entry["metrics"]["time_to_first_token"].is_f64(),
            "{entry:#}"
        );
        assert!(
            entry["metrics"]["output_sequence_length"].is_u64(),
            "{entry:#}"
        );
    }
}

/// An answer of one word that claims to be of 500 tokens.
const ODD_ANSWER: &str = r#"{"id":"1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":500,"total_tokens":509}}"#;

#[test]
fn answers_that_are_not_what_they_say_or_should_be_are_pointed_out_without_colours() {
    let place = Place::new();
    let server = ScriptedServer::start("200 OK", "application/json", ODD_ANSWER);
    let words = ["--request-count", "4", "--osl", "200"];
    let ended = place.profile(&server.url(), &words).expect_code(0);
    let file = place.result("profile_export_console.txt");
    for text in [&ended.stdout, &file] {
        assert!(!text.contains('\u{1b}'), "no terminal, no colours");
        for said in [
            "Output Sequence Length Mismatch Warning",
            "4 of 4 requests (100.0%)",
            "Token Count Discrepancy Warning",
            "prompt_tokens_details.cached_tokens",
        ] {
            assert!(text.contains(said), "`{said}` is missing in:\n{text}");
        }
    }
    let plain = Place::new();
    let words = ["--request-count", "4", "--osl", "20"];
    let ended = plain.profile(&plain_mock().url(), &words).expect_code(0);
    assert!(!ended.stdout.contains("Mismatch"), "{ended}");
}

#[test]
fn accepted_drafts_are_summed_up_in_summary_and_report() {
    let place = Place::new();
    let server = mock(MockOptions {
        draft_tokens: Some(3),
        ..quick()
    });
    let words = ["--streaming", "--request-count", "4", "--osl", "20"];
    let ended = place.profile(&server.url(), &words).expect_code(0);
    let summary = place.summary();
    let histogram = &summary["pooled_spec_decode_acceptance_histogram"];
    let steps: u64 = histogram
        .as_object()
        .unwrap_or_else(|| panic!("{summary:#}"))
        .values()
        .map(|count| count.as_u64().unwrap())
        .sum();
    let of_records: u64 = place
        .records("profile_export.jsonl")
        .iter()
        .map(|record| {
            record["spec_decode_acceptance"]["num_spec_steps"]
                .as_u64()
                .unwrap()
        })
        .sum();
    assert_eq!(steps, of_records);
    assert!(
        ended
            .stdout
            .contains("Accepted drafts per step (% of steps):")
    );
}

#[test]
fn a_server_that_was_not_asked_who_it_is_is_pointed_out() {
    let server = mock(MockOptions {
        tls: Some(Default::default()),
        ..quick()
    });
    let place = Place::new();
    let words = ["--request-count", "2", "--no-tls-verify"];
    let ended = place.profile(&server.url(), &words).expect_code(0);
    assert!(
        ended.stdout.contains("Certificates were not verified"),
        "{ended}"
    );
    // Nothing is to be verified without TLS.
    let place = Place::new();
    let ended = place.profile(&plain_mock().url(), &words).expect_code(0);
    assert!(
        !ended.stdout.contains("Certificates were not verified"),
        "{ended}"
    );
}

#[test]
fn a_known_round_trip_is_taken_off_latencies_in_metrics_of_their_own() {
    let place = Place::new();
    let server = plain_mock();
    let words = [
        "--streaming",
        "--request-count",
        "5",
        "--network-latency-mean",
        "0.25",
    ];
    place.profile(&server.url(), &words).expect_code(0);
    let summary = place.summary();
    let figure = |tag: &str, statistic: &str| summary[tag][statistic].as_f64().unwrap();
    assert_eq!(figure("network_rtt", "avg"), 0.25);
    for (tag, adjusted) in [
        (
            "time_to_first_token",
            "network_adjusted_time_to_first_token",
        ),
        ("request_latency", "network_adjusted_request_latency"),
    ] {
        for statistic in ["avg", "min", "p50", "max"] {
            let whole = figure(tag, statistic);
            assert!(whole > 0.25, "{tag} {whole}");
            let difference = whole - figure(adjusted, statistic);
            assert!((difference - 0.25).abs() < 1e-9, "{tag} {difference}");
        }
    }
}
