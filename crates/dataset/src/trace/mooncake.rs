//! `mooncake_trace`: each line a request, as a length with hash ids, a text, messages, or a body.

use std::path::Path;

use serde_json::{Map, Value};

use super::rows::{Input, NewRow, Rows};
use super::select::Selection;
use super::{Loaded, plain_row};
use crate::error::DatasetError;
use crate::file::fields::{Fields, Flaw, expected};
use crate::file::pieces::Slice;
use crate::file::rows::{self, BadLines};
use crate::sessions::{SessionBuilder, SessionNames};

/// What one thread makes of some lines.
struct Part {
    rows: Rows,
    sessions: SessionNames,
    selection: Selection,
    bad: BadLines,
}

pub(super) fn load(path: &Path, selection: &mut Selection) -> Result<Loaded, DatasetError> {
    let mut loaded = Rows::default();
    let mut sessions = SessionBuilder::default();
    let mut bad = BadLines::default();
    let settings = selection.without_counts();
    rows::for_each_slice(
        path,
        |slice| Part::read(slice, settings.clone()),
        |part| {
            bad.append(part.bad);
            if bad.is_none() {
                loaded.append(part.rows);
                sessions.append(part.sessions);
                selection.add_counts(&part.selection);
            }
        },
    )?;
    bad.refuse(path)?;
    Ok(Loaded {
        rows: loaded,
        sessions: sessions.finish(),
    })
}

impl Part {
    fn read(slice: Slice<'_>, selection: Selection) -> Self {
        let mut part = Self {
            rows: Rows::default(),
            sessions: SessionNames::default(),
            selection,
            bad: BadLines::default(),
        };
        for (line, content) in slice.lines() {
            match read_line(content) {
                Ok((row, session)) => part.push(line, row, session),
                Err(flaw) => part.bad.note(line, flaw),
            }
        }
        part
    }

    fn push(&mut self, line: usize, mut row: NewRow, session: Option<String>) {
        if !self.selection.keeps(&mut row) {
            return;
        }
        if self.selection.ignores_times() {
            row.timestamp_ms = None;
        }
        self.sessions.push(session.map(Into::into));
        self.rows.push(line, row);
    }
}

/// The row and the name of its session.
pub(super) fn read_line(line: &[u8]) -> Result<(NewRow, Option<String>), Flaw> {
    let Some(plain) = plain_row::read(line) else {
        return read_row(rows::parse_object(line)?);
    };
    let row = NewRow {
        timestamp_ms: plain.timestamp,
        delay_ms: plain.delay,
        output_tokens: plain.output_length,
        input_tokens: Some(plain.input_length),
        input: Input::Tokens {
            hash_ids: plain.hash_ids,
        },
        extra: Map::new(),
    };
    Ok((row, plain.session_id.map(str::to_owned)))
}

/// The row and the name of its session.
pub(super) fn read_row(row: Map<String, Value>) -> Result<(NewRow, Option<String>), Flaw> {
    let mut fields = Fields::new(row);
    let type_name = fields.string("type")?;
    if let Some(name) = type_name.filter(|name| name != "mooncake_trace") {
        return Err(Flaw::at(
            "type",
            format!("expected `mooncake_trace`, found `{name}`"),
        ));
    }
    let input_tokens = fields.natural_number("input_length")?;
    let hash_ids = hash_ids(&mut fields)?;
    let text = fields.string("text_input")?;
    let messages = fields.array("messages")?;
    let payload = fields.object("payload")?;
    let tools = fields.array("tools")?;

    let given = [
        input_tokens.is_some(),
        text.is_some(),
        messages.is_some(),
        payload.is_some(),
    ];
    if given.iter().filter(|given| **given).count() != 1 {
        return Err(Flaw::whole(
            "a row needs exactly one of `input_length`, `text_input`, `messages`, `payload`",
        ));
    }
    if hash_ids.is_some() && input_tokens.is_none() {
        return Err(Flaw::at("hash_ids", "goes with `input_length` only"));
    }
    if let Some(tools) = &tools {
        if messages.is_none() {
            return Err(Flaw::at("tools", "goes with `messages` only"));
        }
        refuse_non_objects("tools", tools)?;
    }
    let input = match (text, messages, payload) {
        (Some(text), ..) => Input::Text(text),
        (_, Some(messages), _) => {
            refuse_bad_messages(&messages)?;
            Input::Messages { messages, tools }
        }
        (_, _, Some(payload)) => {
            if payload.is_empty() {
                return Err(Flaw::at("payload", "must not be empty"));
            }
            Input::Payload(payload)
        }
        _ => Input::Tokens {
            hash_ids: hash_ids.unwrap_or_default(),
        },
    };
    let row = NewRow {
        timestamp_ms: fields.number("timestamp")?,
        delay_ms: fields.number("delay")?,
        output_tokens: fields.natural_number("output_length")?,
        input_tokens,
        input,
        extra: fields.object("extra")?.unwrap_or_default(),
    };
    let session = fields.string("session_id")?.filter(|id| !id.is_empty());
    Ok((row, session))
}

