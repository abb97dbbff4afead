//! The table of what a sweep has found so far, shown on a terminal whenever a variation is complete.

use std::io::Write as _;

use aiperf_search::outcome::RunOutcome;
use aiperf_search::sweep;
use serde_json::Value;

use super::Plan;
use super::files::about_sweep;

/// The figures that are shown, by metric and statistic.
const FIGURES: [(&str, &str); 4] = [
    ("output_token_throughput", "avg"),
    ("time_to_first_token", "p99"),
    ("inter_token_latency", "p99"),
    ("request_latency", "p95"),
];

/// The rows so far.
pub(super) struct Table {
    is_shown: bool,
    paths: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn of(plan: &Plan) -> Self {
        let wanted = plan.runs().sweep.as_ref();
        let wanted = wanted.is_some_and(|sweep| sweep.shows_table);
        let variations = plan.variations.iter();
        let mut paths: Vec<String> = variations
            .flat_map(|variation| variation.identity.values.keys().cloned())
            .collect();
        paths.sort();
        paths.dedup();
        Self {
            is_shown: wanted && plan.is_sweep() && super::stdout_is_terminal(),
            paths,
            rows: Vec::new(),
        }
    }

    /// Adds the row of a variation and shows the whole table.
    pub(super) fn add(&mut self, plan: &Plan, variation: usize, runs: &[&RunOutcome]) {
        let Some(planned) = plan.variations.get(variation).filter(|_| self.is_shown) else {
            return;
        };
        let value = |path: &String| match planned.identity.values.get(path) {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => String::new(),
        };
        let mut row: Vec<String> = self.paths.iter().map(value).collect();
        let runs: Vec<RunOutcome> = runs.iter().map(|run| (*run).clone()).collect();
        let found = sweep::aggregate(&runs, &about_sweep(plan));
        let figures = found.per_combination_metrics.first();
        for (tag, statistic) in FIGURES {
            let figure = figures.and_then(|of| of.figure(tag, statistic));
            row.push(figure.map_or_else(String::new, |figure| format!("{figure:.2}")));
        }
        row.push(runs.len().to_string());
        self.rows.push(row);
        // A closed standard output must not end the plan.
        let _ = std::io::stdout().lock().write_all(self.text().as_bytes());
    }

    fn text(&self) -> String {
        let figures = FIGURES
            .iter()
            .map(|(tag, statistic)| format!("{tag} {statistic}"));
        let mut head: Vec<String> = self.paths.clone();
        head.extend(figures);
        head.push("trials".to_owned());
        let lines: Vec<&Vec<String>> = std::iter::once(&head).chain(&self.rows).collect();
        let width = |column: usize| {
            let cells = lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        let mut text = "\n".to_owned();
        for (index, line) in lines.iter().enumerate() {
            let cells = line.iter().zip(&widths);
            let cells: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:>width$}"))
                .collect();
            text.push_str(&format!("  {}\n", cells.join("  ")));
            if index == 0 {
                let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
                text.push_str(&format!("  {}\n", rules.join("  ")));
            }
        }
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let table = Table {
            is_shown: true,
            paths: vec!["c".to_owned()],
            rows: vec![
                ["1", "10.00", "", "1.00", "2.00", "3"]
                    .map(str::to_owned)
                    .to_vec(),
                ["200", "9.00", "5.00", "1.00", "2.00", "3"]
                    .map(str::to_owned)
                    .to_vec(),
            ],
        };
        let text = table.text();
        let lines: Vec<&str> = text.trim_matches('\n').lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(
            lines.iter().all(|line| line.len() == lines[0].len()),
            "{text}"
        );
        assert!(
            lines[0].starts_with("    c  output_token_throughput avg"),
            "{text}"
        );
        assert!(lines[3].starts_with("  200  "), "{text}");
    }
}
