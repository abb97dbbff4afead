//! How closely a replay keeps to its schedule. Only differences between requests count: the run as a
//! whole may begin at any time.

use super::prelude::*;

/// From the scheduled to the actual sending.
fn send_schedule_offset(facts: &RecordFacts<'_>) -> Outcome {
    let scheduled = facts.scheduled_epoch_ns.ok_or(Absence::NoInput)?;
    let offset = i128::from(facts.start_epoch_ns) - i128::from(scheduled);
    i64::try_from(offset)
        .map(Value::Int)
        .map_err(|_| Absence::NoInput)
}

/// Replay schedule.
pub(super) static REPLAY: &[Metric] = &[
    Metric::record(
        "replay_send_schedule_offset",
        "Replay Send Schedule Offset",
        Int,
        Formula::Facts(send_schedule_offset),
    )
    .short("Sched Offset")
    .unit(Nanoseconds)
    .flags(&[INTERNAL, FIXED_SCHEDULE])
    .explained(
        "`start_wall − scheduled_send`",
        "the turn follows another after a delay",
    ),
    Metric::derived(
        "replay_sched_lag_p50",
        "Replay Schedule Lag p50",
        Float,
        Formula::Injected(Injection::ScheduleLag(50)),
    )
    .short("Sched Lag p50")
    .unit(Milliseconds)
    .flags(&[FIXED_SCHEDULE])
    .requires(&["replay_send_schedule_offset"])
    .explained(
        "p50 of `(offset − least offset) × 1e-6`; not of time slices",
        "no request has a scheduled time",
    ),
    Metric::derived(
        "replay_sched_lag_p90",
        "Replay Schedule Lag p90",
        Float,
        Formula::Injected(Injection::ScheduleLag(90)),
    )
    .short("Sched Lag p90")
    .unit(Milliseconds)
    .flags(&[FIXED_SCHEDULE])
    .requires(&["replay_send_schedule_offset"])
    .explained(
        "p90 of `(offset − least offset) × 1e-6`; not of time slices",
        "no request has a scheduled time",
    ),
    Metric::derived(
        "replay_sched_lag_p99",
        "Replay Schedule Lag p99",
        Float,
        Formula::Injected(Injection::ScheduleLag(99)),
    )
    .short("Sched Lag p99")
    .unit(Milliseconds)
    .flags(&[FIXED_SCHEDULE])
    .requires(&["replay_send_schedule_offset"])
    .explained(
        "p99 of `(offset − least offset) × 1e-6`; not of time slices",
        "no request has a scheduled time",
    ),
    Metric::derived(
        "replay_sched_degraded",
        "Replay Schedule Degraded",
        Int,
        Formula::Injected(Injection::ScheduleDegraded),
    )
    .short("Sched Degraded")
    .unit(Count)
    .flags(&[FIXED_SCHEDULE])
    .requires(&[
        "replay_sched_lag_p50",
        "replay_sched_lag_p90",
        "replay_sched_lag_p99",
    ])
    .explained(
        "1 if `replay_sched_lag_p99` is above 500 ms, else 0",
        "no request has a scheduled time",
    ),
];