/// The row's `hash_ids`: whole numbers, also such as 64 bits hold without sign.
pub(super) fn hash_ids(fields: &mut Fields) -> Result<Option<Vec<u64>>, Flaw> {
    let Some(items) = fields.array("hash_ids")? else {
        return Ok(None);
    };
    let ids = items.iter().enumerate().map(|(index, item)| {
        item.as_u64()
            .or_else(|| item.as_i64().map(|id| id as u64))
            .or_else(|| {
                let float = item.as_f64().filter(|id| id.fract() == 0.0);
                float.map(|id| id as i64 as u64)
            })
            .ok_or_else(|| expected(format!("hash_ids[{index}]"), "a whole number", item))
    });
    ids.collect::<Result<_, _>>().map(Some)
}

pub(super) fn refuse_bad_messages(messages: &[Value]) -> Result<(), Flaw> {
    refuse_non_objects("messages", messages)?;
    let without_role = messages
        .iter()
        .position(|message| !message.get("role").is_some_and(Value::is_string));
    match without_role {
        Some(index) => Err(Flaw::at(
            format!("messages[{index}].role"),
            "expected a string",
        )),
        None => Ok(()),
    }
}

fn refuse_non_objects(key: &str, items: &[Value]) -> Result<(), Flaw> {
    if items.is_empty() {
        return Err(Flaw::at(key, "must not be empty"));
    }
    match items.iter().enumerate().find(|(_, item)| !item.is_object()) {
        Some((index, item)) => Err(expected(format!("{key}[{index}]"), "an object", item)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    proptest! {
        #[test]
        fn both_ways_to_read_a_row_agree(
            timestamp in prop_oneof![Just(json!(null)), any::<u32>().prop_map(|n| json!(n)), (0.0..1e9).prop_map(|n: f64| json!(n))],
            input_length in prop_oneof![any::<u32>().prop_map(|n| json!(n)), Just(json!(5.0)), Just(json!("7"))],
            output_length in prop_oneof![any::<i16>().prop_map(|n| json!(n)), Just(json!(null))],
            hash_ids in prop_oneof![prop::collection::vec(any::<i64>(), 0..4).prop_map(|ids| json!(ids)), Just(json!(null))],
            session_id in "[a-c]{0,1}",
        ) {
            let row = json!({
                "timestamp": timestamp, "input_length": input_length,
                "output_length": output_length, "hash_ids": hash_ids, "session_id": session_id,
            });
            let line = row.to_string();
            let careful = rows::parse_object(line.as_bytes()).and_then(read_row);
            prop_assert_eq!(read_line(line.as_bytes()), careful);
        }

        #[test]
        fn both_ways_to_read_a_row_agree_on_lines_that_are_nearly_rows(
            place in 0usize..90,
            byte in prop::sample::select(br#" 0159.,:-eE"\[]{}nx"#.to_vec()),
            cuts in 0usize..2,
        ) {
            let row = br#"{"timestamp": 27.50, "delay": null, "input_length": 10, "hash_ids": [46, 0, 9], "session_id": "a"}"#;
            let mut line = row.to_vec();
            line.splice(place..place + cuts, [byte]);
            let careful = rows::parse_object(&line).and_then(read_row);
            prop_assert_eq!(read_line(&line), careful);
        }
    }
}
