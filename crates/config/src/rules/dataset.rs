//! Rules about what is sent.

use super::said::Listed;
use super::{Rule, Source, Told, View};
use crate::profile::{DatasetFormat, EndpointType, ImageSampling, PromptCorpus};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "contents are drawn from a pool only",
        check: |view, told| {
            let given = Listed::of(&view.batch_sizes.iter().collect::<Vec<_>>());
            let has_pool =
                view.source == Source::Synthetic || view.format.is(DatasetFormat::RandomPool);
            if let Some(given) = given.filter(|_| !has_pool) {
                told.tell(
                    &given.marks,
                    format!("{} cannot be used with {}", given.names, view.source_name),
                    format!(
                        "only {} draws contents, and generated prompts have as many as is said",
                        view.format.asked(DatasetFormat::RandomPool)
                    ),
                );
            }
        },
    },
    Rule {
        name: "several pools have one content each",
        check: |view, told| {
            let is_folder = view.file.value().is_some_and(|path| path.is_dir());
            if !is_folder || !view.format.is(DatasetFormat::RandomPool) {
                return;
            }
            let other: Vec<_> = view
                .batch_sizes
                .iter()
                .filter(|size| size.given().is_some_and(|size| *size != 1))
                .collect();
            if let Some(given) = Listed::of(&other) {
                told.tell(
                    &given.marks,
                    given.clash(&format!("a directory as {}", view.file.name())),
                    "each of its files is a pool of its own; name a single file",
                );
            }
        },
    },
    Rule {
        name: "a range of lengths needs both lengths",
        check: range_without_lengths,
    },
    Rule {
        name: "lengths are drawn in one way",
        check: |view, told| {
            if view.range_ratio.is_given() && view.sequence_distribution.is_given() {
                told.tell(
                    &[view.sequence_distribution.mark(), view.range_ratio.mark()],
                    format!(
                        "{} does not go with {}",
                        view.sequence_distribution.name(),
                        view.range_ratio.name()
                    ),
                    "each is a law of lengths of its own; choose one",
                );
            }
        },
    },
    Rule {
        name: "there is one kind of text before prompts",
        check: |view, told| {
            let pool = Listed::of(&[&view.prefix_pool_size, &view.prefix_length]);
            let messages = Listed::of(&[&view.shared_system_length, &view.user_context_length]);
            if let (Some(pool), Some(messages)) = (pool, messages) {
                told.tell(
                    &pool.marks,
                    pool.clash(&messages.names),
                    "either prompts begin with a text of the pool, or messages of their own go before them",
                );
            }
        },
    },
    Rule {
        name: "a system prompt is given once",
        check: |view, told| {
            if !view.system_prompt.is_given() {
                return;
            }
            let file = &view.system_prompt_file;
            let mut others: Vec<String> =
                file.is_given().then(|| file.name()).into_iter().collect();
            let lengths = other_system_texts(view);
            others.extend(lengths.as_ref().map(|lengths| lengths.names.clone()));
            if others.is_empty() {
                return;
            }
            let is_one =
                others.len() == 1 && lengths.is_none_or(|lengths| lengths.verb("", "x") == "x");
            let verb = if is_one { "does" } else { "do" };
            told.tell(
                &[view.system_prompt.mark(), file.mark()],
                format!(
                    "{} {verb} not go with {}",
                    others.join(", "),
                    view.system_prompt.name()
                ),
                "each fills the system message; leave one of them away",
            );
        },
    },
    Rule {
        name: "a system prompt from a file is the only one",
        check: |view, told| {
            let file = &view.system_prompt_file;
            if let Some(others) = other_system_texts(view).filter(|_| file.is_given()) {
                told.tell(
                    &others.marks,
                    others.clash(&file.name()),
                    "each fills the system message; leave one of them away",
                );
            }
        },
    },
    Rule {
        name: "prefixes come from a pool",
        check: |view, told| {
            let is_asked = view.prefix_length.given().is_some_and(|length| *length > 0);
            if is_asked && !view.prefix_pool_size.is_given() {
                told.tell(
                    &[view.prefix_length.mark()],
                    format!(
                        "{} needs {}",
                        view.prefix_length.name(),
                        view.prefix_pool_size.name()
                    ),
                    format!(
                        "say how many prefixes there are: {}",
                        view.prefix_pool_size.asked("COUNT")
                    ),
                );
            }
        },
    },
    Rule {
        name: "marks go into messages",
        check: |view, told| {
            let has_messages = matches!(
                view.kind(),
                EndpointType::Chat | EndpointType::Responses | EndpointType::Messages
            );
            let is_asked = view
                .cache_bust
                .value()
                .is_some_and(|target| target != "none");
            if is_asked && !has_messages {
                told.tell(
                    &[view.cache_bust.mark(), view.kind.mark()],
                    format!(
                        "{} does not go with {}",
                        view.cache_bust.whole(),
                        view.kind_name()
                    ),
                    "marks are put into messages, which only chat, responses and messages send",
                );
            }
        },
    },
    Rule {
        name: "a mark of the system prompt alone needs one",
        check: mark_without_system_prompt,
    },
    Rule {
        name: "hash ids stand for text of a corpus",
        check: |view, told| {
            let Some(format) = view.format.value() else {
                return;
            };
            let needs_text = format.is_trace_with_corpus() || format.has_hash_ids();
            if needs_text && view.corpus.is(PromptCorpus::Random) {
                told.tell(
                    &[view.corpus.mark(), view.format.mark()],
                    format!("{} does not go with {}", view.corpus.whole(), view.format.whole()),
                    "random tokens have no text that lengths and hash ids could stand for: `sonnet` or `coding`",
                );
            }
        },
    },
    Rule {
        name: "pictures in an order come from a source",
        check: |view, told| {
            let is_noise = view
                .image_source
                .value()
                .is_none_or(|source| source.eq_ignore_ascii_case("noise"));
            let sampling = &view.image_sampling;
            let has_order = sampling
                .value()
                .is_some_and(|way| *way != ImageSampling::RandomWithReplacement);
            if has_order && is_noise {
                told.tell(
                    &[sampling.mark(), view.image_source.mark()],
                    format!("{} needs {}", sampling.whole(), view.image_source.name()),
                    format!(
                        "noise has no order: name a directory, or {}",
                        view.image_source.asked("assets")
                    ),
                );
            }
        },
    },
    Rule {
        name: "the encoder of a sound needs a sound",
        check: |view, told| {
            let channels = &view.video_audio_channels;
            let is_silent = channels.value().is_none_or(|channels| *channels == 0);
            if view.video_audio_codec.is_given() && is_silent {
                told.tell(
                    &[view.video_audio_codec.mark(), channels.mark()],
                    format!(
                        "{} needs {}",
                        view.video_audio_codec.name(),
                        channels.name()
                    ),
                    format!("add sound with {}", channels.asked(1)),
                );
            }
        },
    },
];

