//! OpenAI chat completions.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Dialect;
use super::content::{messages, with_leading};
use super::envelope::{Envelope, Text, choices, failure_of, usage_of};
use crate::error::EndpointError;
use crate::format::{FormatContext, request_stream_usage};
use crate::kind::{ALL_INPUT_MEDIA, Capabilities, EndpointType, TEXT};
use crate::parse::{AnswerBuilder, Content};

/// The dialect; it has no state.
pub(super) struct Chat;

impl Chat {
    /// What the type can do.
    pub(super) const ROW: Capabilities = Capabilities {
        endpoint_type: EndpointType::Chat,
        name: "chat",
        path: Some("/v1/chat/completions"),
        media: ALL_INPUT_MEDIA,
        system_messages: true,
        single_turn: false,
        ..TEXT
    };
}

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
        if let Some(tools) = context.newest_tools() {
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
        if response.has_several_choices() {
            return read_leniently(text, at, answer);
        }
        if let Some(failure) = response.failure(text) {
            return answer.fail(failure);
        }
        let usage = response.usage.map(RawValue::get);
        let form = Form::of(response.object());
        let choice = response.choice();
        let message = choice.and_then(|choice| match form? {
            Form::Whole => choice.message,
            Form::Chunk => choice.delta,
        });
        let (Some(message), Some(form)) = (message, form) else {
            response.note_metrics(answer);
            return answer.add(at, None, usage);
        };
        let Ok(message) = serde_json::from_str::<Message<'_>>(message.get()) else {
            return read_leniently(text, at, answer);
        };
        response.note_metrics(answer);
        let index = choice.and_then(|choice| choice.index).unwrap_or(0);
        let is_first = answer.is_first_choice(index);
        let view = message.view();
        let tool_text = read_calls(&view, form, is_first, answer);
        let content = content(&view, &tool_text);
        if is_first {
            answer.add(at, content, usage);
        } else {
            answer.add_other_choice(at, content, usage);
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
    #[serde(default)]
    index: Option<i64>,
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

/// What a message carries. Reasoning outranks tool calls, and those outrank plain text.
fn content<'v>(view: &'v View<'_>, tool_text: &'v str) -> Option<Content<'v>> {
    if !view.reasoning.is_empty() {
        Some(Content::Reasoning {
            reasoning: &view.reasoning,
            content: &view.content,
        })
    } else if !tool_text.is_empty() {
        Some(Content::ToolCall {
            text: tool_text,
            prose: &view.content,
        })
    } else if !view.content.is_empty() {
        Some(Content::Text(&view.content))
    } else {
        None
    }
}

/// The text of a message's tool calls. Those of the first choice are put together for the reply.
fn read_calls(view: &View<'_>, form: Form, is_first: bool, answer: &mut AnswerBuilder) -> String {
    let mut tool_text = String::new();
    if view.tool_calls.is_none() && view.function_call.is_none() {
        return tool_text;
    }
    let calls = view.tool_calls.as_ref().and_then(Value::as_array);
    for call in calls.into_iter().flatten().filter_map(Value::as_object) {
        append_call_text(call, &mut tool_text);
        match form {
            _ if !is_first => {}
            Form::Chunk => answer.tool_calls.add_delta(call),
            Form::Whole => answer.tool_calls.add_whole(call),
        }
    }
    if let Some(Value::Object(call)) = &view.function_call
        && is_first
    {
        match form {
            Form::Chunk => answer.tool_calls.add_legacy_delta(call),
            Form::Whole => answer.tool_calls.add_legacy_whole(call),
        }
    }
    tool_text
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

/// Reads a response of several choices, or of a shape that the typed reading refuses; nothing if it
/// is no JSON at all.
fn read_leniently(text: &str, at: u64, answer: &mut AnswerBuilder) {
    let Ok(response) = serde_json::from_str::<Value>(text) else {
        return;
    };
    if let Some(failure) = failure_of(&response, text) {
        return answer.fail(failure);
    }
    if let Some(metrics) = response.get("metrics") {
        answer.speculative_decoding.add(&metrics.to_string());
    }
    let usage = usage_of(&response);
    let object = response.get("object").and_then(Value::as_str);
    let Some(form) = Form::of(object.unwrap_or_default()) else {
        return answer.add(at, None, usage.as_deref());
    };
    let messages: Vec<_> = choices(&response)
        .filter_map(|(index, choice)| {
            let message = choice.get(match form {
                Form::Whole => "message",
                Form::Chunk => "delta",
            })?;
            let is_first = answer.is_first_choice(index);
            let view = lenient_view(message);
            let tool_text = read_calls(&view, form, is_first, answer);
            Some((is_first, view, tool_text))
        })
        .collect();
    let contents: Vec<_> = messages
        .iter()
        .filter_map(|(is_first, view, tool_text)| Some((*is_first, content(view, tool_text)?)))
        .collect();
    answer.add_choices(at, &contents, usage.as_deref());
}

fn lenient_view(message: &Value) -> View<'_> {
    let reasoning = lenient_text(message.get("reasoning_content"));
    View {
        content: lenient_text(message.get("content")),
        reasoning: if reasoning.is_empty() {
            lenient_text(message.get("reasoning"))
        } else {
            reasoning
        },
        tool_calls: message.get("tool_calls").cloned(),
        function_call: message.get("function_call").cloned(),
    }
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
