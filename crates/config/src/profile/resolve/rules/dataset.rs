//! What flags must not say together about what is sent.

use super::{Breach, Rule, breach};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::DatasetFormat;
use crate::profile::resolve::dataset::is_synthetic;
use crate::profile::resolve::listed;
use crate::profile::resolve::load::Load;

pub(in crate::profile::resolve) const RULES: &[Rule] = &[
    Rule {
        name: "conversations come from one place",
        breach: |load| {
            let both = load.args.input_file.is_some() && load.args.public_dataset.is_some();
            both.then(|| {
                breach(
                    "`--input-file` does not go with `--public-dataset`",
                    "both say what is sent; leave one of them away",
                )
            })
        },
    },
    Rule {
        name: "the format of a file needs a file",
        breach: |load| {
            let alone = load.args.custom_dataset_type.is_some() && load.args.input_file.is_none();
            alone.then(|| {
                breach(
                    "`--custom-dataset-type` needs `--input-file`",
                    "name the file with `--input-file PATH`",
                )
            })
        },
    },
    Rule {
        name: "a part of a public dataset needs one",
        breach: |load| {
            let flags = listed(&[
                ("--hf-subset", load.args.hf_subset.is_some()),
                ("--dataset-filter", !load.args.dataset_filters.is_empty()),
            ]);
            let (flags, several) = flags.filter(|_| load.args.public_dataset.is_none())?;
            let verb = if several { "need" } else { "needs" };
            Some(breach(
                format!("{flags} {verb} `--public-dataset`"),
                "name the dataset: `--public-dataset NAME`",
            ))
        },
    },
    Rule {
        name: "what exists is not generated",
        breach: generated_beside_file,
    },
    Rule {
        name: "a request has a prompt",
        breach: |load| {
            (is_synthetic(load.args) && load.args.prompt_batch_size == Some(0)).then(|| {
                breach(
                    "`--prompt-batch-size 0` needs a random_pool",
                    "generated requests have at least one prompt",
                )
            })
        },
    },
    Rule {
        name: "blocks belong to traces with hash ids",
        breach: |load| {
            load.args.isl_block_size?;
            let format = load.args.custom_dataset_type;
            let what = match format.filter(|format| !format.has_hash_ids()) {
                Some(format) => format!("`--custom-dataset-type {format}`"),
                None => format!("`--public-dataset {}`", load.args.public_dataset?.name),
            };
            Some(breach(
                format!("`--isl-block-size` does not go with {what}"),
                "only mooncake_trace and bailian_trace have blocks",
            ))
        },
    },
    Rule {
        name: "a deviation of generated answers needs a mean",
        breach: |load| {
            let args = load.args;
            let alone = is_synthetic(args) && args.osl_mean.is_none() && args.osl_stddev.is_some();
            alone.then(|| {
                breach(
                    "`--osl-stddev` needs `--osl`",
                    "give the mean as well: `--osl TOKENS`",
                )
            })
        },
    },
    Rule {
        name: "a deviation of media and rankings needs a mean",
        breach: deviation_without_mean,
    },
    Rule {
        name: "a range of lengths has no deviation",
        breach: |load| {
            let args = load.args;
            let flags = listed(&[
                ("--isl-stddev", args.isl_stddev.is_some()),
                ("--osl-stddev", args.osl_stddev.is_some()),
            ]);
            let (flags, several) = flags.filter(|_| args.random_range_ratio.is_some())?;
            let verb = if several { "do" } else { "does" };
            Some(breach(
                format!("{flags} {verb} not go with `--random-range-ratio`"),
                "each is a law of lengths of its own; choose one",
            ))
        },
    },
    Rule {
        name: "captured bodies are in captures",
        breach: |load| {
            let args = load.args;
            args.captured_body?;
            let is_capture = match args.custom_dataset_type {
                Some(format) => format == DatasetFormat::SagemakerDataCapture,
                None => args.input_file.is_some(),
            };
            (!is_capture).then(|| {
                breach(
                    "`--captured-body` needs `--custom-dataset-type sagemaker_data_capture`",
                    "only such files hold captured requests",
                )
            })
        },
    },
];

/// The flags that shape generated text, and whether each was given.
pub(super) fn generated_text(args: &ProfileArgs) -> Vec<(&'static str, bool)> {
    let lengths = [
        ("--isl", args.isl_mean.is_some()),
        ("--isl-stddev", args.isl_stddev.is_some()),
        ("--seq-dist", args.sequence_distribution.is_some()),
        ("--random-range-ratio", args.random_range_ratio.is_some()),
    ];
    [&lengths[..], &generated_prefix(args)].concat()
}

/// The flags about text before generated prompts, and whether they were given.
pub(crate) fn generated_prefix(args: &ProfileArgs) -> [(&'static str, bool); 4] {
    let prefix = &args.prefix;
    [
        ("--num-prefix-prompts", prefix.pool_size.is_some()),
        ("--prefix-prompt-length", prefix.length.is_some()),
        (
            "--shared-system-prompt-length",
            prefix.shared_system_length.is_some(),
        ),
        (
            "--user-context-prompt-length",
            prefix.user_context_length.is_some(),
        ),
    ]
}

/// The flags about the turns of generated conversations, and whether they were given.
pub(crate) fn generated_turns(args: &ProfileArgs) -> [(&'static str, bool); 5] {
    [
        ("--conversation-turn-mean", args.turn_mean.is_some()),
        ("--conversation-turn-stddev", args.turn_stddev.is_some()),
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
    ]
}

fn generated_beside_file(load: &Load) -> Option<Breach> {
    let args = load.args;
    let beside = [
        ("--image-source", args.image.source.is_some()),
        ("--image-source-sampling", args.image.sampling.is_some()),
    ];
    let flags = listed(&[&generated_text(args)[..], &beside, &generated_turns(args)].concat());
    let (flags, _) = flags.filter(|_| !is_synthetic(args))?;
    Some(breach(
        format!("{flags} cannot be used with {}", source(load)),
        "they shape generated prompts; prompts that exist are sent as they are",
    ))
}

/// The flag that says where conversations come from.
fn source(load: &Load) -> &'static str {
    if load.args.input_file.is_some() {
        "`--input-file`"
    } else {
        "`--public-dataset`"
    }
}

fn deviation_without_mean(load: &Load) -> Option<Breach> {
    let (image, audio, rankings) = (&load.args.image, &load.args.audio, &load.args.rankings);
    let rows = [
        (
            "--image-width",
            image.width_mean.is_some(),
            image.width_stddev.is_some(),
        ),
        (
            "--image-height",
            image.height_mean.is_some(),
            image.height_stddev.is_some(),
        ),
        (
            "--audio-length",
            audio.length_mean.is_some(),
            audio.length_stddev.is_some(),
        ),
        (
            "--rankings-passages",
            rankings.passages_mean.is_some(),
            rankings.passages_stddev.is_some(),
        ),
        (
            "--rankings-passages-prompt-token",
            rankings.passage_tokens_mean.is_some(),
            rankings.passage_tokens_stddev.is_some(),
        ),
        (
            "--rankings-query-prompt-token",
            rankings.query_tokens_mean.is_some(),
            rankings.query_tokens_stddev.is_some(),
        ),
    ];
    let (name, ..) = rows
        .iter()
        .find(|(_, has_mean, has_stddev)| *has_stddev && !has_mean)?;
    Some(breach(
        format!("`{name}-stddev` needs `{name}-mean`"),
        "give the mean as well",
    ))
}
