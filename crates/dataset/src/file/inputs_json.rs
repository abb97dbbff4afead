//! `inputs_json`: one document with the bodies of every session, as a run leaves behind.

use std::collections::HashSet;
use std::path::Path;

use aiperf_endpoint::conversation::{ContextMode, Conversation};
use serde_json::{Map, Value};

use super::fields::{Fields, Flaw, expected, kind, missing};
use super::lines::Lines;
use super::raw_payload::payload_turn;
use crate::error::DatasetError;

pub(super) fn conversations(path: &Path) -> Result<Vec<Conversation>, DatasetError> {
    let refuse = |reason: String| DatasetError::Source {
        path: path.to_path_buf(),
        reason,
    };
    let content = Lines::open(path)?.into_rest()?;
    let document = match serde_json::from_slice(&content) {
        Ok(Value::Object(document)) => document,
        Ok(other) => {
            return Err(refuse(format!(
                "expected a JSON object, found {}",
                kind(&other)
            )));
        }
        Err(_) if content.trim_ascii().is_empty() => {
            return Err(DatasetError::Empty {
                path: path.to_path_buf(),
            });
        }
        Err(error) => return Err(refuse(format!("not valid JSON: {error}"))),
    };
    read_document(document).map_err(|flaw| refuse(flaw.to_string()))
}

fn read_document(document: Map<String, Value>) -> Result<Vec<Conversation>, Flaw> {
    let entries = Fields::new(document)
        .array("data")?
        .ok_or_else(|| missing("data"))?;
    let mut known_ids = HashSet::new();
    let mut conversations = Vec::with_capacity(entries.len());
    for (index, entry) in entries.into_iter().enumerate() {
        let place = format!("data[{index}]");
        let Value::Object(entry) = entry else {
            return Err(expected(place, "an object", &entry));
        };
        let conversation = read_entry(entry).map_err(|flaw| flaw.inside(&place))?;
        if !known_ids.insert(conversation.id.clone()) {
            let flaw = Flaw::at("session_id", format!("`{}` is taken", conversation.id));
            return Err(flaw.inside(&place));
        }
        conversations.push(conversation);
    }
    Ok(conversations)
}

fn read_entry(entry: Map<String, Value>) -> Result<Conversation, Flaw> {
    let mut fields = Fields::new(entry);
    let id = fields
        .string("session_id")?
        .ok_or_else(|| missing("session_id"))?;
    let payloads = fields
        .array("payloads")?
        .ok_or_else(|| missing("payloads"))?;
    if payloads.is_empty() {
        return Err(Flaw::at("payloads", "a session needs at least one payload"));
    }
    let turns = payloads
        .into_iter()
        .enumerate()
        .map(|(index, payload)| match payload {
            Value::Object(payload) => Ok(payload_turn(payload)),
            other => Err(expected(format!("payloads[{index}]"), "an object", &other)),
        })
        .collect::<Result<_, _>>()?;
    Ok(Conversation {
        id,
        turns,
        context_mode: ContextMode::MessageArrayWithResponses,
        ..Conversation::default()
    })
}
