//! Users at a steady pace, and users who hang up.

use crate::command::{Flag, Group, Kind, Limits};
use crate::profile::args::{ProfileArgs, Swept};

pub(super) static USER_CENTRIC: Group<ProfileArgs> = Group {
    title: "User-Centric Rate",
    flags: &[RATE, USERS],
};

pub(super) static CANCELLATION: Group<ProfileArgs> = Group {
    title: "Request Cancellation",
    flags: &[CANCELLATION_RATE, CANCELLATION_DELAY],
};

const RATE: Flag<ProfileArgs> = Flag {
    names: &["user-centric-rate"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO,
        set: |args, rate| args.user_centric_rate = Some(rate),
    },
    value: "PER_SECOND",
    default: "",
    path: "benchmark.phases.profiling.rate",
    help: "Requests per second of --num-users together, each of whom sends a turn every users / rate seconds.",
};

const USERS: Flag<ProfileArgs> = Flag {
    names: &["num-users"],
    short: None,
    kind: Kind::SweepableInteger {
        within: 1..=u64::MAX,
        set: |args, count| args.num_users = Some(count),
        list: |args, values| args.runs.sweep(Swept::Users, values),
    },
    value: "COUNT",
    default: "",
    path: "benchmark.phases.profiling.users",
    help: "Users at the same time under --user-centric-rate. A user whose conversation is over is replaced.",
};

const CANCELLATION_RATE: Flag<ProfileArgs> = Flag {
    names: &["request-cancellation-rate"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO.at_most(100.0),
        set: |args, percent| args.cancellation_percent = Some(percent),
    },
    value: "PERCENT",
    default: "",
    path: "benchmark.phases.profiling.cancellation.rate",
    help: "Hang up on so many percent of the measured requests, chosen by chance. They count as errors.",
};

const CANCELLATION_DELAY: Flag<ProfileArgs> = Flag {
    names: &["request-cancellation-delay"],
    short: None,
    kind: Kind::Float {
        limits: Limits::FROM_ZERO,
        set: |args, seconds| args.cancellation_delay_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "0",
    path: "benchmark.phases.profiling.cancellation.delay",
    help: "How long after it was sent in full a request is given up. Needs --request-cancellation-rate.",
};
