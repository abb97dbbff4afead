//! Calls that agents made, as Exgentic recorded them: each row is a session with its spans.

use aiperf_endpoint::conversation::{ContextMode, Conversation, Turn};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::cell::Cell;
use super::filters::{Filters, without_provider};

/// The status of a span that failed.
const FAILED: i64 = 2;

/// One session.
pub(super) struct Session {
    pub(super) id: String,
    harness: String,
    models: Vec<String>,
    benchmark: Option<String>,
    spans: Vec<Value>,
}

/// A recorded call that can be made again.
struct Call {
    number: usize,
    start_ms: f64,
    end_ms: f64,
    turn: Turn,
}

impl Session {
    pub(super) fn read(row: Cell) -> Result<Self, String> {
        let mut row = match row.into_json() {
            Value::Object(row) => row,
            _ => return Err("a row is no object".to_owned()),
        };
        let text = |row: &Map<String, Value>, key: &str| {
            let text = row.get(key).and_then(Value::as_str);
            text.filter(|text| !text.is_empty())
                .map(str::to_owned)
                .ok_or_else(|| format!("a row has no `{key}`"))
        };
        let id = text(&row, "session_id")?;
        let harness = text(&row, "harness")?;
        let models = row.get("models").and_then(Value::as_array);
        let models: Option<Vec<String>> = models.and_then(|models| {
            let names = models.iter().map(|name| name.as_str().map(str::to_owned));
            names.collect()
        });
        let spans = match row.get_mut("spans").map(Value::take) {
            Some(Value::Array(spans)) if spans.iter().all(Value::is_object) => spans,
            _ => return Err(format!("session `{id}`: `spans` is no list of objects")),
        };
        Ok(Self {
            models: models
                .ok_or_else(|| format!("session `{id}`: `models` is no list of names"))?
                .iter()
                .map(|model| without_provider(model).to_owned())
                .collect(),
            benchmark: text(&row, "benchmark").ok(),
            id,
            harness,
            spans,
        })
    }

    /// `harness/model` for each of its models.
    pub(super) fn combinations(&self) -> impl Iterator<Item = String> + '_ {
        self.models
            .iter()
            .map(|model| format!("{}/{model}", self.harness))
    }

    pub(super) fn fits(&self, filters: &Filters) -> bool {
        let harness_fits = filters.harness.is_none_or(|name| name == self.harness);
        let model_fits = filters.source_model.is_none_or(|name| {
            self.models
                .iter()
                .any(|model| model.eq_ignore_ascii_case(name))
        });
        let benchmark_fits = filters
            .benchmark
            .is_none_or(|name| self.benchmark.as_deref() == Some(name));
        harness_fits && model_fits && benchmark_fits
    }

    /// One conversation with the pauses between calls, or, for a schedule, one for each call with
    /// its time. None without a call that can be made again.
    pub(super) fn conversations(self, fixed_schedule: bool) -> Result<Vec<Conversation>, String> {
        let id = &self.id;
        let mut calls = Vec::new();
        for (number, span) in self.spans.iter().enumerate() {
            let call = read_span(id, number, span)
                .map_err(|reason| format!("session `{id}` span {number}: {reason}"))?;
            calls.extend(call);
        }
        calls.sort_by(|left, right| {
            let by_time = left.start_ms.total_cmp(&right.start_ms);
            by_time.then(left.number.cmp(&right.number))
        });
        let Some(first) = calls.first() else {
            return Ok(Vec::new());
        };
        let begin = first.start_ms;
        let conversation = |id: String, turns| Conversation {
            id,
            turns,
            context_mode: ContextMode::MessageArrayWithResponses,
            ..Conversation::default()
        };
        if fixed_schedule {
            let each = calls.into_iter().map(|mut call| {
                call.turn.timestamp_ms = Some(call.start_ms - begin);
                conversation(format!("{id}:{}", call.number), vec![call.turn])
            });
            return Ok(each.collect());
        }
        let mut turns: Vec<Turn> = Vec::with_capacity(calls.len());
        let mut previous_end = None;
        for mut call in calls {
            call.turn.delay_ms = previous_end.map(|end: f64| (call.start_ms - end).max(0.0));
            previous_end = Some(call.end_ms);
            turns.push(call.turn);
        }
        Ok(vec![conversation(self.id, turns)])
    }
}

