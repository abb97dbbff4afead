//! `multi_turn`: each row is a session with its turns; the server's answers go into the history.

use std::collections::{HashMap, HashSet};

use aiperf_endpoint::conversation::{Conversation, Turn};
use serde_json::{Map, Value};

use super::fields::{Fields, Flaw, expected};
use super::turn_row;
use crate::session_ids::SessionIds;

/// A row: a session, or a piece of one.
pub(super) struct SessionRow {
    pub(super) session_id: Option<String>,
    pub(super) turns: Vec<Turn>,
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

pub(super) fn is_system(turn: &Turn) -> bool {
    turn.role.as_deref() == Some("system")
}

/// Whether a first turn is nothing but a text for the system message.
pub(super) fn may_be_hoisted(turn: &Turn) -> bool {
    let text_only = turn.images.is_empty() && turn.audios.is_empty() && turn.videos.is_empty();
    let plain = turn.timestamp_ms.is_none()
        && turn.delay_ms.is_none()
        && turn.max_tokens.is_none()
        && turn.extra_body.is_empty();
    is_system(turn) && text_only && plain
}

/// A leading system turn is no request of its own: its text becomes the system message of every
/// request of the conversation.
pub(super) fn hoist_system_turn(conversation: &mut Conversation) {
    let [first, second, ..] = &conversation.turns[..] else {
        return;
    };
    if !may_be_hoisted(first) || is_system(second) {
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
