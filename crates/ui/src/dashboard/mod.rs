//! The full screen: a header, the progress beside the figures, the log below them, the keys.
//!
//! [`draw`] is a function of what is known and of what is looked at; it changes nothing and knows no
//! terminal.

mod footer;
mod header;
mod log_pane;
mod metrics_pane;
mod progress_pane;
mod theme;

#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Paragraph, Widget as _};

use crate::logs::LogRing;
use crate::model::Snapshot;
use crate::view::{Pane, View};

/// The panes above the log want so many rows; without them the log gives way.
const LEAST_TOP: u16 = 14;
/// The log never has more rows than these beside other panes, nor fewer than those.
const MOST_LOG: u16 = 16;
const LEAST_LOG: u16 = 4;
/// A progress pane is not narrower than this beside another pane.
const LEAST_PROGRESS: u16 = 48;
/// Below this, one pane beside another could not be read.
const LEAST_WIDTH: u16 = 90;

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, snapshot: &Snapshot, logs: &LogRing, view: &View) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    buffer.set_style(area, theme::screen());
    let [head, body, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(area);
    header::draw(buffer, head, snapshot);
    for (pane, place) in places(body, snapshot, view) {
        match pane {
            Pane::Progress => progress_pane::draw(buffer, place, snapshot),
            Pane::Metrics => metrics_pane::draw(buffer, place, snapshot, view),
            Pane::Logs => log_pane::draw(buffer, place, logs, view),
        }
    }
    footer::draw(buffer, foot, snapshot, view);
}

/// Which panes are drawn where. Until there is something to measure, the log has the screen.
fn places(body: Rect, snapshot: &Snapshot, view: &View) -> Vec<(Pane, Rect)> {
    if let Some(pane) = view.focus {
        return vec![(pane, body)];
    }
    if snapshot.phases.is_empty() && !view.hides_logs {
        return vec![(Pane::Logs, body)];
    }
    let log = if view.hides_logs {
        0
    } else {
        log_height(body.height)
    };
    let [top, bottom] = Layout::vertical([Constraint::Min(0), Constraint::Length(log)]).areas(body);
    let mut places = Vec::with_capacity(3);
    if top.width < LEAST_WIDTH {
        places.push((Pane::Progress, top));
    } else {
        let left = (top.width / 3).max(LEAST_PROGRESS);
        let [left, right] =
            Layout::horizontal([Constraint::Length(left), Constraint::Min(0)]).areas(top);
        places.push((Pane::Progress, left));
        places.push((Pane::Metrics, right));
    }
    if log > 0 {
        places.push((Pane::Logs, bottom));
    }
    places
}

/// Two fifths of the rows, within its limits; none where the panes above would suffer.
fn log_height(body: u16) -> u16 {
    let wanted = (body * 2 / 5).min(MOST_LOG);
    let left_over = body.saturating_sub(LEAST_TOP);
    let height = wanted.min(left_over);
    if height < LEAST_LOG { 0 } else { height }
}

/// Draws the frame of a pane; what is left is its inside.
fn pane(buffer: &mut Buffer, area: Rect, title: &str) -> Rect {
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme::border())
        .title(Line::styled(format!(" {title} "), theme::title()).centered())
        .style(theme::panel());
    let inside = block.inner(area);
    block.render(area, buffer);
    inside
}

/// Says in the middle of a pane why it is empty.
fn placeholder(buffer: &mut Buffer, inside: Rect, text: &str) {
    let row = Rect {
        y: inside.y + inside.height / 2,
        height: inside.height.min(1),
        ..inside
    };
    Paragraph::new(Line::styled(text, theme::waiting()).centered()).render(row, buffer);
}

/// A bar of `width` columns, in halves of a column.
fn bar(percent: f64, width: u16, style: ratatui::style::Style) -> Vec<Span<'static>> {
    let width = usize::from(width);
    let halves = (width as f64 * 2.0 * (percent / 100.0).clamp(0.0, 1.0)) as usize;
    let (whole, half) = (halves / 2, halves % 2);
    vec![
        Span::styled("━".repeat(whole) + &"╸".repeat(half), style),
        Span::styled("━".repeat(width - whole - half), theme::track()),
    ]
}
