//! Prompts made of tokens as such, as the benchmarks of vLLM and SGLang make them.
//!
//! Token `j` of text `i` is the vocabulary's token at `offset + i + j`, with an offset drawn for
//! each text.

use aiperf_random::Generator;
use aiperf_tokenizer::Tokenizer;
use rand::Rng;

use super::exact::{repaired, settled};
use crate::error::DatasetError;
use crate::range_ratio::CorpusStyle;

/// Writes prompts of random tokens for one tokenizer.
#[derive(Debug)]
pub(crate) struct RandomTokens {
    tokenizer: Tokenizer,
    /// What texts are made of.
    pool: Vec<u32>,
    /// What mends them.
    all: Vec<u32>,
}

impl RandomTokens {
    pub(super) fn new(tokenizer: &Tokenizer, style: CorpusStyle) -> Result<Self, DatasetError> {
        let all = tokenizer.all_tokens();
        let pool = match style {
            CorpusStyle::Vllm => tokenizer.ordinary_tokens(),
            CorpusStyle::Sglang => all.clone(),
        };
        if pool.is_empty() {
            return Err(DatasetError::Settings {
                reason: "`--prompt-corpus random` needs a tokenizer with a vocabulary".to_owned(),
            });
        }
        Ok(Self {
            tokenizer: tokenizer.clone(),
            pool,
            all,
        })
    }

    /// `prefix` followed by tokens of the text with this number, together `prefix_tokens + tokens`
    /// tokens.
    pub(super) fn text_after(
        &self,
        prefix: &str,
        prefix_tokens: usize,
        tokens: usize,
        number: u64,
        generator: &mut Generator,
    ) -> Result<String, DatasetError> {
        let offset = generator.random_range(0..self.pool.len() as u64);
        let body = (0..tokens as u64).map(|place| {
            let at = offset.wrapping_add(number).wrapping_add(place) % self.pool.len() as u64;
            self.pool[at as usize]
        });
        let kept: Vec<u32> = self
            .tokenizer
            .encode(prefix)
            .into_iter()
            .chain(body)
            .collect();
        let target = prefix_tokens + tokens;
        let mut more = |missing: usize| {
            (0..missing)
                .map(|_| self.all[generator.random_range(0..self.all.len())])
                .collect()
        };
        let text = self.tokenizer.decode(&kept);
        repaired(&self.tokenizer, kept, target, &mut more)
            .or_else(|| settled(&self.tokenizer, &text, target))
            .ok_or(DatasetError::PromptLength { tokens })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aiperf_random::RootSeed;

    fn text(random: &RandomTokens, prefix: &str, tokens: usize, number: u64) -> String {
        let prefix_tokens = random.tokenizer.count(prefix);
        let mut generator = RootSeed::fixed(8).stream("random").at(number);
        random
            .text_after(prefix, prefix_tokens, tokens, number, &mut generator)
            .unwrap()
    }

    #[test]
    fn texts_of_random_tokens_have_exact_lengths_and_differ() {
        for style in [CorpusStyle::Vllm, CorpusStyle::Sglang] {
            for name in ["o200k_base", "r50k_base"] {
                let tokenizer = Tokenizer::from_encoding_name(name).unwrap();
                let random = RandomTokens::new(&tokenizer, style).unwrap();
                for number in 0..120 {
                    let tokens = 1 + number as usize * 3;
                    let text = text(&random, "", tokens, number);
                    assert_eq!(tokenizer.count(&text), tokens, "{name} {text:?}");
                }
                assert_ne!(text(&random, "", 20, 1), text(&random, "", 20, 2));
            }
        }
    }

    #[test]
    fn a_prefix_adds_its_tokens() {
        let tokenizer = Tokenizer::builtin();
        let random = RandomTokens::new(&tokenizer, CorpusStyle::Vllm).unwrap();
        let prefix = text(&random, "", 30, 5);
        for number in 0..40 {
            let text = text(&random, &prefix, 25, number);
            assert_eq!(tokenizer.count(&text), 55);
        }
    }
}
