//! Rules about the dataset.

use std::path::Path;

use super::{Rule, Told};
use crate::document::node::Mark;
use crate::document::sections::dataset::{DatasetSection, Records};
use crate::document::sections::envelope::BenchmarkSection;

/// The path of the one dataset.
const PATH: &str = "datasets.0";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "a file dataset has one source",
        check: |body, told| {
            let Some(DatasetSection::File(file)) = body.dataset() else {
                return;
            };
            let (mark, message) = match (file.path.is_some(), file.records.is_some()) {
                (true, true) => (file.records.place(), "has both `path` and `records`"),
                (false, false) => (file.r#type.place(), "needs `path` or `records`"),
                _ => return,
            };
            told.at(
                PATH,
                mark,
                message,
                "name a file, or write the rows out: one of the two",
            );
        },
    },
    Rule {
        name: "pools of rows are for contents that are drawn",
        check: |body, told| {
            let Some(DatasetSection::File(file)) = body.dataset() else {
                return;
            };
            let are_pools = matches!(*file.records, Some(Records::Pools(_)));
            if are_pools && !file.format.is("random_pool") {
                told.at(
                    format!("{PATH}.records"),
                    file.records.place(),
                    format!("pools do not go with `format: {}`", file.format.name()),
                    "write a list of rows, or choose `format: random_pool`",
                );
            }
        },
    },
    Rule {
        name: "only Weka traces are filtered by their lengths",
        check: |body, told| {
            let (length, is_weka, beside) = match body.dataset() {
                Some(DatasetSection::File(file)) => (
                    &file.max_context_length,
                    // The format that is not named may turn out to be one.
                    matches!(file.format.name(), "weka_trace" | "single_turn"),
                    format!("format: {}", file.format.name()),
                ),
                Some(DatasetSection::Public(public)) => (
                    &public.max_context_length,
                    public.dataset.name().contains("weka"),
                    format!("dataset: {}", public.dataset.name()),
                ),
                _ => return,
            };
            if length.is_some() && !is_weka {
                told.at(
                    format!("{PATH}.maxContextLength"),
                    length.place(),
                    format!("does not go with `{beside}`"),
                    "only Weka traces are filtered by their lengths; leave it away",
                );
            }
        },
    },
    Rule {
        name: "a strict open loop is an open loop",
        check: |body, told| {
            if let Some(DatasetSection::File(file)) = body.dataset()
                && *file.open_loop_strict
                && !*file.open_loop_replay
            {
                told.at(
                    format!("{PATH}.openLoopStrict"),
                    file.open_loop_strict.place(),
                    "does not go with `openLoopReplay: false`",
                    "keep one of them",
                );
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
        },
    },
    Rule {
        name: "a conversation has a turn",
        check: |body, told| {
            if let Some(DatasetSection::Synthetic(dataset)) = body.dataset()
                && let Some(turns) = dataset.turns.as_ref()
                && turns.mean() < 1.0
            {
                told.at(
                    format!("{PATH}.turns"),
                    dataset.turns.place(),
                    format!("the mean {} is less than 1", turns.mean()),
                    "a conversation has at least one turn",
                );
            }
        },
    },
    Rule {
        name: "shares of lengths are 100 percent in all",
        check: shares_of_lengths,
    },
    Rule {
        name: "a sound has a rate and a depth",
        check: sound_without_form,
    },
    Rule {
        name: "a system prompt says something",
        check: system_prompt,
    },
];

fn shares_of_lengths(body: &BenchmarkSection, told: &mut Told) {
    let Some(DatasetSection::Synthetic(dataset)) = body.dataset() else {
        return;
    };
    let Some(prompts) = dataset.prompts.as_ref() else {
        return;
    };
    let Some(pairs) = prompts.sequence_distribution.as_ref() else {
        return;
    };
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

fn sound_without_form(body: &BenchmarkSection, told: &mut Told) {
    let Some(DatasetSection::Synthetic(dataset)) = body.dataset() else {
        return;
    };
    let Some(audio) = dataset.audio.as_ref().filter(|audio| *audio.batch_size > 0) else {
        return;
    };
    let (rates, depths) = (&audio.sample_rates, &audio.depths);
    for (name, is_empty, mark) in [
        ("sampleRates", rates.is_empty(), rates.place()),
        ("depths", depths.is_empty(), depths.place()),
    ] {
        if is_empty {
            told.at(
                format!("{PATH}.audio.{name}"),
                mark,
                "is empty",
                "give at least one",
            );
        }
    }
}

fn system_prompt(body: &BenchmarkSection, told: &mut Told) {
    let Some((prompt, file)) = body.dataset().map(DatasetSection::system_prompt) else {
        return;
    };
    if let Some(text) = prompt.as_ref()
        && text.trim().is_empty()
    {
        blank(told, "systemPrompt", prompt.place());
    }
    let Some(path) = file.as_ref() else { return };
    match read_prompt(path) {
        Ok(text) if text.trim().is_empty() => blank(told, "systemPromptFile", file.place()),
        Ok(_) => {}
        Err(reason) => told.at(
            format!("{PATH}.systemPromptFile"),
            file.place(),
            format!("`{}` {reason}", path.display()),
            "name a text file that no symbolic link leads to",
        ),
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
