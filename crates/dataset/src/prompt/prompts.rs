//! One writer for whatever prompts are made of.

use aiperf_random::{Generator, RootSeed};
use aiperf_tokenizer::Tokenizer;

use super::corpus::PromptCorpus;
use super::phrasebook::Phrasebook;
use super::random_tokens::RandomTokens;
use crate::error::DatasetError;

/// Writes the prompts of a run. Any number of threads may ask.
#[derive(Debug)]
pub(crate) enum Prompts {
    Phrases(Phrasebook),
    Random(RandomTokens),
}

impl Prompts {
    pub(crate) fn new(
        tokenizer: &Tokenizer,
        corpus: PromptCorpus,
        seed: RootSeed,
    ) -> Result<Self, DatasetError> {
        Ok(match corpus {
            PromptCorpus::Prose | PromptCorpus::Coding => {
                Self::Phrases(Phrasebook::new(tokenizer, corpus, seed))
            }
            PromptCorpus::Random(style) => Self::Random(RandomTokens::new(tokenizer, style)?),
        })
    }

    /// Text of exactly `tokens` tokens: a function of the text's number and the generator's state.
    pub(crate) fn text(
        &self,
        tokens: usize,
        number: u64,
        generator: &mut Generator,
    ) -> Result<String, DatasetError> {
        match self {
            Self::Phrases(book) => book.text(tokens, generator),
            Self::Random(random) => random.text_after("", 0, tokens, number, generator),
        }
    }

    /// `prefix`, which has `prefix_tokens` tokens, followed by such a text.
    pub(crate) fn text_after(
        &self,
        prefix: &str,
        prefix_tokens: usize,
        tokens: usize,
        number: u64,
        generator: &mut Generator,
    ) -> Result<String, DatasetError> {
        match self {
            Self::Phrases(book) => book.text_after(prefix, prefix_tokens, tokens, generator),
            Self::Random(random) => {
                random.text_after(prefix, prefix_tokens, tokens, number, generator)
            }
        }
    }
}
