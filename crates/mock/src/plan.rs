//! What an answer will be: its length, when each token is due, and what goes wrong.
//!
//! A plan is a function of the seed, the request's number and what the request asks for; nothing
//! that happens while it is carried out changes it.

use aiperf_clock::Nanos;
use aiperf_random::{Generator, RootSeed, Stream};

use crate::body::Asked;
use crate::delay::Delay;
use crate::error::MockError;
use crate::fault::{Fault, FaultChooser};
use crate::options::{CachedTokens, MockOptions, UsageMode};
use crate::render::Endpoint;
use crate::words::{FILLER, Text};

/// Everything about one answer that is decided before its first byte.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) number: u64,
    pub(crate) endpoint: Endpoint,
    pub(crate) model: String,
    pub(crate) stream: bool,
    pub(crate) text: Text,
    pub(crate) prompt_tokens: u64,
    /// `None` where the usage does not mention a cache.
    pub(crate) cached_tokens: Option<u64>,
    /// All output tokens, reasoning included.
    pub(crate) output_tokens: u64,
    /// How many of them, from the first on, are reasoning.
    pub(crate) reasoning_tokens: u64,
    pub(crate) tokens_per_chunk: u64,
    pub(crate) finish: Finish,
    /// Whether the usage is reported at the end.
    pub(crate) final_usage: bool,
    /// Whether every chunk of a stream carries the usage so far.
    pub(crate) continuous_usage: bool,
    pub(crate) fault: Option<Fault>,
}

/// Why an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// It was said what there was to say.
    Stop,
    /// The limit on output tokens was reached.
    Length,
}

/// When tokens are due: an absolute schedule, counted from the request's arrival, which lateness
/// of one token does not shift for the next.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    offset: f64,
    inter_token: Delay,
    random: Generator,
}

/// Makes plans.
#[derive(Debug)]
pub(crate) struct Planner {
    options: MockOptions,
    first_token: Delay,
    inter_token: Delay,
    delays: Stream,
    faults: FaultChooser,
}

impl Planner {
    pub(crate) fn new(options: &MockOptions) -> Result<Self, MockError> {
        options.validate()?;
        let seed = RootSeed::fixed(options.seed);
        let distribution = options.distribution;
        Ok(Self {
            first_token: Delay::new(
                distribution,
                ("ttft_ms", options.ttft_ms),
                ("ttft_jitter", options.ttft_jitter),
            )?,
            inter_token: Delay::new(
                distribution,
                ("itl_ms", options.itl_ms),
                ("itl_jitter", options.itl_jitter),
            )?,
            delays: seed.stream("mock.delay"),
            faults: FaultChooser::new(options, seed.stream("mock.fault")),
            options: options.clone(),
        })
    }

    /// Plans the answer to the request with this number; `model` is the name that it goes under.
    pub(crate) fn plan(
        &self,
        number: u64,
        endpoint: Endpoint,
        asked: &Asked,
        model: String,
    ) -> (Plan, Schedule) {
        let options = &self.options;
        let mut random = self.delays.at(number);
        let mut plan = Plan {
            number,
            endpoint,
            model,
            stream: asked.stream,
            text: Text::of_request(number),
            prompt_tokens: asked.prompt_tokens,
            cached_tokens: match options.cached_tokens {
                CachedTokens::Unreported => None,
                CachedTokens::Count(count) => Some(count.min(asked.prompt_tokens)),
                CachedTokens::Share(share) => Some((asked.prompt_tokens as f64 * share) as u64),
            },
            output_tokens: asked.limit.unwrap_or(options.default_output_tokens),
            reasoning_tokens: 0,
            tokens_per_chunk: options.tokens_per_chunk,
            finish: if asked.limit.is_some() {
                Finish::Length
            } else {
                Finish::Stop
            },
            final_usage: match options.usage {
                UsageMode::AsRequested => asked.include_usage || !asked.stream,
                UsageMode::Always => true,
                UsageMode::Never => false,
            },
            continuous_usage: false,
            fault: self.faults.choose(number),
        };
        let mut schedule = Schedule {
            offset: self.first_token.draw(&mut random),
            inter_token: self.inter_token,
            random,
        };
        plan.continuous_usage = plan.final_usage && asked.continuous_usage;
        if let Some(bytes) = options.single_chunk_bytes {
            plan.text = Text::Filler;
            plan.output_tokens = bytes.div_ceil(FILLER.len() as u64);
            plan.tokens_per_chunk = plan.output_tokens;
            schedule.inter_token = Delay::Fixed(0);
        } else if endpoint == Endpoint::Chat {
            plan.reasoning_tokens = options.reasoning_tokens.min(plan.output_tokens);
        }
        (plan, schedule)
    }
}

impl Plan {
    /// How many tokens are sent before the fault, if any, strikes: half of them, rounded up.
    pub(crate) fn tokens_before_fault(&self) -> u64 {
        match self.fault {
            Some(_) => self.output_tokens.div_ceil(2),
            None => self.output_tokens,
        }
    }

