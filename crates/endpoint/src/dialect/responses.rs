//! OpenAI responses.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Dialect;
use super::content::{Parts, messages_of};
use super::envelope::{Text, failure_of, usage_of};
use crate::error::EndpointError;
use crate::failure::Failure;
use crate::format::{EndpointSettings, FormatContext, is_truthy};
use crate::input::PartTypes;
use crate::kind::{Capabilities, EndpointType, IMAGES_AND_AUDIO, TEXT};
use crate::parse::{AnswerBuilder, Content};

/// The dialect; it has no state.
pub(super) struct Responses;

/// Output items that a request may hold only beside settings that a replay does not know.
const NOT_REPLAYED: [&str; 6] = [
    "web_search_call",
    "file_search_call",
    "image_generation_call",
    "code_interpreter_call",
    "computer_call",
    "reasoning",
];

struct ResponsesParts;

impl Parts for ResponsesParts {
    fn text(&self, text: &str) -> Value {
        json!({"type": "input_text", "text": text})
    }

    fn image(&self, url: &str) -> Result<Value, EndpointError> {
        Ok(json!({"type": "input_image", "image_url": url}))
    }

    fn video(&self, _url: &str) -> Result<Value, EndpointError> {
        Err(EndpointError::Media {
            endpoint_type: EndpointType::Responses,
            media: "video",
        })
    }
}

impl Responses {
    /// What the type can do.
    pub(super) const ROW: Capabilities = Capabilities {
        endpoint_type: EndpointType::Responses,
        name: "responses",
        path: Some("/v1/responses"),
        media: IMAGES_AND_AUDIO,
        system_messages: true,
        single_turn: false,
        ..TEXT
    };
}

impl Dialect for Responses {
    fn body(&self, context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError> {
        let newest = context.newest()?;
        let settings = context.settings;
        let mut body = Map::new();
        body.insert("input".into(), items(context)?.into());
        body.insert("model".into(), context.model()?.into());
        body.insert("stream".into(), settings.streaming.into());
        if let Some(id) = context.previous_response_id {
            body.insert("previous_response_id".into(), id.into());
        }
        if let Some(system) = context.system() {
            body.insert("instructions".into(), system.into());
        }
        if let Some(max_tokens) = newest.max_tokens {
            body.insert("max_output_tokens".into(), max_tokens.into());
        }
        if let Some(tools) = context.newest_tools() {
            body.insert("tools".into(), tools.clone().into());
        }
        context.merge_extras(&mut body)?;
        ask_for_usage(&mut body, settings);
        Ok(body)
    }

    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder) {
        // Nearly all events are a piece of text.
        if let Ok(event) = serde_json::from_str::<Piece<'_>>(text)
            && event.read(at, answer)
        {
            return;
        }
        let Ok(Value::Object(response)) = serde_json::from_str(text) else {
            return;
        };
        match response.get("type").map(Value::as_str) {
            Some(kind) => read_event(kind.unwrap_or_default(), &response, text, at, answer),
            None => read_whole(response, text, at, answer),
        }
    }

    fn part_types(&self) -> PartTypes {
        PartTypes::RESPONSES
    }
}

/// The input items: those of all turns, or of the newest alone if the server has the others.
fn items(context: &FormatContext<'_>) -> Result<Vec<Value>, EndpointError> {
    let is_continued = context.previous_response_id.is_some();
    let turns = match context.turns {
        [.., newest] if is_continued => std::slice::from_ref(newest),
        turns => turns,
    };
    let mut items = Vec::new();
    for turn in turns {
        if turn.raw_messages.is_some() && turn.reset_context {
            items.clear();
        }
        let of_turn = messages_of(&[turn], context, &ResponsesParts)?;
        if turn.raw_messages.is_some() {
            items.extend(of_turn.into_iter().filter(is_replayed));
        } else {
            items.extend(of_turn.into_iter().map(|mut message| {
                message["type"] = "message".into();
                message
            }));
        }
    }
    if let Some(user_context) = context.user_context().filter(|_| !is_continued) {
        let message = json!({"type": "message", "role": "user", "content": user_context});
        items.insert(0, message);
    }
    Ok(items)
}

