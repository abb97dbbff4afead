//! What an answer will be: its length, when each token is due, and what goes wrong.
//!
//! A plan is a function of the seed, the request's number and what the request asks for; nothing
//! that happens while it is carried out changes it.

use aiperf_clock::{MILLISECOND, Nanos};
use aiperf_random::{Generator, RootSeed, Stream};

use crate::body::{Asked, ToolChoice};
use crate::delay::Delay;
use crate::error::MockError;
use crate::fault::{Fault, FaultChooser};
use crate::options::{CachedTokens, MockOptions, ReasoningField, UsageMode};
use crate::protocol::Endpoint;
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
    /// The member that carries reasoning.
    pub(crate) reasoning_field: ReasoningField,
    /// Whether one chunk has the last of the reasoning and the first of the content.
    pub(crate) mixed_reasoning: bool,
    /// Tools called at the end of the answer.
    pub(crate) tool_calls: u64,
    /// Tokens of the arguments of each, part of the output.
    pub(crate) tool_call_tokens: u64,
    /// What the called tool is named.
    pub(crate) tool: String,
    pub(crate) legacy_function_call: bool,
    /// Answers given at once, at least 1. Each has all the tokens.
    pub(crate) choices: u64,
    /// Whether the response is kept (Responses).
    pub(crate) store: bool,
    pub(crate) previous_response_id: Option<String>,
    /// The model's draft tokens at each step, where their acceptance is reported.
    pub(crate) draft_tokens: Option<u64>,
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
    /// A tool is to be called.
    ToolCalls,
}

/// What a part of an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Reasoning,
    Content,
    /// The arguments of the call with this index.
    Tool(u64),
}

/// A part of an answer: the tokens `first..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) section: Section,
    pub(crate) first: u64,
    pub(crate) end: u64,
}

/// What else decides the delays of an answer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Surroundings {
    /// Prompt tokens found in the prefix cache; `None` without one.
    pub(crate) cache_hits: Option<u64>,
    /// Other requests running.
    pub(crate) running: u64,
}

