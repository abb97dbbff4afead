//! What kinds of text prompts are made of.

use aiperf_random::Generator;

use super::code::extend_code;
use super::prose::extend_prose;
use crate::range_ratio::CorpusStyle;

/// What prompts are made of (`--prompt-corpus`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PromptCorpus {
    /// English sentences.
    #[default]
    Prose,
    /// Programs, logs, diffs, configuration and talk about them.
    Coding,
    /// Tokens as such, as the benchmark of this style takes them from the vocabulary.
    Random(CorpusStyle),
}

impl PromptCorpus {
    /// Appends text until there are at least `length` bytes. Random tokens have no text of their
    /// own and take prose where text is needed.
    pub(super) fn extend(self, text: &mut String, length: usize, generator: &mut Generator) {
        match self {
            Self::Prose | Self::Random(_) => extend_prose(text, length, generator),
            Self::Coding => extend_code(text, length, generator),
        }
    }

    /// What stands between two texts.
    pub(super) fn joint(self) -> &'static str {
        match self {
            Self::Prose | Self::Random(_) => " ",
            Self::Coding => "\n",
        }
    }
}
