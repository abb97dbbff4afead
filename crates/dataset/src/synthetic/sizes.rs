//! How many turns, tokens and milliseconds a made-up conversation has.

use aiperf_random::{Generator, RootSeed, Stream};
use aiperf_tokenizer::Tokenizer;

use crate::error::DatasetError;
use crate::law::Law;
use crate::lengths::Normal;
use crate::plan::{DatasetPlan, PairedLengths, PromptPrefix, SyntheticPlan};
use crate::prompt::TemplateOverhead;
use crate::range_ratio::{CorpusStyle, LengthWindows};
use crate::sequences::SequenceDistribution;

/// What tokens of a text are drawn from. A server puts its special tokens around the text; the
/// length counts them.
#[derive(Debug, Clone)]
enum InputLength {
    /// The mean is that of the text alone.
    Plain(Normal),
    Drawn {
        law: Law,
        special_tokens: u32,
    },
}

impl InputLength {
    fn of(law: &Law, special_tokens: usize) -> Self {
        match law.plain() {
            Some(normal) => Self::Plain(Normal {
                mean: (normal.mean.trunc() - special_tokens as f64).max(1.0),
                ..normal.truncated()
            }),
            None => Self::Drawn {
                law: law.clone(),
                special_tokens: special_tokens as u32,
            },
        }
    }

    /// Tokens of one text; `shorten` takes off what is added elsewhere. Of a normal law it takes
    /// that off the mean, as the reference does, of any other off the draw.
    fn draw(&self, shorten: impl Fn(u32) -> u32, generator: &mut Generator) -> u32 {
        match self {
            Self::Plain(normal) => Normal {
                mean: f64::from(shorten(normal.mean as u32)),
                ..*normal
            }
            .positive_integer(generator),
            Self::Drawn {
                law,
                special_tokens,
            } => shorten(
                law.positive_integer(generator)
                    .saturating_sub(*special_tokens),
            ),
        }
    }
}

/// What one turn needs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TurnSizes {
    /// Of each text; prefixes come on top.
    pub(super) text_tokens: Vec<u32>,
    pub(super) max_tokens: Option<u32>,
    pub(super) delay_ms: Option<f64>,
}

/// Tokens that a mark of `--cache-bust` adds, and which text is shortened for it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct MarkTokens {
    pub(super) in_first_turn: usize,
    pub(super) in_system_message: usize,
}

impl MarkTokens {
    /// Verbatim system prompts are not shortened.
    pub(super) fn of(
        plan: &SyntheticPlan,
        dataset: &DatasetPlan,
        tokenizer: Option<&Tokenizer>,
    ) -> Self {
        let (Some(target), Some(tokenizer)) = (dataset.cache_bust, tokenizer) else {
            return Self::default();
        };
        let tokens = target.mark_tokens(tokenizer);
        let has_shared = matches!(
            plan.prefix,
            PromptPrefix::Messages {
                shared_system_tokens: Some(_),
                ..
            }
        );
        if !target.marks_system_prompt() || (!has_shared && dataset.system_prompt.is_none()) {
            Self {
                in_first_turn: tokens,
                in_system_message: 0,
            }
        } else if dataset.system_prompt.is_none() {
            Self {
                in_first_turn: 0,
                in_system_message: tokens,
            }
        } else {
            Self::default()
        }
    }
}

/// Draws the sizes of conversations.
#[derive(Debug)]
pub(super) struct Sizes {
    text: TextLengths,
    batch: usize,
    turn_counts: TurnCounts,
    /// None where turns follow at once.
    delay: Option<Law>,
    delay_ratio: f64,
    first_turn_has_prefix: bool,
    template: TemplateOverhead,
    mark: usize,
    delays: Stream,
    output_lengths: Stream,
    prompt_lengths: Stream,
    pairs: Stream,
    ranges: Stream,
}

#[derive(Debug)]
enum TextLengths {
    /// Input and output by themselves; none where there is no text or no bound.
    Apart(Option<InputLength>, Option<Law>),
    Pairs(SequenceDistribution),
    Windows(LengthWindows),
}

impl Sizes {
    pub(super) fn new(
        plan: &SyntheticPlan,
        tokenizer: Option<&Tokenizer>,
        marks: MarkTokens,
        seed: RootSeed,
    ) -> Result<Self, DatasetError> {
        let special_tokens = tokenizer.map_or(0, Tokenizer::prompt_special_tokens);
        Ok(Self {
            text: text_lengths(plan, special_tokens)?,
            batch: plan.prompt_batch_size,
            turn_counts: TurnCounts::draw(plan, seed.stream("composer.conversation.turn_count")),
            delay: Some(plan.turn_delay_ms.truncated()).filter(|delay| delay.mean() > 0.0),
            delay_ratio: plan.turn_delay_ratio,
            first_turn_has_prefix: plan.prefix.pool_tokens() > 0,
            template: plan.template_overhead,
            mark: marks.in_first_turn,
            delays: seed.stream("composer.conversation.turn_delay"),
            output_lengths: seed.stream("composer.turn.max_tokens"),
            prompt_lengths: seed.stream("dataset.prompt.length"),
            pairs: seed.stream("models.sequence.distribution"),
            ranges: seed.stream("models.range_ratio.distribution"),
        })
    }

    pub(super) fn has_text(&self) -> bool {
        !matches!(self.text, TextLengths::Apart(None, _))
    }

