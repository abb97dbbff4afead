//! Text of exactly as many tokens as asked for, written afresh.

use aiperf_random::Generator;
use aiperf_tokenizer::Tokenizer;

use super::corpus::PromptCorpus;
use crate::error::DatasetError;

/// Rounds of encoding, cutting and appending before another way is taken; as in the reference.
const REPAIR_ROUNDS: usize = 10;

/// Small additions, one of which adds a single token in practically every tokenizer.
const FILLERS: [&str; 13] = [
    " time", " day", " way", " year", " a", " the", ".", ",", "s", "a", "1", "\n", "the",
];

/// Bound on the number of fillers, each of which costs one more encoding.
const MAXIMUM_FILLERS: usize = 256;

/// Writes prompts for one tokenizer.
#[derive(Debug, Clone, Copy)]
pub struct PromptWriter<'a> {
    tokenizer: &'a Tokenizer,
    corpus: PromptCorpus,
}

impl<'a> PromptWriter<'a> {
    /// Writes prose; lengths are counted with this tokenizer.
    pub fn new(tokenizer: &'a Tokenizer) -> Self {
        Self::of_corpus(tokenizer, PromptCorpus::Prose)
    }

    /// Writes text of this kind.
    pub fn of_corpus(tokenizer: &'a Tokenizer, corpus: PromptCorpus) -> Self {
        Self { tokenizer, corpus }
    }

    /// Text that encodes to exactly `tokens` tokens; a function of the generator's state.
    ///
    /// # Errors
    /// No such text could be found.
    pub fn text(&self, tokens: usize, generator: &mut Generator) -> Result<String, DatasetError> {
        self.text_after("", tokens, generator)
    }

    /// `prefix` followed by text, together exactly `tokens` tokens more than `prefix` alone.
    ///
    /// # Errors
    /// No such text could be found.
    pub fn text_after(
        &self,
        prefix: &str,
        tokens: usize,
        generator: &mut Generator,
    ) -> Result<String, DatasetError> {
        if tokens == 0 {
            return Ok(prefix.to_owned());
        }
        let mut kept = if prefix.is_empty() {
            Vec::new()
        } else {
            self.tokenizer.encode(prefix)
        };
        let target = kept.len() + tokens;
        let (body, body_tokens) = self.enough_text(!prefix.is_empty(), tokens, generator);
        kept.extend_from_slice(&body_tokens);
        repaired(self.tokenizer, kept, target, |missing| {
            self.enough_text(true, missing, generator).1
        })
        .or_else(|| settled(self.tokenizer, &format!("{prefix}{body}"), target))
        .ok_or(DatasetError::PromptLength { tokens })
    }

    /// Text of at least this many tokens (if the tokenizer gives tokens at all), and its tokens.
    fn enough_text(
        &self,
        follows_text: bool,
        tokens: usize,
        generator: &mut Generator,
    ) -> (String, Vec<u32>) {
        let mut text = String::new();
        // Prose has about 5.4 bytes for each token in common tokenizers. Too little would cost a
        // second encoding, much too much a long first one.
        let mut length = tokens * 28 / 5 + 64;
        loop {
            if text.is_empty() && follows_text {
                text.push_str(self.corpus.joint());
            }
            self.corpus.extend(&mut text, length, generator);
            let encoded = self.tokenizer.encode(&text);
            if encoded.len() >= tokens || length > tokens * 100 + 10_000 {
                return (text, encoded);
            }
            length += length / 4;
        }
    }
}

/// The text of the tokens, cut or filled up until it encodes to `target` tokens; none if that does
/// not come about. `more` gives at least as many further tokens as it is asked for.
pub(super) fn repaired(
    tokenizer: &Tokenizer,
    mut kept: Vec<u32>,
    target: usize,
    mut more: impl FnMut(usize) -> Vec<u32>,
) -> Option<String> {
    kept.truncate(target);
    for _ in 0..REPAIR_ROUNDS {
        let text = tokenizer.decode(&kept);
        kept = tokenizer.encode(&text);
        if kept.len() == target {
            return Some(text);
        }
        if kept.len() < target {
            kept.extend(more(target - kept.len()));
        }
        kept.truncate(target);
    }
    None
}

