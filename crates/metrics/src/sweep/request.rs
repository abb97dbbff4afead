//! One record on the time line: its spans, and the changes that it makes to the curves.

use std::cmp::Ordering;

use super::changes::{
    BEGIN, CHUNKS_BEGIN, CHUNKS_END, Changes, DECODE_BEGIN, DECODE_END, END, PREFILL_BEGIN,
    PREFILL_END, Ready, in_order, key,
};

/// What the curves need of one record. Times are nanoseconds from the first start of all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Request {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) input_tokens: f64,
    /// [`NEVER`] without a first token.
    first_token: u64,
    /// Negative where the output length is not known.
    output_tokens: f64,
    /// [`NO_ROW`] where the times of its chunks are not kept.
    row: u32,
}

/// There are millions of requests: absent members are values that cannot occur.
const NEVER: u64 = u64::MAX;
const NO_ROW: u32 = u32::MAX;

impl Request {
    /// A request of which no more is known than its span. `row` is where the times of its chunks
    /// are kept, if they are.
    pub(super) fn new(start: u64, end: u64, row: Option<u32>) -> Self {
        Self {
            start,
            end,
            input_tokens: 0.0,
            first_token: NEVER,
            output_tokens: -1.0,
            row: row.unwrap_or(NO_ROW),
        }
    }

    pub(super) fn set_first_token(&mut self, first_token: u64) {
        self.first_token = first_token;
    }

    pub(super) fn set_output_tokens(&mut self, tokens: f64) {
        self.output_tokens = tokens;
    }

    pub(super) fn first_token(&self) -> Option<u64> {
        (self.first_token != NEVER).then_some(self.first_token)
    }

    pub(super) fn row(&self) -> Option<u32> {
        (self.row != NO_ROW).then_some(self.row)
    }

    /// One order of requests, whatever the order of their records.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let times = |request: &Self| (request.start, request.end, request.first_token());
        times(self)
            .cmp(&times(other))
            .then(self.input_tokens.total_cmp(&other.input_tokens))
            .then(self.output_tokens.total_cmp(&other.output_tokens))
    }

    pub(super) fn has_length(&self) -> bool {
        self.end > self.start
    }

    pub(super) fn has_prefill(&self) -> bool {
        self.first_token().is_some_and(|first| first > self.start)
    }

    pub(super) fn has_decode(&self) -> bool {
        self.first_token().is_some_and(|first| self.end > first)
    }

    /// Input tokens per nanosecond on [S, G).
    pub(super) fn prefill_rate(&self) -> f64 {
        match self.first_token() {
            Some(first) if first > self.start => self.input_tokens / (first - self.start) as f64,
            _ => 0.0,
        }
    }

    /// Output tokens per nanosecond on [G, E), evenly spread.
    pub(super) fn even_rate(&self) -> f64 {
        match (self.first_token(), self.decoded_tokens()) {
            (Some(first), Some(tokens)) if self.end > first => tokens / (self.end - first) as f64,
            _ => 0.0,
        }
    }

    /// The tokens that follow the first one.
    pub(super) fn decoded_tokens(&self) -> Option<f64> {
        (self.output_tokens >= 1.0).then_some(self.output_tokens - 1.0)
    }

    /// Whether decoding is spread evenly although other records have chunk times.
    pub(super) fn is_spread(&self) -> bool {
        self.row == NO_ROW
    }

    /// Appends the changes without chunk times, in order: input tokens are in flight from S and output
    /// tokens from G, both until E.
    pub(super) fn whole_events(&self, request: u32, events: &mut Ready) {
        let has_length = self.has_length();
        let when = |condition: bool, tokens: f64| if condition { tokens } else { 0.0 };
        let input = when(has_length && self.has_prefill(), self.input_tokens);
        let output = when(has_length && self.has_decode(), self.output_tokens.max(0.0));
        self.push_begin(input, request, events);
        self.push_first(output, request, events);
        self.push_end(input + output, request, events);
        in_order(events);
    }

    /// Appends the changes with chunk times, whatever the times; [`super::cursor`] has the short way
    /// for those that make sense. Decoding: every gap above 0 carries an equal share of
    /// the tokens that follow the first. In flight: the first token from G, equal shares with every
    /// chunk, all until E; input tokens from S.
    pub(super) fn chunk_events(&self, request: u32, gaps: &[i64], events: &mut Ready) {
        let has_length = self.has_length();
        let input = if has_length { self.input_tokens } else { 0.0 };
        let mut output = 0.0;
        self.push_begin(input, request, events);
        self.push_first(0.0, request, events);
        if let (Some(first), Some(decoded)) = (self.first_token(), self.decoded_tokens())
            && !gaps.is_empty()
        {
            // What arrives with the last part still has to be in flight before it is gone.
            let latest = key(self.end).saturating_sub(1);
            let arriving = |at: u64| key(at).min(latest);
            let carriers = gaps.iter().filter(|&&gap| gap > 0).count();
            let rate_share = decoded / carriers as f64;
            let token_share = if has_length {
                decoded / gaps.len() as f64
            } else {
                0.0
            };
            if has_length {
                output = decoded + 1.0;
                events.change(arriving(first), 0.0, 1.0, request, 0);
            }
            let (mut arrival, mut rate, mut begun) = (first, 0.0, CHUNKS_BEGIN);
            for &gap in gaps {
                if gap > 0 {
                    let next = rate_share / gap as f64;
                    events.change(key(arrival), next - rate, 0.0, request, begun);
                    (rate, begun) = (next, 0);
                    arrival = arrival.saturating_add_signed(gap);
                }
                if has_length {
                    events.change(arriving(arrival), 0.0, token_share, request, 0);
                }
            }
            if carriers > 0 {
                events.change(key(arrival), -rate, 0.0, request, CHUNKS_END);
            }
        }
        self.push_end(input + output, request, events);
        in_order(events);
    }

    pub(super) fn push_begin(&self, tokens: f64, request: u32, events: &mut impl Changes) {
        let mut edges = 0;
        if self.has_length() {
            edges |= BEGIN;
        }
        if self.has_prefill() {
            edges |= PREFILL_BEGIN;
        }
        events.change(key(self.start), 0.0, tokens, request, edges);
    }

    pub(super) fn push_first(&self, tokens: f64, request: u32, events: &mut impl Changes) {
        let Some(first) = self.first_token() else {
            return;
        };
        let mut edges = 0;
        if self.has_prefill() {
            edges |= PREFILL_END;
        }
        if self.has_decode() {
            edges |= DECODE_BEGIN;
        }
        events.change(key(first), 0.0, tokens, request, edges);
    }

    pub(super) fn push_end(&self, tokens: f64, request: u32, events: &mut impl Changes) {
        let mut edges = 0;
        if self.has_length() {
            edges |= END;
        }
        if self.has_decode() {
            edges |= DECODE_END;
        }
        events.change(key(self.end), 0.0, -tokens, request, edges);
    }
}
