//! Building the body of a request.
//!
//! A body is compact UTF-8 JSON whose keys stand in a fixed order: what the dialect generates, then
//! the run's extra inputs, then the turn's own extra keys. A later writer overrides the value and
//! leaves the key at its place. Turns are shared between requests and never changed.

use serde_json::{Map, Value};

use crate::conversation::Turn;
use crate::dialect;
use crate::error::EndpointError;
use crate::kind::EndpointType;

/// What holds for all requests of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EndpointSettings {
    /// The API to speak.
    pub endpoint_type: EndpointType,
    /// Ask for a stream.
    pub streaming: bool,
    /// The run's models; the first one serves turns that name none.
    pub models: Vec<String>,
    /// Keys merged into every body.
    pub extra: Map<String, Value>,
    /// Cap chat answers with `max_tokens` in place of `max_completion_tokens`.
    pub use_legacy_max_tokens: bool,
    /// Token counts come from the server.
    pub use_server_token_count: bool,
    /// Ask for usage with every chunk.
    pub per_chunk_usage: bool,
    /// Send even a single text as a list of content parts.
    pub force_content_parts: bool,
}

/// One request to be built.
#[derive(Debug, Clone, Copy)]
pub struct FormatContext<'a> {
    /// The messages of the session so far; the last one is being sent.
    pub turns: &'a [&'a Turn],
    /// The conversation's system message.
    pub system_message: Option<&'a str>,
    /// The conversation's context message.
    pub user_context_message: Option<&'a str>,
    /// What holds for the run.
    pub settings: &'a EndpointSettings,
}

/// The body of a request, encoded.
///
/// A turn that carries a whole body (`raw_payload`) is sent as it is, whatever the endpoint type.
pub fn format(context: &FormatContext<'_>) -> Result<Vec<u8>, EndpointError> {
    let newest = context.newest()?;
    if let Some(payload) = &newest.raw_payload {
        return encode(payload);
    }
    let endpoint_type = context.settings.endpoint_type;
    let dialect = dialect::of(endpoint_type).ok_or(EndpointError::Unsupported(endpoint_type))?;
    encode(&dialect.body(context)?)
}

impl<'a> FormatContext<'a> {
    /// The turn being sent.
    pub(crate) fn newest(&self) -> Result<&'a Turn, EndpointError> {
        self.turns.last().copied().ok_or(EndpointError::NoTurn)
    }

    /// The only turn, for types that take no history.
    pub(crate) fn only_turn(&self) -> Result<&'a Turn, EndpointError> {
        match self.turns {
            [] => Err(EndpointError::NoTurn),
            [turn] => Ok(turn),
            turns => Err(EndpointError::NotOneTurn {
                endpoint_type: self.settings.endpoint_type,
                turns: turns.len(),
            }),
        }
    }

    /// The model to ask: the newest turn's, else the run's first.
    pub(crate) fn model(&self) -> Result<&'a str, EndpointError> {
        let of_turn = self
            .newest()?
            .model
            .as_deref()
            .filter(|model| !model.is_empty());
        of_turn
            .or_else(|| self.settings.models.first().map(String::as_str))
            .ok_or(EndpointError::NoModel)
    }

    /// Merges the run's extra inputs, then the newest turn's keys.
    pub(crate) fn merge_extras(&self, body: &mut Map<String, Value>) -> Result<(), EndpointError> {
        let of_turn = &self.newest()?.extra_body;
        for (key, value) in self.settings.extra.iter().chain(of_turn) {
            body.insert(key.clone(), value.clone());
        }
        Ok(())
    }
}

/// Asks for usage in the stream, if the body as merged asks for a stream.
///
/// Options that are already there win; a value that is no object is the user's affair.
pub(crate) fn request_stream_usage(body: &mut Map<String, Value>, every_chunk: bool) {
    if !body.get("stream").is_some_and(is_truthy) {
        return;
    }
    let options = body.entry("stream_options").or_insert(Value::Null);
    if options.is_null() {
        *options = Value::Object(Map::new());
    }
    if let Value::Object(options) = options {
        options.entry("include_usage").or_insert(Value::Bool(true));
        if every_chunk {
            options
                .entry("continuous_usage_stats")
                .or_insert(Value::Bool(true));
        }
    }
}

/// Truth as the reference's language has it: null, false, zero and empty are false.
pub(crate) fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

fn encode(body: &Map<String, Value>) -> Result<Vec<u8>, EndpointError> {
    serde_json::to_vec(body).map_err(|error| EndpointError::Encode(error.to_string()))
}

#[cfg(test)]
mod tests;
