//! Cutting a text into the pieces that are encoded one by one.
//!
//! Each encoding is published with a regular expression. The three in use are written here as
//! plain functions over a table of character classes: a regex engine would have to compile large
//! Unicode classes at start-up and could not use a linear-time matcher because of the look-ahead.
//! The tests hold each function against the published expression.

use super::layout::{CASELESS, CLASS_BLOCK, LOWER, MARK, NUMBER, SPACE, UPPER};

static CLASS_INDEX: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/character_class.index"));
static CLASS_BLOCKS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/character_class.blocks"));

const LETTER: u8 = UPPER | LOWER | CASELESS;
/// What may stand in the first half of a cased word.
const WORD_HEAD: u8 = UPPER | CASELESS | MARK;
/// What may stand in the second half of a cased word.
const WORD_TAIL: u8 = LOWER | CASELESS | MARK;

/// How an encoding cuts its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PiecePattern {
    O200k,
    Cl100k,
    R50k,
}

impl PiecePattern {
    /// Length in bytes of the first piece of a text that is not empty.
    pub(super) fn first_piece(self, text: &str) -> usize {
        match self {
            Self::O200k => o200k_piece(text),
            Self::Cl100k => cl100k_piece(text),
            Self::R50k => r50k_piece(text),
        }
    }
}

fn class(character: char) -> u8 {
    let code_point = character as usize;
    let at = code_point / CLASS_BLOCK * 2;
    let block = u16::from_le_bytes([CLASS_INDEX[at], CLASS_INDEX[at + 1]]) as usize;
    CLASS_BLOCKS[block * CLASS_BLOCK + code_point % CLASS_BLOCK]
}

/// Length in bytes of the longest run, from `start`, of characters for which `keep` holds.
fn run_end(text: &str, start: usize, keep: impl Fn(char) -> bool) -> usize {
    text[start..]
        .find(|character| !keep(character))
        .map_or(text.len(), |length| start + length)
}

fn is_other(character: char) -> bool {
    class(character) & (SPACE | LETTER | NUMBER) == 0
}

fn is_line_end(character: char) -> bool {
    matches!(character, '\r' | '\n')
}

/// ```text
/// [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?
/// |[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?
/// |\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
/// ```
fn o200k_piece(text: &str) -> usize {
    let after_prefix = optional_prefix(text);
    let word_end = after_prefix
        .and_then(|start| mixed_word(text, start))
        .or_else(|| mixed_word(text, 0))
        .or_else(|| after_prefix.and_then(|start| upper_word(text, start)))
        .or_else(|| upper_word(text, 0));
    if let Some(end) = word_end {
        return end + contraction(&text[end..], true);
    }
    digits(text)
        .or_else(|| punctuation(text, |character| is_line_end(character) || character == '/'))
        .unwrap_or_else(|| white_space(text, true))
}

/// ```text
/// '(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+
/// |\s++$|\s*[\r\n]|\s+(?!\S)|\s
/// ```
fn cl100k_piece(text: &str) -> usize {
    let contraction_length = contraction(text, true);
    if contraction_length > 0 {
        return contraction_length;
    }
    let letters_start = optional_prefix(text).unwrap_or(0);
    let letters_end = run_end(text, letters_start, |character| {
        class(character) & LETTER != 0
    });
    if letters_end > letters_start {
        return letters_end;
    }
    digits(text)
        .or_else(|| punctuation(text, is_line_end))
        .or_else(|| white_space_to_the_end(text))
        .unwrap_or_else(|| white_space(text, true))
}

/// ```text
/// '(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s
/// ```
fn r50k_piece(text: &str) -> usize {
    let contraction_length = contraction(text, false);
    if contraction_length > 0 {
        return contraction_length;
    }
    let start = usize::from(text.starts_with(' '));
    let runs: [fn(char) -> bool; 3] = [
        |character| class(character) & LETTER != 0,
        |character| class(character) & NUMBER != 0,
        is_other,
    ];
    for belongs in runs {
        let end = run_end(text, start, belongs);
        if end > start {
            return end;
        }
    }
    white_space(text, false)
}

/// `[^\r\n\p{L}\p{N}]`: where the text goes on after it.
fn optional_prefix(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    (!is_line_end(first) && class(first) & (LETTER | NUMBER) == 0).then(|| first.len_utf8())
}

/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+` from `start`.
fn mixed_word(text: &str, start: usize) -> Option<usize> {
    // If no lower-case letter follows the head, the head gives characters back until the tail
    // can take one: the tail is then the last character that belongs to both.
    let mut last_shared_end = None;
    let mut position = start;
    for character in text[start..].chars() {
        let class = class(character);
        if class & WORD_HEAD == 0 {
            if class & WORD_TAIL != 0 {
                return Some(word_tail_end(text, position));
            }
            break;
        }
        position += character.len_utf8();
        if class & WORD_TAIL != 0 {
            last_shared_end = Some(position);
        }
    }
    last_shared_end
}

/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*` from `start`.
fn upper_word(text: &str, start: usize) -> Option<usize> {
    let head_end = run_end(text, start, |character| class(character) & WORD_HEAD != 0);
    (head_end > start).then(|| word_tail_end(text, head_end))
}

