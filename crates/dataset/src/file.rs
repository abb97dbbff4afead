//! Conversations read from JSON Lines.
//!
//! - `lines`: a file, gzipped or not, as numbered lines;
//! - `format`: which format a file has, and the formats that are refused by name;
//! - `fields`: typed access to a row's keys, with reasons that name the key;
//! - `media`: images, audio and video become URLs or encoded data;
//! - `turn_row`: the keys of one turn;
//! - `single_turn`, `multi_turn`: the two formats.

mod fields;
mod format;
mod lines;
mod media;
mod multi_turn;
mod single_turn;
mod turn_row;

use aiperf_endpoint::conversation::Conversation;
use aiperf_random::RootSeed;
use serde_json::{Map, Value};

pub use format::FileFormat;

use crate::error::DatasetError;
use crate::lengths::Normal;
use crate::plan::FilePlan;
use crate::session_ids::SessionIds;
use fields::Flaw;
use lines::Lines;

/// The file's conversations, with ids.
pub(crate) fn conversations(
    plan: &FilePlan,
    ids: SessionIds,
    seed: RootSeed,
) -> Result<Vec<Conversation>, DatasetError> {
    let format = match plan.format {
        Some(format) => format,
        None => format::detect(&plan.path)?,
    };
    let mut conversations = match format {
        FileFormat::SingleTurn => {
            let rows = read_rows(plan, single_turn::read_row)?;
            single_turn::conversations(rows, ids)
        }
        FileFormat::MultiTurn => {
            let rows = read_rows(plan, multi_turn::read_row)?;
            multi_turn::conversations(rows, ids, plan.hoist_system_turns)
        }
    };
    if let Some(limit) = plan.limit {
        conversations.truncate(limit);
    }
    apply_delay_cap(&mut conversations, plan.delay_cap_ms);
    apply_output_length(&mut conversations, plan.output_tokens, seed);
    Ok(conversations)
}

/// Reads every line with `read_row`. One bad line refuses the file; the others are still looked
/// at, so that the message can say how many there are.
fn read_rows<Row>(
    plan: &FilePlan,
    read_row: impl Fn(Map<String, Value>) -> Result<Row, Flaw>,
) -> Result<Vec<Row>, DatasetError> {
    let path = &plan.path;
    let mut rows = Vec::new();
    let mut first_bad: Option<(usize, Flaw)> = None;
    let mut bad_lines = 0;
    for numbered in Lines::open(path)? {
        let (line, content) = numbered?;
        match parse_object(&content).and_then(&read_row) {
            Ok(row) if first_bad.is_none() => rows.push(row),
            Ok(_) => {}
            Err(flaw) => {
                if line == 1 && format::is_array_file(path, &content) {
                    return Err(DatasetError::TopLevelArray { path: path.clone() });
                }
                bad_lines += 1;
                first_bad.get_or_insert((line, flaw));
            }
        }
    }
    match first_bad {
        Some((line, flaw)) => Err(DatasetError::Row {
            path: path.clone(),
            line,
            flaw: flaw.to_string(),
            further_lines: bad_lines - 1,
        }),
        None if rows.is_empty() => Err(DatasetError::Empty { path: path.clone() }),
        None => Ok(rows),
    }
}

fn parse_object(content: &[u8]) -> Result<Map<String, Value>, Flaw> {
    let content = std::str::from_utf8(content).map_err(|_| Flaw::whole("not valid UTF-8"))?;
    match serde_json::from_str(content) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(Flaw::whole(format!(
            "expected a JSON object, found {}",
            fields::kind(&other)
        ))),
        Err(error) => {
            let reason = error.to_string();
            // A line is its own document, so the parser's line number would mislead.
            let reason = reason.split(" at line").next().unwrap_or_default();
            Err(Flaw::whole(format!(
                "not valid JSON: {reason} (column {})",
                error.column()
            )))
        }
    }
}

fn apply_delay_cap(conversations: &mut [Conversation], cap_ms: Option<f64>) {
    let Some(cap_ms) = cap_ms else { return };
    for turn in conversations
        .iter_mut()
        .flat_map(|conversation| &mut conversation.turns)
    {
        turn.delay_ms = turn.delay_ms.map(|delay| delay.min(cap_ms));
    }
}

/// A row's own output length wins; the others draw one if the plan says so.
fn apply_output_length(
    conversations: &mut [Conversation],
    output_tokens: Option<Normal>,
    seed: RootSeed,
) {
    let Some(length) = output_tokens
        .map(Normal::truncated)
        .filter(|length| length.mean > 0.0)
    else {
        return;
    };
    let stream = seed.stream("composer.turn.max_tokens");
    for (index, conversation) in conversations.iter_mut().enumerate() {
        let mut generator = stream.at(index as u64);
        for turn in &mut conversation.turns {
            let drawn = length.positive_integer(&mut generator);
            turn.max_tokens = turn.max_tokens.or(Some(drawn));
        }
    }
}

#[cfg(test)]
mod tests;