fn is_replayed(item: &Value) -> bool {
    let kind = item.get("type").and_then(Value::as_str);
    kind.is_none_or(|kind| !NOT_REPLAYED.contains(&kind))
}

/// Asks for usage in the stream, if token counts are to come from the server. The user's options
/// are kept.
fn ask_for_usage(body: &mut Map<String, Value>, settings: &EndpointSettings) {
    if !(settings.streaming && settings.use_server_token_count) {
        return;
    }
    let options = body.entry("stream_options").or_insert(Value::Null);
    if !options.is_object() {
        *options = Value::Object(Map::new());
    }
    if let Value::Object(options) = options {
        options.entry("include_usage").or_insert(Value::Bool(true));
    }
}

/// An event that brings a piece of the answer.
#[derive(Deserialize)]
struct Piece<'t> {
    #[serde(borrow, rename = "type")]
    kind: Text<'t>,
    #[serde(borrow)]
    delta: Text<'t>,
    #[serde(default)]
    output_index: Option<i64>,
    #[serde(default)]
    content_index: Option<i64>,
}

impl Piece<'_> {
    fn read(&self, at: u64, answer: &mut AnswerBuilder) -> bool {
        let place = text_place(self.output_index, self.content_index);
        add_piece(self.kind.as_str(), self.delta.as_str(), place, at, answer)
    }
}

/// Adds a piece of the answer; whether the kind of event brings one.
fn add_piece(
    kind: &str,
    delta: &str,
    place: (i64, i64),
    at: u64,
    answer: &mut AnswerBuilder,
) -> bool {
    let content = match kind {
        "response.output_text.delta" => {
            if !delta.is_empty() {
                answer.output_items.text_streams(place);
            }
            Content::Text(delta)
        }
        "response.reasoning_text.delta" => Content::Reasoning {
            reasoning: delta,
            content: "",
        },
        "response.function_call_arguments.delta" => Content::ToolCall {
            text: delta,
            prose: "",
        },
        _ => return false,
    };
    answer.add(at, (!delta.is_empty()).then_some(content), None);
    true
}

/// Where a text stands in the answer. An index that is not there is one like any other.
fn text_place(output_index: Option<i64>, content_index: Option<i64>) -> (i64, i64) {
    (output_index.unwrap_or(-1), content_index.unwrap_or(-1))
}

/// Reads an event that is no piece of the answer, or one of an odd form.
fn read_event(
    kind: &str,
    event: &Map<String, Value>,
    text: &str,
    at: u64,
    answer: &mut AnswerBuilder,
) {
    let nested = event.get("response").and_then(Value::as_object);
    let text_of = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
    let index = |key: &str| event.get(key).and_then(Value::as_i64);
    let place = text_place(index("output_index"), index("content_index"));
    note_state(nested.unwrap_or(event), answer);
    match kind {
        "response.output_text.done" => {
            let text = text_of("text");
            let content = if answer.output_items.has_streamed(place) {
                // Counted already. The instant counts all the same: content was under way.
                Some("")
            } else {
                Some(text).filter(|text| !text.is_empty())
            };
            answer.add(at, content.map(Content::Text), None);
        }
        "response.output_item.done" => answer.output_items.add_done(event.get("item")),
        "response.completed" => {
            answer
                .output_items
                .add_completed(nested.and_then(|response| response.get("output")));
            answer.add(at, None, nested.and_then(usage_member).as_deref());
        }
        // Cut short by a limit, usually that of the output's length: what came is an answer.
        "response.incomplete" => {
            answer.output_items.fail();
            answer.add(at, None, nested.and_then(usage_member).as_deref());
        }
        "response.failed" | "response.error" | "error" => {
            answer.output_items.fail();
            answer.add(at, None, nested.and_then(usage_member).as_deref());
            answer.fail(reported_failure(nested, event, text));
        }
        _ => {
            add_piece(kind, text_of("delta"), place, at, answer);
        }
    }
}

