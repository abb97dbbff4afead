//! What flags must not say together about what is sent.

use super::{Breach, Rule, breach};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::{
    CacheBustTarget, DatasetFormat, EndpointType, ImageSampling, PromptCorpus,
};
use crate::profile::resolve::dataset::is_synthetic;
use crate::profile::resolve::load::Load;
use crate::profile::resolve::{endpoint, listed};

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
        name: "contents are drawn from a pool only",
        breach: batch_without_pool,
    },
    Rule {
        name: "several pools have one content each",
        breach: |load| {
            let path = load.args.input_file.as_ref()?;
            let args = load.args;
            let other = |size: Option<u64>| size.is_some_and(|size| size != 1);
            let flags = listed(&[
                ("--prompt-batch-size", other(args.prompt_batch_size)),
                ("--image-batch-size", other(args.image.batch_size)),
                ("--audio-batch-size", other(args.audio.batch_size)),
                ("--video-batch-size", other(args.video.batch_size)),
            ]);
            let is_pool = args.custom_dataset_type == Some(DatasetFormat::RandomPool);
            let (flags, several) = flags.filter(|_| is_pool && path.is_dir())?;
            let verb = if several { "do" } else { "does" };
            Some(breach(
                format!("{flags} {verb} not go with a directory as `--input-file`"),
                "each of its files is a pool of its own; name a single file",
            ))
        },
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
        name: "a range of lengths needs the length of answers",
        breach: |load| {
            let args = load.args;
            let positive = |length: Option<u64>| length.is_none_or(|length| length > 0);
            let complete = args.osl_mean.is_some_and(|mean| mean > 0) && positive(args.isl_mean);
            (args.random_range_ratio.is_some() && !complete).then(|| {
                breach(
                    "`--random-range-ratio` needs `--osl` and `--isl`, both of at least 1",
                    "the ratio is one of these lengths: `--isl TOKENS --osl TOKENS`",
                )
            })
        },
    },
    Rule {
        name: "a range of lengths is the only law",
        breach: |load| {
            let args = load.args;
            let flags = listed(&[
                ("--seq-dist", args.sequence_distribution.is_some()),
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
        name: "there is one kind of text before prompts",
        breach: |load| {
            let asked = &load.args.prefix;
            let pool = listed(&[
                ("--num-prefix-prompts", asked.pool_size.is_some()),
                ("--prefix-prompt-length", asked.length.is_some()),
            ]);
            let messages = listed(&[
                (
                    "--shared-system-prompt-length",
                    asked.shared_system_length.is_some(),
                ),
                (
                    "--user-context-prompt-length",
                    asked.user_context_length.is_some(),
                ),
            ]);
            let ((pool, several), (messages, _)) = (pool?, messages?);
            let verb = if several { "do" } else { "does" };
            Some(breach(
                format!("{pool} {verb} not go with {messages}"),
                "either prompts begin with a text of the pool, or messages of their own go before them",
            ))
        },
    },
    Rule {
        name: "a system prompt is given once",
        breach: |load| {
            let asked = &load.args.prefix;
            let flags = listed(&[
                ("--system-prompt-file", asked.system_prompt_file.is_some()),
                (
                    "--shared-system-prompt-length",
                    asked.shared_system_length.is_some(),
                ),
                ("--num-prefix-prompts", asked.pool_size.is_some()),
                ("--prefix-prompt-length", asked.length.is_some()),
            ]);
            let (flags, several) = flags.filter(|_| asked.system_prompt.is_some())?;
            let verb = if several { "do" } else { "does" };
            Some(breach(
                format!("{flags} {verb} not go with `--system-prompt`"),
                "leave one of them away",
            ))
        },
    },
    Rule {
        name: "a system prompt from a file is the only one",
        breach: |load| {
            let asked = &load.args.prefix;
            let flags = listed(&[
                (
                    "--shared-system-prompt-length",
                    asked.shared_system_length.is_some(),
                ),
                ("--num-prefix-prompts", asked.pool_size.is_some()),
                ("--prefix-prompt-length", asked.length.is_some()),
            ]);
            let (flags, several) = flags.filter(|_| asked.system_prompt_file.is_some())?;
            let verb = if several { "do" } else { "does" };
            Some(breach(
                format!("{flags} {verb} not go with `--system-prompt-file`"),
                "leave one of them away",
            ))
        },
    },
    Rule {
        name: "prefixes come from a pool",
        breach: |load| {
            let asked = &load.args.prefix;
            let alone = asked.length.is_some_and(|length| length > 0) && asked.pool_size.is_none();
            alone.then(|| {
                breach(
                    "`--prefix-prompt-length` needs `--num-prefix-prompts`",
                    "say how many prefixes there are: `--num-prefix-prompts COUNT`",
                )
            })
        },
    },
    Rule {
        name: "marks go into messages",
        breach: |load| {
            let target = load.args.cache_bust?;
            let kind = endpoint::kind(load.args);
            let has_messages = matches!(
                kind,
                EndpointType::Chat | EndpointType::Responses | EndpointType::Messages
            );
            (target.mark().is_some() && !has_messages).then(|| {
                breach(
                    format!("`--cache-bust {target}` does not go with `--endpoint-type {kind}`"),
                    "marks are put into messages, which only chat, responses and messages send",
                )
            })
        },
    },
    Rule {
        name: "a mark of the system prompt alone needs one",
        breach: |load| {
            let args = load.args;
            let asked = &args.prefix;
            let has_prompt = asked.system_prompt.is_some()
                || asked.system_prompt_file.is_some()
                || asked.shared_system_length.is_some();
            let marks_system = args.cache_bust == Some(CacheBustTarget::WarmupIsolationSystem);
            (marks_system && is_synthetic(args) && !has_prompt).then(|| {
                breach(
                    "`--cache-bust warmup_isolation_system` needs a system prompt",
                    "give one with `--system-prompt TEXT` or `--shared-system-prompt-length TOKENS`, \
                     or mark the first message: `--cache-bust warmup_isolation_first_turn`",
                )
            })
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
    Rule {
        name: "hash ids stand for text of a corpus",
        breach: |load| {
            let args = load.args;
            let format = args
                .custom_dataset_type
                .filter(|format| format.is_trace_with_corpus())?;
            (args.prompt_corpus == Some(PromptCorpus::Random)).then(|| {
                breach(
                    format!("`--prompt-corpus random` does not go with `--custom-dataset-type {format}`"),
                    "random tokens have no text that lengths and hash ids could stand for: `sonnet` or `coding`",
                )
            })
        },
    },
    Rule {
        name: "pictures in an order come from a source",
        breach: |load| {
            let asked = &load.args.image;
            let sampling = asked
                .sampling
                .filter(|way| *way != ImageSampling::RandomWithReplacement)?;
            let is_noise = asked
                .source
                .as_deref()
                .is_none_or(|source| source == "noise");
            is_noise.then(|| {
                breach(
                    format!("`--image-source-sampling {sampling}` needs `--image-source`"),
                    "noise has no order: name a directory, or `--image-source assets`",
                )
            })
        },
    },
    Rule {
        name: "the encoder of a sound needs a sound",
        breach: |load| {
            let asked = &load.args.video;
            let silent = asked.audio_channels.unwrap_or(0) == 0;
            (asked.audio_codec.is_some() && silent).then(|| {
                breach(
                    "`--video-audio-codec` needs `--video-audio-num-channels`",
                    "add sound with `--video-audio-num-channels 1`",
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

fn batch_without_pool(load: &Load) -> Option<Breach> {
    let args = load.args;
    let flags = listed(&[
        ("--prompt-batch-size", args.prompt_batch_size.is_some()),
        ("--image-batch-size", args.image.batch_size.is_some()),
        ("--audio-batch-size", args.audio.batch_size.is_some()),
        ("--video-batch-size", args.video.batch_size.is_some()),
    ]);
    let is_pool = args.custom_dataset_type == Some(DatasetFormat::RandomPool);
    let (flags, _) = flags.filter(|_| !is_synthetic(args) && !is_pool)?;
    Some(breach(
        format!("{flags} cannot be used with {}", source(load)),
        "only `--custom-dataset-type random_pool` draws contents, and generated prompts have as many as is said",
    ))
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
