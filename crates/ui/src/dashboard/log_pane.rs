//! The end of the log, or the part of it that was scrolled to.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use super::{pane, theme};
use crate::figures::shortened;
use crate::logs::{LogLine, LogRing};
use crate::view::View;

/// Messages are cut at this many characters.
const MOST_MESSAGE: usize = 500;
/// From this width on, continuations stand below the message they belong to.
const INDENTS_FROM: usize = 90;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, logs: &LogRing, view: &View) {
    let inside = pane(buffer, area, "Application Logs");
    let lines = last_lines(logs, view, inside);
    for (line, y) in lines.into_iter().rev().zip(inside.y..) {
        let place = Rect {
            x: inside.x + 1,
            y,
            width: inside.width.saturating_sub(2),
            height: 1,
        };
        line.render(place, buffer);
    }
}

/// What fits, the lowest line first. Only what is shown is laid out.
fn last_lines(logs: &LogRing, view: &View, inside: Rect) -> Vec<Line<'static>> {
    let height = usize::from(inside.height);
    let width = usize::from(inside.width).saturating_sub(2);
    let mut lines = Vec::with_capacity(height);
    let Some(last) = logs.end().checked_sub(1) else {
        return lines;
    };
    let from = view.log_at.unwrap_or(last).max(logs.dropped());
    for number in (logs.dropped()..=from.min(last)).rev() {
        if let Some(line) = logs.get(number) {
            lines.extend(wrapped(line, width).into_iter().rev());
        }
        if lines.len() >= height {
            break;
        }
    }
    lines.truncate(height);
    lines
}

fn wrapped(line: &LogLine, width: usize) -> Vec<Line<'static>> {
    let style = theme::of_severity(line.severity);
    let head = format!("[{}] ", line.time);
    let name = format!("{:<8} ", line.severity.name());
    let indent = if width >= INDENTS_FROM {
        head.len() + name.len()
    } else {
        0
    };
    let place = if line.place.is_empty() {
        String::new()
    } else {
        format!("({})", line.place)
    };
    let message = shortened(&line.message, MOST_MESSAGE).replace(['\n', '\t'], " ");
    let text = format!("{message} {place}");
    let first_room = width.saturating_sub(head.len() + name.len()).max(1);
    let later_room = width.saturating_sub(indent).max(1);
    let options = textwrap::Options::new(first_room)
        .break_words(true)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    let pieces: Vec<String> = if first_room == later_room {
        textwrap::wrap(text.trim_end(), options)
            .into_iter()
            .map(std::borrow::Cow::into_owned)
            .collect()
    } else {
        uneven(text.trim_end(), first_room, later_room)
    };
    let last = pieces.len().saturating_sub(1);
    pieces
        .into_iter()
        .enumerate()
        .map(|(index, piece)| {
            let mut spans = if index == 0 {
                vec![
                    Span::styled(head.clone(), theme::dim()),
                    Span::styled(name.clone(), style),
                ]
            } else {
                vec![Span::raw(" ".repeat(indent))]
            };
            // The place is the last word, and no wrapping cuts it off its line's end.
            match piece.strip_suffix(&place).filter(|_| index == last) {
                Some(message) => {
                    spans.push(Span::styled(message.to_owned(), theme::text()));
                    spans.push(Span::styled(place.clone(), theme::place()));
                }
                None => spans.push(Span::styled(piece, theme::text())),
            }
            Line::from(spans)
        })
        .collect()
}

/// Wraps where the first line has less room than the others.
fn uneven(text: &str, first: usize, later: usize) -> Vec<String> {
    let indent = " ".repeat(later.saturating_sub(first));
    let options = textwrap::Options::new(later)
        .initial_indent(&indent)
        .break_words(true)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    let pieces = textwrap::wrap(text, options).into_iter().enumerate();
    pieces
        .map(|(index, piece)| match index {
            0 => piece.strip_prefix(&*indent).unwrap_or(&piece).to_owned(),
            _ => piece.into_owned(),
        })
        .collect()
}