/// Reads a whole response.
fn read_whole(response: Map<String, Value>, text: &str, at: u64, answer: &mut AnswerBuilder) {
    note_state(&response, answer);
    let is_failed = response.get("status").and_then(Value::as_str) == Some("failed");
    if is_failed {
        answer.output_items.fail();
        return answer.fail(reported_failure(None, &response, text));
    }
    let response = Value::Object(response);
    if let Some(failure) = failure_of(&response, text) {
        return answer.fail(failure);
    }
    if response.get("object").and_then(Value::as_str) != Some("response") {
        return;
    }
    answer.output_items.add_completed(response.get("output"));
    let said = Said::of(&response);
    answer.add(at, said.content(), usage_of(&response).as_deref());
}

/// Notes the answer's name, and whether it ended before its time.
fn note_state(response: &Map<String, Value>, answer: &mut AnswerBuilder) {
    let text = |key: &str| {
        response
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    if matches!(text("status"), "failed" | "incomplete") {
        answer.output_items.fail();
    }
    if !text("id").is_empty() {
        let is_stored = response.get("store").is_some_and(is_truthy);
        answer.name(text("id"), is_stored);
    }
}

fn usage_member(response: &Map<String, Value>) -> Option<String> {
    let usage = response.get("usage")?;
    usage.is_object().then(|| usage.to_string())
}

/// The failure that an event or a response reports: in its `error`, in that of the response in it,
/// or by itself.
fn reported_failure(
    nested: Option<&Map<String, Value>>,
    event: &Map<String, Value>,
    text: &str,
) -> Failure {
    let errors = [nested, Some(event)].into_iter().flatten();
    let error = errors
        .filter_map(|members| members.get("error"))
        .find_map(|error| Failure::in_band(&error.to_string()));
    error
        .or_else(|| {
            let mut own = event.clone();
            // Of an event this is its own name and not that of the failure.
            own.shift_remove("type");
            own.contains_key("message")
                .then(|| Failure::in_band(&Value::Object(own).to_string()))
                .flatten()
        })
        .unwrap_or_else(|| Failure::reported(text.trim()))
}

/// The texts of a whole response.
#[derive(Default)]
struct Said {
    text: String,
    reasoning: String,
    tool_calls: String,
}

impl Said {
    fn of(response: &Value) -> Self {
        let mut said = Self::default();
        for item in list(response.get("output")) {
            match item.get("type").and_then(Value::as_str) {
                Some("reasoning") => {
                    append_parts(item.get("summary"), "summary_text", &mut said.reasoning);
                }
                Some("message") => {
                    append_parts(item.get("content"), "output_text", &mut said.text);
                }
                Some("function_call") => {
                    for key in ["name", "arguments"] {
                        let text = item.get(key).and_then(Value::as_str);
                        said.tool_calls.push_str(text.unwrap_or_default());
                    }
                }
                _ => {}
            }
        }
        if said.content().is_none() {
            let text = response.get("output_text").and_then(Value::as_str);
            said.text.push_str(text.unwrap_or_default());
        }
        said
    }

    /// Reasoning outranks text, and that outranks tool calls.
    fn content(&self) -> Option<Content<'_>> {
        if !self.reasoning.is_empty() {
            Some(Content::Reasoning {
                reasoning: &self.reasoning,
                content: &self.text,
            })
        } else if !self.text.is_empty() {
            Some(Content::Text(&self.text))
        } else if !self.tool_calls.is_empty() {
            Some(Content::ToolCall {
                text: &self.tool_calls,
                prose: "",
            })
        } else {
            None
        }
    }
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn append_parts(parts: Option<&Value>, kind: &str, text: &mut String) {
    for part in list(parts) {
        if part.get("type").and_then(Value::as_str) == Some(kind) {
            text.push_str(part.get("text").and_then(Value::as_str).unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests;
