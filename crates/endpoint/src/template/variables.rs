//! What a template can refer to.

use std::collections::HashSet;

use minijinja::Value;
use minijinja::value::Serde;
use serde_json::{Map, json};

use crate::conversation::{Media, Turn};
use crate::error::EndpointError;
use crate::format::FormatContext;

/// The contents of one kind of medium: all of them, and by the names of their items.
struct Contents<'t> {
    all: Vec<&'t str>,
    by_name: Vec<(&'t str, Vec<&'t str>)>,
}

impl<'t> Contents<'t> {
    fn of(items: &'t [Media]) -> Self {
        let mut contents = Self {
            all: Vec::new(),
            by_name: Vec::new(),
        };
        for item in items {
            contents
                .all
                .extend(item.contents.iter().map(String::as_str));
            if item.name.is_empty() || item.contents.is_empty() {
                continue;
            }
            let place = contents
                .by_name
                .iter()
                .position(|(name, _)| *name == item.name);
            let place = place.unwrap_or_else(|| {
                contents.by_name.push((&item.name, Vec::new()));
                contents.by_name.len() - 1
            });
            let named = &mut contents.by_name[place].1;
            named.extend(item.contents.iter().map(String::as_str));
        }
        contents
    }

    fn named(&self, name: &str) -> &[&'t str] {
        let named = self.by_name.iter().find(|(known, _)| *known == name);
        named.map_or(&[], |(_, contents)| contents)
    }

    fn names(&self) -> Value {
        Value::from_pairs(
            self.by_name
                .iter()
                .map(|(name, contents)| (*name, list(contents))),
        )
    }
}

/// The variables of a request. The objects that hold everything are made only if they are `wanted`.
pub(super) fn of(
    context: &FormatContext<'_>,
    wanted: &HashSet<String>,
) -> Result<Value, EndpointError> {
    let turn = context.newest()?;
    let mut variables: Vec<(&str, Value)> = Vec::new();
    for (items, all, first, by_name) in [
        (&turn.texts, "texts", "text", "texts_by_name"),
        (&turn.images, "images", "image", "images_by_name"),
        (&turn.audios, "audios", "audio", "audios_by_name"),
        (&turn.videos, "videos", "video", "videos_by_name"),
    ] {
        let contents = Contents::of(items);
        variables.push((all, list(&contents.all)));
        variables.push((first, first_of(&contents.all)));
        variables.push((by_name, contents.names()));
        if all == "texts" {
            let queries = contents.named("query");
            let passages = match contents.named("passages") {
                [] => contents.named("passage"),
                passages => passages,
            };
            variables.push(("queries", list(queries)));
            variables.push(("query", first_of(queries)));
            variables.push(("passages", list(passages)));
            variables.push(("passage", first_of(passages)));
        }
    }
    variables.push(("model", or_none(context.model().ok())));
    variables.push(("max_tokens", or_none(turn.max_tokens)));
    variables.push(("role", or_none(turn.role.as_deref())));
    variables.push(("stream", context.settings.streaming.into()));
    if wanted.contains("turn") {
        variables.push(("turn", turn_object(turn)));
    }
    let turns = || -> Value { context.turns.iter().map(|turn| turn_object(turn)).collect() };
    if wanted.contains("turns") {
        variables.push(("turns", turns()));
    }
    if wanted.contains("request_info") {
        let request_info = Value::from_pairs([
            ("turns", turns()),
            ("turn_index", context.turns.len().saturating_sub(1).into()),
            ("system_message", or_none(context.system_message)),
            (
                "user_context_message",
                or_none(context.user_context_message),
            ),
        ]);
        variables.push(("request_info", request_info));
    }
    Ok(Value::from_pairs(variables))
}

fn list(contents: &[&str]) -> Value {
    contents.iter().copied().map(Value::from).collect()
}

fn first_of(contents: &[&str]) -> Value {
    or_none(contents.first().copied())
}

/// A value, or Python's none: an absent value is defined all the same.
fn or_none<T: Into<Value>>(value: Option<T>) -> Value {
    value.map_or_else(|| Value::from(()), Into::into)
}

/// A turn as an object with attributes.
fn turn_object(turn: &Turn) -> Value {
    let items = |items: &[Media]| -> Vec<serde_json::Value> {
        items
            .iter()
            .map(|item| json!({"name": item.name, "contents": item.contents}))
            .collect()
    };
    let extra_body = (!turn.extra_body.is_empty()).then_some(&turn.extra_body);
    let extra_headers: Map<_, _> = turn
        .extra_headers
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    let members = json!({
        "role": turn.role,
        "model": turn.model,
        "max_tokens": turn.max_tokens,
        "timestamp": turn.timestamp_ms,
        "delay": turn.delay_ms,
        "texts": items(&turn.texts),
        "images": items(&turn.images),
        "audios": items(&turn.audios),
        "videos": items(&turn.videos),
        "raw_messages": turn.raw_messages,
        "raw_tools": turn.raw_tools,
        "raw_system": turn.raw_system,
        "extra_body": extra_body,
        "extra_headers": (!extra_headers.is_empty()).then_some(extra_headers),
        "reset_context": turn.reset_context,
    });
    Value::from(Serde(members))
}
