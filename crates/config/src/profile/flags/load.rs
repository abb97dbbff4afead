//! When requests start, and when the run ends.

use super::chosen;
use crate::command::{Choice, Flag, Group, Kind, Limits};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::ArrivalPattern;

pub(super) static LOAD: Group<ProfileArgs> = Group {
    title: "Load Generator",
    flags: &[
        DURATION,
        GRACE,
        CONCURRENCY,
        REQUEST_RATE,
        ARRIVAL_PATTERN,
        ARRIVAL_SMOOTHNESS,
        REQUEST_COUNT,
    ],
};

const DURATION: Flag<ProfileArgs> = Flag {
    names: &["benchmark-duration"],
    short: None,
    kind: Kind::SweepableFloat {
        limits: Limits::ABOVE_ZERO.or_infinite(),
        set: |args, seconds| args.benchmark_duration_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "",
    path: "benchmark.phases.profiling.duration",
    help: "Stop sending after so long; `inf` sends until interrupted.",
};

const GRACE: Flag<ProfileArgs> = Flag {
    names: &["benchmark-grace-period"],
    short: None,
    kind: Kind::Float {
        limits: Limits::FROM_ZERO.or_infinite(),
        set: |args, seconds| args.benchmark_grace_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "30",
    path: "benchmark.phases.profiling.grace_period",
    help: "How long after --benchmark-duration to wait for open requests before they are given up; `inf` waits for all.",
};

const CONCURRENCY: Flag<ProfileArgs> = Flag {
    names: &["concurrency"],
    short: None,
    kind: Kind::SweepableInteger {
        within: 1..=u64::MAX,
        set: |args, count| args.concurrency = Some(count),
    },
    value: "COUNT",
    default: "1; with --request-rate no limit",
    path: "benchmark.phases.profiling.concurrency",
    help: "Sessions at the same time. Without a rate, a new session starts as soon as one ends; with one, this is the \
           upper limit.",
};

const REQUEST_RATE: Flag<ProfileArgs> = Flag {
    names: &["request-rate"],
    short: None,
    kind: Kind::SweepableFloat {
        limits: Limits::ABOVE_ZERO,
        set: |args, rate| args.request_rate = Some(rate),
    },
    value: "PER_SECOND",
    default: "",
    path: "benchmark.phases.profiling.rate",
    help: "Start requests at this mean rate, whatever the server does.",
};

const ARRIVAL_PATTERN: Flag<ProfileArgs> = Flag {
    names: &["arrival-pattern", "request-rate-mode"],
    short: None,
    kind: Kind::Choice {
        names: ArrivalPattern::NAMES,
        later: &[],
        set: |args, word| {
            args.arrival_pattern = chosen(word)?;
            Ok(())
        },
    },
    value: "PATTERN",
    default: "poisson; gamma with --arrival-smoothness",
    path: "benchmark.phases.profiling.type",
    help: "The law of the gaps between requests under --request-rate.",
};

const ARRIVAL_SMOOTHNESS: Flag<ProfileArgs> = Flag {
    names: &["arrival-smoothness", "vllm-burstiness"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO,
        set: |args, shape| args.arrival_smoothness = Some(shape),
    },
    value: "SHAPE",
    default: "1",
    path: "benchmark.phases.profiling.smoothness",
    help: "Shape of gamma-distributed gaps: 1 is poisson, below is burstier, above is more regular.",
};

const REQUEST_COUNT: Flag<ProfileArgs> = Flag {
    names: &["request-count", "num-requests"],
    short: None,
    kind: Kind::SweepableInteger {
        within: 1..=u64::MAX,
        set: |args, count| args.request_count = Some(count),
    },
    value: "COUNT",
    default: "10, unless sessions or a duration bound the run",
    path: "benchmark.phases.profiling.requests",
    help: "Stop after so many requests.",
};
