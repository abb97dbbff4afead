//! From records to the time line.

use super::Curves;
use super::request::Request;
use super::timeline::Timeline;
use crate::columns::View;
use crate::value::Value;

impl<'a> Curves<'a> {
    /// The curves of the records in `rows`; `None` if there are none.
    pub(crate) fn new(view: &'a View<'a>, rows: &[u32]) -> Option<Self> {
        let facts = view.row_facts(rows);
        let origin_epoch_ns = facts.iter().map(|row| row.start_epoch_ns).min()?;
        let has_valid = facts.iter().any(|row| !row.failed);
        // One record with chunk times switches the run: an even spread would mix two meanings.
        let gap_slot = view
            .active()
            .slot("inter_chunk_latency")
            .filter(|&slot| view.has_list_elements(slot));

        let numbers = |tag: &str| numbers(view, rows, tag);
        let first_token_latencies = numbers("time_to_first_token");
        let inputs = numbers("input_sequence_length");
        let outputs = numbers("output_sequence_length");
        let mut requests = Vec::with_capacity(rows.len());
        for (index, (row, &row_id)) in facts.iter().zip(rows).enumerate() {
            let start = row.start_epoch_ns - origin_epoch_ns;
            let first_token = first_token_latencies[index]
                .and_then(|latency| start.checked_add_signed(latency as i64));
            requests.push(Request {
                start,
                first_token,
                end: row.end_epoch_ns - origin_epoch_ns,
                input_tokens: inputs[index].unwrap_or(0.0),
                output_tokens: outputs[index],
                row: view.keeps_lists_of(row_id).then_some(row_id),
            });
        }
        let is_approximate = gap_slot.is_some() && requests.iter().any(Request::is_spread);
        requests.sort_unstable_by(|left, right| {
            let times = |request: &Request| (request.start, request.end, request.first_token);
            let output = |request: &Request| request.output_tokens.unwrap_or(-1.0);
            times(left)
                .cmp(&times(right))
                .then(left.input_tokens.total_cmp(&right.input_tokens))
                .then(output(left).total_cmp(&output(right)))
        });
        Some(Self {
            origin_epoch_ns,
            timeline: Timeline {
                requests,
                gaps: gap_slot.map(|slot| (view, slot)),
            },
            is_approximate,
            has_valid,
        })
    }
}

fn numbers(view: &View<'_>, rows: &[u32], tag: &str) -> Vec<Option<f64>> {
    let Some(slot) = view.active().slot(tag) else {
        return vec![None; rows.len()];
    };
    let mut numbers = Vec::with_capacity(rows.len());
    view.values(rows, slot, |value| {
        numbers.push(value.and_then(Value::as_f64));
    });
    numbers
}
