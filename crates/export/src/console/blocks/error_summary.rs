//! The table of failures. Messages are shown as they are, whatever they contain.

use super::{Block, Line, Paint, Table};
use crate::console::number::whole;
use crate::console::{Align, Cell, Column, ConsoleOptions};
use crate::{ErrorCount, RunReport};

pub(super) fn blocks(report: &RunReport, options: &ConsoleOptions) -> Vec<Block> {
    if report.errors.is_empty() {
        return Vec::new();
    }
    let column = |name, align| Column::new(name, align).paint(Paint::Warning);
    let columns = vec![
        column("Code", Align::Right),
        column("Type", Align::Right),
        column("Message", Align::Left),
        column("Count", Align::Right),
    ];
    let mut table = Table::new("AIPerf | Error Summary", columns).title_paint(Paint::AlarmTitle);
    let shown = report.errors.len().min(options.error_rows.max(1));
    for error in &report.errors[..shown] {
        table.push(row(error));
    }
    let mut found = vec![Block::Tables(vec![table])];
    let rest = &report.errors[shown..];
    if !rest.is_empty() {
        let requests = rest.iter().map(|error| error.count).sum();
        let line = format!(
            "… and {} further kinds of error ({} requests): the summary JSON lists all.",
            whole(rest.len() as u64),
            whole(requests)
        );
        found.push(Block::Lines(vec![Line::new(&line, Paint::Warning)]));
    }
    found
}

fn row(error: &ErrorCount) -> Vec<Cell> {
    let code = error
        .code
        .filter(|&code| code != 0)
        .map(|code| code.to_string());
    let kind = error.kind.as_deref().filter(|kind| !kind.is_empty());
    vec![
        code.map_or_else(Cell::absent, Cell::from),
        kind.map_or_else(Cell::absent, Cell::from),
        Cell::from(&error.message),
        Cell::from(whole(error.count)),
    ]
}
