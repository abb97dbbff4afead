//! Queries and passages for endpoint types that rank.

use crate::command::{Flag, Group, Kind};
use crate::profile::args::ProfileArgs;

pub(super) static RANKINGS: Group<ProfileArgs> = Group {
    title: "Rankings",
    flags: &[
        PASSAGES_MEAN,
        PASSAGES_STDDEV,
        PASSAGE_TOKENS_MEAN,
        PASSAGE_TOKENS_STDDEV,
        QUERY_TOKENS_MEAN,
        QUERY_TOKENS_STDDEV,
    ],
};

const PASSAGES_MEAN: Flag<ProfileArgs> = Flag {
    names: &["rankings-passages-mean"],
    short: None,
    kind: Kind::Integer {
        within: 1..=u64::MAX,
        set: |args, value| args.rankings.passages_mean = Some(value),
    },
    value: "COUNT",
    default: "10",
    path: "benchmark.datasets[0].rankings.passages.mean",
    help: "Mean number of passages of each query, for endpoint types that rank.",
};

const PASSAGES_STDDEV: Flag<ProfileArgs> = Flag {
    names: &["rankings-passages-stddev"],
    short: None,
    kind: Kind::Integer {
        within: 0..=u64::MAX,
        set: |args, value| args.rankings.passages_stddev = Some(value),
    },
    value: "COUNT",
    default: "0",
    path: "benchmark.datasets[0].rankings.passages.stddev",
    help: "Standard deviation of the number of passages; needs --rankings-passages-mean.",
};

const PASSAGE_TOKENS_MEAN: Flag<ProfileArgs> = Flag {
    names: &["rankings-passages-prompt-token-mean"],
    short: None,
    kind: Kind::Integer {
        within: 1..=u64::MAX,
        set: |args, value| args.rankings.passage_tokens_mean = Some(value),
    },
    value: "TOKENS",
    default: "128",
    path: "benchmark.datasets[0].rankings.passage_tokens.mean",
    help: "Mean length of a passage, for endpoint types that rank.",
};

const PASSAGE_TOKENS_STDDEV: Flag<ProfileArgs> = Flag {
    names: &["rankings-passages-prompt-token-stddev"],
    short: None,
    kind: Kind::Integer {
        within: 0..=u64::MAX,
        set: |args, value| args.rankings.passage_tokens_stddev = Some(value),
    },
    value: "TOKENS",
    default: "0",
    path: "benchmark.datasets[0].rankings.passage_tokens.stddev",
    help: "Standard deviation of the length of a passage; needs --rankings-passages-prompt-token-mean.",
};

const QUERY_TOKENS_MEAN: Flag<ProfileArgs> = Flag {
    names: &["rankings-query-prompt-token-mean"],
    short: None,
    kind: Kind::Integer {
        within: 1..=u64::MAX,
        set: |args, value| args.rankings.query_tokens_mean = Some(value),
    },
    value: "TOKENS",
    default: "32",
    path: "benchmark.datasets[0].rankings.query_tokens.mean",
    help: "Mean length of a query, for endpoint types that rank.",
};

const QUERY_TOKENS_STDDEV: Flag<ProfileArgs> = Flag {
    names: &["rankings-query-prompt-token-stddev"],
    short: None,
    kind: Kind::Integer {
        within: 0..=u64::MAX,
        set: |args, value| args.rankings.query_tokens_stddev = Some(value),
    },
    value: "TOKENS",
    default: "0",
    path: "benchmark.datasets[0].rankings.query_tokens.stddev",
    help: "Standard deviation of the length of a query; needs --rankings-query-prompt-token-mean.",
};