/// For tokenizers whose text and tokens do not go back and forth: the longest run of whole words
/// that is not too long, then fillers.
pub(super) fn settled(tokenizer: &Tokenizer, text: &str, target: usize) -> Option<String> {
    let word_ends: Vec<usize> = text
        .match_indices(' ')
        .map(|(at, _)| at)
        .chain([text.len()])
        .collect();
    let fitting = word_ends.partition_point(|&end| tokenizer.count(&text[..end]) <= target);
    let mut settled = text[..fitting.checked_sub(1).map_or(0, |last| word_ends[last])].to_owned();
    for _ in 0..MAXIMUM_FILLERS {
        let count = tokenizer.count(&settled);
        if count == target {
            return Some(settled);
        }
        settled = FILLERS
            .iter()
            .map(|filler| format!("{settled}{filler}"))
            .find(|longer| (count + 1..=target).contains(&tokenizer.count(longer)))?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use aiperf_random::RootSeed;
    use proptest::prelude::*;

    fn generator(index: u64) -> Generator {
        RootSeed::fixed(11)
            .stream("dataset.prompt.corpus")
            .at(index)
    }

    fn assert_exact(tokenizer: &Tokenizer, tokens: usize, index: u64) {
        let text = PromptWriter::new(tokenizer)
            .text(tokens, &mut generator(index))
            .unwrap();
        assert_eq!(
            tokenizer.encode(&text).len(),
            tokens,
            "{tokenizer:?}: {text:?}"
        );
    }

    fn tiny() -> Tokenizer {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tokenizer/tests/data/tiny");
        Tokenizer::from_path(folder.as_ref()).unwrap()
    }

    #[test]
    fn every_small_length_is_met_exactly() {
        let tokenizer = Tokenizer::builtin();
        for tokens in 1..=600 {
            assert_exact(&tokenizer, tokens, tokens as u64);
        }
    }

    #[test]
    fn large_lengths_are_met_exactly() {
        for tokens in [4096, 32_768] {
            assert_exact(&Tokenizer::builtin(), tokens, 0);
        }
    }

    #[test]
    fn every_encoding_inside_the_program_is_met_exactly() {
        for name in ["cl100k_base", "p50k_base", "r50k_base", "o200k_harmony"] {
            let tokenizer = Tokenizer::from_encoding_name(name).unwrap();
            for tokens in 1..=80 {
                assert_exact(&tokenizer, tokens, tokens as u64);
            }
        }
    }

    #[test]
    fn a_tokenizer_whose_text_and_tokens_do_not_go_back_and_forth_is_met_exactly() {
        // Every word of the prose is unknown to this one, and the unknown token's own text is
        // three tokens.
        let tokenizer = tiny();
        for tokens in 1..=120 {
            assert_exact(&tokenizer, tokens, tokens as u64);
        }
    }

    #[test]
    #[ignore = "needs published tokenizers in the folder AIPERF_TEST_TOKENIZERS"]
    fn published_tokenizers_are_met_exactly() {
        let folder = std::env::var("AIPERF_TEST_TOKENIZERS")
            .expect("AIPERF_TEST_TOKENIZERS names the folder with the published tokenizers");
        for name in ["llama3_1", "qwen3"] {
            let tokenizer = Tokenizer::from_path(format!("{folder}/{name}").as_ref()).unwrap();
            for tokens in (1..=600).chain([4096, 32_768]) {
                assert_exact(&tokenizer, tokens, tokens as u64);
            }
        }
    }

    #[test]
    fn a_prefix_stays_whole_and_adds_to_the_length() {
        let tokenizer = Tokenizer::builtin();
        let writer = PromptWriter::new(&tokenizer);
        for tokens in 1..60 {
            let prefix = writer.text(20, &mut generator(1)).unwrap();
            let text = writer
                .text_after(&prefix, tokens, &mut generator(2))
                .unwrap();
            assert_eq!(tokenizer.count(&text), 20 + tokens);
            // The last token of the prefix may join with the first letters after it, not more.
            assert!(
                text.starts_with(&prefix[..prefix.len() - 12]),
                "{prefix:?} {text:?}"
            );
        }
        assert_eq!(
            writer.text_after("as it is", 0, &mut generator(3)).unwrap(),
            "as it is"
        );
    }

    #[test]
    fn prompts_of_different_generators_differ_within_their_first_tokens() {
        let tokenizer = Tokenizer::builtin();
        let writer = PromptWriter::new(&tokenizer);
        let mut beginnings = std::collections::HashSet::new();
        for index in 0..1000 {
            let text = writer.text(16, &mut generator(index)).unwrap();
            beginnings.insert(tokenizer.encode(&text)[..4].to_vec());
        }
        assert!(beginnings.len() >= 995, "{} of 1000", beginnings.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn any_generator_gives_exact_lengths(tokens in 1usize..700, index in any::<u64>()) {
            assert_exact(&Tokenizer::builtin(), tokens, index);
        }
    }
}
