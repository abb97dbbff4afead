//! What flags do less than they seem to. None of it prevents a run.

mod dataset;
mod endpoint;
mod runs;

use super::Findings;
use super::load::{Load, Mode};
use super::{given, listed};
use crate::profile::choices::ArrivalPattern;
use crate::profile::config::{Arrivals, Limit, PhaseConfig};

/// Warns of every flag that has no effect in this company.
pub(super) fn give(load: &Load, findings: &mut Findings) {
    let all = [ADVICE, dataset::ADVICE, endpoint::ADVICE, runs::ADVICE];
    for advice in all.into_iter().flatten() {
        if let Some((message, hint)) = advice(load) {
            findings.warn(message, hint);
        }
    }
}

/// What to say, and what to do.
type Advice = Option<(String, String)>;

/// In the order in which it is given.
const ADVICE: &[fn(&Load) -> Advice] = &[
    pattern_without_rate,
    |load| {
        burst(
            "--arrival-pattern",
            load.args.arrival_pattern,
            load.mode == Mode::Rate,
        )
    },
    rate_beside_users,
    rate_ramp_beside_users,
    delays_beside_users,
    |load| {
        let args = load.args;
        ramp_without_limit(
            ("--concurrency-ramp-duration", args.concurrency_ramp_seconds),
            "--concurrency",
            load.phases
                .iter()
                .map(|phase| phase.arrivals.session_limit()),
        )
    },
    |load| {
        let args = load.args;
        ramp_without_limit(
            (
                "--prefill-concurrency-ramp-duration",
                args.prefill_ramp_seconds,
            ),
            "--prefill-concurrency",
            load.phases.iter().map(|phase| phase.prefill),
        )
    },
    overflow_without_cap,
    |load| {
        let both = given(load.args.fixed_schedule) && given(load.args.no_fixed_schedule);
        both.then(|| {
            text(
                "`--no-fixed-schedule` has no effect beside `--fixed-schedule`",
                "leave one of them away",
            )
        })
    },
    warmup_flags_without_warmup,
    warmup_pattern_without_rate,
    |load| {
        let pattern = load.args.warmup_arrival_pattern;
        burst("--warmup-arrival-pattern", pattern, load.warmup_has_rate())
    },
    |load| {
        let ramp = load.args.warmup_concurrency_ramp_seconds;
        let warmup = load.warmup()?;
        ramp_without_limit(
            ("--warmup-concurrency-ramp-duration", ramp),
            "--warmup-concurrency",
            [warmup.arrivals.session_limit()],
        )
    },
    |load| {
        let ramp = load.args.warmup_prefill_ramp_seconds;
        let warmup = load.warmup()?;
        ramp_without_limit(
            ("--warmup-prefill-concurrency-ramp-duration", ramp),
            "--warmup-prefill-concurrency",
            [warmup.prefill],
        )
    },
];

fn text(message: impl Into<String>, hint: impl Into<String>) -> (String, String) {
    (message.into(), hint.into())
}

fn pattern_without_rate(load: &Load) -> Advice {
    let pattern = load.args.arrival_pattern?;
    // Where the rule about smoothness speaks, or the warmup takes the pattern, it has an effect.
    if load.mode == Mode::Rate || load.warmup_has_rate() {
        return None;
    }
    let (beside, hint) = match load.mode {
        Mode::FixedSchedule => ("in a fixed schedule", "the trace says when requests start"),
        Mode::UserCentric => (
            "beside `--user-centric-rate`",
            "users come at equal distances",
        ),
        Mode::Rate | Mode::ClosedLoop => (
            "without `--request-rate`",
            "without a rate, sessions start as soon as others end",
        ),
    };
    Some(text(
        format!("`--arrival-pattern {pattern}` has no effect {beside}"),
        hint,
    ))
}

fn burst(flag: &str, pattern: Option<ArrivalPattern>, at_a_rate: bool) -> Advice {
    (at_a_rate && pattern == Some(ArrivalPattern::ConcurrencyBurst)).then(|| {
        text(
            format!("`{flag} concurrency_burst` means `poisson` where there is a rate"),
            "leave the rate away for a closed loop",
        )
    })
}

