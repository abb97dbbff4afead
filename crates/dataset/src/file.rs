//! Conversations read from files of prompts.
//!
//! - `lines`: a file, gzipped or not, as numbered lines;
//! - `fields`: typed access to a row's keys, with reasons that name the key;
//! - `pieces`: the same in pieces for several threads;
//! - `rows`: all rows of a file, parsed by several threads, with the complaint about a bad one;
//! - `format`: the formats by name; `detect`: which format a file or folder has;
//! - `media`: images, audio and video become URLs or encoded data; `remote_images`: URLs of images
//!   become data;
//! - `turn_row`: the keys of one turn; `output_lengths`: bounds of answers that rows do not name;
//! - `large`, `large_inputs`, `kept_lines`, `glance`: large files of texts, whose rows are read again when they are due;
//! - `single_turn`, `multi_turn`, `random_pool`, `raw_payload`, `inputs_json`, `speed_bench`: the
//!   formats. Traces have a folder of their own.

pub(crate) mod detect;
pub(crate) mod fields;
mod format;
mod glance;
mod inputs_json;
mod kept_lines;
pub(crate) mod large;
mod large_inputs;
pub(crate) mod lines;
mod media;
mod multi_turn;
mod output_lengths;
pub(crate) mod pieces;
mod random_pool;
mod raw_payload;
mod remote_images;
pub(crate) mod rows;
mod single_turn;
mod speed_bench;
mod turn_row;

use std::path::{Path, PathBuf};

use aiperf_endpoint::conversation::Conversation;
use aiperf_random::RootSeed;

pub(crate) use format::known_formats;
pub use format::{FileFormat, SpeedBench};
use output_lengths::OutputLengths;

use crate::error::DatasetError;
use crate::law::Law;
use crate::plan::{FilePlan, RemoteImages};
use crate::session_ids::SessionIds;

/// The plan's format, or the one that the file's own content tells.
pub(crate) fn format_of(plan: &FilePlan) -> Result<FileFormat, DatasetError> {
    match plan.format {
        Some(format) => Ok(format),
        None => detect::detect(&plan.path),
    }
}

/// The file's conversations, with ids. Not for traces.
pub(crate) fn conversations(
    plan: &FilePlan,
    format: FileFormat,
    ids: SessionIds,
    seed: RootSeed,
) -> Result<Vec<Conversation>, DatasetError> {
    let path = &plan.path;
    let mut conversations = match format {
        FileFormat::SingleTurn => {
            let rows = rows::read(path, single_turn::read_row)?;
            single_turn::conversations(rows, ids, plan.strip_repeated_images)
        }
        FileFormat::MultiTurn => {
            if plan.strip_repeated_images {
                return Err(DatasetError::Settings {
                    reason: "`--uuid-and-strip` works on `single_turn` files only".to_owned(),
                });
            }
            let rows = rows::read(path, multi_turn::read_row)?;
            multi_turn::conversations(rows, ids, plan.hoist_system_turns)
        }
        FileFormat::RandomPool => random_pool::conversations(plan, ids, seed)?,
        FileFormat::RawPayload => raw_payload::conversations(path, ids)?,
        FileFormat::InputsJson => inputs_json::conversations(path)?,
        FileFormat::SpeedBench(set) => speed_bench::conversations(path, set)?,
        FileFormat::MooncakeTrace
        | FileFormat::BailianTrace
        | FileFormat::BurstGptTrace
        | FileFormat::SageMakerDataCapture => Vec::new(),
    };
    if let Some(limit) = plan.limit {
        conversations.truncate(limit);
    }
    if let RemoteImages::Inline { timeout, parallel } = plan.remote_images {
        remote_images::inline(&mut conversations, timeout, parallel).map_err(|reason| {
            DatasetError::Source {
                path: path.clone(),
                reason,
            }
        })?;
    }
    for conversation in &mut conversations {
        cap_delays(conversation, plan.delay_cap_ms);
    }
    apply_output_length(&mut conversations, plan.output_tokens.as_ref(), seed);
    Ok(conversations)
}

fn cap_delays(conversation: &mut Conversation, cap_ms: Option<f64>) {
    let Some(cap_ms) = cap_ms else { return };
    for turn in &mut conversation.turns {
        turn.delay_ms = turn.delay_ms.map(|delay| delay.min(cap_ms));
    }
}

/// A row's own output length wins; the others draw one if the plan says so.
pub(crate) fn apply_output_length(
    conversations: &mut [Conversation],
    output_tokens: Option<&Law>,
    seed: RootSeed,
) {
    let Some(lengths) = OutputLengths::new(output_tokens, seed) else {
        return;
    };
    for (index, conversation) in conversations.iter_mut().enumerate() {
        lengths.give(conversation, index);
    }
}

/// The folder's entries in order of their names.
pub(crate) fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let unreadable = |error: std::io::Error| DatasetError::Unreadable {
        path: folder.to_path_buf(),
        reason: error.to_string(),
    };
    let mut entries = std::fs::read_dir(folder)
        .map_err(unreadable)?
        .map(|entry| entry.map(|entry| entry.path()).map_err(unreadable))
        .collect::<Result<Vec<_>, _>>()?;
    entries.sort();
    Ok(entries)
}

/// Whether a file's name ends in `.jsonl`.
pub(crate) fn is_json_lines(path: &Path) -> bool {
    path.is_file()
        && path
            .extension()
            .is_some_and(|extension| extension == "jsonl")
}

#[cfg(test)]
mod tests;
