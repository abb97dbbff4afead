//! `profile_export_aiperf.csv`: the figures of a run for spreadsheets.
//!
//! Two sections: metrics with at least one percentile, then metrics that are one number. The
//! percentile decides, not the kind of metric, so curves stand in the first section with gaps.
//! Rows are sorted by tag, not by the printed name.

use aiperf_metrics::result::{MetricResult, PERCENTILES};

use crate::HiddenMetrics;
use crate::csv::push_row;

/// The text of the file.
pub fn summary_csv(results: &[MetricResult], hidden: HiddenMetrics) -> String {
    let mut sorted: Vec<&MetricResult> = results
        .iter()
        .filter(|result| hidden.admits(result))
        .collect();
    sorted.sort_by(|left, right| left.tag.cmp(&right.tag));
    let (distributions, scalars): (Vec<_>, Vec<_>) = sorted
        .into_iter()
        .partition(|result| result.statistics.is_distribution());

    let mut text = String::new();
    if !distributions.is_empty() {
        push_row(&mut text, statistic_names().iter().map(String::as_str));
        for result in &distributions {
            push_row(
                &mut text,
                distribution_row(result).iter().map(String::as_str),
            );
        }
    }
    if !scalars.is_empty() {
        if !distributions.is_empty() {
            text.push_str("\r\n");
        }
        push_row(&mut text, ["Metric", "Value"]);
        for result in scalars {
            push_row(
                &mut text,
                [name_cell(result).as_str(), &cell(result.statistics.avg)],
            );
        }
    }
    text
}

fn statistic_names() -> Vec<String> {
    let mut names: Vec<String> = ["Metric", "avg", "min", "max", "sum"]
        .into_iter()
        .map(str::to_owned)
        .collect();
    names.extend(
        PERCENTILES
            .iter()
            .map(|percentile| format!("p{percentile}")),
    );
    names.push("std".to_owned());
    names
}

fn distribution_row(result: &MetricResult) -> Vec<String> {
    let statistics = &result.statistics;
    let mut row = vec![name_cell(result)];
    row.extend(
        [
            statistics.avg,
            statistics.min,
            statistics.max,
            statistics.sum,
        ]
        .map(cell),
    );
    row.extend(statistics.percentiles.map(cell));
    row.push(cell(statistics.std));
    row
}

fn name_cell(result: &MetricResult) -> String {
    let unit = result.unit;
    let is_plain_count = ["count", "requests"]
        .iter()
        .any(|plain| unit.eq_ignore_ascii_case(plain));
    if unit.is_empty() || is_plain_count {
        result.header.clone()
    } else {
        format!("{} ({unit})", result.header)
    }
}

fn cell(value: Option<f64>) -> String {
    value
        .filter(|value| value.is_finite())
        .map_or_else(String::new, |value| format!("{value:.2}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_report;

    #[test]
    fn distributions_come_before_scalars_sorted_by_tag() {
        let text = summary_csv(&test_report::report().results, HiddenMetrics::default());
        assert!(text.lines().count() > 5);
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        insta::assert_snapshot!(text.replace('\r', ""));
    }

    #[test]
    fn a_run_without_results_gives_an_empty_file() {
        assert_eq!(summary_csv(&[], HiddenMetrics::default()), "");
    }
}