fn rate_beside_users(load: &Load) -> Advice {
    let idle = load.mode == Mode::UserCentric
        && load.args.request_rate.is_some()
        && !load.warmup_inherits_rate();
    idle.then(|| {
        text(
            "`--request-rate` has no effect beside `--user-centric-rate`",
            "leave one of them away",
        )
    })
}

fn rate_ramp_beside_users(load: &Load) -> Advice {
    let inherited = load.warmup_has_rate() && load.args.warmup_rate_ramp_seconds.is_none();
    let idle =
        load.mode == Mode::UserCentric && load.args.rate_ramp_seconds.is_some() && !inherited;
    idle.then(|| {
        text(
            "`--request-rate-ramp-duration` has no effect beside `--user-centric-rate`",
            "users keep their pace from the start",
        )
    })
}

fn delays_beside_users(load: &Load) -> Advice {
    let args = load.args;
    let flags = listed(&[
        (
            "--conversation-turn-delay-mean",
            args.turn_delay_mean_ms.is_some(),
        ),
        (
            "--conversation-turn-delay-stddev",
            args.turn_delay_stddev_ms.is_some(),
        ),
        (
            "--conversation-turn-delay-ratio",
            args.turn_delay_ratio.is_some(),
        ),
    ]);
    let only_users = load.mode == Mode::UserCentric && load.warmup().is_none();
    let (flags, several) = flags.filter(|_| only_users)?;
    let verb = if several { "have" } else { "has" };
    Some(text(
        format!("{flags} {verb} no effect beside `--user-centric-rate`"),
        "users come back every users / rate seconds, whatever the data says",
    ))
}

/// A ramp has an effect where a limit is above 1: with 1 there is nothing to climb.
fn ramp_without_limit(
    (flag, ramp): (&str, Option<f64>),
    limit_flag: &str,
    limits: impl IntoIterator<Item = Option<Limit>>,
) -> Advice {
    ramp?;
    let climbs = limits.into_iter().flatten().any(|limit| limit.count > 1);
    (!climbs).then(|| {
        text(
            format!("`{flag}` has no effect without `{limit_flag}` above 1"),
            format!("say where the ramp leads: `{limit_flag} COUNT`"),
        )
    })
}

fn overflow_without_cap(load: &Load) -> Advice {
    let policy = load.args.arrival_overflow?;
    let overflows = |phase: &PhaseConfig| {
        matches!(
            phase.arrivals,
            Arrivals::Rate {
                concurrency: Some(_),
                ..
            }
        )
    };
    (!load.phases.iter().any(overflows)).then(|| {
        text(
            format!(
                "`--arrival-overflow {policy}` has no effect without `--request-rate` and `--concurrency`"
            ),
            "only a rate with a limit of sessions has arrivals that find no place",
        )
    })
}

fn warmup_flags_without_warmup(load: &Load) -> Advice {
    let args = load.args;
    let flags = listed(&[
        ("--warmup-concurrency", args.warmup_concurrency.is_some()),
        (
            "--warmup-prefill-concurrency",
            args.warmup_prefill_concurrency.is_some(),
        ),
        ("--warmup-request-rate", args.warmup_request_rate.is_some()),
        (
            "--warmup-arrival-pattern",
            args.warmup_arrival_pattern.is_some(),
        ),
        (
            "--warmup-concurrency-ramp-duration",
            args.warmup_concurrency_ramp_seconds.is_some(),
        ),
        (
            "--warmup-prefill-concurrency-ramp-duration",
            args.warmup_prefill_ramp_seconds.is_some(),
        ),
        (
            "--warmup-request-rate-ramp-duration",
            args.warmup_rate_ramp_seconds.is_some(),
        ),
    ]);
    let (flags, several) = flags.filter(|_| load.warmup().is_none())?;
    let verb = if several { "have" } else { "has" };
    Some(text(
        format!("{flags} {verb} no effect: there is no warmup"),
        "ask for one with `--warmup-request-count`, `--num-warmup-sessions` or `--warmup-duration`",
    ))
}

fn warmup_pattern_without_rate(load: &Load) -> Advice {
    let pattern = load.args.warmup_arrival_pattern?;
    let idle = load.warmup().is_some() && !load.warmup_has_rate();
    idle.then(|| {
        text(
            format!("`--warmup-arrival-pattern {pattern}` has no effect without a rate"),
            "give one: `--warmup-request-rate PER_SECOND`",
        )
    })
}
