//! Rules about the dataset.

use std::path::Path;

use super::{Rule, Told};
use crate::document::node::Mark;
use crate::document::sections::dataset::{DatasetSection, FileSection, SyntheticSection};
use crate::document::sections::envelope::BenchmarkSection;
use crate::document::sections::prompts::PromptsSection;

/// The path of the one dataset.
const PATH: &str = "datasets.0";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "a file dataset has one source and keys that fit it",
        check: |body, told| {
            if let Some(DatasetSection::File(file)) = body.dataset() {
                about_file(file, told);
            }
        },
    },
    Rule {
        name: "pauses of a trace are treated in one way",
        check: |body, told| {
            let (ignored, thought) = match body.dataset() {
                Some(DatasetSection::File(file)) => {
                    (&file.ignore_trace_delays, &file.use_think_time_only)
                }
                Some(DatasetSection::Public(public)) => {
                    (&public.ignore_trace_delays, &public.use_think_time_only)
                }
                _ => return,
            };
            if **ignored && **thought {
                told.at(
                    format!("{PATH}.useThinkTimeOnly"),
                    thought.place(),
                    "does not go with `ignoreTraceDelays`",
                    "keep one of them",
                );
            }
        },
    },
    Rule {
        name: "a dataset of the hub is named where it is not built in",
        check: |body, told| {
            let Some(DatasetSection::Public(public)) = body.dataset() else {
                return;
            };
            let repository = public
                .hf_weka_dataset
                .as_deref()
                .map(str::trim)
                .unwrap_or("");
            if public.dataset.is("weka_hf") && repository.is_empty() {
                told.at(
                    format!("{PATH}.dataset"),
                    public.dataset.place(),
                    "`weka_hf` needs `hfWekaDataset`",
                    "name the repository of the hub",
                );
            }
            if !public.dataset.is("weka_hf") && public.hf_weka_dataset.is_some() {
                told.at(
                    format!("{PATH}.hfWekaDataset"),
                    public.hf_weka_dataset.place(),
                    format!("does not go with `dataset: {}`", public.dataset.name()),
                    "it belongs to `dataset: weka_hf`",
                );
            }
            if public.max_context_length.is_some() && !public.dataset.name().contains("weka") {
                told.at(
                    format!("{PATH}.maxContextLength"),
                    public.max_context_length.place(),
                    format!("does not go with `dataset: {}`", public.dataset.name()),
                    "only Weka traces are filtered by their lengths",
                );
            }
        },
    },
    Rule {
        name: "what is made up fits together",
        check: |body, told| {
            if let Some(DatasetSection::Synthetic(synthetic)) = body.dataset() {
                about_synthetic(synthetic, told);
            }
        },
    },
    Rule {
        name: "a system prompt is one text that the type can send",
        check: system_prompt,
    },
    Rule {
        name: "a cache is kept out where the type knows how",
        check: cache_bust,
    },
];

fn about_file(file: &FileSection, told: &mut Told) {
    let format = file.format.name();
    if file.path.is_some() == file.records.is_some() {
        let (mark, message) = if file.path.is_some() {
            (file.records.place(), "has both `path` and `records`")
        } else {
            (file.name.place(), "needs `path` or `records`")
        };
        told.at(
            PATH,
            mark,
            message,
            "name a file, or write the rows out: one of the two",
        );
    }
    if matches!(
        *file.records,
        Some(crate::document::sections::dataset::Records::Pools(_))
    ) && format != "random_pool"
    {
        told.at(
            format!("{PATH}.records"),
            file.records.place(),
            format!("pools do not go with `format: {format}`"),
            "write a list of rows, or choose `format: random_pool`",
        );
    }
    for (name, field) in [
        ("promptBatchSize", &file.prompt_batch_size),
        ("imageBatchSize", &file.image_batch_size),
        ("audioBatchSize", &file.audio_batch_size),
        ("videoBatchSize", &file.video_batch_size),
    ] {
        if field.is_some() && format != "random_pool" {
            told.at(
                format!("{PATH}.{name}"),
                field.place(),
                format!("does not go with `format: {format}`"),
                "only `format: random_pool` draws contents",
            );
        }
    }
    if file.max_context_length.is_some() && !matches!(format, "weka_trace" | "single_turn") {
        told.at(
            format!("{PATH}.maxContextLength"),
            file.max_context_length.place(),
            format!("does not go with `format: {format}`"),
            "only Weka traces are filtered by their lengths",
        );
    }
    let is_random = file
        .prompts
        .as_ref()
        .and_then(|prompts| *prompts.corpus)
        .is_some_and(|corpus| corpus.is("random"));
    let has_hash_ids = file
        .format
        .choice()
        .is_some_and(|format| format.has_hash_ids());
    if is_random && has_hash_ids {
        told.at(
            format!("{PATH}.prompts.corpus"),
            file.prompts.place(),
            format!("`random` does not go with `format: {format}`"),
            "the same ids must become the same text: choose `sonnet` or `coding`",
        );
    }
    if *file.open_loop_strict && !*file.open_loop_replay {
        told.at(
            format!("{PATH}.openLoopStrict"),
            file.open_loop_strict.place(),
            "does not go with `openLoopReplay: false`",
            "keep one of them",
        );
    }
}

