//! Joins what was sent with what was measured: each turn of `inputs.json` beside its record.
//!
//! `cargo run --example correlate -- [inputs.json profile_export.jsonl]`
//!
//! Without paths it reads the samples that lie beside this example.
#![expect(clippy::print_stdout, reason = "an example that shows its result")]

mod table;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use aiperf_model::{InputsFile, MetricRecord, open_records, read_inputs};
use table::table;

fn main() -> anyhow::Result<()> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let inputs = arguments
        .next()
        .unwrap_or_else(|| samples.join("inputs.json"));
    let records = arguments
        .next()
        .unwrap_or_else(|| samples.join("profile_export.jsonl"));
    let records: Vec<MetricRecord> = open_records(records)?.collect::<Result<_, _>>()?;
    print!("{}", report(&read_inputs(inputs)?, &records)?);
    Ok(())
}

/// The joined table as text, sorted by conversation and turn. A conversation that was played more
/// than once has several rows per turn.
pub(crate) fn report(inputs: &InputsFile, records: &[MetricRecord]) -> anyhow::Result<String> {
    let mut payload_bytes = HashMap::new();
    for session in &inputs.data {
        for (turn, payload) in session.payloads.iter().enumerate() {
            let key = (session.session_id.as_str(), turn as u64);
            payload_bytes.insert(key, serde_json::to_vec(payload)?.len());
        }
    }

    let mut joined = Vec::new();
    let mut without_input = 0;
    for record in records.iter().filter(|record| record.is_profiling()) {
        let Some(key) = turn_of(record) else {
            without_input += 1;
            continue;
        };
        match payload_bytes.get(&key) {
            Some(bytes) => joined.push((key, *bytes, record)),
            None => without_input += 1,
        }
    }
    joined.sort_by_key(|(key, _, record)| (*key, record.metadata.session_num));

    let rows: Vec<_> = joined
        .iter()
        .map(|((_, turn), bytes, record)| row(*turn, *bytes, record))
        .collect();
    let header = [
        "conversation",
        "turn",
        "payload bytes",
        "ISL",
        "OSL",
        "TTFT (ms)",
        "latency (ms)",
    ];
    let mut text = table(header, &rows);
    if without_input > 0 {
        text.push_str(&format!(
            "\n{without_input} records belong to no turn of the inputs\n"
        ));
    }
    Ok(text)
}

fn turn_of(record: &MetricRecord) -> Option<(&str, u64)> {
    Some((
        record.metadata.conversation_id.as_deref()?,
        record.metadata.turn_index?,
    ))
}

fn row(turn: u64, payload_bytes: usize, record: &MetricRecord) -> [String; 7] {
    // A failed request keeps its input length under a tag of its own, and has no latency.
    let input_length = record
        .metric("input_sequence_length")
        .or(record.metric("error_isl"));
    let milliseconds = |tag| {
        record
            .number(tag)
            .map_or("-".to_owned(), |ms| format!("{ms:.2}"))
    };
    [
        record.metadata.conversation_id.clone().unwrap_or_default(),
        turn.to_string(),
        payload_bytes.to_string(),
        input_length
            .and_then(|metric| metric.value.as_number())
            .map_or("-".to_owned(), |tokens| tokens.to_string()),
        record
            .metric("output_sequence_length")
            .and_then(|metric| metric.value.as_number())
            .map_or("-".to_owned(), |tokens| tokens.to_string()),
        milliseconds("time_to_first_token"),
        if record.is_error() {
            "failed".to_owned()
        } else {
            milliseconds("request_latency")
        },
    ]
}
