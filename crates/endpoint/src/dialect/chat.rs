//! OpenAI chat completions.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Dialect;
use super::content::{messages, with_leading};
use super::envelope::{Envelope, Text, failure_of, usage_of};
use crate::error::EndpointError;
use crate::format::{FormatContext, request_stream_usage};
use crate::parse::{AnswerBuilder, Content};

/// The dialect; it has no state.
pub(super) struct Chat;

impl Dialect for Chat {
    fn body(&self, context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError> {
        let settings = context.settings;
        let mut body = Map::new();
        body.insert(
            "messages".into(),
            with_leading(messages(context)?, context).into(),
        );
        body.insert("model".into(), context.model()?.into());
        body.insert("stream".into(), settings.streaming.into());
        if let Some(tools) = context
            .turns
            .iter()
            .rev()
            .find_map(|turn| turn.raw_tools.as_ref())
        {
            body.insert("tools".into(), tools.clone().into());
        }
        if let Some(max_tokens) = context.newest()?.max_tokens {
            let key = if settings.use_legacy_max_tokens {
                "max_tokens"
            } else {
                "max_completion_tokens"
            };
            body.insert(key.into(), max_tokens.into());
        }
        context.merge_extras(&mut body)?;
        request_stream_usage(&mut body, settings.per_chunk_usage);
        Ok(body)
    }

    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder) {
        let Ok(response) = serde_json::from_str::<Envelope<'_, Choice<'_>>>(text) else {
            return read_leniently(text, at, answer);
        };
        if let Some(failure) = response.failure(text) {
            return answer.fail(failure);
        }
        let usage = response.usage.map(RawValue::get);
        let form = Form::of(response.object());
        let choice = response
            .choices
            .as_ref()
            .and_then(|choices| choices.0.as_ref());
        let message = choice.and_then(|choice| match form? {
            Form::Whole => choice.message,
            Form::Chunk => choice.delta,
        });
        let (Some(message), Some(form)) = (message, form) else {
            return answer.add(at, None, usage);
        };
        match serde_json::from_str::<Message<'_>>(message.get()) {
            Ok(message) => add(&message.view(), form, at, usage, answer),
            Err(_) => read_leniently(text, at, answer),
        }
    }
}

/// The two forms of a response; anything else carries no message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Whole,
    Chunk,
}

impl Form {
    fn of(object: &str) -> Option<Self> {
        match object {
            "chat.completion.chunk" => Some(Self::Chunk),
            "chat.completion" => Some(Self::Whole),
            _ => None,
        }
    }
}

/// A choice. Its message stays text at first, so that the response is small to move and only the
/// member that counts is read.
#[derive(Deserialize)]
struct Choice<'t> {
    #[serde(borrow, default)]
    message: Option<&'t RawValue>,
    #[serde(borrow, default)]
    delta: Option<&'t RawValue>,
}

#[derive(Deserialize)]
struct Message<'t> {
    #[serde(borrow, default)]
    content: Option<Text<'t>>,
    #[serde(borrow, default)]
    reasoning_content: Option<Text<'t>>,
    #[serde(borrow, default)]
    reasoning: Option<Text<'t>>,
    // Kept as text: few messages have these, and trees would make every message large to move.
    #[serde(borrow, default)]
    tool_calls: Option<&'t RawValue>,
    #[serde(borrow, default)]
    function_call: Option<&'t RawValue>,
}

impl Message<'_> {
    fn view(&self) -> View<'_> {
        // An empty `reasoning_content` must not hide a `reasoning`.
        let reasoning = [&self.reasoning_content, &self.reasoning]
            .into_iter()
            .map(|text| text.as_ref().map_or("", Text::as_str))
            .find(|text| !text.is_empty());
        View {
            content: Cow::Borrowed(self.content.as_ref().map_or("", Text::as_str)),
            reasoning: Cow::Borrowed(reasoning.unwrap_or_default()),
            tool_calls: tree(self.tool_calls),
            function_call: tree(self.function_call),
        }
    }
}

fn tree(raw: Option<&RawValue>) -> Option<Value> {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
}

/// A message, however it was read.
struct View<'m> {
    content: Cow<'m, str>,
    reasoning: Cow<'m, str>,
    tool_calls: Option<Value>,
    function_call: Option<Value>,
}

/// Adds what a message holds. Reasoning outranks tool calls, and those outrank plain text.
fn add(view: &View<'_>, form: Form, at: u64, usage: Option<&str>, answer: &mut AnswerBuilder) {
    let mut tool_text = String::new();
    for call in view
        .tool_calls
        .as_ref()
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let Value::Object(call) = call else { continue };
        append_call_text(call, &mut tool_text);
        match form {
            Form::Chunk => answer.tool_calls.add_delta(call),
            Form::Whole => answer.tool_calls.add_whole(call),
        }
    }
    if let Some(Value::Object(call)) = &view.function_call {
        answer.tool_calls.add_legacy(call);
    }
    let content = if !view.reasoning.is_empty() {
        Some(Content::Reasoning {
            reasoning: &view.reasoning,
            content: &view.content,
        })
    } else if !tool_text.is_empty() {
        Some(Content::ToolCall {
            text: &tool_text,
            prose: &view.content,
        })
    } else if !view.content.is_empty() {
        Some(Content::Text(&view.content))
    } else {
        None
    };
    answer.add(at, content, usage);
}

/// The text of a tool call that the model generated: its function's name and arguments.
fn append_call_text(call: &Map<String, Value>, text: &mut String) {
    let Some(Value::Object(function)) = call.get("function") else {
        return;
    };
    if let Some(Value::String(name)) = function.get("name") {
        text.push_str(name);
    }
    match function.get("arguments") {
        None | Some(Value::Null) => {}
        Some(Value::String(arguments)) => text.push_str(arguments),
        // Some servers send the arguments as an object.
        Some(arguments) => text.push_str(&arguments.to_string()),
    }
}

/// Reads a response whose shape the typed reading refuses; nothing if it is no JSON at all.
fn read_leniently(text: &str, at: u64, answer: &mut AnswerBuilder) {
    let Ok(response) = serde_json::from_str::<Value>(text) else {
        return;
    };
    if let Some(failure) = failure_of(&response, text) {
        return answer.fail(failure);
    }
    let usage = usage_of(&response);
    let object = response
        .get("object")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let message = Form::of(object).and_then(|form| {
        let key = match form {
            Form::Whole => "/choices/0/message",
            Form::Chunk => "/choices/0/delta",
        };
        response.pointer(key).map(|message| (message, form))
    });
    let Some((message, form)) = message else {
        return answer.add(at, None, usage.as_deref());
    };
    let reasoning = lenient_text(message.get("reasoning_content"));
    let view = View {
        content: lenient_text(message.get("content")),
        reasoning: if reasoning.is_empty() {
            lenient_text(message.get("reasoning"))
        } else {
            reasoning
        },
        tool_calls: message.get("tool_calls").cloned(),
        function_call: message.get("function_call").cloned(),
    };
    add(&view, form, at, usage.as_deref(), answer);
}

/// A string, or the texts of a list of content parts.
fn lenient_text(value: Option<&Value>) -> Cow<'_, str> {
    match value {
        Some(Value::String(text)) => Cow::Borrowed(text),
        Some(Value::Array(parts)) => Cow::Owned(
            parts
                .iter()
                .filter_map(|part| part.get("text").and_then(Value::as_str))
                .collect(),
        ),
        _ => Cow::Borrowed(""),
    }
}
