//! How many conversations, of how many turns.

use crate::command::{Flag, Group, Kind, Limits};
use crate::profile::args::{ProfileArgs, Swept};

pub(super) static CONVERSATION: Group<ProfileArgs> = Group {
    title: "Conversation Input",
    flags: &[
        CONVERSATION_NUM,
        DATASET_ENTRIES,
        TURN_MEAN,
        TURN_STDDEV,
        TURN_DELAY_MEAN,
        TURN_DELAY_STDDEV,
        TURN_DELAY_RATIO,
        TURN_DELAY_CAP,
    ],
};

const CONVERSATION_NUM: Flag<ProfileArgs> = Flag {
    names: &["conversation-num", "num-conversations", "num-sessions"],
    short: None,
    kind: Kind::SweepableInteger {
        within: 1..=u64::MAX,
        set: |args, count| args.conversation_num = Some(count),
        list: |args, values| args.runs.sweep(Swept::Sessions, values),
    },
    value: "COUNT",
    default: "",
    path: "benchmark.phases.profiling.sessions",
    help: "End after so many sessions, each played to its last turn. Also the size of the dataset, unless \
           --num-dataset-entries is given.",
};

const DATASET_ENTRIES: Flag<ProfileArgs> = Flag {
    names: &["num-dataset-entries", "num-prompts"],
    short: None,
    kind: Kind::Integer {
        within: 1..=u64::MAX,
        set: |args, count| args.num_dataset_entries = Some(count),
    },
    value: "COUNT",
    default: "--conversation-num, else --request-count, else 100; of a file all",
    path: "benchmark.datasets[0].entries",
    help: "How many different conversations to generate or to read. They are played again from the start where a run \
           needs more.",
};

const TURN_MEAN: Flag<ProfileArgs> = Flag {
    names: &["conversation-turn-mean", "session-turns-mean"],
    short: None,
    kind: Kind::SweepableInteger {
        within: 1..=u64::MAX,
        set: |args, mean| args.turn_mean = Some(mean),
        list: |args, values| args.runs.sweep(Swept::Turns, values),
    },
    value: "TURNS",
    default: "1",
    path: "benchmark.datasets[0].turns.mean",
    help: "Mean number of turns of a generated conversation.",
};

const TURN_STDDEV: Flag<ProfileArgs> = Flag {
    names: &["conversation-turn-stddev", "session-turns-stddev"],
    short: None,
    kind: Kind::Integer {
        within: 0..=u64::MAX,
        set: |args, stddev| args.turn_stddev = Some(stddev),
    },
    value: "TURNS",
    default: "0",
    path: "benchmark.datasets[0].turns.stddev",
    help: "Standard deviation of the number of turns.",
};

const TURN_DELAY_MEAN: Flag<ProfileArgs> = Flag {
    names: &["conversation-turn-delay-mean", "session-turn-delay-mean"],
    short: None,
    kind: Kind::Float {
        limits: Limits::FROM_ZERO,
        set: |args, mean| args.turn_delay_mean_ms = Some(mean),
    },
    value: "MILLISECONDS",
    default: "0",
    path: "benchmark.datasets[0].turn_delay.mean",
    help: "Mean pause between an answer and the next turn of the same conversation.",
};

const TURN_DELAY_STDDEV: Flag<ProfileArgs> = Flag {
    names: &[
        "conversation-turn-delay-stddev",
        "session-turn-delay-stddev",
    ],
    short: None,
    kind: Kind::Float {
        limits: Limits::FROM_ZERO,
        set: |args, stddev| args.turn_delay_stddev_ms = Some(stddev),
    },
    value: "MILLISECONDS",
    default: "0",
    path: "benchmark.datasets[0].turn_delay.stddev",
    help: "Standard deviation of the pause between turns.",
};

const TURN_DELAY_RATIO: Flag<ProfileArgs> = Flag {
    names: &["conversation-turn-delay-ratio", "session-delay-ratio"],
    short: None,
    kind: Kind::Float {
        limits: Limits::FROM_ZERO,
        set: |args, ratio| args.turn_delay_ratio = Some(ratio),
    },
    value: "RATIO",
    default: "1",
    path: "benchmark.datasets[0].turn_delay_ratio",
    help: "What all pauses between turns are multiplied with; 0 leaves them out.",
};

const TURN_DELAY_CAP: Flag<ProfileArgs> = Flag {
    names: &["inter-turn-delay-cap-seconds"],
    short: None,
    kind: Kind::Float {
        limits: Limits::FROM_ZERO,
        set: |args, seconds| args.turn_delay_cap_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "",
    path: "benchmark.datasets[0].inter_turn_delay_cap_seconds",
    help: "Cut pauses between turns that a file asks for down to so long.",
};
