//! Text in front of made-up prompts: prefix pool, shared system message, user context.

use aiperf_random::{RootSeed, Stream};
use rand::Rng;

use super::sizes::MarkTokens;
use crate::error::DatasetError;
use crate::plan::PromptPrefix;
use crate::prompt::Prompts;

/// Texts of their own must not repeat those of prompts with the same number.
const CONTEXT_NUMBERS: u64 = 1 << 40;

#[derive(Debug)]
pub(super) struct Prefixes {
    pool: Vec<String>,
    pool_tokens: usize,
    shared_system_message: Option<String>,
    user_context_tokens: Option<usize>,
    choices: Stream,
    contexts: Stream,
}

impl Prefixes {
    pub(super) fn new(
        prefix: PromptPrefix,
        prompts: Option<&Prompts>,
        marks: MarkTokens,
        seed: RootSeed,
    ) -> Result<Self, DatasetError> {
        let mut made = Self {
            pool: Vec::new(),
            pool_tokens: 0,
            shared_system_message: None,
            user_context_tokens: None,
            choices: seed.stream("dataset.prompt.prefix"),
            contexts: seed.stream("dataset.prompt.context"),
        };
        match prefix {
            PromptPrefix::Pool { size: 0, tokens } if tokens > 0 => {
                return Err(DatasetError::PrefixWithoutPool { tokens });
            }
            PromptPrefix::None | PromptPrefix::Pool { tokens: 0, .. } => {}
            PromptPrefix::Pool { size, tokens } => {
                let prompts = prompts.ok_or(DatasetError::NoTokenizer)?;
                let stream = seed.stream("dataset.prompt.prefix_pool");
                made.pool_tokens = tokens;
                for index in 0..size as u64 {
                    made.pool.push(prompts.text(
                        tokens,
                        CONTEXT_NUMBERS + index,
                        &mut stream.at(index),
                    )?);
                }
            }
            PromptPrefix::Messages {
                shared_system_tokens,
                user_context_tokens,
            } => {
                let prompts = prompts.ok_or(DatasetError::NoTokenizer)?;
                made.user_context_tokens = user_context_tokens;
                if let Some(tokens) = shared_system_tokens {
                    let tokens = tokens.saturating_sub(marks.in_system_message).max(1);
                    let mut generator = seed.stream("dataset.prompt.system").at(0);
                    made.shared_system_message =
                        Some(prompts.text(tokens, CONTEXT_NUMBERS, &mut generator)?);
                }
            }
        }
        Ok(made)
    }

    /// The text in front of a conversation's first turn, and its tokens.
    pub(super) fn of_conversation(&self, index: u64) -> (&str, usize) {
        if self.pool.is_empty() {
            return ("", 0);
        }
        let chosen = self.choices.at(index).random_range(0..self.pool.len());
        (&self.pool[chosen], self.pool_tokens)
    }

    pub(super) fn shared_system_message(&self) -> Option<&str> {
        self.shared_system_message.as_deref()
    }

    pub(super) fn user_context_message(
        &self,
        index: u64,
        prompts: Option<&Prompts>,
    ) -> Result<Option<String>, DatasetError> {
        match (self.user_context_tokens, prompts) {
            (Some(tokens), Some(prompts)) => {
                let number = CONTEXT_NUMBERS + 1 + index;
                prompts
                    .text(tokens, number, &mut self.contexts.at(index))
                    .map(Some)
            }
            _ => Ok(None),
        }
    }
}
