//! One record on the time line: its spans, and the changes that it makes to the curves.

/// What the curves need of one record. Times are nanoseconds from the first start of all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Request {
    pub(super) start: u64,
    pub(super) first_token: Option<u64>,
    pub(super) end: u64,
    pub(super) input_tokens: f64,
    /// `None` where the output length is not known.
    pub(super) output_tokens: Option<f64>,
    /// Where the times of its chunks are kept; `None` where they are not, although it had some.
    pub(super) row: Option<u32>,
}

/// Changes of the curves at one instant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    /// The instant, see [`key`].
    pub(super) key: u64,
    /// Change of the rate of decoding by chunks, in tokens per nanosecond.
    pub(super) rate: f64,
    /// Change of the tokens in flight.
    pub(super) tokens: f64,
    /// Position of the request.
    pub(super) request: u32,
    /// Spans that begin or end.
    pub(super) edges: u8,
}

pub(super) const BEGIN: u8 = 1;
pub(super) const END: u8 = 1 << 1;
pub(super) const PREFILL_BEGIN: u8 = 1 << 2;
pub(super) const PREFILL_END: u8 = 1 << 3;
pub(super) const DECODE_BEGIN: u8 = 1 << 4;
pub(super) const DECODE_END: u8 = 1 << 5;
pub(super) const CHUNKS_BEGIN: u8 = 1 << 6;
pub(super) const CHUNKS_END: u8 = 1 << 7;

/// Instants in the order of their keys: the even ones are nanoseconds, an odd one is the moment
/// before the nanosecond that follows it.
pub(super) fn key(nanoseconds: u64) -> u64 {
    nanoseconds << 1
}

/// The time of a key in nanoseconds.
pub(super) fn time(key: u64) -> f64 {
    if key & 1 == 0 {
        (key >> 1) as f64
    } else {
        ((key >> 1) as f64 + 1.0).next_down()
    }
}

impl Request {
    pub(super) fn has_prefill(&self) -> bool {
        self.first_token.is_some_and(|first| first > self.start)
    }

    pub(super) fn has_decode(&self) -> bool {
        self.first_token.is_some_and(|first| self.end > first)
    }

    /// Input tokens per nanosecond on [S, G).
    pub(super) fn prefill_rate(&self) -> f64 {
        match self.first_token {
            Some(first) if first > self.start => self.input_tokens / (first - self.start) as f64,
            _ => 0.0,
        }
    }

    /// Output tokens per nanosecond on [G, E), evenly spread.
    pub(super) fn even_rate(&self) -> f64 {
        match (self.first_token, self.decoded_tokens()) {
            (Some(first), Some(tokens)) if self.end > first => tokens / (self.end - first) as f64,
            _ => 0.0,
        }
    }

    /// The tokens that follow the first one.
    fn decoded_tokens(&self) -> Option<f64> {
        self.output_tokens
            .filter(|&tokens| tokens >= 1.0)
            .map(|tokens| tokens - 1.0)
    }

    /// Whether decoding is spread evenly although other records have chunk times.
    pub(super) fn is_spread(&self) -> bool {
        self.row.is_none()
    }

    /// Appends the changes without chunk times: input tokens are in flight from S and output
    /// tokens from G, both until E.
    pub(super) fn whole_events(&self, request: u32, events: &mut Vec<Event>) {
        let from = events.len();
        let has_length = self.end > self.start;
        let when = |condition: bool, tokens: f64| if condition { tokens } else { 0.0 };
        let input = when(has_length && self.has_prefill(), self.input_tokens);
        let output = when(
            has_length && self.has_decode(),
            self.output_tokens.unwrap_or(0.0),
        );
        self.push_begin(input, request, events);
        self.push_first(output, request, events);
        self.push_end(input + output, request, events);
        in_order(&mut events[from..]);
    }

    /// Appends the changes with chunk times. Decoding: every gap above 0 carries an equal share of
    /// the tokens that follow the first. In flight: the first token from G, equal shares with every
    /// chunk, all until E; input tokens from S.
    pub(super) fn chunk_events(&self, request: u32, gaps: &[i64], events: &mut Vec<Event>) {
        let from = events.len();
        let has_length = self.end > self.start;
        let input = if has_length { self.input_tokens } else { 0.0 };
        let mut output = 0.0;
        self.push_begin(input, request, events);
        self.push_first(0.0, request, events);
        if let (Some(first), Some(decoded)) = (self.first_token, self.decoded_tokens())
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
                push(events, arriving(first), 0.0, 1.0, request, 0);
            }
            let (mut arrival, mut rate, mut begun) = (first, 0.0, CHUNKS_BEGIN);
            for &gap in gaps {
                if gap > 0 {
                    let next = rate_share / gap as f64;
                    push(events, key(arrival), next - rate, 0.0, request, begun);
                    (rate, begun) = (next, 0);
                    arrival = arrival.saturating_add_signed(gap);
                }
                push(events, arriving(arrival), 0.0, token_share, request, 0);
            }
            if carriers > 0 {
                push(events, key(arrival), -rate, 0.0, request, CHUNKS_END);
            }
        }
        self.push_end(input + output, request, events);
        in_order(&mut events[from..]);
    }

    fn push_begin(&self, tokens: f64, request: u32, events: &mut Vec<Event>) {
        let mut edges = 0;
        if self.end > self.start {
            edges |= BEGIN;
        }
        if self.has_prefill() {
            edges |= PREFILL_BEGIN;
        }
        push(events, key(self.start), 0.0, tokens, request, edges);
    }

    fn push_first(&self, tokens: f64, request: u32, events: &mut Vec<Event>) {
        let Some(first) = self.first_token else {
            return;
        };
        let mut edges = 0;
        if self.has_prefill() {
            edges |= PREFILL_END;
        }
        if self.has_decode() {
            edges |= DECODE_BEGIN;
        }
        push(events, key(first), 0.0, tokens, request, edges);
    }

    fn push_end(&self, tokens: f64, request: u32, events: &mut Vec<Event>) {
        let mut edges = 0;
        if self.end > self.start {
            edges |= END;
        }
        if self.has_decode() {
            edges |= DECODE_END;
        }
        push(events, key(self.end), 0.0, -tokens, request, edges);
    }
}

/// Appends a change, or adds it to the one before if that is of the same instant.
fn push(events: &mut Vec<Event>, key: u64, rate: f64, tokens: f64, request: u32, edges: u8) {
    match events.last_mut() {
        Some(last) if last.key == key && last.request == request => {
            last.rate += rate;
            last.tokens += tokens;
            last.edges |= edges;
        }
        _ => events.push(Event {
            key,
            rate,
            tokens,
            request,
            edges,
        }),
    }
}

fn in_order(events: &mut [Event]) {
    // Nearly always they are. Stable, so that a record always gives the same sums.
    if !events.is_sorted_by_key(|event| event.key) {
        events.sort_by_key(|event| event.key);
    }
}
