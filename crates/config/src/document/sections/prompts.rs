//! What prompts are made of: `prompts`, `prefixPrompts`, `rankings`, `synthesis`.

use serde_json::{Value, json};

use super::distribution::Distribution;
use crate::document::limits::{above_zero, from_one, from_zero, percent};
use crate::document::node::{Node, NodeValue};
use crate::document::read::{Definitions, Dump, Read, Reader, section};
use crate::document::values::{OneOf, words};
use crate::profile::{PromptCorpus, RandomCorpusStyle};

words! {
    /// Where a text goes that keeps prompts out of the server's cache.
    CacheBustPlace = "none", "system_prefix", "system_suffix", "first_turn_prefix",
        "first_turn_suffix", "warmup_isolation_system", "warmup_isolation_first_turn";
}

section! {
    /// Lengths of prompts and answers, and what prompts are made of.
    pub(crate) struct PromptsSection {
        isl: Option<Distribution> = None;
        osl: Option<Distribution> = None;
        block_size: Option<u64> = None, above_zero;
        batch_size: u64 = 1, from_one;
        cache_bust: CacheBust = CacheBust::none();
        corpus: Option<OneOf<PromptCorpus>> = None;
        sequence_distribution: Option<Vec<SequencePairSection>> = None;
        random_range_ratio: Option<RangeText> = None;
        random_corpus_style: OneOf<RandomCorpusStyle> = OneOf::word("vllm");
    }
}

section! {
    /// Lengths that are drawn together.
    pub(crate) struct SequencePairSection {
        isl: Distribution;
        isl_stddev: Option<f64> = None, from_zero;
        osl: Distribution;
        osl_stddev: Option<f64> = None, from_zero;
        probability: f64, percent;
    }
}

section! {
    /// What keeps prompts out of the server's cache.
    pub(crate) struct CacheBust {
        target: OneOf<CacheBustPlace> = OneOf::word("none");
    }
}

impl CacheBust {
    /// Nothing does.
    pub(crate) fn none() -> Self {
        Self {
            target: crate::document::read::Field::default_of(OneOf::word("none")),
        }
    }
}

section! {
    /// Texts that go in front of prompts.
    pub(crate) struct PrefixPrompts {
        pool_size: Option<u64> = None, from_one;
        length: Option<u64> = None, from_one;
        shared_system_length: Option<u64> = None, from_one;
        user_context_length: Option<u64> = None, from_one;
    }
}

section! {
    /// What prompts of recorded requests are made of.
    pub(crate) struct PromptSelection {
        corpus: Option<OneOf<PromptCorpus>> = None;
    }
}

section! {
    /// Queries with passages.
    pub(crate) struct RankingsSection {
        passages: Distribution = Distribution::fixed(10.0);
        passage_tokens: Distribution = Distribution::fixed(128.0);
        query_tokens: Distribution = Distribution::fixed(32.0);
    }
}

section! {
    /// Changes to recorded requests.
    pub(crate) struct SynthesisSection {
        speedup_ratio: f64 = 1.0, above_zero;
        prefix_len_multiplier: f64 = 1.0, above_zero;
        prefix_root_multiplier: u64 = 1, from_one;
        prompt_len_multiplier: f64 = 1.0, above_zero;
        output_len_multiplier: f64 = 1.0, from_zero;
        max_isl: Option<u64> = None, from_one;
        max_osl: Option<u64> = None, from_one;
        allow_dataset_wrap: bool = false;
    }
}

/// A range of lengths as the command line takes it: a number, `input,output` or JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RangeText(pub(crate) String);

impl Read for RangeText {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            NodeValue::Int(whole) => Some(Self(whole.to_string())),
            NodeValue::Float(number) => Some(Self(format!("{number:?}"))),
            NodeValue::Map(_) => Some(Self(node.to_json().to_string())),
            _ => String::read(node, reader).map(Self),
        }
    }

    fn dump(&self, _: Dump) -> Value {
        json!(self.0)
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({ "type": ["number", "string", "object"] })
    }
}
