//! Bodies without messages: prompts, texts to embed, queries with what is to be ranked.

use serde_json::{Map, Value};

use super::ExtractedInput;

/// Under these keys rankings bodies list what is to be ranked.
const PASSAGES: [&str; 3] = ["passages", "documents", "texts"];

/// Reads a body that has no messages: the first key that holds something decides.
pub(super) fn read(body: &Map<String, Value>, input: &mut ExtractedInput) {
    let found = ["prompt", "input"].iter().any(|key| {
        body.get(*key)
            .is_some_and(|prompt| read_texts_or_tokens(prompt, input))
    });
    if found || read_query(body, input) {
        return;
    }
    if let Some(Value::String(text)) = body.get("inputs") {
        input.texts.push(text.clone());
    }
}

/// Takes images out of the texts: each input is a text, an image as a data URL, or both with a
/// space between.
pub(super) fn split_off_images(input: &mut ExtractedInput) {
    let mut images = 0;
    input.texts.retain_mut(|text| {
        let start = text.rfind(' ').map_or(0, |space| space + 1);
        let is_image = text
            .get(start..)
            .is_some_and(|last| last.starts_with("data:image/"));
        if !is_image {
            return true;
        }
        images += 1;
        text.truncate(start.saturating_sub(1));
        start > 0
    });
    input.images += images;
}

/// Reads a query and its passages, or a list of queries; whether the body holds either.
fn read_query(body: &Map<String, Value>, input: &mut ExtractedInput) -> bool {
    let passages = PASSAGES
        .iter()
        .find_map(|key| body.get(*key).and_then(Value::as_array));
    let query = body.get("query");
    match (query, passages) {
        (Some(Value::Array(queries)), _) => {
            input.texts.extend(queries.iter().filter_map(text_of));
            !queries.is_empty()
        }
        (Some(query), Some(passages)) => {
            let Some(query) = text_of(query) else {
                return false;
            };
            input.texts.push(query);
            input.texts.extend(passages.iter().filter_map(text_of));
            true
        }
        _ => false,
    }
}

/// The text of a value that is a text or an object around one.
fn text_of(value: &Value) -> Option<String> {
    value
        .get("text")
        .unwrap_or(value)
        .as_str()
        .map(str::to_owned)
}

/// Reads a text, a list of texts, token ids, or lists of token ids; whether it is one of these.
fn read_texts_or_tokens(prompt: &Value, input: &mut ExtractedInput) -> bool {
    let items = match prompt {
        Value::String(text) => {
            input.texts.push(text.clone());
            return true;
        }
        Value::Array(items) if !items.is_empty() => items,
        _ => return false,
    };
    if items.iter().all(Value::is_string) {
        input
            .texts
            .extend(items.iter().filter_map(Value::as_str).map(str::to_owned));
        return true;
    }
    let is_token = |value: &Value| value.is_i64() || value.is_u64();
    if items.iter().all(is_token) {
        input.pretokenised += items.len();
        return true;
    }
    let lists: Option<Vec<_>> = items.iter().map(Value::as_array).collect();
    match lists {
        Some(lists) if lists.iter().all(|list| list.iter().all(is_token)) => {
            input.pretokenised += lists.iter().map(|list| list.len()).sum::<usize>();
            true
        }
        _ => false,
    }
}
