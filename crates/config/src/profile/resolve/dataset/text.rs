//! What generated text is made of, and what goes in front of it.

use aiperf_dataset::{CorpusStyle, PairedLengths, PromptCorpus, PromptPrefix, RangeRatio};

use super::count;
use crate::profile::args::ProfileArgs;
use crate::profile::choices::{PromptCorpus as CorpusName, RandomCorpusStyle};
use crate::profile::resolve::Findings;

/// What prompts are made of.
pub(super) fn corpus(args: &ProfileArgs) -> PromptCorpus {
    match args.prompt_corpus.unwrap_or(CorpusName::Sonnet) {
        CorpusName::Sonnet => PromptCorpus::Prose,
        CorpusName::Coding => PromptCorpus::Coding,
        CorpusName::Random => PromptCorpus::Random(style(args)),
    }
}

fn style(args: &ProfileArgs) -> CorpusStyle {
    match args.random_corpus_style.unwrap_or(RandomCorpusStyle::Vllm) {
        RandomCorpusStyle::Vllm => CorpusStyle::Vllm,
        RandomCorpusStyle::Sglang => CorpusStyle::Sglang,
    }
}

/// Text in front of prompts.
pub(super) fn prefix(args: &ProfileArgs) -> PromptPrefix {
    let asked = &args.prefix;
    if asked.shared_system_length.is_some() || asked.user_context_length.is_some() {
        return PromptPrefix::Messages {
            shared_system_tokens: asked.shared_system_length.map(count),
            user_context_tokens: asked.user_context_length.map(count),
        };
    }
    match (asked.pool_size, asked.length) {
        (Some(size @ 1..), Some(tokens @ 1..)) => PromptPrefix::Pool {
            size: count(size),
            tokens: count(tokens),
        },
        _ => PromptPrefix::None,
    }
}

/// Lengths of prompts and answers that are drawn together.
pub(super) fn paired_lengths(args: &ProfileArgs, findings: &mut Findings) -> Option<PairedLengths> {
    if let Some(sequences) = &args.sequence_distribution {
        return Some(PairedLengths::Sequences(sequences.clone()));
    }
    let typed = args.random_range_ratio.as_ref()?;
    match RangeRatio::parse(typed, style(args)) {
        Ok(ratio) => Some(PairedLengths::Range(ratio)),
        Err(reason) => {
            findings.conflict(
                format!("`--random-range-ratio {typed}`: {reason}"),
                "a style has its own range: see `--random-corpus-style`",
            );
            None
        }
    }
}
