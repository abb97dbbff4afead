//! The line of one request that `outputs.json` is made from: what came back as text, and a few
//! figures.

use aiperf_endpoint::{Answer, reply};
use aiperf_engine::Exchange;
use aiperf_metrics::{ExportedNumber, ExportedValue};
use aiperf_model::{NumberValue, OutputEntry};

use crate::line::{JsonLine, RecordInstants};
use crate::settings::RecorderSettings;

/// The entry without its metrics. A failed request has no answer; one without any text has no text.
pub(crate) fn output_entry(
    settings: &RecorderSettings,
    exchange: &Exchange,
    instants: &RecordInstants,
    answer: Option<&Answer>,
) -> OutputEntry {
    let conversation = settings.conversations.get(exchange.conversation);
    OutputEntry {
        session_num: exchange.request_index,
        conversation_id: conversation.map(|conversation| conversation.id.to_string()),
        turn_index: Some(exchange.turn as u64),
        x_request_id: Some(exchange.request_id.to_string()),
        benchmark_phase: None,
        request_start_ns: instants.start.cast_unsigned(),
        request_end_ns: instants.end.cast_unsigned(),
        metrics: Default::default(),
        response_text: answer.map(reply::all_text).filter(|text| !text.is_empty()),
    }
}

/// Appends the entry with those of the `wanted` metrics that the request has, in that order.
pub(crate) fn write_output<'a>(
    lines: &mut Vec<u8>,
    mut entry: OutputEntry,
    wanted: &[&str],
    shown: impl Iterator<Item = ExportedValue<'a>>,
) {
    let mut found: Vec<(usize, ExportedValue<'a>)> = shown
        .filter_map(|value| {
            let place = wanted.iter().position(|tag| *tag == value.tag)?;
            Some((place, value))
        })
        .collect();
    found.sort_by_key(|(place, _)| *place);
    for (_, value) in found {
        let number = match value.number {
            ExportedNumber::Int(int) => NumberValue::Int(int),
            ExportedNumber::Float(float) => NumberValue::Float(float),
            ExportedNumber::List(_) => continue,
        };
        entry.metrics.insert(value.tag.to_owned(), number);
    }
    let mut line = JsonLine(lines);
    line.serialised(&entry);
    line.end();
}