fn about_synthetic(dataset: &SyntheticSection, told: &mut Told) {
    if let Some(turns) = dataset.turns.as_ref()
        && turns.mean() < 1.0
    {
        told.at(
            format!("{PATH}.turns"),
            dataset.turns.place(),
            format!("the mean {} is less than 1", turns.mean()),
            "a conversation has at least one turn",
        );
    }
    if let Some(prompts) = dataset.prompts.as_ref() {
        about_prompts(prompts, told);
    }
    if let Some(prefix) = dataset.prefix_prompts.as_ref() {
        let pool = prefix.pool_size.is_some() || prefix.length.is_some();
        let messages =
            prefix.shared_system_length.is_some() || prefix.user_context_length.is_some();
        if pool && messages {
            told.at(
                format!("{PATH}.prefixPrompts"),
                dataset.prefix_prompts.place(),
                "`poolSize` and `length` do not go with `sharedSystemLength` and `userContextLength`",
                "either prompts begin with a text of the pool, or messages of their own go before them",
            );
        }
    }
    if let Some(images) = dataset.images.as_ref()
        && !images.source_sampling.is("random-with-replacement")
        && images.source.eq_ignore_ascii_case("noise")
    {
        told.at(
            format!("{PATH}.images.sourceSampling"),
            images.source_sampling.place(),
            format!("`{}` needs a `source`", images.source_sampling.name()),
            "noise has no order: name a directory, or `assets`",
        );
    }
    if let Some(audio) = dataset.audio.as_ref() {
        for (name, is_empty, mark) in [
            (
                "sampleRates",
                audio.sample_rates.is_empty(),
                audio.sample_rates.place(),
            ),
            ("depths", audio.depths.is_empty(), audio.depths.place()),
        ] {
            if is_empty && *audio.batch_size > 0 {
                told.at(
                    format!("{PATH}.audio.{name}"),
                    mark,
                    "is empty",
                    "give at least one",
                );
            }
        }
    }
    if let Some(video) = dataset.video.as_ref()
        && video.audio.codec.is_some()
        && *video.audio.channels == 0
    {
        told.at(
            format!("{PATH}.video.audio.codec"),
            video.audio.codec.place(),
            "needs `channels` above 0",
            "a silent video has no sound to encode",
        );
    }
}

fn about_prompts(prompts: &PromptsSection, told: &mut Told) {
    if let Some(pairs) = prompts.sequence_distribution.as_ref() {
        let sum: f64 = pairs.iter().map(|pair| *pair.probability).sum();
        if pairs.is_empty() || !(99.0..=101.0).contains(&sum) {
            told.at(
                format!("{PATH}.prompts.sequenceDistribution"),
                prompts.sequence_distribution.place(),
                format!("the probabilities are {sum} in all, not 100"),
                "each is a share in percent",
            );
        }
    }
    if prompts.random_range_ratio.is_none() {
        return;
    }
    let path = format!("{PATH}.prompts.randomRangeRatio");
    let mark = prompts.random_range_ratio.place();
    if prompts.sequence_distribution.is_some() {
        told.at(
            &path,
            mark,
            "does not go with `sequenceDistribution`",
            "each is a law of lengths of its own; choose one",
        );
    }
    for (name, length) in [("isl", &prompts.isl), ("osl", &prompts.osl)] {
        if length.as_ref().is_none_or(|length| length.mean() < 1.0) {
            told.at(
                &path,
                mark,
                format!("needs `{name}` of at least 1"),
                "the ratio is one of both lengths, `isl` and `osl`",
            );
        }
    }
}

