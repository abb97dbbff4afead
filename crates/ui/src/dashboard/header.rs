//! The first row: what the run does, the program's name, how far it is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

use super::{bar, theme};
use crate::model::Snapshot;

const TITLE: &str = "AIPerf";
/// Columns of the bar, and of the percent beside it.
const BAR: u16 = 24;
const PERCENT: u16 = 6;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, snapshot: &Snapshot) {
    Line::styled(TITLE, theme::title())
        .centered()
        .render(area, buffer);
    let Some((stage, percent)) = snapshot.stage() else {
        return;
    };
    let style = theme::of_stage(stage.is_warmup());
    let name = Span::styled(format!(" {}", stage.name()), style);
    let name_width = name.width();
    Line::from(name).render(area, buffer);
    let left_half = usize::from(area.width).saturating_sub(TITLE.len()) / 2;
    let fits = left_half > name_width && left_half > usize::from(BAR + PERCENT);
    if let Some(percent) = percent.filter(|_| fits) {
        let mut spans = bar(percent, BAR, style);
        spans.push(Span::styled(format!("{percent:>4.0}% "), style));
        Line::from(spans).right_aligned().render(area, buffer);
    }
}
