//! Plain English sentences without end, from a small grammar.
//!
//! The sentences mean nothing; they look like prose to a tokenizer and to a server. They are drawn
//! anew for every prompt, so no two prompts share a beginning by more than chance and a server's
//! prefix cache does not answer for the model.

use aiperf_random::Generator;
use rand::Rng;

use super::words::{
    ADJECTIVES, ADVERBS, CONJUNCTIONS, DETERMINERS, NAMES, NOUNS, NUMBERS, PREPOSITIONS, VERBS,
};

/// Appends whole sentences until the text has at least `length` bytes. A text without words so
/// far starts with the end of a sentence.
pub(super) fn extend_prose(text: &mut String, length: usize, generator: &mut Generator) {
    let mut writer = Writer {
        text,
        generator,
        at_sentence_start: true,
    };
    if writer.text.trim_ascii().is_empty() {
        writer.opening();
    }
    while writer.text.len() < length {
        writer.sentence();
    }
}

/// Appends the end of a sentence whose start is not part of the text.
pub(super) fn push_opening(text: &mut String, generator: &mut Generator) {
    let mut writer = Writer {
        text,
        generator,
        at_sentence_start: false,
    };
    writer.opening();
}

struct Writer<'a> {
    text: &'a mut String,
    generator: &'a mut Generator,
    at_sentence_start: bool,
}

impl Writer<'_> {
    /// The rest of a sentence whose start is not part of the text: three words that make
    /// beginnings differ.
    fn opening(&mut self) {
        self.at_sentence_start = false;
        self.one_of(ADJECTIVES);
        self.one_of(NOUNS);
        self.one_of(VERBS);
        self.noun_phrase();
        self.stop();
    }

    fn sentence(&mut self) {
        match self.generator.random_range(0..8) {
            0 => {
                self.one_of(ADVERBS);
                self.text.push(',');
                self.clause();
            }
            1 => {
                self.clause();
                self.text.push(',');
                self.one_of(CONJUNCTIONS);
                self.clause();
            }
            2 => {
                self.one_of(NAMES);
                self.one_of(VERBS);
                self.counted_things();
                self.place();
            }
            3 => {
                self.word("when");
                self.clause();
                self.text.push(',');
                self.one_of(NAMES);
                self.one_of(VERBS);
                self.noun_phrase();
            }
            4 => {
                self.plural();
                self.place();
                self.one_of(VERBS);
                self.noun_phrase();
                self.one_of(ADVERBS);
            }
            5 => {
                self.one_of(NAMES);
                self.word("and");
                self.one_of(NAMES);
                self.one_of(VERBS);
                self.noun_phrase();
                self.place();
            }
            6 => {
                self.counted_things();
                self.one_of(VERBS);
                self.noun_phrase();
                self.text.push(';');
                self.clause();
            }
            _ => {
                self.clause();
                self.place();
            }
        }
        self.stop();
    }

    fn clause(&mut self) {
        self.noun_phrase();
        self.one_of(VERBS);
        if self.generator.random_ratio(1, 3) {
            self.plural();
        } else {
            self.noun_phrase();
        }
    }

    fn place(&mut self) {
        self.one_of(PREPOSITIONS);
        self.noun_phrase();
    }

    fn noun_phrase(&mut self) {
        self.one_of(DETERMINERS);
        if self.generator.random_ratio(1, 2) {
            self.one_of(ADJECTIVES);
        }
        self.one_of(NOUNS);
    }

    fn plural(&mut self) {
        if self.generator.random_ratio(2, 3) {
            self.one_of(ADJECTIVES);
        }
        self.one_of(NOUNS);
        if self.text.ends_with("ry") || self.text.ends_with("dy") || self.text.ends_with("ty") {
            self.text.pop();
            self.text.push_str("ies");
        } else if self.text.ends_with('s') || self.text.ends_with("ch") {
            self.text.push_str("es");
        } else {
            self.text.push('s');
        }
    }

    fn counted_things(&mut self) {
        self.one_of(NUMBERS);
        self.plural();
    }

    fn stop(&mut self) {
        self.text.push('.');
        self.at_sentence_start = true;
    }

    fn one_of(&mut self, words: &[&str]) {
        let word = words[self.generator.random_range(0..words.len())];
        self.word(word);
    }

    fn word(&mut self, word: &str) {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
        if self.at_sentence_start {
            let (first, rest) = word.split_at(1);
            self.text.push_str(&first.to_ascii_uppercase());
            self.text.push_str(rest);
        } else {
            self.text.push_str(word);
        }
        self.at_sentence_start = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aiperf_random::RootSeed;

    fn prose(index: u64, length: usize) -> String {
        let mut text = String::new();
        extend_prose(
            &mut text,
            length,
            &mut RootSeed::fixed(1).stream("prose").at(index),
        );
        text
    }

    #[test]
    fn prose_is_ascii_words_with_single_spaces() {
        let text = prose(0, 20_000);
        assert!(text.len() >= 20_000);
        assert!(text.is_ascii());
        assert!(!text.contains("  ") && !text.starts_with(' ') && !text.ends_with(' '));
    }

    #[test]
    fn prose_can_be_extended() {
        let mut text = prose(0, 100);
        let before = text.clone();
        extend_prose(
            &mut text,
            200,
            &mut RootSeed::fixed(2).stream("prose").at(0),
        );
        assert!(text.starts_with(&before) && text.len() >= 200);
    }

    #[test]
    fn beginnings_differ() {
        let beginnings: std::collections::HashSet<String> = (0..5000)
            .map(|index| {
                prose(index, 10)
                    .split(' ')
                    .take(3)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect();
        // 224 adjectives x 354 nouns x 150 verbs: one collision in 5000 draws is expected.
        assert!(beginnings.len() >= 4995, "{}", beginnings.len());
    }

    #[test]
    fn vocabulary_is_varied() {
        let text = prose(7, 50_000);
        let words: std::collections::HashSet<&str> = text.split(' ').collect();
        assert!(words.len() > 1000, "{}", words.len());
    }
}
