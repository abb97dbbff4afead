//! Which format a file or folder has, told by names and first rows.
//!
//! Where a row would do for several formats, the more specific one is taken: hash ids beside a chat
//! id are Bailian's, messages beside a time are a trace's, messages alone are a payload.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::format::{FileFormat, SpeedBench, is_not_yet_supported};
use super::lines::Lines;
use super::media::has_content_key;
use super::{is_json_lines, sorted_entries};
use crate::error::DatasetError;

/// Tells the format of a file by its name and its first row, that of a folder by its files.
pub(super) fn detect(path: &Path) -> Result<FileFormat, DatasetError> {
    let format = if path.is_dir() {
        detect_folder(path)?
    } else {
        detect_file(path)?
    };
    tracing::info!("`{}` has the format `{}`", path.display(), format.name());
    Ok(format)
}

fn unsupported(path: &Path, format: &str) -> DatasetError {
    DatasetError::UnsupportedFormat {
        subject: format!("`{}`", path.display()),
        format: format.to_owned(),
    }
}

fn detect_file(path: &Path) -> Result<FileFormat, DatasetError> {
    let mut lines = Lines::open(path)?;
    let extension = path.extension().and_then(|extension| extension.to_str());
    if ["parquet", "arrow", "ipc"].contains(&extension.unwrap_or_default()) {
        return Err(unsupported(path, "baseten_trace"));
    }
    let Some(first) = lines.next() else {
        return Err(DatasetError::Empty {
            path: path.to_path_buf(),
        });
    };
    let (_, first) = first?;
    let top_level_array = || DatasetError::TopLevelArray {
        path: path.to_path_buf(),
    };
    match serde_json::from_slice(&first) {
        Ok(Value::Object(row)) => of_row(path, &row),
        Ok(Value::Array(_)) => Err(top_level_array()),
        // Perhaps one document over many lines.
        _ => match serde_json::from_slice(&Lines::open(path)?.into_rest()?) {
            Ok(Value::Array(_)) => Err(top_level_array()),
            Ok(Value::Object(document)) => match of_document(&document) {
                Some(Found::Supported(format)) => Ok(format),
                Some(Found::Unsupported(format)) => Err(unsupported(path, format)),
                None => Err(DatasetError::Unrecognized {
                    path: path.to_path_buf(),
                }),
            },
            _ if is_burst_header(&first) => Ok(FileFormat::BurstGptTrace),
            // Let the loader say what is wrong with the line.
            _ => Ok(FileFormat::SingleTurn),
        },
    }
}

