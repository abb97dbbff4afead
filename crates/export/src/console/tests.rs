//! The layout against an oracle (see `fixtures/draw.py`), and whole reports as snapshots.

use serde_json::Value;

use super::paint::{Paint, Paints};
use super::text::lay_out;
use super::*;
use crate::{ErrorCount, test_report};

fn fixture(kind: &str) -> Vec<Value> {
    let whole: Value = serde_json::from_str(include_str!("fixtures/layout.json")).unwrap();
    whole[kind].as_array().unwrap().clone()
}

fn string(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn width(case: &Value) -> usize {
    case["width"].as_u64().unwrap() as usize
}

#[test]
fn tables_are_drawn_as_the_oracle_draws_them() {
    for case in fixture("tables") {
        let columns = case["columns"].as_array().unwrap().iter().map(|column| {
            let align = if column[1] == "right" {
                Align::Right
            } else {
                Align::Left
            };
            let overflow = if column[2] == "fold" {
                Overflow::Fold
            } else {
                Overflow::Ellipsis
            };
            Column::new(string(&column[0]), align).overflow(overflow)
        });
        let mut table = Table::new(string(&case["title"]), columns.collect());
        for row in case["rows"].as_array().unwrap() {
            table.push(
                row.as_array()
                    .unwrap()
                    .iter()
                    .map(|cell| Cell::from(string(cell)))
                    .collect(),
            );
        }
        let mut drawn = String::new();
        table.render_into(&mut drawn, width(&case), Paints::Plain);
        let expected = string(&case["expected"]);
        assert_eq!(drawn, expected, "\n{drawn}\n{expected}\n{case}");
    }
}

#[test]
fn panels_are_drawn_as_the_oracle_draws_them() {
    for case in fixture("panels") {
        let panel = Panel::warning(string(&case["title"]), string(&case["body"]));
        let mut drawn = String::new();
        panel.render_into(&mut drawn, width(&case), Paints::Plain);
        let expected = string(&case["expected"]);
        assert_eq!(drawn, expected, "\n{drawn}\n{expected}\n{case}");
    }
}

#[test]
fn lines_break_where_the_oracle_breaks_them() {
    for case in fixture("texts") {
        let lines = lay_out(
            string(&case["body"]),
            width(&case),
            Align::Free,
            Overflow::Fold,
        );
        assert_eq!(lines.join("\n") + "\n", string(&case["expected"]), "{case}");
    }
}

/// The editor's and git's habit of dropping blanks at line ends must not hide a difference.
fn with_visible_ends(text: &str) -> String {
    text.lines().map(|line| format!("{line}$\n")).collect()
}

#[test]
fn a_report_shows_errors_groups_and_warnings_in_order() {
    let options = ConsoleOptions {
        trace_timing: true,
        ..ConsoleOptions::default()
    };
    let text = render_report(&test_report::report(), &options);
    insta::assert_snapshot!(with_visible_ends(&text));
}

#[test]
fn an_incomplete_report_says_so_first_and_the_client_judges_itself_last() {
    let text = render_report(&test_report::cancelled(), &ConsoleOptions::default());
    insta::assert_snapshot!(with_visible_ends(&text));
}

#[test]
fn a_run_without_results_shows_its_errors_and_advice() {
    let text = render_report(&test_report::all_failed(), &ConsoleOptions::default());
    insta::assert_snapshot!(with_visible_ends(&text));
}

#[test]
fn the_trace_table_is_shown_only_on_request() {
    let text = render_report(&test_report::report(), &ConsoleOptions::default());
    assert!(!text.contains("HTTP Trace Timing"));
}

#[test]
fn an_endless_list_of_errors_is_capped_with_a_count_of_the_rest() {
    let mut report = test_report::all_failed();
    report.errors = (0..50)
        .map(|number| ErrorCount {
            message: format!("request {number} failed"),
            count: 100,
            ..ErrorCount::default()
        })
        .collect();
    let options = ConsoleOptions {
        error_rows: 20,
        ..ConsoleOptions::default()
    };
    let text = render_report(&report, &options);
    assert!(text.contains("request 19 failed"));
    assert!(!text.contains("request 20 failed"));
    assert!(
        text.contains("… and 30 further kinds of error (3,000 requests)"),
        "{text}"
    );
}

#[test]
fn internal_metrics_have_a_table_of_their_own_and_only_on_request() {
    let mut report = test_report::report();
    let hidden = aiperf_metrics::result::Visibility {
        internal: true,
        ..Default::default()
    };
    report.results.push(test_report::scalar(
        "credit",
        "Credit Drop",
        "ms",
        1.0,
        hidden,
    ));
    let plain = render_report(&report, &ConsoleOptions::default());
    assert!(!plain.contains("Credit Drop"));
    let options = ConsoleOptions {
        hidden: HiddenMetrics {
            internal: true,
            experimental: false,
        },
        ..ConsoleOptions::default()
    };
    let shown = render_report(&report, &options);
    assert!(shown.contains("AIPerf | Internal Metrics"));
    assert_eq!(shown.matches("Credit Drop").count(), 1);
}

#[test]
fn colours_change_nothing_but_the_colours() {
    let report = test_report::report();
    let plain = render_report(&report, &ConsoleOptions::default());
    let options = ConsoleOptions {
        paints: Paints::Ansi,
        ..ConsoleOptions::default()
    };
    let coloured = render_report(&report, &options);
    assert!(coloured.contains("\u{1b}[36m"));
    assert_eq!(without_sequences(&coloured), plain);
}

fn without_sequences(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    plain + rest
}

#[test]
fn no_line_is_wider_than_the_report() {
    for width in [40, 60, 80, 100, 120, 140, 200] {
        let options = ConsoleOptions {
            width,
            ..ConsoleOptions::default()
        };
        for line in render_report(&test_report::report(), &options).lines() {
            assert!(text::width_of(line) <= width, "{line}");
        }
    }
}

#[test]
fn a_report_is_wrapped_at_narrow_and_wide_widths() {
    let mut report = test_report::report();
    report.acceptance_histogram = [(0, 5), (1, 3), (3, 1), (11, 1)].into();
    report.tls_verification_off = true;
    for width in [80, 120, 200] {
        let options = ConsoleOptions {
            width,
            ..ConsoleOptions::default()
        };
        let text = render_report(&report, &options);
        assert!(text.lines().all(|line| text::width_of(line) <= width));
        insta::assert_snapshot!(format!("report_{width}"), with_visible_ends(&text));
    }
}

#[test]
fn a_notice_is_a_box_as_wide_as_its_text() {
    let expected = "\n╭─ Halt ──╮\n│  one    │\n│  two s  │\n╰─────────╯\n";
    assert_eq!(notice_panel("Halt", "one\ntwo s"), expected);
}

#[test]
fn a_usual_paint_adds_nothing() {
    let mut text = String::new();
    Paint::Usual.push(&mut text, "x", Paints::Ansi);
    assert_eq!(text, "x");
}
