//! How long generated prompts are, and how long answers may be.

use aiperf_dataset::SequenceDistribution;

use super::{chosen, not_blank};
use crate::command::{Choice, Flag, Group, Kind, Limits};
use crate::profile::args::{ProfileArgs, Swept};
use crate::profile::choices::{CacheBustTarget, PromptCorpus, RandomCorpusStyle};

pub(super) static PROMPT: Group<ProfileArgs> = Group {
    title: "Prompt",
    flags: &[BATCH_SIZE, CORPUS],
};

pub(super) static CACHE_BUST: Group<ProfileArgs> = Group {
    title: "Cache Bust",
    flags: &[CACHE_BUST_TARGET],
};

pub(super) static INPUT_LENGTH: Group<ProfileArgs> = Group {
    title: "Input Sequence Length (ISL)",
    flags: &[
        ISL_MEAN,
        ISL_STDDEV,
        BLOCK_SIZE,
        SEQUENCES,
        RANGE_RATIO,
        CORPUS_STYLE,
    ],
};

pub(super) static OUTPUT_LENGTH: Group<ProfileArgs> = Group {
    title: "Output Sequence Length (OSL)",
    flags: &[OSL_MEAN, OSL_STDDEV],
};

const BATCH_SIZE: Flag<ProfileArgs> = Flag {
    names: &["prompt-batch-size", "batch-size-text", "batch-size"],
    short: Some("b"),
    kind: Kind::Integer {
        within: 0..=u64::MAX,
        set: |args, size| args.prompt_batch_size = Some(size),
    },
    value: "COUNT",
    default: "1",
    path: "benchmark.datasets[0].prompts.batch_size",
    help: "Prompts in each request. Of a random_pool, how many are drawn for each.",
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
        list: |args, values| args.runs.sweep(Swept::IslMean, values),
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
        list: |args, values| args.runs.sweep(Swept::IslStddev, values),
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
        list: |args, values| args.runs.sweep(Swept::OslMean, values),
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
        list: |args, values| args.runs.sweep(Swept::OslStddev, values),
    },
    value: "TOKENS",
    default: "0",
    path: "benchmark.datasets[0].prompts.osl.stddev",
    help: "Standard deviation of the limit of answers; needs --osl.",
};

const CORPUS: Flag<ProfileArgs> = Flag {
    names: &["prompt-corpus"],
    short: None,
    kind: Kind::Choice {
        names: PromptCorpus::NAMES,
        later: &[],
        set: |args, word| {
            args.prompt_corpus = chosen(word)?;
            Ok(())
        },
    },
    value: "CORPUS",
    default: "sonnet",
    path: "benchmark.datasets[0].prompts.corpus",
    help: "What generated prompts are made of: sentences, program code, or random tokens.",
};

const CACHE_BUST_TARGET: Flag<ProfileArgs> = Flag {
    names: &["cache-bust"],
    short: None,
    kind: Kind::Choice {
        names: CacheBustTarget::NAMES,
        later: &[],
        set: |args, word| {
            args.cache_bust = chosen(word)?;
            Ok(())
        },
    },
    value: "TARGET",
    default: "none",
    path: "benchmark.datasets[0].prompts.cache_bust.target",
    help: "Put a mark of its own into each session, so that the server's prefix cache does not answer for the model: \
           before or behind the system prompt or the first message, or one mark for the whole warmup, which then leaves \
           nothing in the cache that the measurement uses.",
};

const BLOCK_SIZE: Flag<ProfileArgs> = Flag {
    names: &[
        "prompt-input-tokens-block-size",
        "synthetic-input-tokens-block-size",
        "isl-block-size",
    ],
    short: None,
    kind: Kind::Integer {
        within: 1..=4294967295,
        set: |args, value| args.isl_block_size = Some(value),
    },
    value: "TOKENS",
    default: "512; of a bailian_trace 16",
    path: "benchmark.datasets[0].block_size",
    help: "How many tokens one of the `hash_ids` of a trace stands for.",
};

const SEQUENCES: Flag<ProfileArgs> = Flag {
    names: &["seq-dist", "sequence-distribution"],
    short: None,
    kind: Kind::Text(|args, text| {
        args.sequence_distribution = Some(SequenceDistribution::parse(&text)?);
        Ok(())
    }),
    value: "ISL,OSL:PERCENT;...",
    default: "",
    path: "benchmark.datasets[0].prompts.sequence_distribution",
    help: "Pairs of prompt and answer lengths with their shares, such as `128,64:40;512|20,256|10:60`; what follows `|` is a standard deviation.",
};

const RANGE_RATIO: Flag<ProfileArgs> = Flag {
    names: &["random-range-ratio"],
    short: None,
    kind: Kind::Text(|args, text| {
        args.random_range_ratio = not_blank(text)?;
        Ok(())
    }),
    value: "RATIO",
    default: "",
    path: "benchmark.datasets[0].prompts.random_range_ratio",
    help: "Draw lengths evenly from a window at --isl and --osl: a ratio from 0 to 1, or `{\"input\":A,\"output\":B}`.",
};

const CORPUS_STYLE: Flag<ProfileArgs> = Flag {
    names: &["random-corpus-style"],
    short: None,
    kind: Kind::Choice {
        names: RandomCorpusStyle::NAMES,
        later: &[],
        set: |args, word| {
            args.random_corpus_style = chosen(word)?;
            Ok(())
        },
    },
    value: "STYLE",
    default: "vllm",
    path: "benchmark.datasets[0].prompts.random_corpus_style",
    help: "Whose benchmark --random-range-ratio and `--prompt-corpus random` follow.",
};
