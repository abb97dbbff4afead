//! How long generated prompts are, and how long answers may be.

use crate::command::{Flag, Group, Kind, Limits};
use crate::profile::args::ProfileArgs;

pub(super) static PROMPT: Group<ProfileArgs> = Group {
    title: "Prompt",
    flags: &[BATCH_SIZE],
};

pub(super) static INPUT_LENGTH: Group<ProfileArgs> = Group {
    title: "Input Sequence Length (ISL)",
    flags: &[ISL_MEAN, ISL_STDDEV],
};

pub(super) static OUTPUT_LENGTH: Group<ProfileArgs> = Group {
    title: "Output Sequence Length (OSL)",
    flags: &[OSL_MEAN, OSL_STDDEV],
};

const BATCH_SIZE: Flag<ProfileArgs> = Flag {
    names: &["prompt-batch-size", "batch-size-text", "batch-size"],
    short: Some("b"),
    kind: Kind::Integer {
        within: 1..=u64::MAX,
        set: |args, size| args.prompt_batch_size = Some(size),
    },
    value: "COUNT",
    default: "1",
    path: "benchmark.datasets[0].prompts.batch_size",
    help: "Prompts in each request.",
};

const ISL_MEAN: Flag<ProfileArgs> = Flag {
    names: &[
        "prompt-input-tokens-mean",
        "synthetic-input-tokens-mean",
        "isl",
    ],
    short: None,
    kind: Kind::SweepableInteger {
        within: 0..=u64::MAX,
        set: |args, mean| args.isl_mean = Some(mean),
    },
    value: "TOKENS",
    default: "550",
    path: "benchmark.datasets[0].prompts.isl.mean",
    help: "Mean length of a generated prompt.",
};

const ISL_STDDEV: Flag<ProfileArgs> = Flag {
    names: &[
        "prompt-input-tokens-stddev",
        "synthetic-input-tokens-stddev",
        "isl-stddev",
    ],
    short: None,
    kind: Kind::SweepableFloat {
        limits: Limits::FROM_ZERO,
        set: |args, stddev| args.isl_stddev = Some(stddev),
    },
    value: "TOKENS",
    default: "0",
    path: "benchmark.datasets[0].prompts.isl.stddev",
    help: "Standard deviation of the length of prompts.",
};

const OSL_MEAN: Flag<ProfileArgs> = Flag {
    names: &["prompt-output-tokens-mean", "output-tokens-mean", "osl"],
    short: None,
    kind: Kind::SweepableInteger {
        within: 0..=u64::MAX,
        set: |args, mean| args.osl_mean = Some(mean),
    },
    value: "TOKENS",
    default: "",
    path: "benchmark.datasets[0].prompts.osl.mean",
    help: "Mean number of tokens to which answers are limited. Servers may stop earlier unless --extra-inputs says \
           `ignore_eos:true` or `min_tokens:N`.",
};

const OSL_STDDEV: Flag<ProfileArgs> = Flag {
    names: &[
        "prompt-output-tokens-stddev",
        "output-tokens-stddev",
        "osl-stddev",
    ],
    short: None,
    kind: Kind::SweepableFloat {
        limits: Limits::FROM_ZERO,
        set: |args, stddev| args.osl_stddev = Some(stddev),
    },
    value: "TOKENS",
    default: "0",
    path: "benchmark.datasets[0].prompts.osl.stddev",
    help: "Standard deviation of the limit of answers; needs --osl.",
};
