//! `single_turn`: each row is one request. Rows of one session are sent one after the other, each
//! with nothing but its own content.

use std::collections::{HashMap, HashSet};

use aiperf_endpoint::conversation::{ContextMode, Conversation};
use serde_json::{Map, Value};

use super::fields::Flaw;
use super::turn_row::{self, TurnRow};
use crate::session_ids::SessionIds;

pub(super) fn read_row(row: Map<String, Value>) -> Result<TurnRow, Flaw> {
    turn_row::read(row)
}

/// One conversation for each session, in the order of first rows.
pub(super) fn conversations(
    rows: Vec<TurnRow>,
    mut ids: SessionIds,
    strip_repeated_images: bool,
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
                context_mode: ContextMode::MessageArrayWithResponses,
                ..Conversation::default()
            });
        }
        conversations[position].turns.push(row.turn);
    }
    if strip_repeated_images {
        conversations.iter_mut().for_each(strip_images);
    }
    conversations
}

/// Empties the images whose identifier came in an earlier turn: the server has them.
fn strip_images(conversation: &mut Conversation) {
    let mut known: HashSet<String> = HashSet::new();
    for turn in &mut conversation.turns {
        let mut new = Vec::new();
        for (image, uuids) in turn.images.iter_mut().zip(&turn.image_uuids) {
            for (content, uuid) in image.contents.iter_mut().zip(uuids) {
                if known.contains(uuid) {
                    content.clear();
                } else {
                    new.push(uuid.clone());
                }
            }
        }
        known.extend(new);
    }
}