enum Found {
    Supported(FileFormat),
    Unsupported(&'static str),
}

fn of_row(path: &Path, row: &Map<String, Value>) -> Result<FileFormat, DatasetError> {
    // Bailian's rows have a `type` too, which is another thing; no format has such a name.
    if let Some(name) = row.get("type").and_then(Value::as_str) {
        if let Ok(format) = FileFormat::from_name(name) {
            return Ok(format);
        }
        if is_not_yet_supported(name) {
            return Err(unsupported(path, name));
        }
    }
    if is_speed_bench_row(row) {
        let file_name = path.file_name().and_then(|name| name.to_str());
        let mut sets = SpeedBench::all();
        return sets
            .find(|set| Some(set.file_name) == file_name)
            .map(FileFormat::SpeedBench)
            .ok_or_else(|| DatasetError::Source {
                path: path.to_path_buf(),
                reason: "holds SPEED-Bench rows under another name; say which with \
                         `--custom-dataset-type speed_bench_…`"
                    .to_owned(),
            });
    }
    match of_document(row) {
        Some(Found::Supported(format)) => Ok(format),
        Some(Found::Unsupported(format)) => Err(unsupported(path, format)),
        None if row.get("turns").is_some_and(Value::is_array) => Ok(FileFormat::MultiTurn),
        None if has_content_key(row) => Ok(FileFormat::SingleTurn),
        None => Err(DatasetError::Unrecognized {
            path: path.to_path_buf(),
        }),
    }
}

fn is_speed_bench_row(row: &Map<String, Value>) -> bool {
    row.contains_key("question_id") && row.contains_key("category") && has_array(row, "messages")
}

fn has(row: &Map<String, Value>, key: &str) -> bool {
    row.get(key).is_some_and(|value| !value.is_null())
}

fn has_array(row: &Map<String, Value>, key: &str) -> bool {
    row.get(key).is_some_and(Value::is_array)
}

/// The format that a row or a document belongs to by its keys. More specific formats come first.
fn of_document(row: &Map<String, Value>) -> Option<Found> {
    let supported = |format| Some(Found::Supported(format));
    let has = |key: &str| has(row, key);
    let first_entry = row.get("data").and_then(|data| data.get(0));
    if first_entry.is_some_and(|entry| entry.get("payloads").is_some_and(Value::is_array)) {
        return supported(FileFormat::InputsJson);
    }
    if has("captureData") && has("eventMetadata") {
        return supported(FileFormat::SageMakerDataCapture);
    }
    if has("round_index") && has("timing_events") {
        return Some(Found::Unsupported("tracelab"));
    }
    if has_forking_turn(row) {
        return Some(Found::Unsupported("dag_jsonl"));
    }
    if has("chat_id") && has("input_length") {
        return supported(FileFormat::BailianTrace);
    }
    if has("input_length") || has("text_input") || has("payload") {
        return supported(FileFormat::MooncakeTrace);
    }
    if has_array(row, "messages") {
        let trace_keys = ["timestamp", "delay", "output_length", "session_id"];
        return supported(if trace_keys.iter().any(|key| has(key)) {
            FileFormat::MooncakeTrace
        } else {
            FileFormat::RawPayload
        });
    }
    if has_array(row, "requests") {
        return Some(Found::Unsupported("weka_trace"));
    }
    None
}

fn has_forking_turn(row: &Map<String, Value>) -> bool {
    let turns = row.get("turns").and_then(Value::as_array);
    let mut turns = turns.into_iter().flatten().filter_map(Value::as_object);
    turns.any(|turn| {
        has_array(turn, "messages") || turn.contains_key("forks") || turn.contains_key("spawns")
    })
}

fn is_burst_header(line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(line);
    let columns: Vec<&str> = line
        .split(',')
        .map(|column| column.trim().trim_matches('"'))
        .collect();
    ["Timestamp", "Request tokens", "Response tokens"]
        .iter()
        .all(|name| columns.contains(name))
}

fn detect_folder(folder: &Path) -> Result<FileFormat, DatasetError> {
    if let Some(first) = json_lines_below(folder)?.first()
        && first_row(first)?.is_some_and(|row| has(&row, "captureData"))
    {
        return Ok(FileFormat::SageMakerDataCapture);
    }
    let files: Vec<PathBuf> = sorted_entries(folder)?
        .into_iter()
        .filter(|path| path.is_file())
        .collect();
    let mut rows = Vec::new();
    for file in &files {
        rows.push((file, first_row(file)?));
    }
    let is_payload = |(path, row): &(&PathBuf, Option<Map<String, Value>>)| {
        let row = row.as_ref().filter(|_| is_json_lines(path));
        row.is_some_and(|row| has_array(row, "messages") && !is_speed_bench_row(row))
    };
    if rows.iter().any(is_payload) {
        return Ok(FileFormat::RawPayload);
    }
    let mut all_rows = rows.iter().map(|(_, row)| row.as_ref());
    if !rows.is_empty() && all_rows.all(|row| row.is_some_and(has_content_key)) {
        return Ok(FileFormat::RandomPool);
    }
    if rows
        .iter()
        .any(|(path, _)| path.extension().is_some_and(|end| end == "json"))
    {
        return Err(unsupported(folder, "weka_trace"));
    }
    Err(DatasetError::UnrecognizedFolder {
        path: folder.to_path_buf(),
    })
}

/// The first row of a file, if it has one that is an object.
fn first_row(path: &Path) -> Result<Option<Map<String, Value>>, DatasetError> {
    let Some(first) = Lines::open(path)?.next() else {
        return Ok(None);
    };
    Ok(serde_json::from_slice(&first?.1).ok())
}

/// All `*.jsonl` files of a folder and the folders in it, in order of their paths.
pub(crate) fn json_lines_below(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let mut found = Vec::new();
    for path in sorted_entries(folder)? {
        // A link to a folder above would never end.
        let is_link = path.is_symlink();
        if path.is_dir() && !is_link {
            found.extend(json_lines_below(&path)?);
        } else if is_json_lines(&path) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
