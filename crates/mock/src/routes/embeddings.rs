//! `/v1/embeddings`, for texts, for chats with media, and for text with images.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::pieces::embedding;
use super::whole::{Document, text_member};
use super::{After, Service};
use crate::response::{JSON, Page};

/// Numbers in an embedding that a request may ask for.
const MAX_DIMENSIONS: u64 = 65_536;

/// A request for embeddings.
struct Asked {
    model: Option<String>,
    /// What to embed; token ids as a text of numbers.
    inputs: Vec<String>,
    dimensions: u64,
    as_base64: bool,
    prompt_tokens: u64,
}

impl Service<'_> {
    pub(super) async fn embeddings(&mut self) -> io::Result<After> {
        let asked = match self.read_embeddings() {
            Ok(asked) => asked,
            Err(message) => return self.refuse(StatusCode::BAD_REQUEST, &message).await,
        };
        let document = Document {
            model: asked.model.clone(),
            items: asked.inputs.len() as u64,
            prompt_tokens: asked.prompt_tokens,
        };
        self.document(document, |_number, model| {
            let data: Vec<Value> = asked
                .inputs
                .iter()
                .enumerate()
                .map(|(index, text)| {
                    let vector = embedding(text, asked.dimensions);
                    let value = if asked.as_base64 {
                        let bytes: Vec<u8> = vector
                            .iter()
                            .flat_map(|number| number.to_le_bytes())
                            .collect();
                        Value::String(STANDARD.encode(bytes))
                    } else {
                        json!(vector)
                    };
                    json!({ "object": "embedding", "index": index, "embedding": value })
                })
                .collect();
            let tokens = asked.prompt_tokens;
            let body = json!({
                "object": "list", "data": data, "model": model,
                "usage": { "prompt_tokens": tokens, "total_tokens": tokens },
            });
            Page::ok(JSON, body.to_string())
        })
        .await
    }

    fn read_embeddings(&self) -> Result<Asked, String> {
        let body = self.json_object()?;
        let (inputs, token_ids) = match (body.get("input"), body.get("messages")) {
            (Some(input), _) => inputs_of(input)?,
            (None, Some(Value::Array(messages))) => (vec![chat_text(messages)], 0),
            (None, Some(_)) => return Err("`messages` is not a list".to_owned()),
            (None, None) => return Err("`input` is missing".to_owned()),
        };
        let dimensions = match body.get("dimensions") {
            None | Some(Value::Null) => self.shared.options.embedding_dimensions,
            Some(value) => value
                .as_u64()
                .filter(|count| (1..=MAX_DIMENSIONS).contains(count))
                .ok_or_else(|| format!("`dimensions` must be from 1 to {MAX_DIMENSIONS}"))?,
        };
        let as_base64 = match text_member(&body, "encoding_format").as_deref() {
            None | Some("float") => false,
            Some("base64") => true,
            Some(_) => return Err("`encoding_format` must be `float` or `base64`".to_owned()),
        };
        let words: u64 = if token_ids > 0 {
            token_ids
        } else {
            inputs.iter().map(|text| self.count(text)).sum()
        };
        Ok(Asked {
            model: text_member(&body, "model"),
            inputs,
            dimensions,
            as_base64,
            prompt_tokens: words,
        })
    }
}

/// The texts of an `input`, and how many token ids there are instead.
fn inputs_of(input: &Value) -> Result<(Vec<String>, u64), String> {
    let wrong = || "`input` must be a text, a list of texts or token ids".to_owned();
    let items = match input {
        Value::String(text) => return Ok((vec![text.clone()], 0)),
        Value::Array(items) if !items.is_empty() => items,
        _ => return Err(wrong()),
    };
    if items.iter().all(Value::is_u64) {
        return Ok((vec![input.to_string()], items.len() as u64));
    }
    let mut texts = Vec::with_capacity(items.len());
    let mut token_ids = 0;
    for item in items {
        match item {
            Value::String(text) => texts.push(text.clone()),
            Value::Array(ids) if !ids.is_empty() && ids.iter().all(Value::is_u64) => {
                token_ids += ids.len() as u64;
                texts.push(item.to_string());
            }
            _ => return Err(wrong()),
        }
    }
    Ok((texts, token_ids))
}

/// All texts of a chat, joined by blanks.
fn chat_text(messages: &[Value]) -> String {
    let mut texts = Vec::new();
    for message in messages {
        match message.get("content") {
            Some(Value::String(text)) => texts.push(text.as_str()),
            Some(Value::Array(parts)) => {
                let parts = parts.iter().filter_map(Value::as_object);
                texts.extend(parts.filter_map(part_text));
            }
            _ => {}
        }
    }
    texts.join(" ")
}

fn part_text(part: &Map<String, Value>) -> Option<&str> {
    part.get("text")?.as_str()
}
