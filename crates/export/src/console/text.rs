//! Cells of text: how wide they are, where they break, how they are padded.
//!
//! The rules are those of the library that draws the reference's tables, so that a report breaks
//! at the same places.

use unicode_width::UnicodeWidthChar;

/// Where text stands within its width.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Align {
    /// Padded on the right.
    #[default]
    Left,
    /// Padded on the left.
    Right,
    /// Padded on both sides, the odd blank on the right.
    Center,
    /// Not padded, blanks before a break stay.
    Free,
}

/// What happens to a word that is wider than a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Overflow {
    /// It is cut and ends in `…`.
    #[default]
    Ellipsis,
    /// It goes on in the next line.
    Fold,
}

const TAB_WIDTH: usize = 8;

/// `text` fit for a terminal: tabs become blanks, other control characters go. A server's message
/// must not be able to move the cursor.
pub(crate) fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut column = 0;
    for character in text.chars() {
        match character {
            '\n' => {
                clean.push('\n');
                column = 0;
            }
            '\t' => {
                let blanks = TAB_WIDTH - column % TAB_WIDTH;
                clean.extend(std::iter::repeat_n(' ', blanks));
                column += blanks;
            }
            _ if character.is_control() => {}
            _ => {
                clean.push(character);
                column += character_width(character);
            }
        }
    }
    clean
}

/// Columns that `text` (one line) takes.
pub(crate) fn width_of(text: &str) -> usize {
    text.chars().map(character_width).sum()
}

/// Columns of the widest line.
pub(crate) fn widest_line(text: &str) -> usize {
    text.lines().map(width_of).max().unwrap_or(0)
}

fn character_width(character: char) -> usize {
    character.width().unwrap_or(0)
}

/// The lines that `text` takes at `width`, cut and padded.
pub(crate) fn lay_out(text: &str, width: usize, align: Align, overflow: Overflow) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        for piece in pieces_between(paragraph, &break_points(paragraph, width.max(1), overflow)) {
            lines.push(aligned(
                without_excess_blanks(piece, width),
                width,
                align,
                overflow,
            ));
        }
    }
    lines
}

/// Puts one line into its place.
fn aligned(line: &str, width: usize, align: Align, overflow: Overflow) -> String {
    let line = match align {
        Align::Left | Align::Free => line,
        Align::Right | Align::Center => line.trim_end(),
    };
    let line = cut(line, width, overflow);
    let missing = width - width_of(&line);
    let (before, after) = match align {
        Align::Free => (0, 0),
        Align::Left => (0, missing),
        Align::Right => (missing, 0),
        Align::Center => (missing / 2, missing - missing / 2),
    };
    format!("{:before$}{line}{:after$}", "", "")
}

/// At most `width` columns of `line`.
pub(crate) fn cut(line: &str, width: usize, overflow: Overflow) -> String {
    if width_of(line) <= width {
        return line.to_owned();
    }
    if width == 0 {
        return String::new();
    }
    match overflow {
        Overflow::Fold => first_columns(line, width),
        Overflow::Ellipsis => first_columns(line, width - 1) + "…",
    }
}

/// Exactly `width` columns; half of a double-width character becomes a blank.
fn first_columns(line: &str, width: usize) -> String {
    let mut columns = 0;
    let mut kept = String::new();
    for character in line.chars() {
        let next = columns + character_width(character);
        if next > width {
            break;
        }
        kept.push(character);
        columns = next;
    }
    kept.extend(std::iter::repeat_n(' ', width - columns));
    kept
}

/// Blanks at the end go as far as they exceed the width. The excess counts characters, not
/// columns.
fn without_excess_blanks(line: &str, width: usize) -> &str {
    let excess = line.chars().count().saturating_sub(width);
    let mut end = line.len();
    for (position, character) in line.char_indices().rev().take(excess) {
        if !character.is_whitespace() {
            break;
        }
        end = position;
    }
    &line[..end]
}

