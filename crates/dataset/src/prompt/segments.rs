//! The text of a vocabulary, parted where tokenizers cut, so that texts can be put together of its
//! parts without encoding them again.
//!
//! A vocabulary in its order is a text like any other: some of its tokens merge, some fall apart.
//! Behind a word and before a space a tokenizer that encodes words apart cuts whatever there is, so
//! the tokens of a text made of such parts are those of its parts.

use std::sync::atomic::{AtomicU16, Ordering::Relaxed};

use aiperf_random::Generator;
use aiperf_tokenizer::Tokenizer;
use rand::Rng;

/// Fewer parts would make texts that are alike.
const LEAST_SEGMENTS: usize = 1000;

/// Longer parts are left out.
const LONGEST: usize = 200;

/// Parts that are tried where one of a single token is needed.
const MAXIMUM_TRIES: usize = 256;

/// Parts of a text, in its order.
#[derive(Debug)]
pub(super) struct Segments {
    text: String,
    /// Where each part starts and ends. It starts with a space and ends with a word.
    places: Vec<(u32, u32)>,
    /// Tokens of each part; 0 where nobody has counted yet.
    tokens: Vec<AtomicU16>,
}

impl Segments {
    /// Parts the text of a vocabulary. None where the tokenizer does not encode words apart, or where
    /// there are too few parts.
    pub(super) fn of(tokenizer: &Tokenizer, vocabulary: &[u32]) -> Option<Self> {
        if !tokenizer.encodes_words_apart() {
            return None;
        }
        let text = tokenizer.decode(vocabulary);
        let bytes = text.as_bytes();
        let is_cut = |at: &usize| bytes[*at] == b' ' && bytes[at - 1].is_ascii_alphanumeric();
        let cuts: Vec<usize> = (1..bytes.len()).filter(is_cut).collect();
        let places: Vec<(u32, u32)> = cuts
            .windows(2)
            .filter(|cuts| cuts[1] - cuts[0] <= LONGEST)
            .filter_map(|cuts| Some((u32::try_from(cuts[0]).ok()?, u32::try_from(cuts[1]).ok()?)))
            .collect();
        if places.len() < LEAST_SEGMENTS {
            return None;
        }
        Some(Self {
            tokens: places.iter().map(|_| AtomicU16::new(0)).collect(),
            places,
            text,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether parts can stand behind this text.
    pub(super) fn can_follow(prefix: &str) -> bool {
        let last = prefix.as_bytes().last();
        last.is_none_or(u8::is_ascii_alphanumeric)
    }

    /// Appends `tokens` tokens: the parts from number `first` on, then such of a single token as are
    /// drawn. Fails where these are too rare.
    pub(super) fn push(
        &self,
        text: &mut String,
        tokenizer: &Tokenizer,
        tokens: usize,
        first: u64,
        generator: &mut Generator,
    ) -> Option<()> {
        let mut missing = tokens;
        let mut next = (first % self.len() as u64) as usize;
        loop {
            let tokens = self.count(next, tokenizer);
            if tokens > missing {
                break;
            }
            text.push_str(self.text_of(next));
            missing -= tokens;
            next = (next + 1) % self.len();
        }
        for _ in 0..missing {
            let mut draws = (0..MAXIMUM_TRIES).map(|_| generator.random_range(0..self.len()));
            let single = draws.find(|&index| self.count(index, tokenizer) == 1)?;
            text.push_str(self.text_of(single));
        }
        Some(())
    }

    fn text_of(&self, index: usize) -> &str {
        let (start, end) = self.places[index];
        &self.text[start as usize..end as usize]
    }

    /// Any thread that needs the number and does not find it counts.
    fn count(&self, index: usize, tokenizer: &Tokenizer) -> usize {
        let known = self.tokens[index].load(Relaxed);
        if known > 0 {
            return usize::from(known);
        }
        let tokens = tokenizer.count(self.text_of(index));
        // No part has more bytes than fit, nor no tokens at all.
        let tokens = u16::try_from(tokens).unwrap_or(u16::MAX).max(1);
        self.tokens[index].store(tokens, Relaxed);
        usize::from(tokens)
    }
}
