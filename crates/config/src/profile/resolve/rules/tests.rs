//! For each rule a line that breaks it and one that is as near to it as allowed.

use super::*;
use crate::command::Parsed;
use crate::profile::args::ProfileArgs;
use crate::profile::{DatasetFormat, PROFILE};
use crate::rules::{self, Told};

fn args(line: &str) -> ProfileArgs {
    match PROFILE.parse(line.split_whitespace()) {
        Ok(Parsed::Values(args)) => args,
        other => panic!("{line}: {other:?}"),
    }
}

/// The rules that a line breaks, with what is said.
fn broken(args: &ProfileArgs) -> Vec<(&'static str, String)> {
    let load = Load::of(args);
    let view = settings::view(&load);
    let shared = rules::shared().flat_map(|rule| {
        let mut told = Told::default();
        (rule.check)(&view, &mut told);
        let breaches = told.0.into_iter();
        breaches.map(|breach| (rule.name, (breach.message, breach.hint)))
    });
    let own = all().filter_map(|rule| Some((rule.name, (rule.breach)(&load)?)));
    let mut broken = Vec::new();
    for (name, (message, hint)) in shared.chain(own) {
        assert!(!hint.is_empty(), "{name}");
        broken.push((name, message));
    }
    broken
}

#[test]
fn each_rule_is_broken_by_its_line_and_kept_by_a_near_one() {
    for example in EXAMPLES {
        assert_eq!(
            broken(&args(example.breaks)),
            [(example.rule, example.said.to_owned())],
            "{}",
            example.breaks
        );
        assert_eq!(broken(&args(example.keeps)), [], "{}", example.keeps);
    }
}

#[test]
fn every_breach_names_its_flags() {
    for example in EXAMPLES {
        assert!(example.said.contains("`--"), "{}", example.said);
    }
}

#[test]
fn a_trace_that_would_be_replayed_does_not_go_with_a_rate_unless_its_times_are_ignored() {
    let line = "--input-file tests/fixtures/trace.jsonl --request-rate 5";
    let trace = |line: &str| ProfileArgs {
        custom_dataset_type: Some(DatasetFormat::MooncakeTrace),
        ..args(line)
    };
    assert_eq!(
        broken(&trace(line)),
        [(
            "a fixed schedule has no rate",
            "`--request-rate` does not go with `--custom-dataset-type mooncake_trace`, whose file has timestamps to replay"
                .to_owned()
        )]
    );
    assert_eq!(broken(&trace(&format!("{line} --no-fixed-schedule"))), []);
}
