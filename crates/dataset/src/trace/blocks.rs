//! The text of hash ids.
//!
//! A block's text is a function of seed, trace and id: equal ids are equal bytes wherever they
//! stand and in whatever order prompts are assembled, and a block that is cut short is the start
//! of the whole one. Blocks are pieces of a body of prose that is tokenized once, so that
//! assembling a prompt copies text and tokenizes nothing. Pieces start and end at words, where
//! tokenizers cut too; so a prompt has as many tokens as it was recorded with, give or take the
//! ends of blocks that were cut short.

use std::collections::HashMap;
use std::fmt;

use aiperf_random::{Generator, RootSeed, Stream};
use aiperf_tokenizer::Tokenizer;
use rand::Rng;

use crate::error::DatasetError;
use crate::prompt::{PromptCorpus, PromptWriter};

/// Chapters of the body of prose, written by themselves.
const CHAPTERS: u64 = 32;
const TOKENS_PER_CHAPTER: usize = 4096;

/// A block opens with a short piece of its own. Two blocks that are to differ then do so within
/// these tokens in all but one of a hundred thousand cases, and in the next piece if not here.
const OPENING_TOKENS: usize = 8;

/// Longest piece that is copied from one place.
const MAXIMUM_PIECE: usize = 8192;

/// Places that are tried for a piece that starts and ends at words.
const MAXIMUM_TRIES: usize = 64;

/// Writes the prompts of one trace.
pub(super) struct BlockText {
    tokenizer: Tokenizer,
    corpus: PromptCorpus,
    body: Body,
    /// The text that separates blocks, one token long; empty where the tokenizer has none.
    separator: String,
    block_size: usize,
    blocks: Stream,
    tails: Stream,
    plain: Stream,
}

impl fmt::Debug for BlockText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BlockText")
            .field("tokenizer", &self.tokenizer)
            .field("block_size", &self.block_size)
            .finish_non_exhaustive()
    }
}

impl BlockText {
    pub(super) fn new(
        tokenizer: &Tokenizer,
        trace_id: &str,
        block_size: u32,
        corpus: PromptCorpus,
        seed: RootSeed,
    ) -> Result<Self, DatasetError> {
        if matches!(corpus, PromptCorpus::Random(_)) {
            return Err(DatasetError::Settings {
                reason: "`--prompt-corpus random` has no text for the hash ids of traces; take `sonnet` or `coding`"
                    .to_owned(),
            });
        }
        let separator = tokenizer.separator_token();
        Ok(Self {
            tokenizer: tokenizer.clone(),
            corpus,
            body: Body::write(tokenizer, corpus, seed)?,
            separator: separator.map_or_else(String::new, |token| tokenizer.decode(&[token])),
            block_size: block_size.max(1) as usize,
            blocks: seed.stream(&format!("dataset.prompt.block:{trace_id}")),
            tails: seed.stream(&format!("dataset.prompt.tail:{trace_id}")),
            plain: seed.stream("dataset.prompt.corpus"),
        })
    }

    /// A prompt of `tokens` tokens whose first blocks are those of the ids. `row` decides what the
    /// ids leave open.
    pub(super) fn prompt(
        &self,
        row: u64,
        tokens: usize,
        hash_ids: impl Iterator<Item = u64>,
    ) -> Result<String, DatasetError> {
        let mut text = String::new();
        let mut missing = tokens;
        let mut has_ids = false;
        for id in hash_ids {
            has_ids = true;
            let size = missing.min(self.block_size);
            self.push_block(&mut text, id, size);
            missing -= size;
        }
        if !has_ids {
            return PromptWriter::of_corpus(&self.tokenizer, self.corpus)
                .text(tokens.max(1), &mut self.plain.at(row));
        }
        if missing > 0 {
            let mut generator = self.tails.at(row);
            self.body
                .push_pieces(&mut text, missing, missing, &mut generator);
        }
        Ok(text)
    }

    fn push_block(&self, text: &mut String, id: u64, size: usize) {
        let Some(size) = size.checked_sub(usize::from(!self.separator.is_empty())) else {
            return;
        };
        text.push_str(&self.separator);
        let whole = self.block_size - usize::from(!self.separator.is_empty());
        let opening = whole.min(OPENING_TOKENS);
        let mut generator = self.blocks.at(id);
        self.body
            .push_pieces(text, opening, size.min(opening), &mut generator);
        let rest = size.saturating_sub(opening);
        self.body
            .push_pieces(text, whole - opening, rest, &mut generator);
    }
}

