//! The figures of both programs for the same requests to the same server: every metric of both, its
//! unit, its statistics, and its value as near as the table says.

use aiperf_mock::MockOptions;
use serde_json::{Map, Value};

use super::reference::Reference;
use crate::support::{Place, mock};

/// Texts of known lengths, so that nothing is drawn at random.
const PROMPTS: &str = r#"{"text":"Name the colours of the rainbow."}
{"text":"Count from one to twenty and then back again, please."}
{"text":"Which rivers flow through Vienna, and where do they begin?"}
{"text":"Say yes."}
"#;

const WORDS: &[&str] = &[
    "--streaming",
    "--input-file",
    "prompts.jsonl",
    "--custom-dataset-type",
    "single_turn",
    "--dataset-sampling-strategy",
    "sequential",
    "--extra-inputs",
    "max_completion_tokens:12",
    "--request-count",
    "12",
    "--concurrency",
    "2",
    "--goodput",
    "request_latency:2000",
    "--no-gpu-telemetry",
    "--no-server-metrics",
];

/// How near a figure must be.
#[derive(Debug, Clone, Copy)]
enum Nearness {
    /// The same number: it follows from what was sent and what came back.
    Same,
    /// A time that the server decides. AIPerf's own delay is in its figure: it stamps in Python, and
    /// a machine that runs tests has other things to do.
    Milliseconds(f64),
    /// A rate or a share that follows from times.
    Factor(f64),
    /// Nothing but its unit and statistics: the instant of the run, or what differs on purpose (see
    /// `docs/differences.md`).
    Any,
}

use Nearness::{Any, Factor, Milliseconds, Same};

/// By the beginning of the tag; the first row that fits counts.
const TABLE: &[(&str, Nearness)] = &[
    // Counts and lengths.
    ("request_count", Same),
    ("good_request_", Same),
    ("completed_request_count", Same),
    ("request_error_rate", Same),
    ("input_sequence_length", Same),
    ("output_sequence_length", Same),
    ("output_token_count", Same),
    ("total_isl", Same),
    ("total_osl", Same),
    ("total_output_tokens", Same),
    ("usage_", Same),
    ("total_usage_", Same),
    ("prompt_tokens", Same),
    // What was sent and received; ids and header lengths differ a little.
    ("http_req_data_sent", Factor(1.5)),
    ("http_req_data_received", Factor(1.5)),
    ("http_req_chunks_sent", Same),
    // How reads are cut is the client's affair.
    ("http_req_chunks_received", Any),
    // Sending, waiting and receiving begin and end elsewhere here.
    ("http_req_", Any),
    // Instants.
    ("min_request_timestamp", Any),
    ("max_response_timestamp", Any),
    ("min_request_start", Any),
    // Times that the server decides.
    ("time_to_first_token", Milliseconds(60.0)),
    ("time_to_first_output_token", Milliseconds(60.0)),
    ("time_to_second_token", Milliseconds(40.0)),
    ("inter_token_latency", Milliseconds(10.0)),
    ("inter_chunk_latency", Milliseconds(40.0)),
    ("decode_duration", Milliseconds(100.0)),
    ("request_latency", Milliseconds(150.0)),
    ("effective_latency", Milliseconds(250.0)),
    ("credit_to_start_latency", Milliseconds(150.0)),
    ("stream_", Any),
    // Rates.
    ("request_throughput", Factor(2.0)),
    ("goodput", Factor(2.0)),
    ("output_token_throughput", Factor(2.0)),
    ("input_token_throughput", Factor(2.0)),
    ("total_token_throughput", Factor(2.0)),
    ("e2e_output_token_throughput", Factor(2.0)),
    ("prefill_throughput", Factor(8.0)),
    ("benchmark_duration", Factor(2.0)),
    ("effective_", Factor(3.0)),
    ("active_", Factor(3.0)),
    ("tokens_in_flight", Factor(3.0)),
];

fn metrics(summary: &Value) -> Map<String, Value> {
    let members = summary.as_object().unwrap().iter();
    members
        .filter(|(_, member)| member.get("unit").is_some())
        .map(|(tag, member)| (tag.clone(), member.clone()))
        .collect()
}

fn nearness(tag: &str) -> Option<Nearness> {
    let row = TABLE.iter().find(|(start, _)| tag.starts_with(start));
    row.map(|(_, nearness)| *nearness)
}

fn is_near(theirs: f64, ours: f64, nearness: Nearness) -> bool {
    match nearness {
        Same => (theirs - ours).abs() <= 1e-9 * theirs.abs(),
        Milliseconds(most) => (theirs - ours).abs() <= most,
        Factor(most) => ours <= theirs * most && theirs <= ours * most,
        Any => true,
    }
}

/// What is wrong with one metric.
fn complaints(tag: &str, theirs: &Value, ours: &Value, found: &mut Vec<String>) {
    let Some(nearness) = nearness(tag) else {
        found.push(format!("`{tag}` is not in the table"));
        return;
    };
    if theirs["unit"] != ours["unit"] {
        found.push(format!(
            "`{tag}` in {} and {}",
            theirs["unit"], ours["unit"]
        ));
    }
    let statistics =
        |metric: &Value| -> Vec<String> { metric.as_object().unwrap().keys().cloned().collect() };
    if statistics(theirs) != statistics(ours) {
        found.push(format!(
            "`{tag}` has {:?} and {:?}",
            statistics(theirs),
            statistics(ours)
        ));
    }
    // Half of a curve's time can lie on either side of a step.
    let compared: &[&str] = match nearness {
        Same | Milliseconds(_) => &["avg", "p50"],
        Factor(_) | Any => &["avg"],
    };
    for &statistic in compared {
        let (Some(left), Some(right)) = (theirs[statistic].as_f64(), ours[statistic].as_f64())
        else {
            continue;
        };
        if !is_near(left, right, nearness) {
            found.push(format!(
                "`{tag}.{statistic}` is {left} and {right}: not {nearness:?}"
            ));
        }
    }
}

#[test]
fn every_metric_of_both_programs_is_as_near_as_the_table_says() {
    let Some(reference) = Reference::find() else {
        return;
    };
    let options = MockOptions {
        ttft_ms: 40.0,
        itl_ms: 10.0,
        ..MockOptions::default()
    };
    let (theirs, ours) = (Place::new(), Place::new());
    for place in [&theirs, &ours] {
        place.write("prompts.jsonl", PROMPTS);
    }
    let server = mock(options.clone());
    reference
        .profile(&theirs, &server.url(), WORDS)
        .expect_code(0);
    let server = mock(options);
    ours.profile(&server.url(), WORDS).expect_code(0);
    let (theirs, ours) = (metrics(&theirs.summary()), metrics(&ours.summary()));

    let mut found = Vec::new();
    for (tag, metric) in &theirs {
        match ours.get(tag) {
            Some(own) => complaints(tag, metric, own, &mut found),
            None => found.push(format!("only AIPerf has `{tag}`")),
        }
    }
    let further = ours.keys().filter(|tag| !theirs.contains_key(*tag));
    found.extend(further.map(|tag| format!("only we have `{tag}`")));
    assert!(
        found.is_empty(),
        "AIPerf's figure first:\n{}",
        found.join("\n")
    );
}
