//! Which format a file has, and the formats that are refused by name.

use std::path::Path;

use serde_json::{Map, Value};

use super::lines::Lines;
use super::media::has_content_key;
use crate::error::DatasetError;

/// A format of prompt files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// Each row is one request.
    SingleTurn,
    /// Each row is a conversation.
    MultiTurn,
}

/// Formats of the reference that are not read here. SPEED-Bench has many names with one start.
const UNSUPPORTED: [&str; 11] = [
    "random_pool",
    "mooncake_trace",
    "bailian_trace",
    "burst_gpt_trace",
    "baseten_trace",
    "sagemaker_data_capture",
    "raw_payload",
    "inputs_json",
    "dag_jsonl",
    "weka_trace",
    "tracelab",
];

impl FileFormat {
    /// The format of this name, in snake or kebab case, whatever its letters' case.
    pub fn from_name(name: &str) -> Result<Self, DatasetError> {
        let normal = name.to_ascii_lowercase().replace('-', "_");
        match normal.as_str() {
            "single_turn" => Ok(Self::SingleTurn),
            "multi_turn" => Ok(Self::MultiTurn),
            known if is_unsupported(known) => Err(DatasetError::UnsupportedFormat {
                subject: format!("dataset type `{name}`"),
                format: normal,
            }),
            _ => Err(DatasetError::UnknownFormat {
                name: name.to_owned(),
            }),
        }
    }
}

fn is_unsupported(name: &str) -> bool {
    UNSUPPORTED.contains(&name) || name.starts_with("speed_bench_")
}

/// Tells a file's format by its extension and its first row.
pub(super) fn detect(path: &Path) -> Result<FileFormat, DatasetError> {
    let unsupported = |format: &str| DatasetError::UnsupportedFormat {
        subject: format!("`{}`", path.display()),
        format: format.to_owned(),
    };
    let mut lines = Lines::open(path)?;
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    if ["parquet", "arrow", "ipc"].contains(&extension) {
        return Err(unsupported("baseten_trace"));
    }
    let Some(first) = lines.next() else {
        return Err(DatasetError::Empty {
            path: path.to_path_buf(),
        });
    };
    let (_, first) = first?;
    let row = match serde_json::from_slice(&first) {
        Ok(Value::Object(row)) => row,
        Ok(Value::Array(_)) => {
            return Err(DatasetError::TopLevelArray {
                path: path.to_path_buf(),
            });
        }
        // Perhaps one document over many lines.
        _ => match serde_json::from_slice(&Lines::open(path)?.into_rest()?) {
            Ok(Value::Array(_)) => {
                return Err(DatasetError::TopLevelArray {
                    path: path.to_path_buf(),
                });
            }
            Ok(Value::Object(document)) => match unsupported_format_of(&document) {
                Some(format) => return Err(unsupported(format)),
                None => {
                    return Err(DatasetError::Unrecognized {
                        path: path.to_path_buf(),
                    });
                }
            },
            _ if is_burst_header(&first) => return Err(unsupported("burst_gpt_trace")),
            // Let the loader say what is wrong with the line.
            _ => return Ok(FileFormat::SingleTurn),
        },
    };
    match row.get("type").and_then(Value::as_str) {
        Some("single_turn") => return Ok(FileFormat::SingleTurn),
        Some("multi_turn") => return Ok(FileFormat::MultiTurn),
        Some(name) if is_unsupported(name) => return Err(unsupported(name)),
        _ => {}
    }
    if let Some(format) = unsupported_format_of(&row) {
        return Err(unsupported(format));
    }
    if row.get("turns").is_some_and(Value::is_array) {
        return Ok(FileFormat::MultiTurn);
    }
    if has_content_key(&row) {
        return Ok(FileFormat::SingleTurn);
    }
    Err(DatasetError::Unrecognized {
        path: path.to_path_buf(),
    })
}

/// Whether a file whose first line is no object is one array.
pub(super) fn is_array_file(path: &Path, first_line: &[u8]) -> bool {
    if !first_line.trim_ascii_start().starts_with(b"[") {
        return false;
    }
    let content = Lines::open(path)
        .and_then(Lines::into_rest)
        .unwrap_or_default();
    matches!(serde_json::from_slice(&content), Ok(Value::Array(_)))
}

/// The unsupported format that a row belongs to. More specific formats come first.
fn unsupported_format_of(row: &Map<String, Value>) -> Option<&'static str> {
    let has = |key: &str| row.get(key).is_some_and(|value| !value.is_null());
    let has_array = |key: &str| row.get(key).is_some_and(Value::is_array);
    let has_turn_with = |test: &dyn Fn(&Map<String, Value>) -> bool| {
        let turns = row.get("turns").and_then(Value::as_array);
        turns.is_some_and(|turns| turns.iter().filter_map(Value::as_object).any(test))
    };
    let first_entry = row.get("data").and_then(|data| data.get(0));
    if first_entry.is_some_and(|entry| entry.get("payloads").is_some_and(Value::is_array)) {
        return Some("inputs_json");
    }
    if has("captureData") && has("eventMetadata") {
        return Some("sagemaker_data_capture");
    }
    if has("round_index") && has("timing_events") {
        return Some("tracelab");
    }
    if has("question_id") && has("category") && has_array("messages") {
        return Some("speed_bench");
    }
    if has_turn_with(&|turn| {
        turn.get("messages").is_some_and(Value::is_array)
            || turn.contains_key("forks")
            || turn.contains_key("spawns")
    }) {
        return Some("dag_jsonl");
    }
    if has("chat_id") && has("input_length") {
        return Some("bailian_trace");
    }
    let is_trace = has("timestamp") || has("delay") || has("output_length") || has("session_id");
    if has("input_length") || has("text_input") || has("payload") {
        return Some("mooncake_trace");
    }
    if has_array("messages") {
        return Some(if is_trace {
            "mooncake_trace"
        } else {
            "raw_payload"
        });
    }
    if has_array("requests") {
        return Some("weka_trace");
    }
    None
}

fn is_burst_header(line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(line);
    let columns: Vec<&str> = line.split(',').map(str::trim).collect();
    ["Timestamp", "Request tokens", "Response tokens"]
        .iter()
        .all(|name| columns.contains(name))
}
