//! Prompts made of tokens as such, as the benchmarks of vLLM and SGLang make them.
//!
//! Text `i` is the vocabulary from place `offset + i` on, in its order, with an offset drawn for each
//! text. Where the tokenizer allows it the text is put together of parts whose tokens are known
//! (`segments`); else it is decoded, encoded and mended until it has its length.

use aiperf_random::Generator;
use aiperf_tokenizer::Tokenizer;
use rand::Rng;

use super::exact::{repaired, settled};
use super::segments::Segments;
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
    /// The text of the pool; absent where its parts cannot be told.
    segments: Option<Segments>,
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
            segments: Segments::of(tokenizer, &pool),
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
        if let Some(text) = self.composed(prefix, tokens, number, &mut generator.clone()) {
            return Ok(text);
        }
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

    /// The text, where no encoding is needed to know its tokens.
    fn composed(
        &self,
        prefix: &str,
        tokens: usize,
        number: u64,
        generator: &mut Generator,
    ) -> Option<String> {
        let segments = self.segments.as_ref()?;
        if !Segments::can_follow(prefix) {
            return None;
        }
        let first = number.wrapping_add(generator.random_range(0..segments.len() as u64));
        let mut text = String::with_capacity(prefix.len() + tokens * 6);
        text.push_str(prefix);
        segments.push(&mut text, &self.tokenizer, tokens, first, generator)?;
        Some(text)
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
    #[ignore = "needs published tokenizers in the folder AIPERF_TEST_TOKENIZERS"]
    fn texts_of_published_tokenizers_have_exact_lengths() {
        let folder = std::env::var("AIPERF_TEST_TOKENIZERS")
            .expect("AIPERF_TEST_TOKENIZERS names the folder with the published tokenizers");
        for name in ["llama3_1", "qwen3"] {
            let tokenizer = Tokenizer::from_path(format!("{folder}/{name}").as_ref()).unwrap();
            for style in [CorpusStyle::Vllm, CorpusStyle::Sglang] {
                let random = RandomTokens::new(&tokenizer, style).unwrap();
                assert!(random.segments.is_some());
                for number in 0..300 {
                    let tokens = 1 + number as usize * 7;
                    let text = text(&random, "", tokens, number);
                    assert_eq!(tokenizer.count(&text), tokens, "{name} {text:?}");
                }
            }
        }
    }

    #[test]
    fn texts_are_composed_without_encoding_them_again() {
        let tokenizer = Tokenizer::builtin();
        let random = RandomTokens::new(&tokenizer, CorpusStyle::Vllm).unwrap();
        let mut generator = RootSeed::fixed(8).stream("random").at(1);
        let composed = |tokens| random.composed("", tokens, 3, &mut generator.clone());
        for tokens in 1..300 {
            let text = composed(tokens).unwrap();
            assert_eq!(tokenizer.count(&text), tokens, "{text:?}");
        }
        // Parts cannot be put behind what is no word.
        assert!(random.composed("a, ", 5, 3, &mut generator).is_none());
    }

    #[test]
    fn texts_cover_the_vocabulary_and_beginnings_differ() {
        let tokenizer = Tokenizer::builtin();
        let random = RandomTokens::new(&tokenizer, CorpusStyle::Vllm).unwrap();
        let mut seen = std::collections::HashSet::new();
        let mut beginnings = std::collections::HashSet::new();
        for number in 0..1000 {
            let tokens = tokenizer.encode(&text(&random, "", 200, number));
            beginnings.insert(tokens[..4].to_vec());
            seen.extend(tokens);
        }
        // A tenth of the vocabulary, whose rarer half has no place in any text.
        assert!(seen.len() > 20_000, "{}", seen.len());
        assert!(beginnings.len() > 980, "{}", beginnings.len());
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
