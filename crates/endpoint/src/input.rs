//! The texts of a body that was sent, for counting its tokens on the client.
//!
//! The source is the body itself, not the dataset: extras and overrides are in it.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::dialect;
use crate::kind::EndpointType;

/// What a body gives the model to read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExtractedInput {
    /// All texts, in order; tool definitions and tool traffic included.
    pub texts: Vec<String>,
    /// Those of the texts that a chat template does not see in the messages.
    pub tool_texts: Vec<String>,
    /// Number of image parts.
    pub images: usize,
    /// Number of audio parts.
    pub audios: usize,
    /// Number of video parts.
    pub videos: usize,
    /// Number of tokens that the body carries as token ids.
    pub pretokenised: usize,
    /// The conversation as a chat template wants it; empty for bodies without messages.
    pub messages: Vec<MessageView>,
}

/// One message for a chat template.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MessageView {
    /// Who speaks.
    pub role: String,
    /// The texts of the message, end to end.
    pub content: String,
    /// The message's tool calls, as they are in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<Value>,
}

/// How content parts are named in a type's bodies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartTypes {
    text: &'static [&'static str],
    image: &'static [&'static str],
    audio: &'static [&'static str],
    video: &'static [&'static str],
}

impl PartTypes {
    /// The names of chat bodies.
    pub(crate) const OPENAI: Self = Self {
        text: &["text"],
        image: &["image_url"],
        audio: &["input_audio"],
        video: &["video_url"],
    };
}

impl ExtractedInput {
    /// The text whose tokens are counted: all texts, joined by one space. None if there are none.
    pub fn joined_text(&self) -> Option<String> {
        (!self.texts.is_empty()).then(|| self.texts.join(" "))
    }

    /// The tool texts, joined by one space. None if there are none.
    pub fn joined_tool_text(&self) -> Option<String> {
        (!self.tool_texts.is_empty()).then(|| self.tool_texts.join(" "))
    }

    /// Whether the body holds nothing to count; the input length is then unknown, not zero.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.pretokenised == 0
    }

    fn add_tool_text(&mut self, text: String) {
        self.tool_texts.push(text.clone());
        self.texts.push(text);
    }
}

/// Extracts the input of a body that was sent. A body that is no JSON object holds nothing.
pub fn extract(endpoint_type: EndpointType, body: &[u8]) -> ExtractedInput {
    let mut input = ExtractedInput::default();
    let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
        return input;
    };
    let part_types = dialect::of(endpoint_type).map_or(PartTypes::OPENAI, |d| d.part_types());
    let mut has_messages = false;
    for key in ["messages", "input"] {
        let items = body
            .get(key)
            .and_then(Value::as_array)
            .filter(|items| is_messages(items));
        for item in items.into_iter().flatten().filter_map(Value::as_object) {
            read_message(item, part_types, &mut input);
        }
        has_messages |= items.is_some();
    }
    for tool in body
        .get("tools")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        read_tool(tool, &mut input);
    }
    if !has_messages {
        read_prompt(&body, &mut input);
    }
    input
}

/// Whether a list holds messages, rather than texts to embed or token ids.
fn is_messages(items: &[Value]) -> bool {
    items
        .iter()
        .any(|item| item.get("role").is_some() || item.get("type").is_some())
}

fn read_message(item: &Map<String, Value>, part_types: PartTypes, input: &mut ExtractedInput) {
    let mut content = String::new();
    match item.get("content") {
        Some(Value::String(text)) => {
            content.push_str(text);
            input.texts.push(text.clone());
        }
        Some(Value::Array(parts)) => {
            for part in parts {
                read_part(part, part_types, &mut content, input);
            }
        }
        _ => {}
    }
    let role = item.get("role").and_then(Value::as_str);
    let tool_calls = item.get("tool_calls").filter(|calls| calls.is_array());
    for call in tool_calls.and_then(Value::as_array).into_iter().flatten() {
        for key in ["name", "arguments"] {
            let text = call.get("function").and_then(|function| function.get(key));
            let Some(text) = text.and_then(Value::as_str) else {
                continue;
            };
            // A template renders the calls of a message, but knows nothing of a bare item.
            match role {
                Some(_) => input.texts.push(text.to_owned()),
                None => input.add_tool_text(text.to_owned()),
            }
        }
    }
    let tool_keys: &[&str] = match item.get("type").and_then(Value::as_str) {
        Some("function_call") => &["name", "arguments"],
        Some("function_call_output") => &["output"],
        _ => &[],
    };
    for text in tool_keys.iter().filter_map(|key| item.get(*key)?.as_str()) {
        input.add_tool_text(text.to_owned());
    }
    if let Some(role) = role {
        input.messages.push(MessageView {
            role: role.to_owned(),
            content,
            tool_calls: tool_calls.cloned(),
        });
    }
}

fn read_part(
    part: &Value,
    part_types: PartTypes,
    content: &mut String,
    input: &mut ExtractedInput,
) {
    let Some(kind) = part.get("type").and_then(Value::as_str) else {
        return;
    };
    if part_types.text.contains(&kind) {
        if let Some(text) = part.get("text").and_then(Value::as_str) {
            content.push_str(text);
            input.texts.push(text.to_owned());
        }
    } else if part_types.image.contains(&kind) {
        input.images += 1;
    } else if part_types.audio.contains(&kind) {
        input.audios += 1;
    } else if part_types.video.contains(&kind) {
        input.videos += 1;
    }
}

fn read_tool(tool: &Value, input: &mut ExtractedInput) {
    for definition in tool.get("function").into_iter().chain([tool]) {
        for key in ["name", "description"] {
            if let Some(text) = definition.get(key).and_then(Value::as_str) {
                input.add_tool_text(text.to_owned());
            }
        }
        if let Some(parameters) = definition
            .get("parameters")
            .filter(|value| !value.is_null())
        {
            input.add_tool_text(parameters.to_string());
        }
    }
}

/// Reads the body of a type that has no messages: the first key that holds something decides.
fn read_prompt(body: &Map<String, Value>, input: &mut ExtractedInput) {
    let found = ["prompt", "input"].iter().any(|key| {
        body.get(*key)
            .is_some_and(|prompt| read_texts_or_tokens(prompt, input))
    });
    if found {
        return;
    }
    if let (Some(Value::String(query)), Some(Value::Array(passages))) =
        (body.get("query"), body.get("passages"))
    {
        input.texts.push(query.clone());
        let text = |passage: &Value| {
            passage
                .get("text")
                .unwrap_or(passage)
                .as_str()
                .map(str::to_owned)
        };
        input.texts.extend(passages.iter().filter_map(text));
    } else if let Some(Value::String(text)) = body.get("inputs") {
        input.texts.push(text.clone());
    }
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

#[cfg(test)]
mod tests;
