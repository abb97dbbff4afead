//! The phase before the measurement. It exists if a count, a number of sessions or a duration is
//! given; what else it needs it inherits.

use super::chosen;
use crate::command::{Choice, Flag, Group, Kind, Limits};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::ArrivalPattern;

pub(super) static WARMUP: Group<ProfileArgs> = Group {
    title: "Warmup",
    flags: &[
        REQUEST_COUNT,
        DURATION,
        SESSIONS,
        CONCURRENCY,
        PREFILL_CONCURRENCY,
        REQUEST_RATE,
        ARRIVAL_PATTERN,
        GRACE,
        CONCURRENCY_RAMP,
        PREFILL_RAMP,
        RATE_RAMP,
    ],
};

const REQUEST_COUNT: Flag<ProfileArgs> = Flag {
    names: &["warmup-request-count", "num-warmup-requests"],
    short: None,
    kind: Kind::Integer {
        within: 1..=u64::MAX,
        set: |args, count| args.warmup_request_count = Some(count),
    },
    value: "COUNT",
    default: "",
    path: "benchmark.phases.warmup.requests",
    help: "Warm up with so many requests, which do not count.",
};

const DURATION: Flag<ProfileArgs> = Flag {
    names: &["warmup-duration"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO,
        set: |args, seconds| args.warmup_duration_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "",
    path: "benchmark.phases.warmup.duration",
    help: "Warm up for so long.",
};

const SESSIONS: Flag<ProfileArgs> = Flag {
    names: &["num-warmup-sessions"],
    short: None,
    kind: Kind::Integer {
        within: 1..=u64::MAX,
        set: |args, count| args.warmup_sessions = Some(count),
    },
    value: "COUNT",
    default: "",
    path: "benchmark.phases.warmup.sessions",
    help: "Warm up with so many sessions.",
};

const CONCURRENCY: Flag<ProfileArgs> = Flag {
    names: &["warmup-concurrency"],
    short: None,
    kind: Kind::Integer {
        within: 1..=u64::MAX,
        set: |args, count| args.warmup_concurrency = Some(count),
    },
    value: "COUNT",
    default: "--concurrency",
    path: "benchmark.phases.warmup.concurrency",
    help: "Sessions at the same time while warming up.",
};

const PREFILL_CONCURRENCY: Flag<ProfileArgs> = Flag {
    names: &["warmup-prefill-concurrency"],
    short: None,
    kind: Kind::Integer {
        within: 1..=u64::MAX,
        set: |args, count| args.warmup_prefill_concurrency = Some(count),
    },
    value: "COUNT",
    default: "--prefill-concurrency",
    path: "benchmark.phases.warmup.prefill_concurrency",
    help: "Requests at the same time whose first token has not come yet, while warming up. Needs --streaming.",
};

const REQUEST_RATE: Flag<ProfileArgs> = Flag {
    names: &["warmup-request-rate"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO,
        set: |args, rate| args.warmup_request_rate = Some(rate),
    },
    value: "PER_SECOND",
    default: "--request-rate",
    path: "benchmark.phases.warmup.rate",
    help: "Rate of requests while warming up.",
};

const ARRIVAL_PATTERN: Flag<ProfileArgs> = Flag {
    names: &["warmup-arrival-pattern"],
    short: None,
    kind: Kind::Choice {
        names: ArrivalPattern::NAMES,
        later: &[],
        set: |args, word| {
            args.warmup_arrival_pattern = chosen(word)?;
            Ok(())
        },
    },
    value: "PATTERN",
    default: "--arrival-pattern, else poisson",
    path: "benchmark.phases.warmup.type",
    help: "The law of the gaps between requests while warming up at a rate.",
};

const GRACE: Flag<ProfileArgs> = Flag {
    names: &["warmup-grace-period"],
    short: None,
    kind: Kind::Float {
        limits: Limits::FROM_ZERO.or_infinite(),
        set: |args, seconds| args.warmup_grace_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "inf",
    path: "benchmark.phases.warmup.grace_period",
    help: "How long after --warmup-duration to wait for open requests before they are given up.",
};

const CONCURRENCY_RAMP: Flag<ProfileArgs> = Flag {
    names: &["warmup-concurrency-ramp-duration"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO,
        set: |args, seconds| args.warmup_concurrency_ramp_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "--concurrency-ramp-duration",
    path: "benchmark.phases.warmup.concurrency_ramp.duration",
    help: "Begin the warmup with one session at a time and reach its concurrency after so long.",
};

const PREFILL_RAMP: Flag<ProfileArgs> = Flag {
    names: &["warmup-prefill-concurrency-ramp-duration"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO,
        set: |args, seconds| args.warmup_prefill_ramp_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "--prefill-concurrency-ramp-duration",
    path: "benchmark.phases.warmup.prefill_ramp.duration",
    help: "Begin the warmup with 1 and reach its prefill concurrency after so long.",
};

const RATE_RAMP: Flag<ProfileArgs> = Flag {
    names: &["warmup-request-rate-ramp-duration"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO,
        set: |args, seconds| args.warmup_rate_ramp_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "--request-rate-ramp-duration",
    path: "benchmark.phases.warmup.rate_ramp.duration",
    help: "Let the rate of the warmup climb in a straight line, and reach its value after so long.",
};
