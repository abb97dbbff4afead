//! The values of all curves at an instant.

use super::changes::{
    BEGIN, CHUNKS_BEGIN, CHUNKS_END, DECODE_BEGIN, DECODE_END, END, Event, PREFILL_BEGIN,
    PREFILL_END,
};
use super::request::Request;

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

/// The curves that change with every chunk; the others only when spans begin or end.
pub(super) const CHUNK_SHAPES: [Shape; 3] = [
    Shape::DecodeThroughput,
    Shape::DecodeThroughputPerUser,
    Shape::TokensInFlight,
];

impl Shape {
    /// Whether its mask is that any request is decoding.
    pub(super) fn is_masked_by_decoding(self) -> bool {
        matches!(self, Self::DecodeThroughput | Self::DecodeThroughputPerUser)
    }
}

/// Sums over the requests that are under way.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct State {
    by_chunks: bool,
    concurrency: i64,
    prefill: i64,
    decode: i64,
    prefill_rate: Rate,
    even_rate: Rate,
    spread_rate: Rate,
    /// Requests whose chunks carry tokens.
    chunk_carriers: i64,
    chunk_rate: f64,
    tokens: f64,
}

/// The sum of the rates of some requests, and the number of those whose rate is not 0.
#[derive(Debug, Clone, Copy, Default)]
struct Rate {
    sum: f64,
    carriers: i64,
}

impl Rate {
    /// Adds a request or takes it away again, or neither, as `requests` says: 1, -1 or 0.
    fn change(&mut self, requests: i64, rate: f64) {
        if requests != 0 && rate != 0.0 {
            self.sum += requests as f64 * rate;
            self.carriers += requests;
        }
    }

    fn drop_rounding(&mut self) {
        if self.carriers == 0 {
            self.sum = 0.0;
        }
    }
}

impl State {
    /// Nothing under way. With `by_chunks`, decoding follows the chunks.
    pub(super) fn new(by_chunks: bool) -> Self {
        Self {
            by_chunks,
            ..Self::default()
        }
    }

    /// Applies the only change of an instant, with which no span begins or ends.
    #[inline]
    pub(super) fn apply_chunk(&mut self, event: &Event) {
        self.chunk_rate += event.rate;
        self.tokens += event.tokens;
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
        let change = |begin: u8, end: u8| i64::from(has(begin)) - i64::from(has(end));
        self.concurrency += change(BEGIN, END);
        self.chunk_carriers += change(CHUNKS_BEGIN, CHUNKS_END)
            * i64::from(request.decoded_tokens().is_some_and(|tokens| tokens > 0.0));

        let prefill = change(PREFILL_BEGIN, PREFILL_END);
        self.prefill += prefill;
        self.prefill_rate.change(prefill, request.prefill_rate());
        let decode = change(DECODE_BEGIN, DECODE_END);
        self.decode += decode;
        self.even_rate.change(decode, request.even_rate());
        if self.by_chunks && request.is_spread() {
            self.spread_rate.change(decode, request.even_rate());
        }
    }

    /// What rounding left of sums over nothing.
    fn drop_rounding(&mut self) {
        for rate in [
            &mut self.prefill_rate,
            &mut self.even_rate,
            &mut self.spread_rate,
        ] {
            rate.drop_rounding();
        }
        if self.chunk_carriers == 0 {
            self.chunk_rate = 0.0;
        }
        if self.concurrency == 0 {
            self.tokens = 0.0;
        }
    }

    #[inline]
    fn decode_throughput(&self) -> f64 {
        if self.by_chunks {
            not_negative(self.chunk_rate + self.spread_rate.sum)
        } else {
            not_negative(self.even_rate.sum)
        }
    }

    /// The values of [`CHUNK_SHAPES`].
    #[inline]
    pub(super) fn chunk_values(&self) -> [f64; CHUNK_SHAPES.len()] {
        let throughput = self.decode_throughput();
        [
            throughput,
            per_user(throughput, self.decode),
            not_negative(self.tokens),
        ]
    }

    /// Whether any request is decoding, which is the mask of decode throughputs.
    #[inline]
    pub(super) fn decodes(&self) -> bool {
        self.decode > 0
    }

    /// The curves that change when spans begin or end, with whether their masks are set.
    pub(super) fn edge_values(&self) -> [(Shape, f64, bool); 6] {
        let prefills = self.prefill > 0;
        let prefill_rate = not_negative(self.prefill_rate.sum);
        let total = not_negative(self.prefill_rate.sum + self.even_rate.sum);
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

/// `f64::max` with 0 where nothing can be absent: one instruction.
#[inline]
fn not_negative(value: f64) -> f64 {
    if value > 0.0 { value } else { 0.0 }
}

#[inline]
fn per_user(throughput: f64, users: i64) -> f64 {
    if users > 0 {
        throughput / users as f64
    } else {
        0.0
    }
}
