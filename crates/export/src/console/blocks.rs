//! What a report consists of, in order. To add a block: one file here with a function that returns
//! the block or nothing, and one line in [`blocks`].

mod advice;
mod error_summary;
mod http_trace;
mod incomplete;
mod max_tokens_advice;
mod metric_tables;
mod self_check;

use super::ConsoleOptions;
use super::paint::{Paint, Paints};
use super::panel::Panel;
use super::table::Table;
use super::text::{Align, Overflow, lay_out, printable};
use crate::RunReport;

/// A part of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Tables that follow each other without a gap.
    Tables(Vec<Table>),
    /// A box.
    Panel(Panel),
    /// Wrapped lines.
    Lines(Vec<Line>),
    /// Wrapped lines that belong to the block above, without a gap.
    Beneath(Vec<Line>),
}

/// One paragraph of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    text: String,
    paint: Paint,
}

impl Line {
    pub(crate) fn new(text: &str, paint: Paint) -> Self {
        Self {
            text: printable(text),
            paint,
        }
    }
}

impl Block {
    /// Appends the block with the blank lines above it.
    pub(crate) fn render_into(&self, output: &mut String, width: usize, paints: Paints) {
        match self {
            Self::Tables(tables) => {
                output.push_str("\n\n");
                for table in tables {
                    table.render_into(output, width, paints);
                }
            }
            Self::Panel(panel) => {
                output.push('\n');
                panel.render_into(output, width, paints);
            }
            Self::Lines(lines) | Self::Beneath(lines) => {
                if matches!(self, Self::Lines(_)) {
                    output.push('\n');
                }
                for line in lines {
                    for piece in lay_out(&line.text, width, Align::Free, Overflow::Fold) {
                        line.paint.push(output, &piece, paints);
                        output.push('\n');
                    }
                }
            }
        }
    }
}

/// The blocks that apply to `report`, in the order in which they are shown.
pub fn blocks(report: &RunReport, options: &ConsoleOptions) -> Vec<Block> {
    let mut found = Vec::new();
    found.extend(incomplete::block(report));
    found.extend(max_tokens_advice::block(report));
    found.extend(error_summary::blocks(report, options));
    found.extend(metric_tables::experimental(report, options));
    found.extend(http_trace::block(report, options));
    found.extend(metric_tables::internal(report, options));
    found.extend(metric_tables::groups(report));
    found.extend(advice::cache_hint(report, options));
    found.extend(metric_tables::speculative_decoding(report));
    found.extend(advice::panels(report, options));
    found.extend(self_check::block(report));
    found
}
