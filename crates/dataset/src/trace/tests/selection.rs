//! Which rows are replayed.

use super::{all, opened};
use crate::file::FileFormat::MooncakeTrace;
use crate::plan::FilePlan;

const ROWS: &str = concat!(
    "{\"timestamp\":0,\"text_input\":\"a\",\"output_length\":10}\n",
    "{\"timestamp\":10,\"input_length\":50,\"output_length\":20}\n",
    "{\"timestamp\":20,\"input_length\":60,\"output_length\":30}\n",
    "{\"session_id\":\"s\",\"delay\":90000,\"input_length\":5}\n",
);

fn bounds(adjust: impl Fn(&mut FilePlan)) -> Vec<Option<u32>> {
    let opened = opened(ROWS, MooncakeTrace, adjust).unwrap();
    let all = all(&opened);
    all.iter().map(|found| found.turns[0].max_tokens).collect()
}

#[test]
fn windows_include_both_ends_and_rows_without_time() {
    let in_window = |start, end| {
        bounds(|plan| {
            plan.trace.window.start_ms = start;
            plan.trace.window.end_ms = end;
        })
    };
    assert_eq!(in_window(Some(10.0), None), [Some(20), Some(30), None]);
    assert_eq!(in_window(None, Some(10.0)), [Some(10), Some(20), None]);
    assert_eq!(in_window(Some(10.0), Some(10.0)), [Some(20), None]);
}

#[test]
fn long_prompts_are_dropped_and_long_answers_cut() {
    assert_eq!(
        bounds(|plan| plan.trace.max_isl = Some(50)),
        [Some(10), Some(20), None]
    );
    assert_eq!(
        bounds(|plan| plan.trace.max_osl = Some(15)),
        [Some(10), Some(15), Some(15), None]
    );
}

#[test]
fn delays_are_cut_or_times_forgotten() {
    let opened_with = |adjust: &dyn Fn(&mut FilePlan)| opened(ROWS, MooncakeTrace, adjust).unwrap();
    let plain = opened_with(&|_| {});
    assert_eq!(plain.outline(3).turns[0].delay_ms, Some(90_000.0));
    let capped = opened_with(&|plan| plan.delay_cap_ms = Some(500.0));
    assert_eq!(capped.outline(3).turns[0].delay_ms, Some(500.0));
    let ignored = opened_with(&|plan| plan.trace.ignore_delays = true);
    for index in 0..ignored.len() {
        let turn = &ignored.outline(index).turns[0];
        assert_eq!((turn.timestamp_ms, turn.delay_ms), (None, None));
    }
}

#[test]
fn a_limit_keeps_the_first_sessions() {
    assert_eq!(bounds(|plan| plan.limit = Some(2)), [Some(10), Some(20)]);
}

#[test]
fn nothing_left_says_why() {
    let content = r#"{"timestamp":0,"text_input":"a"}"#;
    let error = opened(content, MooncakeTrace, |plan| {
        plan.trace.window.start_ms = Some(1.0);
    });
    let error = error.unwrap_err().to_string();
    assert!(error.contains("no row is left to replay"), "{error}");
}