/// None for spans that are no calls of a model, that failed, or that have no tokens.
fn read_span(session: &str, number: usize, span: &Value) -> Result<Option<Call>, String> {
    let empty = Map::new();
    let attributes = span
        .get("attributes")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let get = |key: &str| attributes.get(key).filter(|value| !value.is_null());
    let is_call = match span.get("type").and_then(Value::as_str) {
        Some(kind) => kind == "llm_call",
        None => get("gen_ai.operation.name").and_then(Value::as_str) == Some("chat"),
    };
    let status = span.get("status").and_then(|status| status.get("code"));
    if !is_call || status.and_then(Value::as_i64) == Some(FAILED) {
        return Ok(None);
    }
    let tokens = |key: &str| {
        let count = get(key).and_then(Value::as_i64);
        count.ok_or_else(|| format!("`{key}` is no whole number"))
    };
    let asked = tokens("gen_ai.usage.input_tokens")?;
    let answered = tokens("gen_ai.usage.output_tokens")?;
    if asked <= 0 || answered <= 0 {
        return Ok(None);
    }
    let start_ms = milliseconds(span, "start_time")?;
    let end_ms = milliseconds(span, "end_time")?;
    if end_ms < start_ms {
        return Err("ends before it starts".to_owned());
    }
    let bound = match get("gen_ai.request.max_tokens") {
        None => answered,
        Some(bound) => bound
            .as_i64()
            .filter(|bound| *bound >= 1)
            .ok_or("`gen_ai.request.max_tokens` must be a whole number of at least 1")?,
    };
    let mut messages = system_messages(get("gen_ai.system_instructions"))?;
    let asked_messages = objects(
        get("gen_ai.input.messages").unwrap_or(&Value::Null),
        "gen_ai.input.messages",
    )?;
    if asked_messages.is_empty() {
        return Err("`gen_ai.input.messages` is empty".to_owned());
    }
    for message in &asked_messages {
        messages.extend(normalized(message)?);
    }
    let turn = Turn {
        max_tokens: u32::try_from(bound).ok(),
        raw_messages: Some(messages),
        raw_tools: tools(get("gen_ai.tool.definitions"))?,
        extra_body: parameters(attributes)?,
        extra_headers: vec![("x-dynamo-session-id".to_owned(), session.to_owned())],
        ..Turn::default()
    };
    Ok(Some(Call {
        number,
        start_ms,
        end_ms,
        turn,
    }))
}

/// Milliseconds since the epoch; without offset the time is UTC.
fn milliseconds(span: &Value, key: &str) -> Result<f64, String> {
    let bad = || format!("`{key}` is no ISO 8601 time");
    let text = span.get(key).and_then(Value::as_str).ok_or_else(bad)?;
    let timestamp = match text.parse::<Timestamp>() {
        Ok(timestamp) => timestamp,
        Err(_) => {
            let civil: DateTime = text.parse().map_err(|_| bad())?;
            civil
                .to_zoned(TimeZone::UTC)
                .map_err(|_| bad())?
                .timestamp()
        }
    };
    Ok(timestamp.as_nanosecond() as f64 / 1e6)
}

/// A list of objects, or a string that holds one as JSON.
fn objects(value: &Value, key: &str) -> Result<Vec<Value>, String> {
    let list = match value {
        Value::String(text) => serde_json::from_str(text)
            .map_err(|error| format!("`{key}` is no valid JSON: {error}"))?,
        other => other.clone(),
    };
    match list {
        Value::Array(items) if items.iter().all(Value::is_object) => Ok(items),
        _ => Err(format!("`{key}` is no list of objects")),
    }
}

fn system_messages(instructions: Option<&Value>) -> Result<Vec<Value>, String> {
    let Some(instructions) = instructions else {
        return Ok(Vec::new());
    };
    let text = instructions
        .as_str()
        .ok_or("`gen_ai.system_instructions` is no text")?;
    if text.is_empty() {
        return Ok(Vec::new());
    }
    match objects(instructions, "gen_ai.system_instructions") {
        Ok(parts) => normalized(&json!({"role": "system", "parts": parts})),
        Err(_) => Ok(vec![json!({"role": "system", "content": text})]),
    }
}

