//! Anthropic messages.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Dialect;
use super::content::{Parts, messages_of};
use super::envelope::{Text, failure_of};
use crate::error::EndpointError;
use crate::failure::Failure;
use crate::format::FormatContext;
use crate::input::PartTypes;
use crate::kind::{Authentication, Capabilities, EndpointType, IMAGES, TEXT};
use crate::parse::{AnswerBuilder, Content};
use crate::reply::BlockKind;

/// The dialect; it has no state.
pub(super) struct Messages;

/// The cap of turns that have none; the API demands one.
const DEFAULT_MAX_TOKENS: u32 = 1024;

struct MessagesParts;

impl Parts for MessagesParts {
    fn image(&self, url: &str) -> Result<Value, EndpointError> {
        let source = match url.strip_prefix("data:") {
            Some(data_url) => {
                let (head, data) = data_url.split_once(',').unwrap_or((data_url, ""));
                let media_type = head.split(';').next().unwrap_or_default();
                let media_type = Some(media_type).filter(|media_type| !media_type.is_empty());
                json!({
                    "type": "base64",
                    "media_type": media_type.unwrap_or("image/png"),
                    "data": data,
                })
            }
            None => json!({"type": "url", "url": url}),
        };
        Ok(json!({"type": "image", "source": source}))
    }

    fn audio(&self, _audio: &str) -> Result<Value, EndpointError> {
        Err(refused("audio"))
    }

    fn video(&self, _url: &str) -> Result<Value, EndpointError> {
        Err(refused("video"))
    }
}

fn refused(media: &'static str) -> EndpointError {
    EndpointError::Media {
        endpoint_type: EndpointType::Messages,
        media,
    }
}

impl Messages {
    /// What the type can do.
    pub(super) const ROW: Capabilities = Capabilities {
        endpoint_type: EndpointType::Messages,
        name: "messages",
        path: Some("/v1/messages"),
        media: IMAGES,
        system_messages: true,
        single_turn: false,
        authentication: Authentication::Anthropic,
        ..TEXT
    };
}

impl Dialect for Messages {
    fn body(&self, context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError> {
        let mut messages = messages_of(context.turns, context, &MessagesParts)?;
        if let Some(user_context) = context.user_context() {
            messages.insert(0, json!({"role": "user", "content": user_context}));
        }
        let max_tokens = context.newest()?.max_tokens.unwrap_or(DEFAULT_MAX_TOKENS);
        let mut body = Map::new();
        body.insert("model".into(), context.model()?.into());
        body.insert("messages".into(), messages.into());
        body.insert("max_tokens".into(), max_tokens.into());
        if context.settings.streaming {
            body.insert("stream".into(), true.into());
        }
        if let Some(system) = system(context) {
            body.insert("system".into(), system);
        }
        if let Some(tools) = context.newest_tools() {
            body.insert("tools".into(), tools.clone().into());
        }
        context.merge_extras(&mut body)?;
        Ok(body)
    }

    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder) {
        // Nearly all events are a piece of a content block.
        if let Ok(event) = serde_json::from_str::<Piece<'_>>(text)
            && event.kind.as_str() == "content_block_delta"
        {
            return event.read(at, answer);
        }
        if let Ok(response) = serde_json::from_str(text) {
            read_tree(&response, text, at, answer);
        }
    }

    fn part_types(&self) -> PartTypes {
        PartTypes::ANTHROPIC
    }
}

/// The system prompt: the newest blocks that a turn brings, after the conversation's own message.
fn system(context: &FormatContext<'_>) -> Option<Value> {
    let mut turns = context.turns.iter().rev();
    let blocks = turns.find_map(|turn| turn.raw_system.as_ref());
    let Some(blocks) = blocks else {
        return context.system().map(Value::from);
    };
    let own = context.system().map(|system| MessagesParts.text(system));
    Some(own.into_iter().chain(blocks.iter().cloned()).collect())
}

/// An event that brings a piece of a content block.
#[derive(Deserialize)]
struct Piece<'t> {
    #[serde(borrow, rename = "type")]
    kind: Text<'t>,
    #[serde(default)]
    index: Option<i64>,
    #[serde(borrow)]
    delta: Delta<'t>,
}

#[derive(Deserialize)]
struct Delta<'t> {
    #[serde(borrow, default, rename = "type")]
    kind: Option<Text<'t>>,
    #[serde(borrow, default)]
    text: Option<Text<'t>>,
    #[serde(borrow, default)]
    thinking: Option<Text<'t>>,
    #[serde(borrow, default)]
    partial_json: Option<Text<'t>>,
    #[serde(borrow, default)]
    signature: Option<Text<'t>>,
}