    pub(super) fn turns_before(&self, index: u64) -> u64 {
        self.turn_counts.before(index)
    }

    pub(super) fn turns(&self, index: u64) -> Vec<TurnSizes> {
        let mut delays = self.delays.at(index);
        let mut draws = Draws {
            inputs: self.prompt_lengths.at(index),
            outputs: self.output_lengths.at(index),
            pairs: self.pairs.at(index),
            ranges: self.ranges.at(index),
        };
        (0..self.turn_counts.of(index))
            .map(|turn| {
                let (text_tokens, max_tokens) = self.lengths(turn as usize, &mut draws);
                let delay = self.delay.as_ref().filter(|_| turn > 0);
                let delay_ms = delay
                    .map(|delay| f64::from(delay.positive_integer(&mut delays)) * self.delay_ratio);
                TurnSizes {
                    text_tokens,
                    max_tokens,
                    delay_ms,
                }
            })
            .collect()
    }

    /// Lengths of the texts, and the output bound.
    fn lengths(&self, turn: usize, draws: &mut Draws) -> (Vec<u32>, Option<u32>) {
        match &self.text {
            TextLengths::Apart(input, output) => {
                let texts = input.as_ref().map_or_else(Vec::new, |input| {
                    let text =
                        |_| input.draw(|tokens| self.shortened(tokens, turn), &mut draws.inputs);
                    (0..self.batch).map(text).collect()
                });
                let bound = output.as_ref();
                let bound = bound.map(|output| output.positive_integer(&mut draws.outputs));
                (texts, bound)
            }
            TextLengths::Pairs(pairs) => {
                let (input, output) = pairs.draw(&mut draws.pairs);
                (vec![self.shortened(input, turn); self.batch], Some(output))
            }
            TextLengths::Windows(windows) => {
                let (input, output) = windows.draw(&mut draws.ranges);
                let is_prefix_alone = input == 0 && turn == 0 && self.first_turn_has_prefix;
                let tokens = if is_prefix_alone {
                    0
                } else {
                    self.shortened(input, turn)
                };
                (vec![tokens; self.batch], Some(output))
            }
        }
    }

    /// Less what is added to the text of this turn elsewhere; at least 1.
    fn shortened(&self, tokens: u32, turn: usize) -> u32 {
        let mark = if turn == 0 { self.mark } else { 0 };
        let less = self.template.of_turn(turn) + mark;
        tokens.saturating_sub(less as u32).max(1)
    }
}

/// The generators of one conversation.
struct Draws {
    inputs: Generator,
    outputs: Generator,
    pairs: Generator,
    ranges: Generator,
}

fn text_lengths(plan: &SyntheticPlan, special_tokens: usize) -> Result<TextLengths, DatasetError> {
    match &plan.paired_lengths {
        None => {
            let input = plan.prompt_tokens.as_ref();
            let input = input.map(|length| InputLength::of(length, special_tokens));
            let output = plan.output_tokens.as_ref().map(Law::truncated);
            let output = output.filter(|length| length.mean() > 0.0);
            Ok(TextLengths::Apart(input, output))
        }
        Some(PairedLengths::Sequences(pairs)) => Ok(TextLengths::Pairs(pairs.clone())),
        Some(PairedLengths::Range(ratio)) => {
            let refused = |reason: &str| DatasetError::Settings {
                reason: reason.to_owned(),
            };
            let (Some(input), Some(output)) = (&plan.prompt_tokens, &plan.output_tokens) else {
                return Err(refused("`--random-range-ratio` needs `--isl` and `--osl`"));
            };
            let windows = ratio.windows(
                input.mean() as u32,
                output.mean() as u32,
                special_tokens as u32,
            );
            if ratio.style() == CorpusStyle::Vllm
                && windows.input.low as usize + plan.prefix.pool_tokens() < 1
            {
                return Err(refused(
                    "`--random-range-ratio` leads to prompts of 0 tokens; use a larger `--isl`, a smaller ratio \
                     or prefix prompts",
                ));
            }
            Ok(TextLengths::Windows(windows))
        }
    }
}

/// How many turns conversations have.
#[derive(Debug)]
enum TurnCounts {
    Same(u32),
    /// The turns before each conversation, with one place more for the end.
    Before(Vec<u64>),
}

impl TurnCounts {
    fn draw(plan: &SyntheticPlan, stream: Stream) -> Self {
        let turns = match plan.turns.plain() {
            Some(turns) => Normal {
                mean: turns.mean.max(1.0),
                ..turns
            }
            .truncated()
            .into(),
            None => plan.turns.clone(),
        };
        if turns.is_fixed() {
            return Self::Same(turns.positive_integer(&mut stream.at(0)));
        }
        let mut sum = 0;
        let sums = (0..plan.entries as u64).map(|index| {
            sum += u64::from(turns.positive_integer(&mut stream.at(index)));
            sum
        });
        Self::Before(std::iter::once(0).chain(sums).collect())
    }

    fn of(&self, index: u64) -> u32 {
        match self {
            Self::Same(count) => *count,
            Self::Before(_) => (self.before(index + 1) - self.before(index)) as u32,
        }
    }

    fn before(&self, index: u64) -> u64 {
        match self {
            Self::Same(count) => u64::from(*count) * index,
            Self::Before(sums) => {
                let last = sums.len().saturating_sub(1);
                sums.get((index as usize).min(last))
                    .copied()
                    .unwrap_or_default()
            }
        }
    }
}
