//! What flags must not do together. One item for each rule, each with its own test.

mod dataset;
mod endpoint;

pub(crate) use dataset::{generated_prefix, generated_turns};

use super::Findings;
use super::dataset::is_synthetic;
use super::endpoint::{kind, streams};
use super::load::{Load, Mode};
use super::{given, listed};
use crate::profile::choices::{
    ArrivalPattern, DatasetFormat, ExportLevel, ReadinessMode, Sampling,
};
use crate::profile::config::PhaseConfig;

/// Seconds between two questions whether a server is ready. Given as they are, the flags that need
/// a timeout do not matter, as in the reference.
pub(super) const DEFAULT_READINESS_INTERVAL_SECONDS: f64 = 5.0;
pub(super) const DEFAULT_READINESS_MODE: ReadinessMode = ReadinessMode::Inference;

/// A rule about several flags.
pub(super) struct Rule {
    /// Says what the rule demands.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests find rules by it"))]
    pub(super) name: &'static str,
    /// What is wrong and what to do, where the rule is broken.
    pub(super) breach: fn(&Load) -> Option<Breach>,
}

/// What is wrong, naming the flags, and what to do.
pub(super) type Breach = (String, String);

/// Reports every rule that is broken.
pub(super) fn check(load: &Load, findings: &mut Findings) {
    check_these(all(), load, findings);
}

/// The same without those about the load, for phases that were checked elsewhere.
pub(super) fn check_all_but_load(load: &Load, findings: &mut Findings) {
    let groups = [endpoint::RULES, dataset::RULES];
    check_these(groups.into_iter().flatten(), load, findings);
}

fn check_these(rules: impl Iterator<Item = &'static Rule>, load: &Load, findings: &mut Findings) {
    for rule in rules {
        if let Some((message, hint)) = (rule.breach)(load) {
            findings.conflict(message, hint);
        }
    }
}

/// In the order in which breaches are reported.
fn all() -> impl Iterator<Item = &'static Rule> {
    let groups = [endpoint::RULES, dataset::RULES, RULES];
    groups.into_iter().flatten()
}