impl Piece<'_> {
    fn read(&self, at: u64, answer: &mut AnswerBuilder) {
        let delta = &self.delta;
        let kind = delta.kind.as_ref().map_or("", Text::as_str);
        let piece = match kind {
            "text_delta" => &delta.text,
            "thinking_delta" => &delta.thinking,
            "input_json_delta" => &delta.partial_json,
            "signature_delta" => &delta.signature,
            _ => return,
        };
        let piece = piece.as_ref().map_or("", Text::as_str);
        add_piece(kind, self.index, piece, at, answer);
    }
}

/// Adds a piece of a content block.
fn add_piece(kind: &str, index: Option<i64>, piece: &str, at: u64, answer: &mut AnswerBuilder) {
    if piece.is_empty() {
        return;
    }
    let content = match kind {
        "text_delta" => Some(Content::Text(piece)),
        "thinking_delta" => {
            if let Some(index) = index {
                answer
                    .content_blocks
                    .append_thinking(index, "thinking", piece);
            }
            Some(Content::Reasoning {
                reasoning: piece,
                content: "",
            })
        }
        "input_json_delta" => {
            if let Some(index) = index {
                answer.content_blocks.append_arguments(index, piece);
            }
            Some(Content::ToolCall {
                text: piece,
                prose: "",
            })
        }
        "signature_delta" => {
            if let Some(index) = index {
                answer
                    .content_blocks
                    .append_thinking(index, "signature", piece);
            }
            None
        }
        _ => None,
    };
    answer.add(at, content, None);
}

/// Reads an event that is no piece of a block, one of an odd form, or a whole message.
fn read_tree(response: &Value, text: &str, at: u64, answer: &mut AnswerBuilder) {
    let index = response.get("index").and_then(Value::as_i64);
    match text_at(response, "type") {
        "message" => read_whole(response, at, answer),
        "message_start" => complete_usage(response.pointer("/message/usage"), answer),
        "message_delta" => complete_usage(response.get("usage"), answer),
        "content_block_start" => {
            let block = response.get("content_block").and_then(Value::as_object);
            let kind = block.and_then(|block| block.get("type")?.as_str());
            if let (Some(block), Some(kind)) = (block, kind.and_then(BlockKind::of)) {
                answer.content_blocks.open(kind, index, block);
            }
        }
        "content_block_delta" => {
            let delta = response.get("delta").unwrap_or(&Value::Null);
            let kind = text_at(delta, "type");
            let member = match kind {
                "text_delta" => "text",
                "thinking_delta" => "thinking",
                "input_json_delta" => "partial_json",
                "signature_delta" => "signature",
                _ => return,
            };
            add_piece(kind, index, text_at(delta, member), at, answer);
        }
        "error" => {
            let error = response.get("error").map(Value::to_string);
            let failure = error.and_then(|error| Failure::in_band(&error));
            answer.fail(failure.unwrap_or_else(|| Failure::reported(text.trim())));
        }
        _ => {
            if let Some(failure) = failure_of(response, text) {
                answer.fail(failure);
            }
        }
    }
}

/// A member that is a text; empty if it is none.
fn text_at<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The counts of a prompt come first, those of the answer last.
fn complete_usage(usage: Option<&Value>, answer: &mut AnswerBuilder) {
    if let Some(usage) = usage.filter(|usage| usage.is_object()) {
        answer.complete_usage(&usage.to_string());
    }
}

/// Reads a whole message. Thinking outranks calls of tools, and those outrank plain text.
fn read_whole(message: &Value, at: u64, answer: &mut AnswerBuilder) {
    let (mut said, mut thought, mut called) = (String::new(), String::new(), String::new());
    let blocks = message.get("content").and_then(Value::as_array);
    for block in blocks.into_iter().flatten().filter_map(Value::as_object) {
        let text = |key: &str| block.get(key).and_then(Value::as_str).unwrap_or_default();
        match text("type") {
            "text" => said.push_str(text("text")),
            "thinking" => {
                thought.push_str(text("thinking"));
                answer.content_blocks.add_whole(BlockKind::Thinking, block);
            }
            "tool_use" => {
                called.push_str(text("name"));
                if let Some(input) = block
                    .get("input")
                    .filter(|input| crate::format::is_truthy(input))
                {
                    called.push_str(&input.to_string());
                }
                answer.content_blocks.add_whole(BlockKind::ToolUse, block);
            }
            _ => {}
        }
    }
    let content = if !thought.is_empty() {
        Some(Content::Reasoning {
            reasoning: &thought,
            content: &said,
        })
    } else if !called.is_empty() {
        Some(Content::ToolCall {
            text: &called,
            prose: &said,
        })
    } else if !said.is_empty() {
        Some(Content::Text(&said))
    } else {
        None
    };
    answer.add(at, content, None);
    complete_usage(message.get("usage"), answer);
}

#[cfg(test)]
mod tests;
