//! The end-of-run report as text: tables, panels and lines, at a given width, plain or coloured.
//!
//! The layout is that of the reference, byte for byte where the words are the same: box characters,
//! alignment, how columns shrink and where cells break. A report is a list of [`Block`]s; each kind
//! of block is one small file below `blocks`.

pub mod blocks;
pub mod failure;
pub mod footer;
pub(crate) mod number;
mod paint;
mod panel;
mod table;
mod text;

pub use blocks::{Block, blocks};
pub use failure::{ExitError, render_exit_errors};
pub use footer::{FooterFile, FooterView, render_footer};
pub use paint::Paints;
pub use panel::{Panel, TitleSide};
pub use table::{Cell, Column, Table};
pub use text::{Align, Overflow};

use crate::{HiddenMetrics, RunReport};

/// Width of the report in files and wherever stdout is not a terminal.
pub const EXPORT_WIDTH: usize = 140;

/// Smallest width used on a terminal, and the width of the footer elsewhere.
pub const MINIMUM_WIDTH: usize = 100;

/// How a report looks and what it shows.
#[derive(Debug, Clone)]
pub struct ConsoleOptions {
    /// Columns of text.
    pub width: usize,
    /// Coloured or not.
    pub paints: Paints,
    /// Whether the HTTP trace timing table is shown.
    pub trace_timing: bool,
    /// Which hidden metrics get their tables.
    pub hidden: HiddenMetrics,
    /// Rows of the error table; what is beyond is summed up in one line.
    pub error_rows: usize,
    /// Limits that the warnings quote.
    pub thresholds: Thresholds,
}

impl Default for ConsoleOptions {
    fn default() -> Self {
        Self {
            width: EXPORT_WIDTH,
            paints: Paints::Plain,
            trace_timing: false,
            hidden: HiddenMetrics::default(),
            error_rows: 20,
            thresholds: Thresholds::default(),
        }
    }
}

/// Limits beyond which a request counts as mismatched, as set by the environment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// `AIPERF_METRICS_USAGE_PCT_DIFF_THRESHOLD`, percent.
    pub usage_difference_percent: f64,
    /// `AIPERF_METRICS_OSL_MISMATCH_PCT_THRESHOLD`, percent.
    pub output_length_percent: f64,
    /// `AIPERF_METRICS_OSL_MISMATCH_MAX_TOKEN_THRESHOLD`, tokens.
    pub output_length_tokens: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            usage_difference_percent: 10.0,
            output_length_percent: 5.0,
            output_length_tokens: 50.0,
        }
    }
}

/// The whole report. Empty when there is nothing to say.
pub fn render_report(report: &RunReport, options: &ConsoleOptions) -> String {
    let mut text = String::new();
    for block in blocks(report, options) {
        block.render_into(&mut text, options.width, options.paints);
    }
    text
}

/// A box around a word to the user outside the report, such as the answer to Ctrl-C. Plain text.
pub fn notice_panel(title: &str, text: &str) -> String {
    render_panel(&Panel::warning(title, text), MINIMUM_WIDTH, Paints::Plain)
}

/// One panel alone, with the blank line above it.
pub fn render_panel(panel: &Panel, width: usize, paints: Paints) -> String {
    let mut output = "\n".to_owned();
    panel.render_into(&mut output, width, paints);
    output
}

#[cfg(test)]
mod tests;
