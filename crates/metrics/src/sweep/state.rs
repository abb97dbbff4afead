//! The values of all curves at an instant.

use super::request::{
    BEGIN, CHUNKS_BEGIN, CHUNKS_END, DECODE_BEGIN, DECODE_END, END, Event, PREFILL_BEGIN,
    PREFILL_END, Request,
};

/// The curves, by their position in [`State::values`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Concurrency,
    DecodeThroughput,
    PrefillThroughput,
    DecodeConcurrency,
    PrefillConcurrency,
    TotalThroughput,
    DecodeThroughputPerUser,
    PrefillThroughputPerUser,
    TokensInFlight,
}

/// Number of curves.
pub(super) const SHAPES: usize = 9;

/// Sums over the requests that are under way.
#[derive(Debug, Default)]
pub(super) struct State {
    by_chunks: bool,
    concurrency: i64,
    prefill: i64,
    decode: i64,
    chunks: i64,
    spread: i64,
    prefill_rate: f64,
    even_rate: f64,
    chunk_rate: f64,
    spread_rate: f64,
    tokens: f64,
}

impl State {
    /// Nothing under way. With `by_chunks`, decoding follows the chunks.
    pub(super) fn new(by_chunks: bool) -> Self {
        Self {
            by_chunks,
            ..Self::default()
        }
    }

    /// Applies the changes of one instant; returns whether any span begins or ends.
    pub(super) fn apply(&mut self, events: &mut [Event], requests: &[Request]) -> bool {
        if events.len() > 1 {
            // The same sums whatever the order of records.
            events.sort_unstable_by(|left, right| {
                left.rate
                    .total_cmp(&right.rate)
                    .then(left.tokens.total_cmp(&right.tokens))
                    .then(left.request.cmp(&right.request))
            });
        }
        let mut edges = 0;
        for event in events.iter() {
            self.chunk_rate += event.rate;
            self.tokens += event.tokens;
            edges |= event.edges;
            if event.edges != 0 {
                self.apply_edges(event.edges, &requests[event.request as usize]);
            }
        }
        if edges != 0 {
            self.drop_rounding();
        }
        edges != 0
    }

    fn apply_edges(&mut self, edges: u8, request: &Request) {
        let has = |edge: u8| edges & edge != 0;
        self.concurrency += i64::from(has(BEGIN)) - i64::from(has(END));
        self.chunks += i64::from(has(CHUNKS_BEGIN)) - i64::from(has(CHUNKS_END));
        if has(PREFILL_BEGIN) {
            self.prefill += 1;
            self.prefill_rate += request.prefill_rate();
        }
        if has(PREFILL_END) {
            self.prefill -= 1;
            self.prefill_rate -= request.prefill_rate();
        }
        let spreads = self.by_chunks && request.is_spread();
        if has(DECODE_BEGIN) {
            self.decode += 1;
            self.even_rate += request.even_rate();
            if spreads {
                self.spread += 1;
                self.spread_rate += request.even_rate();
            }
        }
        if has(DECODE_END) {
            self.decode -= 1;
            self.even_rate -= request.even_rate();
            if spreads {
                self.spread -= 1;
                self.spread_rate -= request.even_rate();
            }
        }
    }

    /// What rounding left of sums over nothing.
    fn drop_rounding(&mut self) {
        for (count, sum) in [
            (self.prefill, &mut self.prefill_rate),
            (self.decode, &mut self.even_rate),
            (self.chunks, &mut self.chunk_rate),
            (self.spread, &mut self.spread_rate),
            (self.concurrency, &mut self.tokens),
        ] {
            if count == 0 {
                *sum = 0.0;
            }
        }
    }

    fn decode_throughput(&self) -> f64 {
        if self.by_chunks {
            (self.chunk_rate + self.spread_rate).max(0.0)
        } else {
            self.even_rate.max(0.0)
        }
    }

    /// The curves that change with every chunk, with whether their masks are set.
    pub(super) fn chunk_values(&self) -> [(Shape, f64, bool); 3] {
        let throughput = self.decode_throughput();
        let decodes = self.decode > 0;
        [
            (Shape::DecodeThroughput, throughput, decodes),
            (
                Shape::DecodeThroughputPerUser,
                per_user(throughput, self.decode),
                decodes,
            ),
            (Shape::TokensInFlight, self.tokens.max(0.0), false),
        ]
    }

    /// The curves that change when spans begin or end, with whether their masks are set.
    pub(super) fn edge_values(&self) -> [(Shape, f64, bool); 6] {
        let prefills = self.prefill > 0;
        let prefill_rate = self.prefill_rate.max(0.0);
        let total = (self.prefill_rate + self.even_rate).max(0.0);
        [
            (Shape::Concurrency, self.concurrency as f64, false),
            (Shape::PrefillThroughput, prefill_rate, prefills),
            (Shape::DecodeConcurrency, self.decode as f64, false),
            (Shape::PrefillConcurrency, self.prefill as f64, false),
            (Shape::TotalThroughput, total, self.concurrency > 0),
            (
                Shape::PrefillThroughputPerUser,
                per_user(prefill_rate, self.prefill),
                prefills,
            ),
        ]
    }
}

fn per_user(throughput: f64, users: i64) -> f64 {
    if users > 0 {
        throughput / users as f64
    } else {
        0.0
    }
}
