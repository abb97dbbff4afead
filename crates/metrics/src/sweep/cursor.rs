//! The changes of one request with chunk times, made as the time line needs them: a long answer
//! under way takes no more room than a short one.

use super::changes::{CHUNKS_BEGIN, CHUNKS_END, Changes, Event, Stretch, key};
use super::request::Request;
use crate::columns::Elements;

/// A position among the changes of a request whose first token comes before its end and whose
/// chunks come in between. The changes are those of [`Request::chunk_events`], sums included.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    gaps: Elements<'a>,
    next: Step,
    /// Of the next chunk.
    arrival: u64,
    /// Gaps above 0 that are still to come.
    carriers: usize,
    /// Tokens per nanosecond before the next chunk.
    rate: f64,
    /// Tokens of a gap above 0.
    rate_share: f64,
    /// Tokens of a chunk.
    token_share: f64,
    /// What is in flight at the end.
    tokens: f64,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Begin,
    First,
    Chunk,
    LastChunk,
    ChunksEnd,
    End,
}

impl<'a> Cursor<'a> {
    /// Before the begin of `request`; `None` if its times make no sense, or it has no chunks that
    /// could carry tokens.
    pub(super) fn new(request: &Request, gaps: Elements<'a>) -> Option<Self> {
        let (first, decoded) = (request.first_token()?, request.decoded_tokens()?);
        let (mut count, mut carriers, mut length, mut signs) = (0_u64, 0, 0_u64, 0);
        for gap in gaps {
            count += 1;
            carriers += usize::from(gap > 0);
            length = length.saturating_add(gap.cast_unsigned());
            signs |= gap;
        }
        let last = first.checked_add(length).filter(|_| signs >= 0)?;
        let makes_sense = request.start <= first && first < request.end && last <= request.end;
        (makes_sense && carriers > 0).then(|| Self {
            gaps,
            next: Step::Begin,
            arrival: first,
            carriers,
            rate: 0.0,
            rate_share: decoded / carriers as f64,
            token_share: decoded / count as f64,
            tokens: request.input_tokens + (decoded + 1.0),
        })
    }

    /// Appends the changes before the instant `until`; returns whether they were the last ones.
    pub(super) fn advance(
        &mut self,
        until: u64,
        request: &Request,
        position: u32,
        events: &mut Stretch,
    ) -> bool {
        loop {
            match self.next {
                Step::Begin => {
                    if key(request.start) >= until {
                        return false;
                    }
                    request.push_begin(request.input_tokens, position, events);
                    self.next = Step::First;
                }
                Step::First => {
                    if key(self.arrival) >= until {
                        return false;
                    }
                    self.first(request, position, events);
                    self.next = Step::Chunk;
                }
                Step::Chunk => {
                    if !self.chunks(until, position, events) {
                        return false;
                    }
                    self.next = Step::LastChunk;
                }
                Step::LastChunk => {
                    // What arrives with the last part still has to be in flight before it is gone.
                    let at = key(self.arrival).min(key(request.end) - 1);
                    if at >= until {
                        return false;
                    }
                    events.change(at, 0.0, self.token_share, position, 0);
                    while self.gaps.next().is_some() {
                        events.change(at, 0.0, self.token_share, position, 0);
                    }
                    self.next = Step::ChunksEnd;
                }
                Step::ChunksEnd => {
                    let at = key(self.arrival);
                    if at >= until {
                        return false;
                    }
                    events.change(at, -self.rate, 0.0, position, CHUNKS_END);
                    self.next = Step::End;
                }
                Step::End => {
                    if key(request.end) >= until {
                        return false;
                    }
                    request.push_end(self.tokens, position, events);
                    return true;
                }
            }
        }
    }

    /// The instant of the first token.
    fn first(&mut self, request: &Request, position: u32, events: &mut Stretch) {
        let at = key(self.arrival);
        request.push_first(0.0, position, events);
        events.change(at, 0.0, 1.0, position, 0);
        let token_share = self.token_share;
        self.first_gap(|| events.change(at, 0.0, token_share, position, 0));
        events.change(at, self.rate, 0.0, position, CHUNKS_BEGIN);
    }

    /// The instants of chunks that others follow; returns whether all were before `until`.
    fn chunks(&mut self, until: u64, position: u32, events: &mut Stretch) -> bool {
        // Kept at hand: what the caller holds would be written back with every change.
        let Self {
            mut gaps,
            mut arrival,
            mut carriers,
            mut rate,
            ..
        } = *self;
        let (rate_share, token_share) = (self.rate_share, self.token_share);
        while carriers > 0 && key(arrival) < until {
            let mut tokens = token_share;
            let mut gap = gaps.next().unwrap_or(0);
            while gap == 0 {
                tokens += token_share;
                gap = gaps.next().unwrap_or(1);
            }
            let next_rate = rate_share / gap as f64;
            let event = Event {
                rate: next_rate - rate,
                tokens,
                request: position,
                edges: 0,
            };
            events.append(key(arrival), event);
            rate = next_rate;
            arrival = arrival.saturating_add_signed(gap);
            carriers -= 1;
        }
        (self.gaps, self.arrival, self.carriers, self.rate) = (gaps, arrival, carriers, rate);
        carriers == 0
    }

    /// Moves on by the first gap above 0; `same_time` is called for each chunk that comes with the
    /// first one.
    fn first_gap(&mut self, mut same_time: impl FnMut()) {
        for gap in self.gaps.by_ref() {
            if gap > 0 {
                self.rate = self.rate_share / gap as f64;
                self.arrival = self.arrival.saturating_add_signed(gap);
                self.carriers -= 1;
                return;
            }
            same_time();
        }
    }
}
