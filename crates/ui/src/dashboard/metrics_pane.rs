//! The figures so far, one row for each metric.

use aiperf_metrics::live::is_shown_live;
use aiperf_metrics::{MetricResult, Statistics, catalog};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;
use unicode_width::UnicodeWidthStr as _;

use super::{pane, placeholder, theme};
use crate::figures::grouped;
use crate::model::Snapshot;
use crate::view::View;

/// Stands where a metric has no such figure.
const NOT_THERE: &str = "N/A";
/// Between two columns.
const GAP: usize = 2;

/// A column, and where its figure stands.
type Column = (&'static str, fn(&Statistics) -> Option<f64>);

/// In order; where there is no room, the last ones are left out.
const COLUMNS: [Column; 7] = [
    ("avg", |statistics| statistics.avg),
    ("min", |statistics| statistics.min),
    ("max", |statistics| statistics.max),
    ("p99", |statistics| statistics.percentile(99)),
    ("p90", |statistics| statistics.percentile(90)),
    ("p50", |statistics| statistics.percentile(50)),
    ("std", |statistics| statistics.std),
];

pub(super) fn draw(buffer: &mut Buffer, area: Rect, snapshot: &Snapshot, view: &View) {
    let inside = pane(buffer, area, "Real-Time Metrics");
    let rows = rows(&snapshot.metrics);
    if rows.is_empty() {
        return placeholder(buffer, inside, "No metrics available yet. Please wait...");
    }
    let layout = Columns::fitting(&rows, usize::from(inside.width));
    let header = [layout.line("Metric", |index| COLUMNS[index].0.to_owned(), true)];
    let room = usize::from(inside.height).saturating_sub(1);
    let first = view.metrics_from.min(rows.len().saturating_sub(room));
    let body = rows[first..].iter().map(|row| {
        let cell = |index: usize| row.cells[index].clone();
        layout.line(&row.label, cell, false)
    });
    for (y, line) in header.into_iter().chain(body).enumerate() {
        let Some(y) = u16::try_from(y).ok().filter(|&y| y < inside.height) else {
            break;
        };
        let place = Rect {
            y: inside.y + y,
            height: 1,
            ..inside
        };
        if y > 0 && y.is_multiple_of(2) {
            buffer.set_style(place, theme::stripe());
        }
        line.render(place, buffer);
    }
}

/// A metric as it is shown.
struct Row {
    label: String,
    cells: Vec<String>,
}

/// Those that are for everybody, by their place in tables; what no catalog knows comes last.
fn rows(metrics: &[MetricResult]) -> Vec<Row> {
    let is_shown = |result: &&MetricResult| catalog::find(&result.tag).is_none_or(is_shown_live);
    let mut shown: Vec<&MetricResult> = metrics.iter().filter(is_shown).collect();
    shown.sort_by_key(|result| result.order.unwrap_or(u32::MAX));
    shown
        .into_iter()
        .map(|result| Row {
            label: label(result),
            cells: COLUMNS
                .iter()
                .map(|(_, figure)| match figure(&result.statistics) {
                    Some(number) => grouped(number, 2),
                    None => NOT_THERE.to_owned(),
                })
                .collect(),
        })
        .collect()
}

/// The short name, if there is one, and the unit, unless the short name says it.
fn label(result: &MetricResult) -> String {
    let metric = catalog::find(&result.tag);
    let short = metric.and_then(|metric| metric.short_header);
    let name = short.unwrap_or(&result.header);
    if metric.is_some_and(|metric| metric.short_hides_unit) {
        name.to_owned()
    } else {
        format!("{name} ({})", result.unit)
    }
}

/// The widths of the columns that have room.
struct Columns {
    label: usize,
    figures: Vec<usize>,
    /// The room that is shared out on the left.
    indent: usize,
}

impl Columns {
    fn fitting(rows: &[Row], room: usize) -> Self {
        let labels = rows.iter().map(|row| row.label.width());
        let label = labels.max().unwrap_or(0).max("Metric".len());
        let mut figures = Vec::with_capacity(COLUMNS.len());
        // A space on either side of the table.
        let mut used = label + 2;
        for (index, (name, _)) in COLUMNS.iter().enumerate() {
            let cells = rows.iter().map(|row| row.cells[index].len());
            let width = cells.max().unwrap_or(0).max(name.len());
            if used + GAP + width > room {
                break;
            }
            used += GAP + width;
            figures.push(width);
        }
        Self {
            label,
            figures,
            indent: (room.saturating_sub(used)) / 2 + 1,
        }
    }

    fn line(&self, label: &str, cell: impl Fn(usize) -> String, is_header: bool) -> Line<'static> {
        let pad = self.indent + self.label.saturating_sub(label.width());
        let mut spans = vec![
            Span::raw(" ".repeat(pad)),
            Span::styled(label.to_owned(), theme::key()),
        ];
        for (index, &width) in self.figures.iter().enumerate() {
            let text = cell(index);
            let style = match text.as_str() {
                _ if is_header => theme::value(),
                NOT_THERE => theme::dim(),
                _ => theme::number(),
            };
            spans.push(Span::raw(" ".repeat(GAP)));
            spans.push(Span::styled(format!("{text:>width$}"), style));
        }
        Line::from(spans)
    }
}
