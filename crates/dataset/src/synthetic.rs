//! Conversations that are made up, each when it is asked for.
//!
//! Conversation `i` is a function of the plan, the seed and `i`: sizes come from `sizes`, text
//! before the prompts from `prefixes`, media from [`crate::media`]. [`rankings`] are a dataset of
//! their own.

mod prefixes;
pub(crate) mod rankings;
mod sizes;
#[cfg(test)]
mod tests;

use aiperf_endpoint::conversation::{ContextMode, Conversation, Media, Turn};
use aiperf_random::{RootSeed, Stream};
use aiperf_tokenizer::Tokenizer;

use crate::conversations::{ConversationSource, Outline, TurnOutline};
use crate::error::DatasetError;
use crate::media::MediaMaker;
use crate::plan::{DatasetPlan, SyntheticPlan};
use crate::prompt::Prompts;
use crate::session_ids::SessionIds;
use prefixes::Prefixes;
use sizes::{MarkTokens, Sizes, TurnSizes};

/// Everything that the conversations of a plan share.
#[derive(Debug)]
pub(crate) struct SyntheticSource {
    entries: usize,
    prompt_batch_size: usize,
    ids: SessionIds,
    sizes: Sizes,
    /// None without text.
    prompts: Option<Prompts>,
    prefixes: Prefixes,
    media: MediaMaker,
    prompt_texts: Stream,
}

impl SyntheticSource {
    pub(crate) fn new(
        plan: &SyntheticPlan,
        dataset: &DatasetPlan,
        tokenizer: Option<&Tokenizer>,
        ids: SessionIds,
        seed: RootSeed,
    ) -> Result<Self, DatasetError> {
        let media = MediaMaker::new(plan, seed)?;
        if plan.prompt_tokens.is_none() && plan.paired_lengths.is_none() && media.is_empty() {
            return Err(DatasetError::Settings {
                reason: "synthetic conversations without text, images, audio and video are empty; set `--isl`, \
                         `--image-width-mean`, `--audio-length-mean` or `--video-width`"
                    .to_owned(),
            });
        }
        let needs_text =
            plan.prompt_tokens.is_some() || plan.paired_lengths.is_some() || plan.prefix.has_text();
        let tokenizer = match (needs_text, tokenizer) {
            (false, _) => None,
            (true, Some(tokenizer)) => Some(tokenizer),
            (true, None) => return Err(DatasetError::NoTokenizer),
        };
        let prompts = tokenizer
            .map(|tokenizer| Prompts::new(tokenizer, plan.corpus, seed))
            .transpose()?;
        let marks = MarkTokens::of(plan, dataset, tokenizer);
        Ok(Self {
            entries: plan.entries,
            prompt_batch_size: plan.prompt_batch_size,
            ids,
            sizes: Sizes::new(plan, tokenizer, marks, seed)?,
            prefixes: Prefixes::new(plan.prefix, prompts.as_ref(), marks, seed)?,
            prompts,
            media,
            prompt_texts: seed.stream("dataset.prompt.corpus"),
        })
    }

    fn texts(&self, index: usize, turns: &[TurnSizes]) -> Result<Vec<Media>, DatasetError> {
        let Some(prompts) = &self.prompts else {
            return Ok(Vec::new());
        };
        let mut generator = self.prompt_texts.at(index as u64);
        let mut number = self.turns_before(index) * self.prompt_batch_size as u64;
        let mut texts = Vec::with_capacity(turns.len());
        for (turn_index, turn) in turns.iter().enumerate() {
            let (prefix, prefix_tokens) = if turn_index == 0 {
                self.prefixes.of_conversation(index as u64)
            } else {
                ("", 0)
            };
            let mut contents = Vec::with_capacity(turn.text_tokens.len());
            for tokens in &turn.text_tokens {
                let tokens = *tokens as usize;
                contents.push(prompts.text_after(
                    prefix,
                    prefix_tokens,
                    tokens,
                    number,
                    &mut generator,
                )?);
                number += 1;
            }
            texts.push(Media {
                name: String::new(),
                contents,
            });
        }
        Ok(texts)
    }
}

impl ConversationSource for SyntheticSource {
    fn len(&self) -> usize {
        self.entries
    }

    fn outline(&self, index: usize) -> Outline {
        let turns = self.sizes.turns(index as u64);
        Outline {
            id: self.ids.name(index as u64),
            context_mode: ContextMode::default(),
            turns: turns
                .into_iter()
                .map(|turn| TurnOutline {
                    model: None,
                    max_tokens: turn.max_tokens,
                    delay_ms: turn.delay_ms,
                    timestamp_ms: None,
                })
                .collect(),
        }
    }

    fn turns_before(&self, index: usize) -> u64 {
        self.sizes.turns_before(index as u64)
    }

    fn conversation(&self, index: usize) -> Result<Conversation, DatasetError> {
        let sizes = self.sizes.turns(index as u64);
        let mut texts = self.texts(index, &sizes)?.into_iter();
        let first_turn = self.turns_before(index);
        let mut turns = Vec::with_capacity(sizes.len());
        for (number, size) in sizes.into_iter().enumerate() {
            let mut turn = Turn {
                max_tokens: size.max_tokens,
                delay_ms: size.delay_ms,
                ..Turn::default()
            };
            if self.sizes.has_text() {
                turn.texts.extend(texts.next());
            }
            self.media.fill(&mut turn, first_turn + number as u64)?;
            turns.push(turn);
        }
        Ok(Conversation {
            id: self.ids.name(index as u64),
            turns,
            system_message: self.prefixes.shared_system_message().map(str::to_owned),
            user_context_message: self
                .prefixes
                .user_context_message(index as u64, self.prompts.as_ref())?,
            ..Conversation::default()
        })
    }
}
