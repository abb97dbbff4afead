//! `raw_payload`: each line is a body that is sent as it is. A file holds one conversation on each
//! line, a folder one in each file.

use std::collections::HashSet;
use std::path::Path;

use aiperf_endpoint::conversation::{ContextMode, Conversation, Turn};
use serde_json::{Map, Value};

use super::fields::{Flaw, expected, missing};
use super::{is_json_lines, rows, sorted_entries};
use crate::error::DatasetError;
use crate::session_ids::SessionIds;

pub(super) fn conversations(
    path: &Path,
    mut ids: SessionIds,
) -> Result<Vec<Conversation>, DatasetError> {
    let mut conversation = |turns| Conversation {
        id: ids.next(&HashSet::new()),
        turns,
        context_mode: ContextMode::MessageArrayWithResponses,
        ..Conversation::default()
    };
    if !path.is_dir() {
        let turns = rows::read(path, read_row)?;
        return Ok(turns
            .into_iter()
            .map(|turn| conversation(vec![turn]))
            .collect());
    }
    let mut conversations = Vec::new();
    for file in sorted_entries(path)? {
        if !is_json_lines(&file) {
            continue;
        }
        match rows::read(&file, read_row) {
            Ok(turns) => conversations.push(conversation(turns)),
            Err(DatasetError::Empty { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    if conversations.is_empty() {
        return Err(DatasetError::Source {
            path: path.to_path_buf(),
            reason: "the folder has no `*.jsonl` file with payloads".to_owned(),
        });
    }
    Ok(conversations)
}

pub(super) fn read_row(row: Map<String, Value>) -> Result<Turn, Flaw> {
    match row.get("messages") {
        Some(Value::Array(_)) => Ok(payload_turn(row)),
        Some(other) => Err(expected("messages", "an array", other)),
        None => Err(missing("messages")),
    }
}

/// A turn that is this body.
pub(super) fn payload_turn(payload: Map<String, Value>) -> Turn {
    Turn {
        raw_payload: Some(payload),
        ..Turn::default()
    }
}