fn word_tail_end(text: &str, start: usize) -> usize {
    run_end(text, start, |character| class(character) & WORD_TAIL != 0)
}

/// Length of an English contraction (`'s`, `'t`, `'re`, `'ve`, `'m`, `'ll`, `'d`), 0 if none.
fn contraction(text: &str, any_case: bool) -> usize {
    let Some(rest) = text.strip_prefix('\'') else {
        return 0;
    };
    for ending in ["s", "t", "re", "ve", "m", "ll", "d"] {
        let matches = rest.get(..ending.len()).is_some_and(|head| {
            if any_case {
                head.eq_ignore_ascii_case(ending)
            } else {
                head == ending
            }
        });
        if matches {
            return 1 + ending.len();
        }
    }
    // The long s is the one letter beyond ASCII that equals one of these without case.
    if any_case && rest.starts_with('ſ') {
        1 + 'ſ'.len_utf8()
    } else {
        0
    }
}

/// `\p{N}{1,3}`
fn digits(text: &str) -> Option<usize> {
    let length = text
        .chars()
        .take(3)
        .take_while(|&character| class(character) & NUMBER != 0)
        .map(char::len_utf8)
        .sum();
    (length > 0).then_some(length)
}

/// ` ?[^\s\p{L}\p{N}]+` and then any number of characters that `trails` accepts.
fn punctuation(text: &str, trails: impl Fn(char) -> bool) -> Option<usize> {
    let start = usize::from(text.starts_with(' '));
    let end = run_end(text, start, is_other);
    (end > start).then(|| run_end(text, end, trails))
}

/// `\s++$`
fn white_space_to_the_end(text: &str) -> Option<usize> {
    text.chars()
        .all(|character| class(character) & SPACE != 0)
        .then_some(text.len())
}

/// The end of a run of white space: up to its last line end if `lines`, else all of it at the end
/// of the text, else all but its last character, which belongs to the word that follows.
fn white_space(text: &str, lines: bool) -> usize {
    let end = run_end(text, 0, |character| class(character) & SPACE != 0);
    let run = &text[..end];
    if lines && let Some(last_line_end) = run.rfind(is_line_end) {
        return last_line_end + 1;
    }
    let last_length = run.chars().next_back().map_or(1, char::len_utf8);
    if end == text.len() || end == last_length {
        end
    } else {
        end - last_length
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fancy_regex::Regex;
    use proptest::prelude::*;

    const O200K: &str = concat!(
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    );
    const CL100K: &str = concat!(
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+",
        r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    );
    const R50K: &str =
        r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s";

    fn by_function(pattern: PiecePattern, text: &str) -> Vec<&str> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, tail) = rest.split_at(pattern.first_piece(rest));
            pieces.push(piece);
            rest = tail;
        }
        pieces
    }

    fn check(text: &str) {
        thread_local! {
            static EXPRESSIONS: [(PiecePattern, Regex); 3] = [
                (PiecePattern::O200k, Regex::new(O200K).unwrap()),
                (PiecePattern::Cl100k, Regex::new(CL100K).unwrap()),
                (PiecePattern::R50k, Regex::new(R50K).unwrap()),
            ];
        }
        EXPRESSIONS.with(|expressions| {
            for (pattern, expression) in expressions {
                let expected: Vec<&str> = expression
                    .find_iter(text)
                    .map(|found| found.unwrap().as_str())
                    .collect();
                assert_eq!(
                    by_function(*pattern, text),
                    expected,
                    "{pattern:?} on {text:?}"
                );
            }
        });
    }

    #[test]
    fn pieces_follow_the_published_expressions() {
        for text in [
            "Hello world, it's 2024! DON'T they'LL we'Ve I'M he'D 'twas 'ſ don'ſ",
            "ABCdef XMLHttpRequest iPhone ÀÉî ǅungla ʰa中文Abc日本ABC한국어",
            "a\u{301}\u{301} \u{301}B \u{301}b \u{301}\u{302} A\u{301}B",
            "  leading\t\ttabs \n\n  lines\r\n\r\n x  \u{a0}\u{2003}y \u{85}z\u{2028}  ",
            "\n",
            " ",
            "   ",
            " \n ",
            "x \n  \n",
            "x   ",
            "x \t",
            "12345 ½¾ ٣٤٥٦ Ⅷ², 3.14/7//\n/ http://a.b/c?d=e&f\n\n",
            "...!!!\r\n/\n ?/x '' ' '' 's 'S s's",
            "🙂👩‍👩‍👧 👍🏽e\u{200d}x \u{feff}bom \u{0}null",
        ] {
            check(text);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn any_text_is_cut_as_the_expressions_cut_it(text in "\\PC{0,60}") {
            check(&text);
        }

        #[test]
        fn awkward_mixtures_are_cut_as_the_expressions_cut_them(
            text in "[aBſ'sLlrReEvVtTdDmM中ʰǅ\u{301}1½/ .!\t\n\r\u{a0}]{0,40}",
        ) {
            check(&text);
        }
    }
}
