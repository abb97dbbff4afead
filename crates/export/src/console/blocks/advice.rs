//! The advisories of a report as blocks: see [`crate::advisory`].

use super::{Block, Line, Paint, Panel};
use crate::RunReport;
use crate::advisory::{Advisory, AdvisoryKind, advisories};
use crate::console::ConsoleOptions;

/// The hint right below the tables of usage.
pub(super) fn cache_hint(report: &RunReport, options: &ConsoleOptions) -> Option<Block> {
    let found = advisories(report, &options.thresholds);
    let hint = found
        .into_iter()
        .find(|advisory| advisory.kind == AdvisoryKind::MissingCacheReporting)?;
    Some(line(&hint))
}

/// What stands below all tables. What the top of the report or its footer say is not said again.
pub(super) fn panels(report: &RunReport, options: &ConsoleOptions) -> Vec<Block> {
    let found = advisories(report, &options.thresholds).into_iter();
    found
        .filter_map(|advisory| match advisory.kind {
            AdvisoryKind::TokenDiscrepancy | AdvisoryKind::OutputLengthMismatch => Some(
                Block::Panel(Panel::warning(&advisory.title, &advisory.text)),
            ),
            AdvisoryKind::TlsVerificationOff | AdvisoryKind::ApproximateFigures => {
                Some(line(&advisory))
            }
            AdvisoryKind::MissingCacheReporting | AdvisoryKind::CancelledEarly => None,
        })
        .collect()
}

fn line(advisory: &Advisory) -> Block {
    Block::Lines(vec![Line::new(&advisory.text, Paint::Warning)])
}
