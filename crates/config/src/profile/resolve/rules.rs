//! What flags must not say together, besides what flags and files must not say alike. One item for
//! each rule.

mod dataset;
mod endpoint;
mod examples;
mod runs;
mod settings;
mod telemetry;

pub(crate) use dataset::{generated_prefix, generated_turns};
pub(crate) use examples::EXAMPLES;

use super::Findings;
use super::dataset::is_synthetic;
use super::load::{Load, Mode};
use super::{given, listed};
use crate::profile::choices::{ArrivalPattern, ExportLevel, ReadinessMode};

/// Seconds between two questions whether a server is ready. Given as they are, the flags that need
/// a timeout do not matter, as in the reference.
pub(crate) const DEFAULT_READINESS_INTERVAL_SECONDS: f64 = 5.0;
pub(crate) const DEFAULT_READINESS_MODE: ReadinessMode = ReadinessMode::Inference;

/// A rule about several flags.
pub(super) struct Rule {
    /// Says what the rule demands.
    pub(super) name: &'static str,
    /// What is wrong and what to do, where the rule is broken.
    pub(super) breach: fn(&Load) -> Option<Breach>,
}

/// What is wrong, naming the flags, and what to do.
pub(super) type Breach = (String, String);

/// Reports every rule that is broken, those that files can break too first.
pub(super) fn check(load: &Load, findings: &mut Findings) {
    for breach in crate::rules::check(&settings::view(load)).0 {
        findings.conflict(breach.message, breach.hint);
    }
    check_these(all(), load, findings);
}

/// The same without those about the load, and without those that files can break too, for a file
/// that keeps them.
pub(super) fn check_all_but_load(load: &Load, findings: &mut Findings) {
    let groups = [endpoint::RULES, dataset::RULES, telemetry::RULES];
    check_these(groups.into_iter().flatten(), load, findings);
}

fn check_these(rules: impl Iterator<Item = &'static Rule>, load: &Load, findings: &mut Findings) {
    for rule in rules {
        if let Some((message, hint)) = (rule.breach)(load) {
            findings.conflict(message, hint);
        }
    }
}

/// Those that only flags can break, in the order in which breaches are reported.
fn all() -> impl Iterator<Item = &'static Rule> {
    let groups = [
        endpoint::RULES,
        dataset::RULES,
        RULES,
        telemetry::RULES,
        runs::RULES,
    ];
    groups.into_iter().flatten()
}

/// The names of all rules that only flags can break.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    all().map(|rule| rule.name)
}

/// About the load.
const RULES: &[Rule] = &[
    Rule {
        name: "a fixed schedule needs a file",
        breach: |load| {
            let without = given(load.args.fixed_schedule) && is_synthetic(load.args);
            without.then(|| {
                breach(
                    "`--fixed-schedule` needs `--input-file`",
                    "name a file whose rows have a `timestamp`: `--input-file PATH`",
                )
            })
        },
    },
    Rule {
        name: "a fixed schedule has no rate",
        breach: fixed_schedule_with_rate,
    },
    Rule {
        name: "offsets need a fixed schedule",
        breach: offsets_without_schedule,
    },
    Rule {
        name: "users need a rate",
        breach: |load| {
            let alone = load.args.num_users.is_some() && load.args.user_centric_rate.is_none();
            (alone && load.mode != Mode::FixedSchedule).then(|| {
                breach(
                    "`--num-users` needs `--user-centric-rate`",
                    "give the rate of all users together: `--user-centric-rate PER_SECOND`",
                )
            })
        },
    },
    Rule {
        name: "a user-centric rate needs users",
        breach: |load| {
            (load.mode == Mode::UserCentric && load.args.num_users.is_none()).then(|| {
                breach(
                    "`--user-centric-rate` needs `--num-users`",
                    "say how many users there are: `--num-users COUNT`",
                )
            })
        },
    },
    Rule {
        name: "users have several turns",
        breach: users_with_one_turn,
    },
    Rule {
        name: "smoothness needs a rate",
        breach: |load| {
            let alone = load.args.arrival_smoothness.is_some() && load.mode == Mode::ClosedLoop;
            alone.then(|| {
                breach(
                    "`--arrival-smoothness` needs `--request-rate`",
                    "give a rate: `--request-rate PER_SECOND`, or `--request-rate-series FILE`",
                )
            })
        },
    },
    Rule {
        name: "users have no smoothness",
        breach: |load| {
            let both = load.args.arrival_smoothness.is_some() && load.mode == Mode::UserCentric;
            both.then(|| {
                breach(
                    "`--arrival-smoothness` does not go with `--user-centric-rate`",
                    "users come at equal distances; leave the smoothness away",
                )
            })
        },
    },
    Rule {
        name: "smoothness needs gamma-distributed gaps",
        breach: |load| {
            let pattern = load.args.arrival_pattern?;
            let wrong = load.mode == Mode::Rate
                && load.args.arrival_smoothness.is_some()
                && pattern != ArrivalPattern::Gamma;
            wrong.then(|| {
                breach(
                    format!(
                        "`--arrival-smoothness` does not go with `--arrival-pattern {pattern}`"
                    ),
                    "only gamma-distributed gaps have a smoothness: `--arrival-pattern gamma`",
                )
            })
        },
    },
    Rule {
        name: "a ramp of the rate needs a rate",
        breach: |load| {
            let alone = load.args.rate_ramp_seconds.is_some() && load.mode == Mode::ClosedLoop;
            alone.then(|| {
                breach(
                    "`--request-rate-ramp-duration` needs `--request-rate`",
                    "give a rate, or ramp what there is: `--concurrency-ramp-duration SECONDS`",
                )
            })
        },
    },
    Rule {
        name: "a ramp of the warmup's rate needs a rate",
        breach: |load| {
            let alone = load.args.warmup_rate_ramp_seconds.is_some()
                && load.warmup().is_some()
                && !load.warmup_has_rate();
            alone.then(|| {
                breach(
                    "`--warmup-request-rate-ramp-duration` needs `--warmup-request-rate`",
                    "give the warmup a rate, or ramp what there is: `--warmup-concurrency-ramp-duration SECONDS`",
                )
            })
        },
    },
    Rule {
        name: "columns need records or time slices",
        breach: |load| {
            let args = load.args;
            let nothing = args.export_level == Some(ExportLevel::Summary)
                && args.slice_duration_seconds.is_none();
            (!args.export_formats.is_empty() && nothing).then(|| {
                breach(
                    "`--export-formats` has nothing to write beside `--export-level summary`",
                    "keep records (`--export-level records`) or cut slices (`--slice-duration SECONDS`)",
                )
            })
        },
    },
    Rule {
        name: "a cancellation delay needs a cancellation rate",
        breach: |load| {
            let args = load.args;
            let alone =
                args.cancellation_delay_seconds.is_some() && args.cancellation_percent.is_none();
            alone.then(|| {
                breach(
                    "`--request-cancellation-delay` needs `--request-cancellation-rate`",
                    "say how many requests are given up: `--request-cancellation-rate PERCENT`",
                )
            })
        },
    },
];

