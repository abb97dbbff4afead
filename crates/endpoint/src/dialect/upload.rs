//! Bodies that carry a file: the JSON payload holds it as an object that becomes a part of its own.

use serde_json::{Map, Value, json};

use crate::error::EndpointError;
use crate::format::FormatContext;

/// The member that stands for a file.
pub(super) fn file(base64: &str, filename: &str, content_type: &str) -> Value {
    json!({"b64_data": base64, "filename": filename, "content_type": content_type})
}

/// The first text of the newest turn.
pub(super) fn prompt<'a>(context: &FormatContext<'a>) -> Result<&'a str, EndpointError> {
    let text = context.newest()?.texts.first();
    text.and_then(|text| text.contents.first())
        .map(String::as_str)
        .ok_or(EndpointError::Missing {
            endpoint_type: context.settings.endpoint_type,
            what: "a text prompt",
        })
}

/// Merges the run's extra inputs and the turn's keys, except those that are made from the turn.
pub(super) fn merge_extras_except(
    reserved: &[&str],
    context: &FormatContext<'_>,
    body: &mut Map<String, Value>,
) -> Result<(), EndpointError> {
    let of_turn = &context.newest()?.extra_body;
    for (key, value) in context.settings.extra.iter().chain(of_turn) {
        if !reserved.contains(&key.as_str()) {
            body.insert(key.clone(), value.clone());
        }
    }
    Ok(())
}

/// One sentence for each extra key that is not sent.
pub(super) fn reserved_remarks(reserved: &[&str], context: &FormatContext<'_>) -> Vec<String> {
    let endpoint_type = context.settings.endpoint_type;
    let of_turn = context.turns.last().map(|turn| &turn.extra_body);
    let extras = context.settings.extra.keys();
    extras
        .chain(of_turn.into_iter().flat_map(Map::keys))
        .filter(|key| reserved.contains(&key.as_str()))
        .map(|key| {
            format!("endpoint type `{endpoint_type}` fills `{key}` itself; the extra input `{key}` is not sent")
        })
        .collect()
}
