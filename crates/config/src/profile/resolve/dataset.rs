//! What to send.

use serde_json::Value;

use super::{Findings, given, listed};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::Sampling;
use crate::profile::config::{DatasetConfig, DatasetSource, FileDataset, Normal, SyntheticDataset};

const DEFAULT_ENTRIES: u64 = 100;
/// The mean prompt length of the command line. A YAML file has no such default.
pub(crate) const DEFAULT_ISL: u64 = 550;

pub(super) fn resolve(args: &ProfileArgs, findings: &mut Findings) -> DatasetConfig {
    let source = match &args.input_file {
        Some(path) => {
            refuse_flags_for_generated_prompts(args, findings);
            if args.osl_mean.is_none() && args.osl_stddev.is_some() {
                findings.warn(
                    "`--osl-stddev` has no effect without `--osl`",
                    "give the mean as well: `--osl TOKENS`",
                );
            }
            DatasetSource::File(FileDataset {
                path: path.clone(),
                format: args.custom_dataset_type,
                // The number of requests sizes what is made up; a file is as long as it is.
                entries: args.num_dataset_entries,
                osl: osl(args),
                turn_delay_cap_seconds: args.turn_delay_cap_seconds,
            })
        }
        None => DatasetSource::Synthetic(synthetic(args, findings)),
    };
    DatasetConfig {
        source,
        sampling: args.sampling.unwrap_or(Sampling::Sequential),
        replays_traces: !given(args.no_fixed_schedule),
    }
}

/// How many conversations were asked for, by whatever flag says it best.
pub(crate) fn entries(args: &ProfileArgs) -> Option<u64> {
    args.num_dataset_entries
        .or(args.conversation_num)
        .or(args.request_count)
}

fn synthetic(args: &ProfileArgs, findings: &mut Findings) -> SyntheticDataset {
    if args.custom_dataset_type.is_some() {
        findings.conflict(
            "`--custom-dataset-type` needs `--input-file`",
            "name the file with `--input-file PATH`",
        );
    }
    if args.osl_mean.is_none() && args.osl_stddev.is_some() {
        findings.conflict(
            "`--osl-stddev` needs `--osl`",
            "give the mean as well: `--osl TOKENS`",
        );
    }
    if args.osl_mean.is_some() && !answers_have_a_fixed_length(args) {
        findings.warn(
            "`--osl` is only an upper limit: servers may stop earlier",
            "add `--extra-inputs ignore_eos:true` or `--extra-inputs min_tokens:N`, if the server knows one of them",
        );
    }
    SyntheticDataset {
        entries: entries(args).unwrap_or(DEFAULT_ENTRIES),
        isl: Normal {
            mean: tokens(args.isl_mean.unwrap_or(DEFAULT_ISL)),
            stddev: args.isl_stddev.unwrap_or(0.0),
        },
        osl: osl(args),
        batch_size: args.prompt_batch_size.unwrap_or(1),
        turns: Normal {
            mean: tokens(args.turn_mean.unwrap_or(1)),
            stddev: tokens(args.turn_stddev.unwrap_or(0)),
        },
        turn_delay_ms: Normal {
            mean: args.turn_delay_mean_ms.unwrap_or(0.0),
            stddev: args.turn_delay_stddev_ms.unwrap_or(0.0),
        },
        turn_delay_ratio: args.turn_delay_ratio.unwrap_or(1.0),
    }
}

fn osl(args: &ProfileArgs) -> Option<Normal> {
    args.osl_mean.map(|mean| Normal {
        mean: tokens(mean),
        stddev: args.osl_stddev.unwrap_or(0.0),
    })
}

/// Whether the body asks the server to go on to the limit.
fn answers_have_a_fixed_length(args: &ProfileArgs) -> bool {
    ["ignore_eos", "min_tokens"]
        .iter()
        .any(|key| args.extra_inputs.get(*key).is_some_and(truthy))
}

/// Truth as in Python, which decides about the reference's warning.
fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(on) => *on,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(items) => !items.is_empty(),
    }
}

fn refuse_flags_for_generated_prompts(args: &ProfileArgs, findings: &mut Findings) {
    let flags = [
        ("--isl", args.isl_mean.is_some()),
        ("--isl-stddev", args.isl_stddev.is_some()),
        ("--prompt-batch-size", args.prompt_batch_size.is_some()),
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
    ];
    if let Some((refused, _)) = listed(&flags) {
        findings.conflict(
            format!("{refused} cannot be used with `--input-file`"),
            "they shape generated prompts; a file's prompts are sent as they are",
        );
    }
}

/// Counts far beyond 2^53 would lose digits; no dataset comes near.
pub(crate) fn tokens(count: u64) -> f64 {
    count as f64
}