/// A recorded message as messages of the chat API: results of tools become messages of their own.
fn normalized(message: &Value) -> Result<Vec<Value>, String> {
    let role = message.get("role").and_then(Value::as_str);
    let parts = message.get("parts").and_then(Value::as_array);
    let (Some(role), Some(parts)) = (role, parts) else {
        return Err("a message needs a `role` and a list `parts`".to_owned());
    };
    let mut open = OpenMessage::default();
    let mut done = Vec::new();
    for part in parts {
        let text = |key: &str| part.get(key).and_then(Value::as_str).unwrap_or_default();
        let value = |key: &str| part.get(key).cloned().unwrap_or(Value::Null);
        match text("type") {
            "text" => open.content.push_str(text("content")),
            "thinking" => open.reasoning.push_str(text("thinking")),
            "tool_call" => open.tool_calls.push(json!({
                "id": value("id"),
                "type": "function",
                "function": {
                    "name": value("name"),
                    "arguments": as_json_text(&value("arguments")),
                },
            })),
            "tool_call_response" => {
                done.extend(open.take(role));
                done.push(json!({
                    "role": "tool",
                    "tool_call_id": value("id"),
                    "content": as_json_text(&value("result")),
                }));
            }
            other => return Err(format!("a message part of type `{other}` is not known")),
        }
    }
    if done.is_empty() {
        done.push(open.message(role));
    } else {
        done.extend(open.take(role));
    }
    Ok(done)
}

#[derive(Default)]
struct OpenMessage {
    content: String,
    reasoning: String,
    tool_calls: Vec<Value>,
}

impl OpenMessage {
    /// The message so far, if there is anything in it.
    fn take(&mut self, role: &str) -> Option<Value> {
        let is_empty =
            self.content.is_empty() && self.reasoning.is_empty() && self.tool_calls.is_empty();
        let open = std::mem::take(self);
        (!is_empty).then(|| open.message(role))
    }

    fn message(self, role: &str) -> Value {
        let role = if role == "developer" { "system" } else { role };
        let mut message = json!({"role": role, "content": self.content});
        if !self.reasoning.is_empty() {
            message["reasoning_content"] = self.reasoning.into();
        }
        if !self.tool_calls.is_empty() {
            message["tool_calls"] = self.tool_calls.into();
        }
        message
    }
}

fn as_json_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn tools(definitions: Option<&Value>) -> Result<Option<Vec<Value>>, String> {
    let Some(definitions) = definitions else {
        return Ok(None);
    };
    let mut tools = Vec::new();
    for tool in objects(definitions, "gen_ai.tool.definitions")? {
        let kind = tool.get("type").and_then(Value::as_str).unwrap_or_default();
        if kind != "function" {
            return Err(format!("a tool of type `{kind}` is not known"));
        }
        let value = |key: &str| tool.get(key).cloned().unwrap_or(Value::Null);
        tools.push(json!({
            "type": "function",
            "function": {
                "name": value("name"),
                "description": value("description"),
                "parameters": value("parameters"),
            },
        }));
    }
    Ok((!tools.is_empty()).then_some(tools))
}

fn parameters(attributes: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let get = |key: &str| attributes.get(key).filter(|value| !value.is_null());
    let mut parameters = Map::new();
    if let Some(temperature) = get("gen_ai.request.temperature") {
        if !temperature.is_number() {
            return Err("`gen_ai.request.temperature` is no number".to_owned());
        }
        parameters.insert("temperature".to_owned(), temperature.clone());
    }
    if let Some(stop) = get("gen_ai.request.stop_sequences") {
        let words = stop
            .as_array()
            .filter(|words| words.iter().all(Value::is_string));
        let words = words.ok_or("`gen_ai.request.stop_sequences` is no list of texts")?;
        if !words.is_empty() {
            parameters.insert("stop".to_owned(), stop.clone());
        }
    }
    Ok(parameters)
}
