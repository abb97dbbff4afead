//! The tables of metrics: one per group, and those that are normally hidden.

use aiperf_metrics::result::{ConsoleGroup, MetricResult};

use super::{Block, Line, Paint, Table};
use crate::RunReport;
use crate::console::number::with_two_decimals;
use crate::console::{Align, Cell, Column, ConsoleOptions};

/// The groups in the order in which their tables stand, with what follows the title.
const GROUPS: [(ConsoleGroup, &str); 4] = [
    (ConsoleGroup::Effective, ": Effective"),
    (ConsoleGroup::Active, ": Active"),
    (ConsoleGroup::Usage, ": Usage"),
    (ConsoleGroup::Default, ""),
];

/// The tables that every run has.
pub(super) fn groups(report: &RunReport) -> Option<Block> {
    let tables: Vec<Table> = GROUPS
        .iter()
        .filter_map(|(group, suffix)| group_table(report, *group, suffix))
        .collect();
    (!tables.is_empty()).then_some(Block::Tables(tables))
}

/// The table of speculative decoding, and under it how many drafts the steps accepted.
pub(super) fn speculative_decoding(report: &RunReport) -> Vec<Block> {
    let table = group_table(report, ConsoleGroup::SpecDecode, ": Spec Decode");
    let mut found: Vec<Block> = table
        .map(|table| Block::Tables(vec![table]))
        .into_iter()
        .collect();
    found.extend(
        accepted_per_step(report).map(|line| Block::Beneath(vec![Line::new(&line, Paint::Name)])),
    );
    found
}

/// From here on all buckets are one.
const LAST_BUCKET: u64 = 8;

fn accepted_per_step(report: &RunReport) -> Option<String> {
    let histogram = &report.acceptance_histogram;
    let steps: u64 = histogram.values().sum();
    let (&largest, _) = histogram.last_key_value().filter(|_| steps > 0)?;
    let share = |some: u64| format!("{:.0}%", 100.0 * some as f64 / steps as f64);
    let in_bucket = |bucket: u64| histogram.get(&bucket).copied().unwrap_or(0);
    let mut parts: Vec<String> = (0..=largest.min(LAST_BUCKET - 1))
        .map(|bucket| format!("{bucket}: {}", share(in_bucket(bucket))))
        .collect();
    if largest >= LAST_BUCKET {
        let rest = histogram.range(LAST_BUCKET..).map(|(_, steps)| steps).sum();
        parts.push(format!(">={LAST_BUCKET}: {}", share(rest)));
    }
    Some(format!(
        "  Accepted drafts per step (% of steps):  {}",
        parts.join("   ")
    ))
}

/// Metrics whose definition may still change.
pub(super) fn experimental(report: &RunReport, options: &ConsoleOptions) -> Option<Block> {
    let rows = report.results.iter().filter(|result| {
        options.hidden.experimental
            && result.visibility.experimental
            && !result.visibility.error_only
    });
    let table = metric_table("AIPerf | Experimental Metrics", Paint::HiddenTitle, rows)?;
    Some(Block::Tables(vec![table]))
}

/// Metrics for the developers of the program.
pub(super) fn internal(report: &RunReport, options: &ConsoleOptions) -> Option<Block> {
    let rows = report.results.iter().filter(|result| {
        options.hidden.internal && result.visibility.internal && !result.visibility.error_only
    });
    let table = metric_table("AIPerf | Internal Metrics", Paint::HiddenTitle, rows)?;
    Some(Block::Tables(vec![table]))
}

fn group_table(report: &RunReport, group: ConsoleGroup, suffix: &str) -> Option<Table> {
    let rows = report
        .results
        .iter()
        .filter(|result| result.group == group && is_ordinary(result));
    metric_table(
        &format!("AIPerf | {}{suffix}", report.metrics_title),
        Paint::Title,
        rows,
    )
}

/// Whether a metric is for every reader of the console.
pub(super) fn is_ordinary(result: &MetricResult) -> bool {
    let visibility = result.visibility;
    !visibility.error_only && !visibility.internal && !visibility.experimental
}

/// A table of metrics in display order, those without a place last and as they came. None without
/// rows.
pub(super) fn metric_table<'a>(
    title: &str,
    title_paint: Paint,
    rows: impl Iterator<Item = &'a MetricResult>,
) -> Option<Table> {
    let mut columns = vec![Column::new("Metric", Align::Right).paint(Paint::Name)];
    for name in ["avg", "min", "max", "p99", "p90", "p50", "std"] {
        columns.push(Column::new(name, Align::Right).paint(Paint::Figure));
    }
    let mut table = Table::new(title, columns).title_paint(title_paint);
    let mut sorted: Vec<&MetricResult> = rows.collect();
    sorted.sort_by_key(|result| result.order.filter(|&order| order != 0).unwrap_or(u32::MAX));
    for result in sorted {
        table.push(row(result));
    }
    (!table.is_empty()).then_some(table)
}

fn row(result: &MetricResult) -> Vec<Cell> {
    let statistics = &result.statistics;
    let figures = [
        statistics.avg,
        statistics.min,
        statistics.max,
        statistics.percentile(99),
        statistics.percentile(90),
        statistics.percentile(50),
        statistics.std,
    ];
    let mut cells = vec![Cell::from(label(result))];
    cells.extend(
        figures.map(|figure| match figure.filter(|value| value.is_finite()) {
            Some(value) => Cell::from(with_two_decimals(value)),
            None => Cell::absent(),
        }),
    );
    cells
}

/// A long name leaves no room for its unit, which then takes the next line.
fn label(result: &MetricResult) -> String {
    let gap = if result.header.chars().count() > 30 {
        '\n'
    } else {
        ' '
    };
    format!("{}{gap}({})", result.header, result.unit)
}