/// When tokens are due: an absolute schedule, counted from the request's arrival, which lateness
/// of one token does not shift for the next.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    offset: f64,
    inter_token: Delay,
    /// On top of every inter-token latency.
    added: Nanos,
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
        asked: Asked,
        model: String,
        surroundings: Surroundings,
    ) -> (Plan, Schedule) {
        let options = &self.options;
        let cached_tokens = match options.cached_tokens {
            CachedTokens::Unreported => surroundings.cache_hits,
            CachedTokens::Count(count) => Some(count.min(asked.prompt_tokens)),
            CachedTokens::Share(share) => Some((asked.prompt_tokens as f64 * share) as u64),
        };
        let fault = self.faults.choose(number, &model);
        let mut plan = Plan {
            number,
            endpoint,
            model,
            stream: asked.stream,
            text: if options.unicode {
                Text::of_request(number).in_unicode()
            } else {
                Text::of_request(number)
            },
            prompt_tokens: asked.prompt_tokens,
            cached_tokens,
            output_tokens: asked.limit.unwrap_or(options.default_output_tokens),
            reasoning_tokens: 0,
            reasoning_field: options.reasoning_field,
            mixed_reasoning: options.mixed_reasoning,
            tool_calls: 0,
            tool_call_tokens: 0,
            tool: asked.tool.unwrap_or_default(),
            legacy_function_call: options.legacy_function_call,
            choices: asked.choices,
            store: asked.store,
            previous_response_id: asked.previous_response_id,
            draft_tokens: options.draft_tokens,
            tokens_per_chunk: options.tokens_per_chunk,
            finish: if asked.limit.is_some() {
                Finish::Length
            } else {
                Finish::Stop
            },
            final_usage: match options.usage {
                UsageMode::AsRequested => {
                    asked.include_usage || !asked.stream || endpoint.always_reports_usage()
                }
                UsageMode::Always | UsageMode::EveryChunk => true,
                UsageMode::Never => false,
            },
            continuous_usage: false,
            fault,
        };
        let mut schedule = self.schedule(number, &plan, surroundings);
        plan.continuous_usage =
            options.usage == UsageMode::EveryChunk || (plan.final_usage && asked.continuous_usage);
        if let Some(bytes) = options.single_chunk_bytes {
            plan.text = Text::Filler;
            plan.output_tokens = bytes.div_ceil(FILLER.len() as u64);
            plan.tokens_per_chunk = plan.output_tokens;
            schedule.inter_token = Delay::Fixed(0);
            return (plan, schedule);
        }
        if endpoint.can_reason() {
            plan.reasoning_tokens = options.reasoning_tokens.min(plan.output_tokens);
        }
        let tool_calls = match asked.tool_choice {
            ToolChoice::Auto => options.tool_calls,
            ToolChoice::Never => 0,
            ToolChoice::Required => options.tool_calls.max(1),
        };
        if endpoint.can_call_tools() && !plan.tool.is_empty() && tool_calls > 0 {
            let left = plan.output_tokens - plan.reasoning_tokens;
            let each = options.tool_call_tokens.min(left / tool_calls);
            if each > 0 {
                plan.tool_calls = tool_calls;
                plan.tool_call_tokens = each;
                plan.finish = Finish::ToolCalls;
            }
        }
        (plan, schedule)
    }

    /// When `count` things without tokens are due: the first after the time to first token, the
    /// others one inter-token latency apart.
    pub(crate) fn document_schedule(
        &self,
        number: u64,
        model: &str,
        running: u64,
    ) -> (Schedule, Option<Fault>) {
        let mut random = self.delays.at(number);
        let schedule = Schedule {
            offset: self.first_token.draw(&mut random)
                + self.first_token_wait(0, running) * MILLISECOND as f64,
            inter_token: self.inter_token,
            added: 0,
            random,
        };
        (schedule, self.faults.choose(number, model))
    }

    fn schedule(&self, number: u64, plan: &Plan, surroundings: Surroundings) -> Schedule {
        let options = &self.options;
        let mut random = self.delays.at(number);
        let hits = surroundings.cache_hits.unwrap_or(0);
        let uncached = plan.prompt_tokens.saturating_sub(hits);
        let mut offset = self.first_token.draw(&mut random);
        if hits > 0 {
            offset *= uncached as f64 / plan.prompt_tokens.max(1) as f64;
        }
        offset += self.first_token_wait(uncached, surroundings.running) * MILLISECOND as f64;
        let added = options.itl_per_running_ms * surroundings.running as f64
            + options.itl_per_output_token_ms * plan.output_tokens as f64;
        Schedule {
            offset,
            inter_token: self.inter_token,
            added: (added * MILLISECOND as f64) as Nanos,
            random,
        }
    }

    /// What the prompt and the other requests add to the time to first token, in milliseconds.
    fn first_token_wait(&self, uncached: u64, running: u64) -> f64 {
        self.options.ttft_per_prompt_token_ms * uncached as f64
            + self.options.ttft_per_running_squared_ms * (running as f64).powi(2)
    }
}

impl Plan {
    /// How many tokens are sent before the fault, if any, strikes: half of them, rounded up.
    pub(crate) fn tokens_before_fault(&self) -> u64 {
        match self.fault {
            Some(fault) if fault.strikes_midway() => self.output_tokens.div_ceil(2),
            Some(Fault::NoContent | Fault::Empty) => 0,
            _ => self.output_tokens,
        }
    }

    /// The tokens of the chunk that begins with token `first`: it ends with the chunk size, with
    /// the section, or at `end`.
    pub(crate) fn chunk_length(&self, first: u64, end: u64) -> u64 {
        let is_mixed = self.mixed_reasoning
            && first + 1 == self.reasoning_tokens
            && self.first_tool_token() > self.reasoning_tokens;
        if is_mixed {
            return (end - first).min(2);
        }
        let mut section_end = self.span_at(first).end.min(end);
        if self.mixed_reasoning && section_end == self.reasoning_tokens && section_end > first + 1 {
            section_end -= 1;
        }
        self.tokens_per_chunk.min(section_end - first)
    }

    /// The section that token `place` is in.
    pub(crate) fn span_at(&self, place: u64) -> Span {
        let first_tool_token = self.first_tool_token();
        if place < self.reasoning_tokens {
            return Span {
                section: Section::Reasoning,
                first: 0,
                end: self.reasoning_tokens,
            };
        }
        if place < first_tool_token || self.tool_calls == 0 {
            return Span {
                section: Section::Content,
                first: self.reasoning_tokens,
                end: first_tool_token,
            };
        }
        let call = (place - first_tool_token) / self.tool_call_tokens;
        let first = first_tool_token + call * self.tool_call_tokens;
        Span {
            section: Section::Tool(call),
            first,
            end: first + self.tool_call_tokens,
        }
    }