fn breach(message: impl Into<String>, hint: impl Into<String>) -> Breach {
    (message.into(), hint.into())
}

fn fixed_schedule_with_rate(load: &Load) -> Option<Breach> {
    if load.mode != Mode::FixedSchedule {
        return None;
    }
    let args = load.args;
    let (flags, several) = listed(&[
        ("--request-rate", args.request_rate.is_some()),
        ("--request-rate-series", args.request_rate_series.is_some()),
        (
            "--request-rate-ramp-duration",
            args.rate_ramp_seconds.is_some(),
        ),
        ("--arrival-smoothness", args.arrival_smoothness.is_some()),
        ("--user-centric-rate", args.user_centric_rate.is_some()),
        ("--num-users", args.num_users.is_some()),
    ])?;
    let verb = if several { "do" } else { "does" };
    let hint = if load.replays_unasked {
        "ignore the timestamps with `--no-fixed-schedule`, or leave the rate away"
    } else {
        "either the trace or the rate says when requests start; leave one of them away"
    };
    Some(breach(
        format!("{flags} {verb} not go with {}", schedule(load)),
        hint,
    ))
}

/// What a fixed schedule is called where it does not go with something.
fn schedule(load: &Load) -> String {
    match load.args.custom_dataset_type {
        Some(format) if load.replays_unasked => {
            format!("`--custom-dataset-type {format}`, whose file has timestamps to replay")
        }
        _ => "`--fixed-schedule`".to_owned(),
    }
}

fn offsets_without_schedule(load: &Load) -> Option<Breach> {
    let args = load.args;
    let flags = listed(&[
        (
            "--fixed-schedule-auto-offset",
            args.fixed_schedule_auto_offset.is_some(),
        ),
        (
            "--fixed-schedule-start-offset",
            args.fixed_schedule_start_offset_ms.is_some(),
        ),
        (
            "--fixed-schedule-end-offset",
            args.fixed_schedule_end_offset_ms.is_some(),
        ),
    ]);
    let (flags, several) = flags.filter(|_| load.mode != Mode::FixedSchedule)?;
    let verb = if several { "need" } else { "needs" };
    Some(breach(
        format!("{flags} {verb} `--fixed-schedule`"),
        "ask for the schedule as well, with `--fixed-schedule --input-file PATH`",
    ))
}

fn users_with_one_turn(load: &Load) -> Option<Breach> {
    let args = load.args;
    // How many turns a file has is not known here.
    let generated = is_synthetic(args);
    let single = args.turn_mean.unwrap_or(1) < 2;
    (load.mode == Mode::UserCentric && generated && single).then(|| {
        breach(
            "`--user-centric-rate` needs `--conversation-turn-mean` of at least 2",
            "give users something to come back for, or send single turns with `--request-rate`",
        )
    })
}

#[cfg(test)]
mod tests;
