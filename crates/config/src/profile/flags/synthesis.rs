//! What is changed about the requests of a trace.

use crate::command::{Flag, Group, Kind, Limits};
use crate::profile::args::ProfileArgs;

pub(super) static SYNTHESIS: Group<ProfileArgs> = Group {
    title: "Synthesis",
    flags: &[
        SPEEDUP,
        PREFIX_LENGTH,
        PREFIX_ROOTS,
        PROMPT_LENGTH,
        OUTPUT_LENGTH,
        MAX_ISL,
        MAX_OSL,
    ],
};

const SPEEDUP: Flag<ProfileArgs> = Flag {
    names: &["synthesis-speedup-ratio"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO,
        set: |args, value| args.synthesis.speedup = Some(value),
    },
    value: "RATIO",
    default: "1",
    path: "benchmark.datasets[0].synthesis.speedup_ratio",
    help: "What the times of a trace are divided by: 2 replays it twice as fast.",
};

const PREFIX_LENGTH: Flag<ProfileArgs> = Flag {
    names: &["synthesis-prefix-len-multiplier"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO,
        set: |args, value| args.synthesis.prefix_length = Some(value),
    },
    value: "FACTOR",
    default: "1",
    path: "benchmark.datasets[0].synthesis.prefix_len_multiplier",
    help: "Makes the parts of prompts that several requests share longer or shorter.",
};

const PREFIX_ROOTS: Flag<ProfileArgs> = Flag {
    names: &["synthesis-prefix-root-multiplier"],
    short: None,
    kind: Kind::Integer {
        within: 1..=4294967295,
        set: |args, value| args.synthesis.prefix_roots = Some(value),
    },
    value: "COUNT",
    default: "1",
    path: "benchmark.datasets[0].synthesis.prefix_root_multiplier",
    help: "Spreads requests over so many copies of the tree of shared prefixes.",
};

const PROMPT_LENGTH: Flag<ProfileArgs> = Flag {
    names: &["synthesis-prompt-len-multiplier"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO,
        set: |args, value| args.synthesis.prompt_length = Some(value),
    },
    value: "FACTOR",
    default: "1",
    path: "benchmark.datasets[0].synthesis.prompt_len_multiplier",
    help: "Makes the parts of prompts that no other request shares longer or shorter.",
};

const OUTPUT_LENGTH: Flag<ProfileArgs> = Flag {
    names: &["synthesis-output-len-multiplier"],
    short: None,
    kind: Kind::Float {
        limits: Limits::FROM_ZERO,
        set: |args, value| args.synthesis.output_length = Some(value),
    },
    value: "FACTOR",
    default: "1",
    path: "benchmark.datasets[0].synthesis.output_len_multiplier",
    help: "Makes answers longer or shorter than recorded.",
};

const MAX_ISL: Flag<ProfileArgs> = Flag {
    names: &["synthesis-max-isl"],
    short: None,
    kind: Kind::Integer {
        within: 1..=4294967295,
        set: |args, value| args.synthesis.max_isl = Some(value),
    },
    value: "TOKENS",
    default: "",
    path: "benchmark.datasets[0].synthesis.max_isl",
    help: "Leave out requests of a trace whose prompts are longer.",
};

const MAX_OSL: Flag<ProfileArgs> = Flag {
    names: &["synthesis-max-osl"],
    short: None,
    kind: Kind::Integer {
        within: 1..=4294967295,
        set: |args, value| args.synthesis.max_osl = Some(value),
    },
    value: "TOKENS",
    default: "",
    path: "benchmark.datasets[0].synthesis.max_osl",
    help: "Cut the answers of a trace down to so many tokens.",
};
