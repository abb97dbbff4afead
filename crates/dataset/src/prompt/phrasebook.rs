//! Prompts made of phrases whose tokens were counted before.
//!
//! Encoding is what costs time in writing prompts. The encodings inside the program cut a text
//! into pieces from left to right without looking back, and encode each piece by itself. So where
//! a phrase ends at the end of a piece whatever follows, the tokens of a text are those of its
//! phrases, and only the last, cut phrase has to be encoded. Sentences end with a full stop before
//! a space, blocks of code with line ends before a letter; both are such places. So it is with
//! tokenizers in files that cut texts alike. With others the finished text is counted, and corrected
//! if the sum was wrong.

use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock};

use aiperf_random::{Generator, RootSeed};
use aiperf_tokenizer::Tokenizer;
use rand::Rng;

use super::code::{HEADING_END, push_block, push_heading};
use super::corpus::PromptCorpus;
use super::exact::PromptWriter;
use super::prose::{extend_prose, push_opening};
use crate::error::DatasetError;

/// Different phrases. With the opening, which is new in each prompt, no two prompts agree for
/// longer than a few words but by a rare chance.
const SENTENCES: u64 = 2048;
const BLOCKS: u64 = 512;

/// Phrases that are tried as the last one.
const MAXIMUM_ENDINGS: usize = 64;

/// Corrections of a sum that was wrong.
const MAXIMUM_CORRECTIONS: usize = 4;

/// Writes prompts of one kind for one tokenizer.
#[derive(Debug)]
pub(crate) struct Phrasebook {
    tokenizer: Tokenizer,
    corpus: PromptCorpus,
    text: String,
    phrases: Vec<Phrase>,
    /// Tokens of what stands between a prefix and the opening of a body.
    joint_tokens: usize,
    /// Tokens of how headings of code end.
    heading_end_tokens: usize,
    /// Tokens of a phrase's start, which tells how the phrase before it is encoded.
    next_tokens: usize,
    /// Whether sums need no check.
    adds_up: bool,
    /// Tokens of words that were counted before.
    words: Words,
}

#[derive(Debug)]
struct Phrase {
    start: u32,
    end: u32,
    /// When another phrase follows.
    tokens: u32,
    /// Where it can end a prompt; found out when it first comes last.
    ends: OnceLock<Box<[End]>>,
}

/// A place behind a word.
#[derive(Debug, Clone, Copy)]
struct End {
    bytes: u32,
    /// Of the text up to there.
    tokens: u32,
}

impl Phrasebook {
    pub(super) fn new(tokenizer: &Tokenizer, corpus: PromptCorpus, seed: RootSeed) -> Self {
        let stream = seed.stream("dataset.prompt.phrases");
        let mut book = Self {
            tokenizer: tokenizer.clone(),
            corpus,
            text: String::new(),
            phrases: Vec::new(),
            joint_tokens: 0,
            heading_end_tokens: 0,
            next_tokens: 0,
            adds_up: tokenizer.encodes_words_apart(),
            words: Words::default(),
        };
        book.next_tokens = tokenizer.count(book.next_start());
        let count = if book.is_code() { BLOCKS } else { SENTENCES };
        for number in 0..count {
            let start = book.text.len();
            let mut generator = stream.at(number);
            if book.is_code() {
                push_block(&mut book.text, &mut generator);
            } else {
                // One character too few makes exactly one sentence after the space.
                book.text.push('.');
                let length = book.text.len() + 2;
                extend_prose(&mut book.text, length, &mut generator);
                book.text.remove(start);
            }
            let tokens = book.tokens_before_another(&book.text[start..]);
            book.phrases.push(Phrase {
                start: start as u32,
                end: book.text.len() as u32,
                tokens: tokens as u32,
                ends: OnceLock::new(),
            });
        }
        if book.is_code() {
            book.heading_end_tokens = book.tokens_before_another(HEADING_END);
            let apart = tokenizer.count("x") + tokenizer.count("def");
            book.joint_tokens = tokenizer.count("x\ndef").saturating_sub(apart);
        }
        book
    }

