//! SPEED-Bench: prompts for speculative decoding. Every message of a row is a turn.

use std::collections::HashMap;
use std::path::Path;

use aiperf_endpoint::conversation::{Conversation, Turn};
use serde_json::{Map, Value};

use super::fields::{Fields, Flaw, expected, missing};
use super::format::SpeedBench;
use super::rows;
use crate::error::DatasetError;

/// What upstream puts in the place of texts that may not be passed on.
const PLACEHOLDER: &str =
    "FULL BENCHMARK DATA SHOULD BE FETCHED FROM THE SOURCE USING SPECDEC_BENCH";

const ID_LENGTH: usize = 32;

struct Question {
    id: String,
    category: String,
    turns: Vec<Turn>,
}

/// One conversation for each question, in the order of first rows.
pub(super) fn conversations(
    path: &Path,
    set: SpeedBench,
) -> Result<Vec<Conversation>, DatasetError> {
    let questions = rows::read(path, read_row)?;
    let mut conversations: Vec<Conversation> = Vec::new();
    let mut position_of: HashMap<String, usize> = HashMap::new();
    let wanted = |question: &Question| set.category.is_none_or(|name| name == question.category);
    for question in questions.into_iter().filter(wanted) {
        let position = *position_of
            .entry(question.id.clone())
            .or_insert(conversations.len());
        if position == conversations.len() {
            conversations.push(Conversation {
                id: question.id,
                ..Conversation::default()
            });
        }
        conversations[position].turns.extend(question.turns);
    }
    if conversations.is_empty() {
        return Err(DatasetError::Source {
            path: path.to_path_buf(),
            reason: format!(
                "no row has the category `{}`; `{}` belongs to the file `{}`",
                set.category.unwrap_or_default(),
                set.name,
                set.file_name
            ),
        });
    }
    Ok(conversations)
}

fn read_row(row: Map<String, Value>) -> Result<Question, Flaw> {
    let mut fields = Fields::new(row);
    let mut text = |key: &str| fields.string(key)?.ok_or_else(|| missing(key));
    let id = text("question_id")?;
    if id.chars().count() != ID_LENGTH {
        return Err(Flaw::at(
            "question_id",
            format!("must have {ID_LENGTH} characters, `{id}` has not"),
        ));
    }
    let category = text("category")?;
    if category.is_empty() {
        return Err(Flaw::at("category", "must not be empty"));
    }
    let messages = fields
        .array("messages")?
        .ok_or_else(|| missing("messages"))?;
    if messages.is_empty() {
        return Err(Flaw::at("messages", "a row needs at least one message"));
    }
    let turns = messages.into_iter().enumerate().map(|(index, message)| {
        let place = format!("messages[{index}]");
        match message {
            Value::Object(message) => read_message(message).map_err(|flaw| flaw.inside(&place)),
            other => Err(expected(place, "an object", &other)),
        }
    });
    Ok(Question {
        id,
        category,
        turns: turns.collect::<Result<_, _>>()?,
    })
}

fn read_message(message: Map<String, Value>) -> Result<Turn, Flaw> {
    let mut fields = Fields::new(message);
    let mut text = |key: &str| {
        let text = fields.string(key)?.ok_or_else(|| missing(key))?;
        if text.trim().is_empty() {
            return Err(Flaw::at(key, "must not be blank"));
        }
        Ok(text)
    };
    let role = text("role")?;
    let content = text("content")?;
    if content == PLACEHOLDER {
        return Err(Flaw::at(
            "content",
            "is the upstream placeholder; prepare the full data with the tools of SPEED-Bench",
        ));
    }
    Ok(Turn {
        role: Some(role),
        ..Turn::text(content)
    })
}
