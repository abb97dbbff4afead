//! `bailian_trace`: each line a request of a chat, which names the request before it.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde_json::{Map, Value};

use super::Loaded;
use super::mooncake::hash_ids;
use super::rows::{Input, NewRow, Rows};
use super::select::Selection;
use crate::error::DatasetError;
use crate::file::fields::{Fields, Flaw, missing};
use crate::file::rows;
use crate::sessions::SessionBuilder;

const MILLISECONDS: f64 = 1000.0;
const NO_PARENT: i64 = -1;

/// Where a row stands in its chat.
#[derive(Debug, Clone, Copy)]
struct Link {
    chat: i64,
    parent: i64,
    turn: i64,
}

pub(super) fn load(path: &Path, selection: &mut Selection) -> Result<Loaded, DatasetError> {
    let mut loaded = Rows::default();
    let mut links = Vec::new();
    rows::for_each(path, read_row, |line, (mut row, link)| {
        if selection.keeps(&mut row) {
            if selection.ignores_times() {
                row.timestamp_ms = None;
            }
            links.push(link);
            loaded.push(line, row);
        }
        Ok(())
    })?;
    let mut builder = SessionBuilder::default();
    let roots = Roots::new(&links);
    for link in &links {
        builder.push(Some(roots.of(link.chat).to_string().into()));
    }
    let mut sessions = builder.finish();
    sessions.sort_rows_by_key(|row| links[row as usize].turn);
    Ok(Loaded {
        rows: loaded,
        sessions,
    })
}

fn read_row(row: Map<String, Value>) -> Result<(NewRow, Link), Flaw> {
    let mut fields = Fields::new(row);
    let link = Link {
        chat: fields
            .integer("chat_id")?
            .ok_or_else(|| missing("chat_id"))?,
        parent: fields.integer("parent_chat_id")?.unwrap_or(NO_PARENT),
        turn: fields.integer("turn")?.unwrap_or(1),
    };
    let seconds = fields
        .number("timestamp")?
        .ok_or_else(|| missing("timestamp"))?;
    let input_tokens = fields
        .natural_number("input_length")?
        .ok_or_else(|| missing("input_length"))?;
    let output_tokens = fields
        .natural_number("output_length")?
        .ok_or_else(|| missing("output_length"))?;
    let row = NewRow {
        timestamp_ms: Some(seconds * MILLISECONDS),
        delay_ms: None,
        output_tokens: Some(output_tokens),
        input_tokens: Some(input_tokens),
        input: Input::Tokens {
            hash_ids: hash_ids(&mut fields)?.unwrap_or_default(),
        },
        extra: Map::new(),
    };
    Ok((row, link))
}

/// Finds the first request of a chat by following parents as far as the trace has them.
struct Roots {
    parent_of: HashMap<i64, i64>,
}

impl Roots {
    fn new(links: &[Link]) -> Self {
        // Of several rows with one id the last counts.
        Self {
            parent_of: links.iter().map(|link| (link.chat, link.parent)).collect(),
        }
    }

    fn of(&self, chat: i64) -> i64 {
        let mut current = chat;
        let mut seen = HashSet::new();
        while seen.insert(current) {
            match self.parent_of.get(&current) {
                Some(&parent) if parent != NO_PARENT && self.parent_of.contains_key(&parent) => {
                    current = parent;
                }
                _ => break,
            }
        }
        current
    }
}