    /// Text of exactly `tokens` tokens; a function of the generator's state.
    pub(super) fn text(
        &self,
        tokens: usize,
        generator: &mut Generator,
    ) -> Result<String, DatasetError> {
        self.text_after("", 0, tokens, generator)
    }

    /// `prefix`, which has `prefix_tokens` tokens, followed by text of `tokens` tokens.
    pub(super) fn text_after(
        &self,
        prefix: &str,
        prefix_tokens: usize,
        tokens: usize,
        generator: &mut Generator,
    ) -> Result<String, DatasetError> {
        if tokens == 0 {
            return Ok(prefix.to_owned());
        }
        let target = prefix_tokens + tokens;
        let mut goal = tokens;
        let corrections = if self.can_follow(prefix) {
            MAXIMUM_CORRECTIONS
        } else {
            0
        };
        for _ in 0..corrections {
            // Each attempt begins with the same draws, so a correction changes the end only.
            let Some(text) = self.composed(prefix, goal, &mut generator.clone()) else {
                break;
            };
            if self.adds_up {
                return Ok(text);
            }
            let count = self.tokenizer.count(&text);
            if count == target {
                return Ok(text);
            }
            goal = (goal + target).saturating_sub(count).max(1);
        }
        PromptWriter::of_corpus(&self.tokenizer, self.corpus).text_after(prefix, tokens, generator)
    }

    /// Whether tokenizers cut between the prefix and what is put behind it.
    fn can_follow(&self, prefix: &str) -> bool {
        let stops = if self.is_code() { "" } else { ".,;" };
        let ends_word = |last: char| last.is_ascii_alphanumeric() || stops.contains(last);
        prefix.chars().next_back().is_none_or(ends_word)
    }

    fn composed(&self, prefix: &str, tokens: usize, generator: &mut Generator) -> Option<String> {
        let mut text = String::with_capacity(prefix.len() + tokens * 6 + 64);
        text.push_str(prefix);
        let mut missing = tokens;
        if self.is_code() && !prefix.is_empty() {
            if missing <= self.joint_tokens {
                return None;
            }
            text.push_str(self.corpus.joint());
            missing -= self.joint_tokens;
        }
        let opening = self.opening(prefix.is_empty(), generator);
        let opening_tokens = self.opening_tokens(&opening);
        if opening_tokens >= missing {
            let end = end_with(&self.ends(&opening), missing)?;
            text.push_str(&opening[..end]);
            return Some(text);
        }
        text.push_str(&opening);
        missing -= opening_tokens;
        loop {
            let phrase = self.any_phrase(generator);
            if phrase.tokens as usize >= missing {
                return self.with_ending(text, missing, generator);
            }
            text.push_str(self.text_of(phrase));
            missing -= phrase.tokens as usize;
        }
    }

    /// Completes the text with the start of a phrase.
    fn with_ending(
        &self,
        mut text: String,
        tokens: usize,
        generator: &mut Generator,
    ) -> Option<String> {
        for _ in 0..MAXIMUM_ENDINGS {
            let phrase = self.any_phrase(generator);
            let ends = phrase.ends.get_or_init(|| self.ends(self.text_of(phrase)));
            if let Some(end) = end_with(ends, tokens) {
                text.push_str(&self.text_of(phrase)[..end]);
                return Some(text);
            }
        }
        None
    }

    /// Where a prompt may end within a phrase: behind words and full stops.
    fn ends(&self, phrase: &str) -> Box<[End]> {
        let bytes = phrase.as_bytes();
        let is_word = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
        let parts_add_up = self.adds_up && !has_contraction(phrase);
        let (mut start, mut tokens) = (0, 0);
        (1..=bytes.len())
            .filter(|&at| {
                (is_word(at - 1) && !is_word(at)) || (at == bytes.len() && bytes[at - 1] == b'.')
            })
            .map(|at| {
                if parts_add_up {
                    tokens += self.words.count(&self.tokenizer, &phrase[start..at]);
                    start = at;
                } else {
                    tokens = self.tokenizer.count(&phrase[..at]);
                }
                End {
                    bytes: at as u32,
                    tokens: tokens as u32,
                }
            })
            .collect()
    }