    /// All sections, in order.
    pub(crate) fn spans(&self) -> impl Iterator<Item = Span> {
        let mut place = 0;
        std::iter::from_fn(move || {
            if place >= self.output_tokens {
                return None;
            }
            let span = self.span_at(place);
            place = span.end;
            Some(span)
        })
    }

    fn first_tool_token(&self) -> u64 {
        self.output_tokens - self.tool_calls * self.tool_call_tokens
    }

    /// Output tokens over all choices.
    pub(crate) fn all_output_tokens(&self) -> u64 {
        self.output_tokens * self.choices
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
            let latency = nanos + self.added;
            self.offset += (latency * tokens) as f64;
            see(latency, tokens);
            return;
        }
        for _ in 0..tokens {
            let latency = self.inter_token.draw(&mut self.random) + self.added as f64;
            self.offset += latency;
            see(latency as Nanos, 1);
        }
    }

    /// Whether all tokens are due at once.
    pub(crate) fn is_one_burst(&self) -> bool {
        self.inter_token.is_zero() && self.added == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(options: &MockOptions, number: u64, limit: Option<u64>) -> (Plan, Schedule) {
        plan_in(options, number, limit, Surroundings::default())
    }

    fn plan_in(
        options: &MockOptions,
        number: u64,
        limit: Option<u64>,
        surroundings: Surroundings,
    ) -> (Plan, Schedule) {
        let asked = Asked {
            stream: true,
            limit,
            prompt_tokens: 10,
            choices: 1,
            tool: Some("look".to_owned()),
            ..Asked::default()
        };
        let planner = Planner::new(options).unwrap();
        planner.plan(number, Endpoint::Chat, asked, "m".to_owned(), surroundings)
    }

    fn chunk_lengths(plan: &Plan) -> Vec<u64> {
        let mut lengths = vec![];
        let mut first = 0;
        while first < plan.output_tokens {
            lengths.push(plan.chunk_length(first, plan.output_tokens));
            first += lengths.last().unwrap();
        }
        lengths
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
        assert_eq!(chunk_lengths(&plan), [2, 1, 2, 2, 1]);
    }

    #[test]
    fn a_mixed_chunk_has_the_last_of_the_reasoning_and_the_first_of_the_content() {
        let options = MockOptions {
            reasoning_tokens: 3,
            mixed_reasoning: true,
            tokens_per_chunk: 2,
            ..MockOptions::default()
        };
        assert_eq!(chunk_lengths(&plan(&options, 0, Some(8)).0), [2, 2, 2, 2]);
        assert_eq!(chunk_lengths(&plan(&options, 0, Some(3)).0), [2, 1]);
    }

    #[test]
    fn tool_calls_take_the_end_of_the_answer_as_far_as_it_reaches() {
        for (limit, expected) in [
            (
                10,
                vec![
                    (Section::Content, 0, 4),
                    (Section::Tool(0), 4, 7),
                    (Section::Tool(1), 7, 10),
                ],
            ),
            (
                5,
                vec![
                    (Section::Content, 0, 1),
                    (Section::Tool(0), 1, 3),
                    (Section::Tool(1), 3, 5),
                ],
            ),
            (1, vec![(Section::Content, 0, 1)]),
        ] {
            let options = MockOptions {
                tool_calls: 2,
                tool_call_tokens: 3,
                ..MockOptions::default()
            };
            let (plan, _) = plan(&options, 0, Some(limit));
            let spans: Vec<_> = plan
                .spans()
                .map(|span| (span.section, span.first, span.end))
                .collect();
            assert_eq!(spans, expected);
        }
    }

    #[test]
    fn prompt_cache_and_crowd_move_the_schedule() {
        let options = MockOptions {
            ttft_ms: 10.0,
            itl_ms: 1.0,
            ttft_per_prompt_token_ms: 2.0,
            ttft_per_running_squared_ms: 3.0,
            itl_per_running_ms: 0.5,
            itl_per_output_token_ms: 0.25,
            ..MockOptions::default()
        };
        for (cache_hits, running, first_ms, step_ms) in [
            (None, 0, 30.0, 2.0),
            (Some(5), 0, 15.0, 2.0),
            (Some(10), 2, 12.0, 3.0),
        ] {
            let surroundings = Surroundings {
                cache_hits,
                running,
            };
            let (plan, mut schedule) = plan_in(&options, 0, Some(4), surroundings);
            assert_eq!(schedule.due() as f64 / 1e6, first_ms);
            schedule.advance(1);
            assert_eq!(schedule.due() as f64 / 1e6, first_ms + step_ms);
            assert_eq!(plan.cached_tokens, cache_hits);
        }
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
