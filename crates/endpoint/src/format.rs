//! Building the body of a request.
//!
//! A body is compact UTF-8 JSON whose keys stand in a fixed order: what the dialect generates, then
//! the run's extra inputs, then the turn's own extra keys. A later writer overrides the value and
//! leaves the key at its place. Turns are shared between requests and never changed.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::conversation::Turn;
use crate::dialect;
use crate::error::EndpointError;
use crate::kind::EndpointType;
use crate::response_field::ResponseField;
use crate::template::BodyTemplate;

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
    /// What bodies are rendered from; only the template type looks at it.
    pub template: Option<BodyTemplate>,
    /// Where the content of a response is found; only the template and raw types look at it. They
    /// find common shapes by themselves.
    pub response_field: Option<ResponseField>,
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
    /// The answer that the server keeps and that the newest turn continues; then the body holds
    /// only that turn. See [`crate::chaining`].
    pub previous_response_id: Option<&'a str>,
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
    dialect::of(context.settings.endpoint_type).encoded_body(context)
}

/// What of a request is not sent because its type has no place for it, one sentence each. For a
/// warning while the dataset is prepared; most turns of a run give the same remarks.
pub fn remarks(context: &FormatContext<'_>) -> Vec<String> {
    let newest = context.turns.last();
    if newest.is_some_and(|turn| turn.raw_payload.is_some()) {
        return Vec::new();
    }
    let mut remarks = dialect::of(context.settings.endpoint_type).remarks(context);
    remarks.extend(
        newest
            .into_iter()
            .flat_map(|turn| media_remarks(turn, context)),
    );
    remarks
}

/// Which media of a turn have no place in its type.
fn media_remarks(turn: &Turn, context: &FormatContext<'_>) -> Vec<String> {
    let kind = context.settings.endpoint_type;
    let media = kind.capabilities().media;
    [
        ("images", turn.images.is_empty() || media.images),
        ("audio", turn.audios.is_empty() || media.audio),
        ("videos", turn.videos.is_empty() || media.video),
    ]
    .into_iter()
    .filter(|(_, is_fine)| !is_fine)
    .map(|(name, _)| format!("endpoint type `{kind}` has no place for {name}; none is sent"))
    .collect()
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

    /// The conversation's system message, unless it is empty.
    pub(crate) fn system(&self) -> Option<&'a str> {
        self.system_message.filter(|system| !system.is_empty())
    }

    /// The conversation's context message, unless it is empty.
    pub(crate) fn user_context(&self) -> Option<&'a str> {
        self.user_context_message
            .filter(|user_context| !user_context.is_empty())
    }

    /// The newest tools that any turn brings.
    pub(crate) fn newest_tools(&self) -> Option<&'a Vec<Value>> {
        let tools = self.turns.iter().rev();
        tools.filter_map(|turn| turn.raw_tools.as_ref()).next()
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

/// Compact JSON.
pub(crate) fn encode<T: Serialize>(body: &T) -> Result<Vec<u8>, EndpointError> {
    serde_json::to_vec(body).map_err(|error| EndpointError::Encode(error.to_string()))
}

#[cfg(test)]
mod tests;
