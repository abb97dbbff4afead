//! The client's verdict on itself: whether the figures above are the server's or its own.

use super::{Block, Paint, Table};
use crate::RunReport;
use crate::console::{Align, Cell, Column};

pub(super) fn block(report: &RunReport) -> Option<Block> {
    let view = report.self_check.as_ref()?;
    let columns = vec![
        Column::new("Check", Align::Right).paint(Paint::Name),
        Column::new("Value", Align::Right).paint(Paint::Figure),
        Column::new("Note", Align::Left),
    ];
    let mut table = Table::new("AIPerf | Client Self-Check", columns);
    for fact in &view.facts {
        table.push(vec![
            Cell::from(&fact.label),
            Cell::from(&fact.value),
            Cell::from(&fact.note),
        ]);
    }
    let paint = if view.verdict == "VALID" {
        Paint::Label
    } else {
        Paint::Alarm
    };
    let verdict = Cell::from(&view.verdict).paint(paint);
    table.push(vec![Cell::from("Verdict"), verdict, Cell::from("")]);
    Some(Block::Tables(vec![table]))
}