/// About the load.
const RULES: &[Rule] = &[
    Rule {
        name: "readiness options need a readiness timeout",
        breach: readiness_without_timeout,
    },
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
        name: "a fixed schedule plays its file in order",
        breach: fixed_schedule_out_of_order,
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
        name: "a schedule begins at one place",
        breach: |load| {
            let args = load.args;
            let both = args.fixed_schedule_auto_offset == Some(true)
                && args.fixed_schedule_start_offset_ms.is_some();
            both.then(|| {
                breach(
                    "`--fixed-schedule-auto-offset` does not go with `--fixed-schedule-start-offset`",
                    "both say where the schedule begins; leave one of them away",
                )
            })
        },
    },
    Rule {
        name: "a schedule does not end before it begins",
        breach: |load| {
            let start = load.args.fixed_schedule_start_offset_ms?;
            let end = load.args.fixed_schedule_end_offset_ms?;
            (start > end).then(|| {
                breach(
                    format!(
                        "`--fixed-schedule-start-offset {start}` is after `--fixed-schedule-end-offset {end}`"
                    ),
                    "give the earlier one as start",
                )
            })
        },
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
        name: "users play conversations of a file",
        breach: |load| {
            let format = load.args.custom_dataset_type?;
            let wrong = load.mode == Mode::UserCentric && format != DatasetFormat::MultiTurn;
            wrong.then(|| {
                breach(
                    format!(
                        "`--user-centric-rate` does not go with `--custom-dataset-type {format}`"
                    ),
                    "users need conversations of several turns: `--custom-dataset-type multi_turn`",
                )
            })
        },
    },
    Rule {
        name: "each user has a request",
        breach: |load| {
            let requests = load.profiling.requests?;
            let requested = load
                .args
                .request_count
                .map(|count| format!("`--request-count {count}`"));
            let bound = requested
                .unwrap_or_else(|| format!("the {requests} requests of a run that nothing bounds"));
            more_users_than(load, requests, &bound, "--request-count")
        },
    },
    Rule {
        name: "each user has a session",
        breach: |load| {
            let sessions = load.args.conversation_num?;
            let bound = format!("`--conversation-num {sessions}`");
            more_users_than(load, sessions, &bound, "--conversation-num")
        },
    },
    Rule {
        name: "a rate is either steady or a series",
        breach: |load| {
            let both = load.args.request_rate.is_some() && load.args.request_rate_series.is_some();
            both.then(|| {
                breach(
                    "`--request-rate` does not go with `--request-rate-series`",
                    "leave one of them away; a warmup has its own `--warmup-request-rate`",
                )
            })
        },
    },
    Rule {
        name: "users have no series of rates",
        breach: |load| {
            let args = load.args;
            let both = args.request_rate_series.is_some() && args.user_centric_rate.is_some();
            both.then(|| {
                breach(
                    "`--request-rate-series` does not go with `--user-centric-rate`",
                    "users keep one pace; leave one of the two away",
                )
            })
        },
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
                && load.warmup.is_some()
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
        name: "a prefill limit needs streaming",
        breach: prefill_without_streaming,
    },
    Rule {
        name: "a prefill limit is not above the limit of sessions",
        breach: |load| prefill_above_concurrency(load, &load.profiling, false),
    },
    Rule {
        name: "a prefill limit of the warmup is not above its limit of sessions",
        breach: |load| {
            let inherited = load.args.warmup_prefill_concurrency.is_none()
                && load.args.warmup_concurrency.is_none();
            let told = inherited && prefill_is_above(&load.profiling);
            let warmup = load.warmup.as_ref().filter(|_| !told)?;
            prefill_above_concurrency(load, warmup, true)
        },
    },
    Rule {
        name: "a grace period needs a duration",
        breach: |load| {
            let args = load.args;
            let alone =
                args.benchmark_grace_seconds.is_some() && args.benchmark_duration_seconds.is_none();
            alone.then(|| {
                breach(
                    "`--benchmark-grace-period` needs `--benchmark-duration`",
                    "without a duration all requests are waited for",
                )
            })
        },
    },
    Rule {
        name: "a grace period of the warmup needs a duration",
        breach: |load| {
            let args = load.args;
            let alone =
                args.warmup_grace_seconds.is_some() && args.warmup_duration_seconds.is_none();
            alone.then(|| {
                breach(
                    "`--warmup-grace-period` needs `--warmup-duration`",
                    "without a duration all requests are waited for",
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

fn readiness_without_timeout(load: &Load) -> Option<Breach> {
    let args = load.args;
    let is_enabled = args
        .wait_for_model_timeout_seconds
        .is_some_and(|seconds| seconds > 0.0);
    let mode = args.wait_for_model_mode;
    let interval = args.wait_for_model_interval_seconds;
    let flags = listed(&[
        (
            "--wait-for-model-mode",
            mode.is_some_and(|mode| mode != DEFAULT_READINESS_MODE),
        ),
        (
            "--wait-for-model-interval",
            interval.is_some_and(|seconds| seconds != DEFAULT_READINESS_INTERVAL_SECONDS),
        ),
    ]);
    let (flags, several) = flags.filter(|_| !is_enabled)?;
    let verb = if several { "need" } else { "needs" };
    Some(breach(
        format!("{flags} {verb} `--wait-for-model-timeout`"),
        "say how long to wait: `--wait-for-model-timeout SECONDS`, more than 0",
    ))
}

fn fixed_schedule_out_of_order(load: &Load) -> Option<Breach> {
    let sampling = load.args.sampling?;
    let wrong = load.mode == Mode::FixedSchedule && sampling != Sampling::Sequential;
    wrong.then(|| {
        breach(
            format!(
                "`--dataset-sampling-strategy {sampling}` does not go with {}",
                schedule(load)
            ),
            "a schedule plays each conversation once, at its time; leave the strategy away",
        )
    })
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

fn more_users_than(load: &Load, bound: u64, described: &str, flag: &str) -> Option<Breach> {
    let users = load.args.num_users?;
    (load.mode == Mode::UserCentric && users > bound).then(|| {
        breach(
            format!("`--num-users {users}` is more than {described}"),
            format!("raise `{flag}` to at least {users}, or bound the run by `--benchmark-duration` alone"),
        )
    })
}

fn prefill_without_streaming(load: &Load) -> Option<Breach> {
    let args = load.args;
    let of_warmup = load.warmup.is_some() && args.warmup_prefill_concurrency.is_some();
    let flags = listed(&[
        ("--prefill-concurrency", args.prefill_concurrency.is_some()),
        ("--warmup-prefill-concurrency", of_warmup),
    ]);
    let (flags, several) = flags.filter(|_| !streams(args))?;
    let verb = if several { "need" } else { "needs" };
    let hint = if given(args.streaming) {
        format!(
            "only a stream shows when the first token comes, and `--endpoint-type {}` cannot stream",
            kind(args)
        )
    } else {
        "only a stream shows when the first token comes; add `--streaming`".to_owned()
    };
    Some(breach(format!("{flags} {verb} `--streaming`"), hint))
}

fn prefill_is_above(phase: &PhaseConfig) -> bool {
    match (phase.prefill, phase.arrivals.concurrency()) {
        (Some(prefill), Some(sessions)) => prefill.count > sessions,
        _ => false,
    }
}

fn prefill_above_concurrency(load: &Load, phase: &PhaseConfig, warmup: bool) -> Option<Breach> {
    let prefill = phase.prefill.filter(|_| prefill_is_above(phase))?.count;
    let sessions = phase.arrivals.concurrency()?;
    let args = load.args;
    let prefill_flag = if warmup && args.warmup_prefill_concurrency.is_some() {
        "--warmup-prefill-concurrency"
    } else {
        "--prefill-concurrency"
    };
    let (flag, is_given) =
        if warmup && (args.warmup_concurrency.is_some() || args.concurrency.is_none()) {
            ("--warmup-concurrency", args.warmup_concurrency.is_some())
        } else {
            ("--concurrency", args.concurrency.is_some())
        };
    let limit = if is_given {
        format!("`{flag} {sessions}`")
    } else {
        format!("`{flag}`, which is {sessions} where it is not given")
    };
    Some(breach(
        format!("`{prefill_flag} {prefill}` is more than {limit}"),
        format!("raise `{flag}` to at least {prefill}, or lower `{prefill_flag}`"),
    ))
}

#[cfg(test)]
mod tests;
