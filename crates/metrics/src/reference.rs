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

const EXACTNESS: &str = "
## Exactness

Figures are exact: every value of every request is kept, packed to about 150 bytes for a finished
answer of 32 tokens. Percentiles are those of NumPy's linear rule, to the last bit.

What grows with the length of answers are the times between chunks, of which `inter_chunk_latency`,
`effective_decode_throughput`, `effective_decode_throughput_per_user`, their `active_` twins and
`tokens_in_flight` are made. They may take 4 GiB in all, which is about 1.4 thousand million chunks.
Of later requests only counts in narrow ranges are kept. Number, sum, extremes and mean of
`inter_chunk_latency` stay exact, its percentiles are then within 0.05 % of values that occurred,
and the curves spread the tokens of these requests evenly. Every such figure says so: in the summary
by the member `approximation`, on the console by a note.
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
    page.push_str(EXACTNESS);
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
