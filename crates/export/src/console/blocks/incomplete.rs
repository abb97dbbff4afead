//! The notice above figures that cover only a part of the run.

use super::{Block, Line, Paint};
use crate::RunReport;

pub(super) fn block(report: &RunReport) -> Option<Block> {
    let reason = report.incomplete_reason.as_ref()?;
    Some(Block::Lines(vec![
        Line::new("\nAIPerf | INCOMPLETE RESULTS", Paint::Alarm),
        Line::new(reason, Paint::Warning),
        Line::new(
            "The figures below cover a part of the run only: do not compare them with those of a \
             complete run.",
            Paint::Warning,
        ),
    ]))
}
