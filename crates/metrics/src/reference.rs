//! The reference page of all metrics, generated from the tables that compute them.

use std::fmt::Write;

use crate::aggregate::INJECTED_LATENCIES;
use crate::catalog::FAMILIES;
use crate::metric::{Kind, Metric};
use crate::sweep::SWEEP_METRICS;

const INTRODUCTION: &str = "\
# Metrics

All metrics, by tag. *Record* metrics have one value per request, of which the run reports the
distribution: mean, percentiles with linear interpolation, extremes, population standard
deviation, count and sum. *Aggregates* have one value per request and one number per run. *Derived*
metrics have one number per run. W is the observation window: from the begin of the phase to the
return of its last request.

What does not exist is left out of files; it is never null, NaN or infinite.
";

const INFLATED: &str = "
## Error-adjusted twins

A record metric marked *has `adj_` twin* has a second set of statistics, `adj_<tag>`, whenever the
window holds a failed request: every failed request counts as one infinitely slow value.
Percentiles are those of the nearest rank (halves to the even one); what would be infinite is left
out, and so are mean, sum, maximum and standard deviation.
";

const SWEEP: &str = "
## Curves over time

Step functions of time, weighted by time over the window. S is the start of a request, G its first
token, E its last response part. Percentiles 50, 90, 95 and 99 without interpolation.
";

const INJECTED: &str = "
## Latencies from the decision to send

Taken from all requests of the phase, failed and cancelled ones included.
";

/// The content of `docs/metrics.md`.
pub fn reference_markdown() -> String {
    let mut page = String::from(INTRODUCTION);
    for (title, metrics) in &FAMILIES {
        push_heading(&mut page, title);
        for metric in *metrics {
            push_row(&mut page, &metric_cells(metric));
        }
    }
    page.push_str(INFLATED);
    page.push_str(SWEEP);
    push_columns(&mut page, &["Tag", "Header", "Unit", "Curve"]);
    for metric in &SWEEP_METRICS {
        let tag = format!("`{}`", metric.tag);
        push_row(
            &mut page,
            &[
                &tag,
                metric.header,
                metric.unit.as_str(),
                metric.explanation,
            ],
        );
    }
    page.push_str(INJECTED);
    push_columns(&mut page, &["Tag", "Header", "Unit", "Formula"]);
    for metric in &INJECTED_LATENCIES {
        let tag = format!("`{}`", metric.tag);
        push_row(&mut page, &[&tag, metric.header, "ms", metric.explanation]);
    }
    page
}

fn metric_cells(metric: &Metric) -> [String; 7] {
    let kind = match metric.kind {
        Kind::Record => "record",
        Kind::Aggregate(_) => "aggregate",
        Kind::Derived => "derived",
    };
    [
        format!("`{}`", metric.tag),
        metric.header.to_owned(),
        metric.display_unit.as_str().to_owned(),
        kind.to_owned(),
        metric.explanation.to_owned(),
        metric.absent_when.to_owned(),
        metric.flags.names().join(", "),
    ]
}

fn push_heading(page: &mut String, title: &str) {
    page.push_str("\n## ");
    page.push_str(title);
    page.push('\n');
    push_columns(
        page,
        &[
            "Tag",
            "Header",
            "Unit",
            "Kind",
            "Formula",
            "Absent when",
            "Properties",
        ],
    );
}

fn push_columns(page: &mut String, names: &[&str]) {
    page.push('\n');
    push_row(page, names);
    push_row(page, &vec!["---"; names.len()]);
}

fn push_row<Cell: AsRef<str>>(page: &mut String, cells: &[Cell]) {
    page.push('|');
    for cell in cells {
        // Writing to a string cannot fail.
        let _ = write!(page, " {} |", cell.as_ref());
    }
    page.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::catalog;

    #[test]
    fn every_metric_has_a_row_with_as_many_cells_as_the_header() {
        let page = reference_markdown();
        for metric in catalog() {
            let row_start = format!("| `{}` |", metric.tag);
            let row = page.lines().find(|line| line.starts_with(&row_start));
            let row = row.unwrap_or_else(|| panic!("no row for {}", metric.tag));
            assert_eq!(row.matches('|').count(), 8, "{row}");
        }
    }
}