/// Prose that is cut between its tokens.
struct Body {
    text: String,
    /// Where each token starts in the text, with one place more for the end.
    starts: Vec<u32>,
    /// Whether a word starts at each of these places.
    starts_word: Vec<bool>,
}

impl Body {
    fn write(
        tokenizer: &Tokenizer,
        corpus: PromptCorpus,
        seed: RootSeed,
    ) -> Result<Self, DatasetError> {
        let writer = PromptWriter::of_corpus(tokenizer, corpus);
        let stream = seed.stream("dataset.prompt.body");
        let mut text = String::new();
        for chapter in 0..CHAPTERS {
            text.push(' ');
            text.push_str(&writer.text(TOKENS_PER_CHAPTER, &mut stream.at(chapter))?);
        }
        let starts =
            starts_of_tokens(tokenizer, &text).unwrap_or_else(|| starts_of_words(tokenizer, &text));
        let bytes = text.as_bytes();
        let mut starts_word: Vec<bool> = starts
            .iter()
            .map(|start| bytes.get(*start as usize).is_none_or(|byte| *byte == b' '))
            .collect();
        // Of several tokens at one place the first starts the word.
        for place in (1..starts.len()).rev() {
            starts_word[place] &= starts[place - 1] < starts[place];
        }
        Ok(Self {
            text,
            starts,
            starts_word,
        })
    }

    fn tokens(&self) -> usize {
        self.starts.len() - 1
    }

    /// Appends the first `size` tokens of the `whole` tokens that the generator picks.
    fn push_pieces(&self, text: &mut String, whole: usize, size: usize, generator: &mut Generator) {
        let (mut whole, mut size) = (whole, size);
        while size > 0 {
            let length = whole.min(MAXIMUM_PIECE).min(self.tokens() / 2).max(1);
            let start = self.place_of_piece(length, generator);
            let end = (start + size.min(length)).min(self.tokens());
            let bytes = self.starts[start] as usize..self.starts[end] as usize;
            text.push_str(&self.text[bytes]);
            whole = whole.saturating_sub(length);
            size = size.saturating_sub(length);
        }
    }

    fn place_of_piece(&self, length: usize, generator: &mut Generator) -> usize {
        let places = self.tokens().saturating_sub(length).max(1);
        let mut place = generator.random_range(0..places);
        for _ in 0..MAXIMUM_TRIES {
            let ends_word = self.starts_word.get(place + length) != Some(&false);
            if self.starts_word[place] && ends_word {
                break;
            }
            place = (place + 1) % places;
        }
        place
    }
}

/// Where tokens start, for tokenizers whose tokens one by one make the text they came from.
fn starts_of_tokens(tokenizer: &Tokenizer, text: &str) -> Option<Vec<u32>> {
    let tokens = tokenizer.encode(text);
    let mut text_of: HashMap<u32, String> = HashMap::new();
    let mut starts = Vec::with_capacity(tokens.len() + 1);
    let mut at = 0;
    for token in tokens {
        starts.push(u32::try_from(at).ok()?);
        let piece = text_of
            .entry(token)
            .or_insert_with(|| tokenizer.decode(&[token]));
        if !text[at..].starts_with(piece.as_str()) {
            return None;
        }
        at += piece.len();
    }
    starts.push(u32::try_from(at).ok()?);
    (at == text.len()).then_some(starts)
}

/// For other tokenizers: a word belongs to the first of the tokens it has by itself.
fn starts_of_words(tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
    let mut tokens_of: HashMap<&str, usize> = HashMap::new();
    let mut starts = Vec::new();
    let mut at = 0;
    for word in text.split(' ').skip(1) {
        let count = *tokens_of
            .entry(word)
            .or_insert_with(|| tokenizer.count(word));
        let end = at + 1 + word.len();
        let places = std::iter::once(at).chain(std::iter::repeat(end));
        starts.extend(places.take(count).map(|place| place as u32));
        at = end;
    }
    starts.push(at as u32);
    starts
}
