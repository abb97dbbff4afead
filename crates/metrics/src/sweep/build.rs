//! From records to curves.

use super::Curves;
use super::curve::{Curve, Events, Span};
use crate::columns::{RowFacts, View};
use crate::value::Value;

/// What a curve needs of one record; times in nanoseconds from the first start.
#[derive(Debug, Clone, Copy)]
struct Request {
    start: f64,
    first_token: Option<f64>,
    end: f64,
    input_tokens: f64,
    /// `None` where the output length is not known.
    output_tokens: Option<f64>,
}

impl Request {
    fn all(self) -> Span {
        Span {
            start: self.start,
            end: self.end,
        }
    }

    fn prefill(self) -> Option<Span> {
        let end = self.first_token?;
        (end > self.start).then_some(Span {
            start: self.start,
            end,
        })
    }

    fn decode(self) -> Option<Span> {
        let start = self.first_token?;
        (self.end > start).then_some(Span {
            start,
            end: self.end,
        })
    }

    /// The tokens that follow the first one.
    fn decoded_tokens(self) -> Option<f64> {
        self.output_tokens
            .filter(|&tokens| tokens >= 1.0)
            .map(|tokens| tokens - 1.0)
    }
}

impl Curves {
    /// Builds the curves of the records in `rows`; `None` if there are none.
    pub(crate) fn new(view: &View<'_>, rows: &[u32]) -> Option<Self> {
        let facts = view.row_facts(rows);
        let origin_epoch_ns = facts.iter().map(|row| row.start_epoch_ns).min()?;
        let requests = requests(view, rows, &facts, origin_epoch_ns);
        // One record with chunk times switches the run: an even spread would mix two meanings.
        let gap_slot = view
            .active()
            .slot("inter_chunk_latency")
            .filter(|&slot| view.has_list_elements(slot));

        let concurrency = curve(&requests, |request, events| events.add(request.all(), 1.0));
        let decode_concurrency = curve(&requests, |request, events| {
            if let Some(span) = request.decode() {
                events.add(span, 1.0);
            }
        });
        let prefill_concurrency = curve(&requests, |request, events| {
            if let Some(span) = request.prefill() {
                events.add(span, 1.0);
            }
        });
        let prefill_throughput = curve(&requests, add_prefill);
        let total_throughput = curve(&requests, |request, events| {
            add_prefill(request, events);
            add_even_decode(request, events);
        });
        let (decode_throughput, tokens_in_flight) = match gap_slot {
            None => (
                curve(&requests, add_even_decode),
                curve(&requests, add_whole_tokens),
            ),
            Some(slot) => {
                let by_chunks = |add: fn(&Request, &[i64], &mut Events)| {
                    let mut events = Events::default();
                    let mut gaps = Vec::new();
                    for (request, &row) in requests.iter().zip(rows) {
                        gaps.clear();
                        view.list_of_row(row, slot, &mut gaps);
                        add(request, &gaps, &mut events);
                    }
                    Curve::from(events)
                };
                (
                    by_chunks(add_chunked_decode),
                    by_chunks(add_arriving_tokens),
                )
            }
        };
        Some(Self {
            origin_epoch_ns,
            decode_throughput_per_user: decode_throughput.divided_by(&decode_concurrency),
            prefill_throughput_per_user: prefill_throughput.divided_by(&prefill_concurrency),
            concurrency,
            decode_throughput,
            prefill_throughput,
            decode_concurrency,
            prefill_concurrency,
            total_throughput,
            tokens_in_flight,
        })
    }
}

fn requests(
    view: &View<'_>,
    rows: &[u32],
    facts: &[RowFacts],
    origin_epoch_ns: u64,
) -> Vec<Request> {
    let numbers = |tag: &str| {
        let mut numbers = Vec::with_capacity(rows.len());
        if let Some(slot) = view.active().slot(tag) {
            view.values(rows, slot, |value| {
                numbers.push(value.and_then(Value::as_f64));
            });
        } else {
            numbers.resize(rows.len(), None);
        }
        numbers
    };
    let first_token_latencies = numbers("time_to_first_token");
    let inputs = numbers("input_sequence_length");
    let outputs = numbers("output_sequence_length");
    let mut requests = Vec::with_capacity(rows.len());
    for (index, row) in facts.iter().enumerate() {
        let start = (row.start_epoch_ns - origin_epoch_ns) as f64;
        requests.push(Request {
            start,
            first_token: first_token_latencies[index].map(|latency| start + latency),
            end: (row.end_epoch_ns - origin_epoch_ns) as f64,
            input_tokens: inputs[index].unwrap_or(0.0),
            output_tokens: outputs[index],
        });
    }
    requests
}

fn curve(requests: &[Request], mut add: impl FnMut(&Request, &mut Events)) -> Curve {
    let mut events = Events::default();
    for request in requests {
        add(request, &mut events);
    }
    events.into()
}

fn add_prefill(request: &Request, events: &mut Events) {
    if let Some(span) = request.prefill() {
        events.add(span, request.input_tokens / (span.end - span.start));
    }
}

fn add_even_decode(request: &Request, events: &mut Events) {
    if let (Some(span), Some(tokens)) = (request.decode(), request.decoded_tokens()) {
        events.add(span, tokens / (span.end - span.start));
    }
}

fn add_whole_tokens(request: &Request, events: &mut Events) {
    if request.prefill().is_some() {
        events.add(request.all(), request.input_tokens);
    }
    if let (Some(span), Some(tokens)) = (request.decode(), request.output_tokens) {
        events.add(span, tokens);
    }
}

/// Every gap above 0 carries the same number of tokens.
fn add_chunked_decode(request: &Request, gaps: &[i64], events: &mut Events) {
    let (Some(first), Some(tokens)) = (request.first_token, request.decoded_tokens()) else {
        return;
    };
    let carriers = || gaps.iter().filter(|&&gap| gap > 0);
    let share = tokens / carriers().count() as f64;
    let (mut arrival, mut rate) = (first, 0.0);
    for &gap in carriers() {
        let gap = gap as f64;
        events.at(arrival, share / gap - rate);
        arrival += gap;
        rate = share / gap;
    }
    events.at(arrival, -rate);
}

/// The first token arrives at G, equal shares of the rest with every further chunk.
fn add_arriving_tokens(request: &Request, gaps: &[i64], events: &mut Events) {
    events.add(request.all(), request.input_tokens);
    let (Some(first), Some(decoded)) = (request.first_token, request.decoded_tokens()) else {
        return;
    };
    if gaps.is_empty() || request.end <= request.start {
        return;
    }
    let share = decoded / gaps.len() as f64;
    // What arrives with the last part still has to be in flight before it is gone.
    let latest = request.end.next_down();
    events.at(first.min(latest), 1.0);
    let mut arrival = first;
    for &gap in gaps {
        arrival += gap as f64;
        events.at(arrival.min(latest), share);
    }
    events.at(request.end, -(decoded + 1.0));
}
