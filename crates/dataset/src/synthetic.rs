//! Conversations made of generated text.

use std::thread;

use aiperf_endpoint::conversation::{Conversation, Media, Turn};
use aiperf_random::{RootSeed, Stream};
use aiperf_tokenizer::Tokenizer;
use rand::Rng;

use crate::error::DatasetError;
use crate::lengths::Normal;
use crate::plan::{PromptPrefix, SyntheticPlan};
use crate::prompt::PromptWriter;

/// Below this many conversations a thread costs more than it saves.
const CONVERSATIONS_PER_THREAD: usize = 16;

/// The plan's conversations, without ids. Conversation `i` is a function of the seed and `i`.
pub(crate) fn conversations(
    plan: &SyntheticPlan,
    tokenizer: Option<&Tokenizer>,
    seed: RootSeed,
) -> Result<Vec<Conversation>, DatasetError> {
    let composer = Composer::new(plan, tokenizer, seed)?;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let thread_count = cores.min(plan.entries / CONVERSATIONS_PER_THREAD).max(1);
    let share = plan.entries.div_ceil(thread_count).max(1);

    let mut shares = thread::scope(|scope| {
        let workers: Vec<_> = (0..thread_count)
            .map(|number| {
                let composer = &composer;
                let indices = number * share..((number + 1) * share).min(plan.entries);
                scope.spawn(move || {
                    indices
                        .map(|index| composer.conversation(index as u64))
                        .collect()
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect::<Vec<Result<Vec<Conversation>, DatasetError>>>()
    });
    let mut conversations = Vec::with_capacity(plan.entries);
    for share in shares.drain(..) {
        conversations.extend(share?);
    }
    Ok(conversations)
}

/// Everything that the conversations of a plan share.
struct Composer<'a> {
    plan: &'a SyntheticPlan,
    /// The writer and the length of each text; none without text.
    prompts: Option<(PromptWriter<'a>, Normal)>,
    prefix_pool: Vec<String>,
    shared_system_message: Option<String>,
    turn_counts: Stream,
    delays: Stream,
    output_lengths: Stream,
    prompt_lengths: Stream,
    prompt_texts: Stream,
    prefixes: Stream,
    contexts: Stream,
}

impl<'a> Composer<'a> {
    fn new(
        plan: &'a SyntheticPlan,
        tokenizer: Option<&'a Tokenizer>,
        seed: RootSeed,
    ) -> Result<Self, DatasetError> {
        let writer = || {
            tokenizer
                .map(|tokenizer| (PromptWriter::new(tokenizer), tokenizer))
                .ok_or(DatasetError::NoTokenizer)
        };
        let prompts = match plan.prompt_tokens {
            Some(length) => {
                let (writer, tokenizer) = writer()?;
                // A server puts its special tokens around the text; the length counts them.
                let mean = length.mean.trunc() - tokenizer.prompt_special_tokens() as f64;
                Some((
                    writer,
                    Normal {
                        mean: mean.max(1.0),
                        ..length.truncated()
                    },
                ))
            }
            None => None,
        };

        let pool_texts = seed.stream("dataset.prompt.prefix_pool");
        let mut prefix_pool = Vec::new();
        let mut shared_system_message = None;
        match plan.prefix {
            PromptPrefix::None => {}
            PromptPrefix::Pool { size: 0, tokens } if tokens > 0 => {
                return Err(DatasetError::PrefixWithoutPool { tokens });
            }
            PromptPrefix::Pool { tokens: 0, .. } => {}
            PromptPrefix::Pool { size, tokens } => {
                let (writer, _) = writer()?;
                for index in 0..size {
                    prefix_pool.push(writer.text(tokens, &mut pool_texts.at(index as u64))?);
                }
            }
            PromptPrefix::Messages {
                shared_system_tokens: Some(tokens),
                ..
            } => {
                let mut generator = seed.stream("dataset.prompt.system").at(0);
                shared_system_message = Some(writer()?.0.text(tokens, &mut generator)?);
            }
            PromptPrefix::Messages {
                shared_system_tokens: None,
                ..
            } => {}
        }

        Ok(Self {
            plan,
            prompts,
            prefix_pool,
            shared_system_message,
            turn_counts: seed.stream("composer.conversation.turn_count"),
            delays: seed.stream("composer.conversation.turn_delay"),
            output_lengths: seed.stream("composer.turn.max_tokens"),
            prompt_lengths: seed.stream("dataset.prompt.length"),
            prompt_texts: seed.stream("dataset.prompt.corpus"),
            prefixes: seed.stream("dataset.prompt.prefix"),
            contexts: seed.stream("dataset.prompt.context"),
        })
    }

    fn conversation(&self, index: u64) -> Result<Conversation, DatasetError> {
        let mut turn_counts = self.turn_counts.at(index);
        let mut delays = self.delays.at(index);
        let mut output_lengths = self.output_lengths.at(index);
        let mut prompt_lengths = self.prompt_lengths.at(index);
        let mut prompt_texts = self.prompt_texts.at(index);

        let turns = Normal {
            mean: self.plan.turns.mean.max(1.0),
            ..self.plan.turns
        };
        let turn_count = turns.truncated().positive_integer(&mut turn_counts);
        let delay = self.plan.turn_delay_ms.truncated();
        let output_length = self
            .plan
            .output_tokens
            .map(Normal::truncated)
            .filter(|length| length.mean > 0.0);

        let mut conversation = Conversation {
            system_message: self.shared_system_message.clone(),
            user_context_message: self.user_context_message(index)?,
            ..Conversation::default()
        };
        for turn_index in 0..turn_count {
            let mut turn = Turn::default();
            if let Some((writer, length)) = &self.prompts {
                let prefix = if turn_index == 0 {
                    self.prefix_of(index)
                } else {
                    ""
                };
                let mut contents = Vec::with_capacity(self.plan.prompt_batch_size);
                for _ in 0..self.plan.prompt_batch_size {
                    let tokens = length.positive_integer(&mut prompt_lengths) as usize;
                    contents.push(writer.text_after(prefix, tokens, &mut prompt_texts)?);
                }
                turn.texts.push(Media {
                    name: String::new(),
                    contents,
                });
            }
            if turn_index > 0 && delay.mean > 0.0 {
                let milliseconds = f64::from(delay.positive_integer(&mut delays));
                turn.delay_ms = Some(milliseconds * self.plan.turn_delay_ratio);
            }
            turn.max_tokens =
                output_length.map(|length| length.positive_integer(&mut output_lengths));
            conversation.turns.push(turn);
        }
        Ok(conversation)
    }

    fn prefix_of(&self, index: u64) -> &str {
        if self.prefix_pool.is_empty() {
            return "";
        }
        &self.prefix_pool[self
            .prefixes
            .at(index)
            .random_range(0..self.prefix_pool.len())]
    }

    fn user_context_message(&self, index: u64) -> Result<Option<String>, DatasetError> {
        match (self.plan.prefix, &self.prompts) {
            (
                PromptPrefix::Messages {
                    user_context_tokens: Some(tokens),
                    ..
                },
                Some((writer, _)),
            ) => writer.text(tokens, &mut self.contexts.at(index)).map(Some),
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(plan: &SyntheticPlan) -> Vec<Conversation> {
        conversations(plan, Some(&Tokenizer::builtin()), RootSeed::fixed(3)).unwrap()
    }

    fn plan(entries: usize, prompt_tokens: f64) -> SyntheticPlan {
        SyntheticPlan {
            entries,
            prompt_tokens: Some(Normal::fixed(prompt_tokens)),
            ..SyntheticPlan::default()
        }
    }

    fn lengths(conversations: &[Conversation]) -> Vec<usize> {
        let tokenizer = Tokenizer::builtin();
        let turns = conversations
            .iter()
            .flat_map(|conversation| &conversation.turns);
        turns
            .flat_map(|turn| &turn.texts[0].contents)
            .map(|text| tokenizer.count(text))
            .collect()
    }

    #[test]
    fn defaults_are_one_turn_of_550_tokens_without_output_bound() {
        let conversations = made(&SyntheticPlan::default());
        assert_eq!(conversations.len(), 100);
        assert_eq!(lengths(&conversations), [550; 100]);
        for conversation in &conversations {
            let turn = &conversation.turns[0];
            assert_eq!(
                (turn.max_tokens, turn.delay_ms, turn.timestamp_ms),
                (None, None, None)
            );
        }
    }

    #[test]
    fn a_conversation_does_not_depend_on_how_many_others_there_are() {
        assert_eq!(made(&plan(3, 40.0)), made(&plan(200, 40.0))[..3]);
    }

    #[test]
    fn every_prompt_is_different() {
        let texts: std::collections::HashSet<String> = made(&plan(500, 12.0))
            .into_iter()
            .map(|conversation| conversation.turns[0].texts[0].contents[0].clone())
            .collect();
        assert!(texts.len() >= 499, "{}", texts.len());
    }

    #[test]
    fn input_and_output_lengths_follow_their_distributions() {
        let plan = SyntheticPlan {
            prompt_tokens: Some(Normal {
                mean: 60.0,
                stddev: 10.0,
            }),
            output_tokens: Some(Normal {
                mean: 200.0,
                stddev: 20.0,
            }),
            ..plan(800, 0.0)
        };
        let conversations = made(&plan);
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let inputs: Vec<f64> = lengths(&conversations)
            .iter()
            .map(|&tokens| tokens as f64)
            .collect();
        let outputs: Vec<f64> = conversations
            .iter()
            .map(|conversation| f64::from(conversation.turns[0].max_tokens.unwrap()))
            .collect();
        // Four standard errors around the mean of the rounded-up draws.
        assert!((mean(&inputs) - 60.5).abs() < 1.5, "{}", mean(&inputs));
        assert!((mean(&outputs) - 200.5).abs() < 3.0, "{}", mean(&outputs));
    }

    #[test]
    fn means_lose_their_fraction_before_anything_is_drawn() {
        let plan = SyntheticPlan {
            turns: Normal::fixed(3.9),
            turn_delay_ms: Normal::fixed(10.7),
            turn_delay_ratio: 0.5,
            output_tokens: Some(Normal::fixed(4.9)),
            ..plan(1, 12.9)
        };
        let conversations = made(&plan);
        assert_eq!(lengths(&conversations), [12; 3]);
        let turns = &conversations[0].turns;
        let delays: Vec<_> = turns.iter().map(|turn| turn.delay_ms).collect();
        assert_eq!(delays, [None, Some(5.0), Some(5.0)]);
        assert!(turns.iter().all(|turn| turn.max_tokens == Some(4)));
    }

    #[test]
    fn an_output_mean_of_zero_sends_no_bound() {
        let plan = SyntheticPlan {
            output_tokens: Some(Normal::fixed(0.0)),
            ..plan(1, 5.0)
        };
        assert_eq!(made(&plan)[0].turns[0].max_tokens, None);
    }

    #[test]
    fn a_batch_puts_several_texts_into_one_turn() {
        let conversations = made(&SyntheticPlan {
            prompt_batch_size: 3,
            ..plan(2, 9.0)
        });
        assert_eq!(conversations[0].turns[0].texts.len(), 1);
        assert_eq!(lengths(&conversations), [9; 6]);
    }

    #[test]
    fn special_tokens_of_the_server_count_into_the_length() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tokenizer/tests/data/tiny");
        let tokenizer = Tokenizer::from_path(folder.as_ref()).unwrap();
        let made = conversations(&plan(1, 20.0), Some(&tokenizer), RootSeed::fixed(1)).unwrap();
        assert_eq!(tokenizer.count(&made[0].turns[0].texts[0].contents[0]), 19);
    }

    #[test]
    fn a_prefix_pool_is_shared_by_first_turns_and_adds_to_their_length() {
        let plan = SyntheticPlan {
            turns: Normal::fixed(2.0),
            prefix: PromptPrefix::Pool {
                size: 2,
                tokens: 30,
            },
            ..plan(40, 10.0)
        };
        let conversations = made(&plan);
        let beginnings: std::collections::HashSet<&str> = conversations
            .iter()
            .map(|conversation| &conversation.turns[0].texts[0].contents[0][..60])
            .collect();
        assert_eq!(beginnings.len(), 2);
        assert_eq!(lengths(&conversations), [40, 10].repeat(40));
    }

    #[test]
    fn a_prefix_length_without_a_pool_is_an_error_and_a_pool_without_length_is_nothing() {
        let with_prefix = |prefix| SyntheticPlan {
            prefix,
            ..plan(1, 10.0)
        };
        let tokenizer = Tokenizer::builtin();
        let no_pool = with_prefix(PromptPrefix::Pool { size: 0, tokens: 5 });
        let error = conversations(&no_pool, Some(&tokenizer), RootSeed::fixed(1)).unwrap_err();
        assert!(matches!(
            error,
            DatasetError::PrefixWithoutPool { tokens: 5 }
        ));
        let no_length = with_prefix(PromptPrefix::Pool { size: 5, tokens: 0 });
        assert_eq!(lengths(&made(&no_length)), [10]);
    }

    #[test]
    fn system_messages_are_shared_and_context_messages_are_not() {
        let plan = SyntheticPlan {
            prefix: PromptPrefix::Messages {
                shared_system_tokens: Some(25),
                user_context_tokens: Some(15),
            },
            ..plan(2, 10.0)
        };
        let tokenizer = Tokenizer::builtin();
        let conversations = made(&plan);
        assert_eq!(
            conversations[0].system_message,
            conversations[1].system_message
        );
        assert_ne!(
            conversations[0].user_context_message,
            conversations[1].user_context_message
        );
        for conversation in &conversations {
            assert_eq!(
                tokenizer.count(conversation.system_message.as_ref().unwrap()),
                25
            );
            assert_eq!(
                tokenizer.count(conversation.user_context_message.as_ref().unwrap()),
                15
            );
        }
        assert_eq!(lengths(&conversations), [10, 10]);
    }

    #[test]
    fn text_without_tokenizer_is_an_error_that_says_what_to_do() {
        let error = conversations(&plan(1, 10.0), None, RootSeed::fixed(1)).unwrap_err();
        assert!(error.to_string().contains("--tokenizer"));
        let textless = SyntheticPlan {
            prompt_tokens: None,
            ..plan(1, 10.0)
        };
        assert!(conversations(&textless, None, RootSeed::fixed(1)).is_ok());
    }
}
