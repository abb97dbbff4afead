//! `multi_turn`: each row is a session with its turns; the server's answers go into the history.

use std::collections::{HashMap, HashSet};

use aiperf_endpoint::conversation::{Conversation, Turn};
use serde_json::{Map, Value};

use super::fields::{Fields, Flaw, expected};
use super::turn_row;
use crate::session_ids::SessionIds;

/// A row: a session, or a piece of one.
pub(super) struct SessionRow {
    session_id: Option<String>,
    turns: Vec<Turn>,
}

pub(super) fn read_row(row: Map<String, Value>) -> Result<SessionRow, Flaw> {
    let mut fields = Fields::new(row);
    let type_name = fields.string("type")?;
    if let Some(name) = type_name.filter(|name| name != "multi_turn") {
        return Err(Flaw::at(
            "type",
            format!("expected `multi_turn`, found `{name}`"),
        ));
    }
    let session_id = fields.string("session_id")?.filter(|id| !id.is_empty());
    let Some(items) = fields.array("turns")?.filter(|items| !items.is_empty()) else {
        return Err(Flaw::at("turns", "a row needs at least one turn"));
    };
    let mut turns = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let place = format!("turns[{index}]");
        let Value::Object(object) = item else {
            return Err(expected(place, "an object", &item));
        };
        turns.push(
            turn_row::read(object)
                .map_err(|flaw| flaw.inside(&place))?
                .turn,
        );
    }
    Ok(SessionRow { session_id, turns })
}

/// One conversation for each session, in the order of first rows.
pub(super) fn conversations(
    rows: Vec<SessionRow>,
    mut ids: SessionIds,
    hoist_system_turns: bool,
) -> Vec<Conversation> {
    let authored: HashSet<String> = rows
        .iter()
        .filter_map(|row| row.session_id.clone())
        .collect();
    let mut conversations: Vec<Conversation> = Vec::new();
    let mut position_of: HashMap<String, usize> = HashMap::new();
    for row in rows {
        let id = row.session_id.unwrap_or_else(|| ids.next(&authored));
        let position = *position_of.entry(id.clone()).or_insert(conversations.len());
        if position == conversations.len() {
            conversations.push(Conversation {
                id,
                ..Conversation::default()
            });
        }
        conversations[position].turns.extend(row.turns);
    }
    if hoist_system_turns {
        conversations.iter_mut().for_each(hoist_system_turn);
    }
    conversations
}

/// A leading system turn is no request of its own: its text becomes the system message of every
/// request of the conversation.
fn hoist_system_turn(conversation: &mut Conversation) {
    let is_system = |turn: &Turn| turn.role.as_deref() == Some("system");
    let [first, second, ..] = &conversation.turns[..] else {
        return;
    };
    let text_only = first.images.is_empty() && first.audios.is_empty() && first.videos.is_empty();
    let plain = first.timestamp_ms.is_none()
        && first.delay_ms.is_none()
        && first.max_tokens.is_none()
        && first.extra_body.is_empty();
    if !is_system(first) || is_system(second) || !text_only || !plain {
        return;
    }
    let first = conversation.turns.remove(0);
    let contents: Vec<String> = first
        .texts
        .into_iter()
        .flat_map(|text| text.contents)
        .collect();
    conversation.system_message = Some(contents.join("\n"));
}
