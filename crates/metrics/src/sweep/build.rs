//! From records to the time line.

use super::Curves;
use super::request::Request;
use super::timeline::Timeline;
use crate::columns::View;
use crate::value::Value;

impl<'a> Curves<'a> {
    /// The curves of the records in `rows`; `None` if there are none.
    pub(crate) fn new(view: &'a View<'a>, rows: &[u32]) -> Option<Self> {
        let (mut origin_epoch_ns, mut has_valid) = (u64::MAX, false);
        view.for_each_facts(rows, |row| {
            origin_epoch_ns = origin_epoch_ns.min(row.start_epoch_ns);
            has_valid |= !row.failed;
        });
        if rows.is_empty() {
            return None;
        }
        // One record with chunk times switches the run: an even spread would mix two meanings.
        let gap_slot = view
            .active()
            .slot("inter_chunk_latency")
            .filter(|&slot| view.has_list_elements(slot));

        let mut requests = Vec::with_capacity(rows.len());
        let mut ids = rows.iter();
        view.for_each_facts(rows, |row| {
            let row_id = ids.next().copied().filter(|&id| view.keeps_lists_of(id));
            let since_origin = |epoch_ns: u64| epoch_ns - origin_epoch_ns;
            let (start, end) = (row.start_epoch_ns, row.end_epoch_ns);
            requests.push(Request::new(since_origin(start), since_origin(end), row_id));
        });
        for_each_value(view, rows, "time_to_first_token", |index, latency| {
            let request: &mut Request = &mut requests[index];
            if let Some(first) = request.start.checked_add_signed(latency as i64) {
                request.set_first_token(first);
            }
        });
        for_each_value(view, rows, "input_sequence_length", |index, tokens| {
            requests[index].input_tokens = tokens;
        });
        for_each_value(view, rows, "output_sequence_length", |index, tokens| {
            requests[index].set_output_tokens(tokens);
        });
        let is_approximate = gap_slot.is_some() && requests.iter().any(Request::is_spread);
        requests.sort_unstable_by_key(|request| request.start);
        let same_start = |left: &Request, right: &Request| left.start == right.start;
        for ties in requests.chunk_by_mut(same_start) {
            ties.sort_unstable_by(Request::order);
        }
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

/// Hands over the values of a metric with the positions of their rows.
fn for_each_value(view: &View<'_>, rows: &[u32], tag: &str, mut take: impl FnMut(usize, f64)) {
    let Some(slot) = view.active().slot(tag) else {
        return;
    };
    let mut index = 0;
    view.values(rows, slot, |value| {
        if let Some(value) = value.and_then(Value::as_f64) {
            take(index, value);
        }
        index += 1;
    });
}
