//! Pieces of programs, logs, documents and talk about them, without end.

use aiperf_random::Generator;
use rand::Rng;

use super::code_patterns::PATTERNS;
use super::words::{ADJECTIVES, NOUNS, VERBS};

/// Appends whole blocks until the text has at least `length` bytes.
pub(super) fn extend_code(text: &mut String, length: usize, generator: &mut Generator) {
    if text.is_empty() {
        push_heading(text, generator);
    }
    while text.len() < length {
        push_block(text, generator);
    }
}

/// How headings end.
pub(super) const HEADING_END: &str = " module\n\n";

/// A line of comment that makes beginnings differ.
pub(super) fn push_heading(text: &mut String, generator: &mut Generator) {
    let pick = |words: &[&'static str], generator: &mut Generator| {
        words[generator.random_range(0..words.len())]
    };
    text.push('#');
    for words in [ADJECTIVES, NOUNS, VERBS, NOUNS] {
        text.push(' ');
        text.push_str(pick(words, generator));
    }
    text.push_str(HEADING_END);
}

/// One block. It starts with a letter, `#` or `{` in the first column and ends with a blank line,
/// so that blocks can stand in any order and tokenizers cut between them.
pub(super) fn push_block(text: &mut String, generator: &mut Generator) {
    let pattern = PATTERNS[generator.random_range(0..PATTERNS.len())];
    let names = Names::draw(generator);
    let mut rest = pattern;
    while let Some(at) = rest.find('@') {
        text.push_str(&rest[..at]);
        let place = rest[at + 1..].chars().next().unwrap_or_default();
        names.push(text, place, generator);
        rest = &rest[at + 1 + place.len_utf8()..];
    }
    text.push_str(rest);
    text.push_str("\n\n");
}

/// The names of one block, which stand in several of its places.
struct Names {
    nouns: [&'static str; 3],
    adjective: &'static str,
    verb: &'static str,
}

impl Names {
    fn draw(generator: &mut Generator) -> Self {
        let mut pick = |words: &[&'static str]| words[generator.random_range(0..words.len())];
        let nouns = [pick(NOUNS), pick(NOUNS), pick(NOUNS)];
        // Of a verb such as `waited for` the first word makes a name.
        let verb = pick(VERBS).split(' ').next().unwrap_or_default();
        Self {
            nouns,
            adjective: pick(ADJECTIVES),
            verb,
        }
    }

    /// `@a`, `@b`, `@c` are names, `@A`, `@B`, `@C` the same in upper camel case, `@d` an
    /// adjective, `@D` the same with a capital, `@v` a verb, `@n` a number, `@x` eight hexadecimal
    /// digits.
    fn push(&self, text: &mut String, place: char, generator: &mut Generator) {
        let capital = |text: &mut String, word: &str| {
            text.extend(word.chars().take(1).map(|first| first.to_ascii_uppercase()));
            text.push_str(word.get(1..).unwrap_or_default());
        };
        match place {
            'a' => text.push_str(self.nouns[0]),
            'b' => text.push_str(self.nouns[1]),
            'c' => text.push_str(self.nouns[2]),
            'A' => capital(text, self.nouns[0]),
            'B' => capital(text, self.nouns[1]),
            'C' => capital(text, self.nouns[2]),
            'd' => text.push_str(self.adjective),
            'D' => capital(text, self.adjective),
            'v' => text.push_str(self.verb),
            'n' => text.push_str(&generator.random_range(1..1000u32).to_string()),
            'x' => text.push_str(&format!("{:08x}", generator.random::<u32>())),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aiperf_random::RootSeed;

    #[test]
    fn every_pattern_keeps_the_rules_of_blocks_and_has_no_unknown_place() {
        for pattern in PATTERNS {
            let first = pattern.chars().next().unwrap();
            assert!(
                first.is_ascii_alphabetic() || "#{".contains(first),
                "{pattern}"
            );
            assert!(!pattern.ends_with(char::is_whitespace), "{pattern}");
            assert!(pattern.is_ascii(), "{pattern}");
            for (at, _) in pattern.match_indices('@') {
                let place = pattern[at + 1..].chars().next().unwrap();
                assert!("abcABCdDvnx".contains(place), "@{place} in {pattern}");
            }
        }
    }

    #[test]
    fn code_is_varied_and_names_are_used_again_within_a_block() {
        let mut generator = RootSeed::fixed(1).stream("code").at(0);
        let mut text = String::new();
        extend_code(&mut text, 60_000, &mut generator);
        assert!(text.len() >= 60_000 && text.starts_with("# "));
        for piece in [
            "def ",
            "func ",
            "fn ",
            "export ",
            "SELECT",
            "Traceback",
            "diff --git",
            "CUDA",
        ] {
            assert!(text.contains(piece), "{piece}");
        }
        let lines: std::collections::HashSet<&str> = text.lines().collect();
        assert!(lines.len() > 1000, "{}", lines.len());
    }
}