fn pieces_between<'a>(line: &'a str, breaks: &[usize]) -> Vec<&'a str> {
    let starts = std::iter::once(0).chain(breaks.iter().copied());
    let ends = breaks.iter().copied().chain(std::iter::once(line.len()));
    starts
        .zip(ends)
        .map(|(start, end)| &line[start..end])
        .collect()
}

/// Byte positions at which a new line begins.
fn break_points(line: &str, width: usize, overflow: Overflow) -> Vec<usize> {
    let mut breaks = Vec::new();
    let mut column = 0;
    for (start, word) in words(line) {
        let bare_width = width_of(word.trim_end());
        if column + bare_width <= width {
            column += width_of(word);
            continue;
        }
        if bare_width > width && overflow == Overflow::Fold {
            let mut piece_start = start;
            for piece in folded(word, width) {
                if piece_start > 0 {
                    breaks.push(piece_start);
                }
                column = width_of(piece);
                piece_start += piece.len();
            }
        } else {
            if start > 0 {
                breaks.push(start);
            }
            column = width_of(word);
        }
    }
    breaks
}

/// Words with the blanks that follow them; the first also has those before it.
fn words(line: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut seen_word = false;
    let mut in_blanks = false;
    for (position, character) in line.char_indices() {
        if character.is_whitespace() {
            in_blanks = true;
        } else {
            if in_blanks && seen_word {
                found.push((start, &line[start..position]));
                start = position;
            }
            in_blanks = false;
            seen_word = true;
        }
    }
    if seen_word {
        found.push((start, &line[start..]));
    }
    found
}

/// A long word in pieces of at most `width` columns.
fn folded(word: &str, width: usize) -> Vec<&str> {
    let mut breaks = Vec::new();
    let mut column = 0;
    for (position, character) in word.char_indices() {
        let next = column + character_width(character);
        if next > width && position > 0 {
            breaks.push(position);
            column = character_width(character);
        } else {
            column = next;
        }
    }
    pieces_between(word, &breaks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn control_characters_cannot_reach_the_terminal() {
        assert_eq!(
            printable("a\tb\u{1b}[31mred\r\n\u{7}\tx"),
            "a       b[31mred\n        x"
        );
    }

    #[test]
    fn text_breaks_at_blanks_and_long_words_are_cut_or_folded() {
        let text = "one two  threeeeeeee four";
        assert_eq!(
            lay_out(text, 8, Align::Right, Overflow::Ellipsis),
            [" one two", "threeee…", "    four"]
        );
        assert_eq!(
            lay_out(text, 8, Align::Left, Overflow::Fold),
            ["one two ", "threeeee", "eee four"]
        );
    }

    #[test]
    fn half_of_a_double_width_character_becomes_a_blank() {
        assert_eq!(cut("日本語", 3, Overflow::Fold), "日 ");
        assert_eq!(cut("日本語", 5, Overflow::Ellipsis), "日本…");
    }

    proptest! {
        #[test]
        fn no_laid_out_line_is_wider_than_asked_and_padded_lines_fill_it(
            text in "[ a-z日語é\\n]{0,60}",
            width in 2usize..20,
            fold in any::<bool>(),
        ) {
            let overflow = if fold { Overflow::Fold } else { Overflow::Ellipsis };
            for align in [Align::Left, Align::Right, Align::Center] {
                for line in lay_out(&text, width, align, overflow) {
                    prop_assert_eq!(width_of(&line), width);
                }
            }
            for line in lay_out(&text, width, Align::Free, overflow) {
                prop_assert!(width_of(&line) <= width);
            }
        }

        #[test]
        fn folding_loses_nothing_but_blanks(text in "[ a-z日語é]{0,60}", width in 2usize..20) {
            let joined = lay_out(&text, width, Align::Left, Overflow::Fold).concat();
            prop_assert_eq!(joined.replace(' ', ""), text.replace(' ', ""));
        }
    }
}