    /// The tokens of the chunk that begins with token `first`: it ends with the chunk size, with
    /// the reasoning, or at `end`.
    pub(crate) fn chunk_length(&self, first: u64, end: u64) -> u64 {
        let section_end = if first < self.reasoning_tokens {
            self.reasoning_tokens.min(end)
        } else {
            end
        };
        self.tokens_per_chunk.min(section_end - first)
    }
}

impl Schedule {
    /// When the next token is due, in nanoseconds after the request's arrival.
    pub(crate) fn due(&self) -> Nanos {
        self.offset.round() as Nanos
    }

    /// Passes over `tokens` tokens.
    pub(crate) fn advance(&mut self, tokens: u64) {
        self.advance_seeing(tokens, |_latency, _times| {});
    }

    /// Passes over `tokens` tokens and tells how long after its predecessor each is due: a latency
    /// and how many times in a row it occurs.
    pub(crate) fn advance_seeing(&mut self, tokens: u64, mut see: impl FnMut(Nanos, u64)) {
        if let Delay::Fixed(nanos) = self.inter_token {
            self.offset += (nanos * tokens) as f64;
            see(nanos, tokens);
            return;
        }
        for _ in 0..tokens {
            let latency = self.inter_token.draw(&mut self.random);
            self.offset += latency;
            see(latency as Nanos, 1);
        }
    }

    /// Whether all tokens are due at once.
    pub(crate) fn is_one_burst(&self) -> bool {
        self.inter_token.is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(options: &MockOptions, number: u64, limit: Option<u64>) -> (Plan, Schedule) {
        let asked = Asked {
            model: None,
            stream: true,
            include_usage: false,
            continuous_usage: false,
            limit,
            prompt_tokens: 10,
        };
        Planner::new(options)
            .unwrap()
            .plan(number, Endpoint::Chat, &asked, "m".to_owned())
    }

    fn dues(options: &MockOptions, number: u64) -> Vec<Nanos> {
        let (plan, mut schedule) = plan(options, number, Some(5));
        let mut dues = vec![];
        for _ in 0..plan.output_tokens {
            dues.push(schedule.due());
            schedule.advance(1);
        }
        dues
    }

    #[test]
    fn without_jitter_tokens_are_due_at_even_steps_after_the_first() {
        let options = MockOptions {
            ttft_ms: 20.0,
            itl_ms: 2.5,
            ..MockOptions::default()
        };
        assert_eq!(
            dues(&options, 3),
            [20_000_000, 22_500_000, 25_000_000, 27_500_000, 30_000_000]
        );
    }

    #[test]
    fn drawn_delays_are_a_function_of_seed_and_number() {
        let options = |seed| MockOptions {
            ttft_ms: 20.0,
            itl_ms: 2.5,
            ttft_jitter: 0.3,
            itl_jitter: 0.3,
            seed,
            ..MockOptions::default()
        };
        assert_eq!(dues(&options(1), 7), dues(&options(1), 7));
        assert_ne!(dues(&options(1), 7), dues(&options(1), 8));
        assert_ne!(dues(&options(1), 7), dues(&options(2), 7));
        assert!(dues(&options(1), 7).is_sorted());
    }

    #[test]
    fn the_limit_decides_length_and_finish() {
        let options = MockOptions {
            default_output_tokens: 9,
            ..MockOptions::default()
        };
        let (limited, _) = plan(&options, 0, Some(4));
        assert_eq!((limited.output_tokens, limited.finish), (4, Finish::Length));
        let (unlimited, _) = plan(&options, 0, None);
        assert_eq!(
            (unlimited.output_tokens, unlimited.finish),
            (9, Finish::Stop)
        );
    }

    #[test]
    fn chunks_never_mix_reasoning_and_content() {
        let options = MockOptions {
            reasoning_tokens: 3,
            tokens_per_chunk: 2,
            ..MockOptions::default()
        };
        let (plan, _) = plan(&options, 0, Some(8));
        let mut lengths = vec![];
        let mut first = 0;
        while first < 8 {
            lengths.push(plan.chunk_length(first, 8));
            first += lengths.last().unwrap();
        }
        assert_eq!(lengths, [2, 1, 2, 2, 1]);
    }

    #[test]
    fn cached_tokens_never_exceed_the_prompt() {
        for (cached_tokens, expected) in [
            (CachedTokens::Unreported, None),
            (CachedTokens::Count(4), Some(4)),
            (CachedTokens::Count(40), Some(10)),
            (CachedTokens::Share(0.55), Some(5)),
        ] {
            let options = MockOptions {
                cached_tokens,
                ..MockOptions::default()
            };
            assert_eq!(
                plan(&options, 0, None).0.cached_tokens,
                expected,
                "{cached_tokens:?}"
            );
        }
    }
}
