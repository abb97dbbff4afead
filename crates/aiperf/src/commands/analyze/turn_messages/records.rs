//! The raw records of a run, as far as the page needs them.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Shards of a run that did not put them together.
const SHARDS: &str = "raw_records";
const WHOLE: &str = "profile_export_raw.jsonl";

/// Where they are.
pub(super) struct RawFiles {
    folder: PathBuf,
    files: Vec<PathBuf>,
}

impl RawFiles {
    /// Of a folder, or a file by itself.
    ///
    /// # Errors
    /// There are none.
    pub(super) fn of(run: &Path) -> Result<Self> {
        if run.is_file() {
            let folder = run.parent().unwrap_or(Path::new("")).to_owned();
            let files = vec![run.to_owned()];
            return Ok(Self { folder, files });
        }
        let entries = std::fs::read_dir(run.join(SHARDS)).into_iter().flatten();
        let mut files: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "jsonl")
            })
            .collect();
        files.sort();
        if files.is_empty() {
            let whole = run.join(WHOLE);
            if !whole.is_file() {
                bail!("there is no `{WHOLE}`; `aiperf profile --export-level raw` writes it");
            }
            files.push(whole);
        }
        Ok(Self {
            folder: run.to_owned(),
            files,
        })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn count(&self) -> usize {
        self.files.len()
    }

    /// All records. Lines that hold none are left out, such as the last one of a run that was killed.
    pub(super) fn read(&self) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        for path in &self.files {
            let file = std::fs::File::open(path)
                .with_context(|| format!("`{}` cannot be read", path.display()))?;
            for line in BufReader::new(file).split(b'\n') {
                let line = line.with_context(|| format!("`{}` cannot be read", path.display()))?;
                if let Ok(value @ Value::Object(_)) = serde_json::from_slice(&line) {
                    records.push(Record::of(&value));
                }
            }
        }
        Ok(records)
    }
}

/// One request.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    pub(super) conversation: String,
    pub(super) turn: Option<u64>,
    pub(super) depth: u64,
    pub(super) session: Option<String>,
    pub(super) parent_session: Option<String>,
    pub(super) model: Option<String>,
    pub(super) max_tokens: Option<u64>,
    pub(super) phase: Option<String>,
    pub(super) was_cancelled: bool,
    pub(super) has_failed: bool,
    pub(super) messages: Vec<Message>,
    pub(super) start_ns: u64,
}

/// Who says what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Message {
    pub(super) role: String,
    pub(super) body: String,
}

impl Record {
    /// Whatever is missing or of another type counts as absent.
    pub(super) fn of(record: &Value) -> Self {
        let metadata = &record["metadata"];
        let payload = &record["payload"];
        let text = |value: &Value| {
            value
                .as_str()
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let limit = payload["max_completion_tokens"].as_u64();
        Self {
            conversation: text(&metadata["conversation_id"]).unwrap_or("(none)".to_owned()),
            turn: metadata["turn_index"].as_u64(),
            depth: metadata["agent_depth"].as_u64().unwrap_or(0),
            session: text(&metadata["x_correlation_id"]),
            parent_session: text(&metadata["parent_correlation_id"]),
            model: text(&payload["model"]),
            max_tokens: limit.or(payload["max_tokens"].as_u64()),
            phase: text(&metadata["benchmark_phase"]),
            was_cancelled: metadata["was_cancelled"].as_bool().unwrap_or(false),
            has_failed: !record["error"].is_null(),
            messages: messages(payload),
            start_ns: metadata["request_start_ns"].as_u64().unwrap_or(0),
        }
    }
}

/// The messages of a chat; of other protocols, what stands in their place.
fn messages(payload: &Value) -> Vec<Message> {
    for key in ["messages", "input", "prompt"] {
        match &payload[key] {
            Value::Array(messages) => return messages.iter().map(Message::of).collect(),
            Value::String(text) => {
                return vec![Message {
                    role: key.to_owned(),
                    body: text.clone(),
                }];
            }
            _ => {}
        }
    }
    Vec::new()
}

impl Message {
    /// A message of a role and a text keeps the text; of others, everything but the role is shown as JSON.
    fn of(message: &Value) -> Self {
        let unnamed = |body: String| Self {
            role: "?".to_owned(),
            body,
        };
        let members = match message {
            Value::Object(members) => members,
            Value::Null => return unnamed(String::new()),
            Value::String(text) => return unnamed(text.clone()),
            other => return unnamed(other.to_string()),
        };
        let role = match members.get("role") {
            Some(Value::String(role)) => role.clone(),
            Some(other) => other.to_string(),
            None => "?".to_owned(),
        };
        let mut rest = members.clone();
        rest.shift_remove("role");
        let body = match (rest.len(), rest.get("content")) {
            (0, _) | (1, Some(Value::Null)) => String::new(),
            (1, Some(Value::String(text))) => text.clone(),
            _ => Value::Object(rest).to_string(),
        };
        Self { role, body }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_stay_texts_and_the_rest_is_json() {
        for (message, role, body) in [
            (json!({"role": "user", "content": "hi"}), "user", "hi"),
            (json!({"role": "user", "content": null}), "user", ""),
            (json!({"role": "tool"}), "tool", ""),
            (
                json!({"role": "tool", "tool_call_id": "7", "content": "x"}),
                "tool",
                r#"{"tool_call_id":"7","content":"x"}"#,
            ),
            (
                json!({"content": [{"type": "text"}]}),
                "?",
                r#"{"content":[{"type":"text"}]}"#,
            ),
            (json!("bare"), "?", "bare"),
            (json!(7), "?", "7"),
            (json!(null), "?", ""),
        ] {
            let expected = Message {
                role: role.to_owned(),
                body: body.to_owned(),
            };
            assert_eq!(Message::of(&message), expected);
        }
    }

    #[test]
    fn what_is_missing_is_absent() {
        for record in [
            json!({}),
            json!({"metadata": 7, "payload": {"messages": "x", "input": 8}}),
        ] {
            let record = Record::of(&record);
            assert_eq!(
                (record.conversation.as_str(), record.turn),
                ("(none)", None)
            );
        }
        let record = Record::of(&json!({
            "metadata": {"conversation_id": "c", "turn_index": 2, "agent_depth": null},
            "payload": {"prompt": "once", "max_tokens": 5},
            "error": {"message": "no"},
        }));
        assert_eq!(
            (record.turn, record.depth, record.max_tokens),
            (Some(2), 0, Some(5))
        );
        assert_eq!(record.messages[0].body, "once");
        assert!(record.has_failed);
    }
}