    fn opening(&self, is_start: bool, generator: &mut Generator) -> String {
        let mut text = String::new();
        if self.is_code() {
            push_heading(&mut text, generator);
            return text;
        }
        if !is_start {
            text.push(' ');
        }
        push_opening(&mut text, generator);
        text
    }

    fn any_phrase(&self, generator: &mut Generator) -> &Phrase {
        &self.phrases[generator.random_range(0..self.phrases.len())]
    }

    fn text_of(&self, phrase: &Phrase) -> &str {
        &self.text[phrase.start as usize..phrase.end as usize]
    }

    fn tokens_before_another(&self, phrase: &str) -> usize {
        if self.adds_up && !self.is_code() && !has_contraction(phrase) {
            return self.sum_of_words(phrase);
        }
        let together = self
            .tokenizer
            .count(&format!("{phrase}{}", self.next_start()));
        together.saturating_sub(self.next_tokens).max(1)
    }

    /// Tokens of an opening when a phrase follows. Openings are new in each prompt, but not their
    /// words; that of code is one line of them, too.
    fn opening_tokens(&self, opening: &str) -> usize {
        match opening.strip_suffix(HEADING_END) {
            Some(words) if self.adds_up => self.sum_of_words(words) + self.heading_end_tokens,
            _ => self.tokens_before_another(opening),
        }
    }

    fn sum_of_words(&self, text: &str) -> usize {
        word_starts(text)
            .map(|word| self.words.count(&self.tokenizer, word))
            .sum()
    }

    /// How phrases start.
    fn next_start(&self) -> &'static str {
        if self.is_code() { "def" } else { " The" }
    }

    fn is_code(&self) -> bool {
        self.corpus == PromptCorpus::Coding
    }
}

/// Whether letters follow an apostrophe behind a word, as in `it's`. Some patterns take both together,
/// so that the word does not end a piece.
fn has_contraction(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(3).any(|near| {
        near[1] == b'\'' && near[0].is_ascii_alphanumeric() && near[2].is_ascii_alphabetic()
    })
}