fn range_without_lengths(view: &View, told: &mut Told) {
    if !view.range_ratio.is_given() {
        return;
    }
    let (isl, osl) = (&view.isl_mean, &view.osl_mean);
    let is_long = |length: Option<&f64>| length.is_some_and(|length| *length >= 1.0);
    if !is_long(isl.value()) || !is_long(osl.value()) {
        told.tell(
            &[view.range_ratio.mark()],
            format!(
                "{} needs {} and {}, both of at least 1",
                view.range_ratio.name(),
                osl.name(),
                isl.name()
            ),
            format!(
                "the ratio is one of these lengths: {} and {}",
                isl.asked("TOKENS"),
                osl.asked("TOKENS")
            ),
        );
    }
}

/// What fills the system message besides the user's own words.
fn other_system_texts(view: &View) -> Option<Listed> {
    Listed::of(&[
        &view.shared_system_length,
        &view.prefix_pool_size,
        &view.prefix_length,
    ])
}

fn mark_without_system_prompt(view: &View, told: &mut Told) {
    let has_prompt = view.system_prompt.is_given()
        || view.system_prompt_file.is_given()
        || view.shared_system_length.is_given();
    let marks_system = view
        .cache_bust
        .value()
        .is_some_and(|target| target == "warmup_isolation_system");
    if marks_system && view.source == Source::Synthetic && !has_prompt {
        told.tell(
            &[view.cache_bust.mark()],
            format!("{} needs a system prompt", view.cache_bust.whole()),
            format!(
                "give one with {} or {}, or mark the first message: {}",
                view.system_prompt.asked("TEXT"),
                view.shared_system_length.asked("TOKENS"),
                view.cache_bust.asked("warmup_isolation_first_turn")
            ),
        );
    }
}
