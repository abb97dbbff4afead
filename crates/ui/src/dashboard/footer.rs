//! The last row: what keys do, and what there is to tell.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use super::theme;
use crate::model::Snapshot;
use crate::view::View;

const KEYS: [(&str, &str); 7] = [
    ("1", "Overview"),
    ("2", "Progress"),
    ("3", "Metrics"),
    ("6", "Logs"),
    ("esc", "Restore View"),
    ("c", "Copy Logs"),
    ("ctrl+c", "Stop"),
];

pub(super) fn draw(buffer: &mut Buffer, area: Rect, snapshot: &Snapshot, view: &View) {
    let keys = KEYS.iter().flat_map(|(key, meaning)| {
        [
            Span::styled(format!(" {key} "), theme::title()),
            Span::styled(format!("{meaning} "), theme::text()),
        ]
    });
    Line::from_iter(keys).render(area, buffer);
    if let Some(notice) = view.notice(snapshot.now) {
        let notice = Span::styled(format!(" {notice} "), theme::middling());
        Line::from(notice).right_aligned().render(area, buffer);
    }
}