/// The words of a sentence, each with the space before it and the marks behind it.
fn word_starts(sentence: &str) -> impl Iterator<Item = &str> {
    let mut rest = sentence;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?.len_utf8();
        let end = rest[first..]
            .find(' ')
            .map_or(rest.len(), |space| first + space);
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

/// Tokens of words, counted once each: there are few, and counting one costs a call of the
/// tokenizer, which with files of the hub takes microseconds.
#[derive(Debug, Default)]
struct Words(RwLock<HashMap<Box<str>, u32>>);

impl Words {
    fn count(&self, tokenizer: &Tokenizer, word: &str) -> usize {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(&tokens) = known.get(word) {
            return tokens as usize;
        }
        drop(known);
        let tokens = tokenizer.count(word);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(word.into(), tokens as u32);
        tokens
    }
}

/// Bytes of the start that has this many tokens.
fn end_with(ends: &[End], tokens: usize) -> Option<usize> {
    let end = ends.iter().find(|end| end.tokens as usize == tokens)?;
    Some(end.bytes as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CORPORA: [PromptCorpus; 2] = [PromptCorpus::Prose, PromptCorpus::Coding];

    fn book(name: &str, corpus: PromptCorpus) -> Phrasebook {
        let tokenizer = Tokenizer::from_encoding_name(name).unwrap();
        Phrasebook::new(&tokenizer, corpus, RootSeed::fixed(3))
    }

    fn generator(index: u64) -> Generator {
        RootSeed::fixed(3).stream("dataset.prompt.corpus").at(index)
    }

    #[test]
    fn sums_are_the_counts_of_every_encoding_inside_the_program() {
        for name in [
            "o200k_base",
            "o200k_harmony",
            "cl100k_base",
            "p50k_base",
            "p50k_edit",
            "r50k_base",
        ] {
            for corpus in CORPORA {
                let book = book(name, corpus);
                assert!(book.adds_up);
                for tokens in (1..=150).chain([1000, 5000]) {
                    // Only what is composed: the other way would repair what is wrong here.
                    if let Some(text) = book.composed("", tokens, &mut generator(tokens as u64)) {
                        assert_eq!(
                            book.tokenizer.count(&text),
                            tokens,
                            "{name} {corpus:?} {text:?}"
                        );
                    }
                    let text = book.text(tokens, &mut generator(tokens as u64)).unwrap();
                    assert_eq!(
                        book.tokenizer.count(&text),
                        tokens,
                        "{name} {corpus:?} {text:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn words_are_parted_before_their_spaces() {
        let parts = |text| word_starts(text).collect::<Vec<_>>();
        assert_eq!(parts(" The lamp, 12."), [" The", " lamp,", " 12."]);
        assert_eq!(parts("x"), ["x"]);
        assert_eq!(parts("old door."), ["old", " door."]);
    }

    #[test]
    #[ignore = "needs published tokenizers in the folder AIPERF_TEST_TOKENIZERS"]
    fn sums_are_the_counts_of_published_tokenizers() {
        let folder = std::env::var("AIPERF_TEST_TOKENIZERS")
            .expect("AIPERF_TEST_TOKENIZERS names the folder with the published tokenizers");
        for name in ["llama3_1", "qwen3"] {
            let tokenizer = Tokenizer::from_path(format!("{folder}/{name}").as_ref()).unwrap();
            for corpus in CORPORA {
                let book = Phrasebook::new(&tokenizer, corpus, RootSeed::fixed(3));
                assert!(book.adds_up);
                for tokens in (1..=400).chain([1000, 5000, 20_000]) {
                    let text = book.text(tokens, &mut generator(tokens as u64)).unwrap();
                    assert_eq!(tokenizer.count(&text), tokens, "{name} {corpus:?} {text:?}");
                }
            }
        }
    }

    #[test]
    fn practically_all_lengths_are_composed_and_need_no_second_way() {
        for corpus in CORPORA {
            let book = book("o200k_base", corpus);
            let composed = (10..200).filter(|&tokens| {
                book.composed("", tokens, &mut generator(tokens as u64))
                    .is_some()
            });
            assert!(composed.count() >= 180, "{corpus:?}");
        }
    }

    #[test]
    fn a_body_adds_its_tokens_to_those_of_a_prefix() {
        for corpus in CORPORA {
            let book = book("o200k_base", corpus);
            for tokens in 1..60 {
                let prefix = book
                    .text(tokens + 7, &mut generator(1000 + tokens as u64))
                    .unwrap();
                let text = book
                    .text_after(&prefix, tokens + 7, tokens, &mut generator(2))
                    .unwrap();
                assert_eq!(book.tokenizer.count(&text), 2 * tokens + 7, "{text:?}");
                let kept = prefix.len().saturating_sub(12);
                assert_eq!(text[..kept], prefix[..kept]);
            }
            assert_eq!(
                book.text_after("as it is", 3, 0, &mut generator(3))
                    .unwrap(),
                "as it is"
            );
        }
    }

    #[test]
    fn phrases_are_sentences_or_blocks() {
        let prose = book("o200k_base", PromptCorpus::Prose);
        let sentence = prose.text_of(prose.any_phrase(&mut generator(1)));
        assert!(
            sentence.starts_with(' ') && sentence.ends_with('.'),
            "{sentence:?}"
        );
        assert_eq!(sentence.matches('.').count(), 1, "{sentence:?}");
        let code = book("o200k_base", PromptCorpus::Coding);
        let block = code.text_of(code.any_phrase(&mut generator(1)));
        assert!(block.ends_with("\n\n"));
    }

    #[test]
    fn beginnings_differ() {
        let book = book("o200k_base", PromptCorpus::Prose);
        let beginnings: std::collections::HashSet<Vec<u32>> = (0..1000)
            .map(|index| {
                book.tokenizer
                    .encode(&book.text(16, &mut generator(index)).unwrap())[..4]
                    .to_vec()
            })
            .collect();
        assert!(beginnings.len() >= 995, "{} of 1000", beginnings.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_generator_gives_exact_lengths(tokens in 1usize..900, index in any::<u64>(), is_code in any::<bool>()) {
            let book = book("o200k_base", CORPORA[usize::from(is_code)]);
            let text = book.text(tokens, &mut generator(index)).unwrap();
            prop_assert_eq!(book.tokenizer.count(&text), tokens);
        }
    }
}