fn system_prompt(body: &BenchmarkSection, told: &mut Told) {
    let Some(dataset) = body.dataset() else {
        return;
    };
    let (prompt, file) = dataset.system_prompt();
    let (name, mark) = match (prompt.as_ref(), file.as_ref()) {
        (None, None) => return,
        (Some(_), Some(_)) => {
            told.at(
                format!("{PATH}.systemPromptFile"),
                file.place(),
                "does not go with `systemPrompt`",
                "keep one of them",
            );
            return;
        }
        (Some(text), None) => {
            if text.trim().is_empty() {
                blank(told, "systemPrompt", prompt.place());
                return;
            }
            ("systemPrompt", prompt.place())
        }
        (None, Some(path)) => {
            match read_prompt(path) {
                Ok(text) if text.trim().is_empty() => {
                    blank(told, "systemPromptFile", file.place());
                }
                Ok(_) => {}
                Err(reason) => told.at(
                    format!("{PATH}.systemPromptFile"),
                    file.place(),
                    format!("`{}` {reason}", path.display()),
                    "name a text file that no symbolic link leads to",
                ),
            }
            ("systemPromptFile", file.place())
        }
    };
    if let DatasetSection::Synthetic(synthetic) = dataset
        && let Some(prefix) = synthetic.prefix_prompts.as_ref()
    {
        for (other, given) in [
            ("sharedSystemLength", prefix.shared_system_length.is_some()),
            ("poolSize", prefix.pool_size.is_some()),
            ("length", prefix.length.is_some()),
        ] {
            if given {
                told.at(
                    format!("{PATH}.prefixPrompts.{other}"),
                    synthetic.prefix_prompts.place(),
                    format!("does not go with `{name}`"),
                    "both fill the system message; keep one of them",
                );
            }
        }
    }
    let kind = super::endpoint::capabilities(&body.endpoint);
    if kind.is_some_and(|kind| !kind.system_messages) {
        told.at(
            format!("{PATH}.{name}"),
            mark,
            format!("does not go with `type: {}`", body.endpoint.r#type.name()),
            "the types with system messages are chat, responses, messages and chat_embeddings",
        );
    }
}

fn blank(told: &mut Told, name: &str, mark: Mark) {
    told.at(
        format!("{PATH}.{name}"),
        mark,
        "is blank",
        "leave it away to run without a system prompt",
    );
}

/// The text of a prompt's file.
fn read_prompt(path: &Path) -> Result<String, String> {
    let is_link = |part: &Path| {
        std::fs::symlink_metadata(part).is_ok_and(|metadata| metadata.file_type().is_symlink())
    };
    if !path.is_file() {
        return Err("is no file".to_owned());
    }
    if path.ancestors().any(is_link) {
        return Err("is reached over a symbolic link".to_owned());
    }
    std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))
}

fn cache_bust(body: &BenchmarkSection, told: &mut Told) {
    let Some(bust) = body.dataset().and_then(DatasetSection::cache_bust) else {
        return;
    };
    if bust.target.is("none") {
        return;
    }
    let path = format!("{PATH}.cacheBust.target");
    let target = bust.target.name();
    if !matches!(
        body.endpoint.r#type.name(),
        "chat" | "responses" | "messages"
    ) {
        told.at(
            &path,
            bust.target.place(),
            format!(
                "`{target}` does not go with `type: {}`",
                body.endpoint.r#type.name()
            ),
            "only chat, responses and messages can carry it",
        );
    }
    let Some(DatasetSection::Synthetic(synthetic)) = body.dataset() else {
        return;
    };
    let (text, file) = (&synthetic.system_prompt, &synthetic.system_prompt_file);
    let has_system = text.is_some()
        || file.is_some()
        || synthetic
            .prefix_prompts
            .as_ref()
            .is_some_and(|prefix| prefix.shared_system_length.is_some());
    if target == "warmup_isolation_system" && !has_system {
        told.at(
            &path,
            bust.target.place(),
            format!("`{target}` needs a system message"),
            "give `systemPrompt`, or `prefixPrompts.sharedSystemLength`",
        );
    }
}
