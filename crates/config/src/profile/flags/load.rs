//! When requests start, and when the run ends.

use std::path::Path;

use aiperf_schedule::RateSeries;

use super::chosen;
use crate::command::{Choice, Flag, Group, Kind, Limits};
use crate::profile::args::{ProfileArgs, Swept};
use crate::profile::choices::{ArrivalOverflow, ArrivalPattern};

pub(super) static LOAD: Group<ProfileArgs> = Group {
    title: "Load Generator",
    flags: &[
        DURATION,
        GRACE,
        CONCURRENCY,
        PREFILL_CONCURRENCY,
        REQUEST_RATE,
        ARRIVAL_PATTERN,
        ARRIVAL_SMOOTHNESS,
        REQUEST_COUNT,
        CONCURRENCY_RAMP,
        PREFILL_RAMP,
        RATE_RAMP,
        RATE_SERIES,
        FAILED_THRESHOLD,
        OVERFLOW,
    ],
};

const DURATION: Flag<ProfileArgs> = Flag {
    names: &["benchmark-duration"],
    short: None,
    kind: Kind::SweepableFloat {
        limits: Limits::ABOVE_ZERO.or_infinite(),
        set: |args, seconds| args.benchmark_duration_seconds = Some(seconds),
        list: |args, values| args.runs.sweep(Swept::Duration, values),
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
        list: |args, values| args.runs.sweep(Swept::Concurrency, values),
    },
    value: "COUNT",
    default: "1; no limit where requests have their own times",
    path: "benchmark.phases.profiling.concurrency",
    help: "Sessions at the same time. Without a rate, a new session starts as soon as one ends; with a rate, users or a \
           schedule, this is the upper limit.",
};

const PREFILL_CONCURRENCY: Flag<ProfileArgs> = Flag {
    names: &["prefill-concurrency"],
    short: None,
    kind: Kind::SweepableInteger {
        within: 1..=u64::MAX,
        set: |args, count| args.prefill_concurrency = Some(count),
        list: |args, values| args.runs.sweep(Swept::PrefillConcurrency, values),
    },
    value: "COUNT",
    default: "",
    path: "benchmark.phases.profiling.prefill_concurrency",
    help: "Requests at the same time whose first token has not come yet, at most. Needs --streaming.",
};

const REQUEST_RATE: Flag<ProfileArgs> = Flag {
    names: &["request-rate"],
    short: None,
    kind: Kind::SweepableFloat {
        limits: Limits::ABOVE_ZERO,
        set: |args, rate| args.request_rate = Some(rate),
        list: |args, values| args.runs.sweep(Swept::Rate, values),
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
        list: |args, values| args.runs.sweep(Swept::Requests, values),
    },
    value: "COUNT",
    default: "10, unless sessions or a duration bound the run",
    path: "benchmark.phases.profiling.requests",
    help: "Stop after so many requests.",
};

const CONCURRENCY_RAMP: Flag<ProfileArgs> = Flag {
    names: &["concurrency-ramp-duration"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO,
        set: |args, seconds| args.concurrency_ramp_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "",
    path: "benchmark.phases.profiling.concurrency_ramp.duration",
    help: "Begin with one session at a time and reach --concurrency after so long, one by one.",
};

const PREFILL_RAMP: Flag<ProfileArgs> = Flag {
    names: &["prefill-concurrency-ramp-duration"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO,
        set: |args, seconds| args.prefill_ramp_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "",
    path: "benchmark.phases.profiling.prefill_ramp.duration",
    help: "Begin with 1 and reach --prefill-concurrency after so long, one by one.",
};

const RATE_RAMP: Flag<ProfileArgs> = Flag {
    names: &["request-rate-ramp-duration"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO,
        set: |args, seconds| args.rate_ramp_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "",
    path: "benchmark.phases.profiling.rate_ramp.duration",
    help: "Let the rate climb in a straight line from almost nothing, and reach --request-rate, or the first point of \
           --request-rate-series, after so long.",
};

const RATE_SERIES: Flag<ProfileArgs> = Flag {
    names: &["request-rate-series"],
    short: None,
    kind: Kind::Path(|args, path| {
        args.request_rate_series = Some(read_series(&path)?);
        Ok(())
    }),
    value: "FILE",
    default: "",
    path: "benchmark.phases.profiling.rate_series",
    help: "A rate that changes with time, instead of --request-rate: a JSON array of points such as \
           `{\"time_s\": 60, \"qps\": 20}`, with straight lines between them.",
};

const FAILED_THRESHOLD: Flag<ProfileArgs> = Flag {
    names: &["failed-request-threshold"],
    short: None,
    kind: Kind::Float {
        limits: Limits::FROM_ZERO.at_most(1.0),
        set: |args, share| args.failed_request_threshold = Some(share),
    },
    value: "SHARE",
    default: "",
    path: "benchmark.phases.profiling.failed_request_threshold",
    help: "Give the run up when more than this share of its requests, 0 to 1, have failed. Checked from the tenth \
           request on, or from as many as --concurrency.",
};

const OVERFLOW: Flag<ProfileArgs> = Flag {
    names: &["arrival-overflow"],
    short: None,
    kind: Kind::Choice {
        names: ArrivalOverflow::NAMES,
        later: &[],
        set: |args, word| {
            args.arrival_overflow = chosen(word)?;
            Ok(())
        },
    },
    value: "POLICY",
    default: "drop",
    path: "",
    help: "What becomes of a request of a rate that finds --concurrency reached: it is lost and counted, or it waits. Not \
           in AIPerf.",
};

fn read_series(path: &Path) -> Result<RateSeries, String> {
    if path.exists() && !path.is_file() {
        return Err("is not a file".into());
    }
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".to_owned(),
        std::io::ErrorKind::InvalidData => "is not UTF-8 text".to_owned(),
        _ => format!("cannot be read: {error}"),
    })?;
    RateSeries::parse(&text).map_err(|error| error.to_string())
}
