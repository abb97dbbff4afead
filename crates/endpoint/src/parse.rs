//! A transcript becomes an answer: timed parts, texts, usage, failure.
//!
//! Parsing never fails; an answer that cannot be used says why ([`Answer::failure`]). What is not
//! understood adds nothing: a server that invents event types must not cost a record.

mod builder;
mod validity;

use std::borrow::Cow;

use serde_json::Value;

use crate::dialect::{self, Dialect};
use crate::failure::Failure;
use crate::kind::EndpointType;
use crate::sse;
use crate::transcript::{BodyKind, Transcript};
use crate::usage::Usage;

pub(crate) use builder::{AnswerBuilder, Content};

/// What an answer holds.
///
/// The texts of the parts are laid end to end in three strings; a part knows the lengths of its
/// pieces. Tokenising wants the whole strings, and a part costs no allocation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The responses that carry content, in order. Usage alone, a role alone or `[DONE]` is none.
    pub parts: Vec<Part>,
    /// The output bucket: plain text, tool-call text, and content that came beside reasoning.
    pub output: String,
    /// The reasoning bucket.
    pub reasoning: String,
    /// Text that came beside tool calls in the same response. It is in no bucket: output token
    /// counts mean what they mean in the reference, which leaves it out. Replies include it.
    pub tool_prose: String,
    /// The tool calls, assembled from their fragments, in order of their index.
    pub tool_calls: Vec<Value>,
    /// The last usage that was reported with any member, taken whole.
    pub usage: Option<Usage>,
    /// The completion tokens reported beside the first content that had usage beside it: tokens in
    /// the first chunk, if the server reports usage with every chunk.
    pub first_chunk_tokens: Option<u64>,
    /// Events of a stream (the error event excluded), or 1 for a body that is no stream.
    pub message_count: usize,
    /// When the last of them was complete.
    pub last_message_at: Option<u64>,
    /// The failure that the server reported inside the answer. What came before it is kept, what
    /// came after it is not read.
    pub error: Option<Failure>,
}

/// One response that carries content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// When it was complete.
    pub at: u64,
    /// What it carries.
    pub kind: PartKind,
    /// Bytes that it adds to [`Answer::output`].
    pub output_bytes: usize,
    /// Bytes that it adds to [`Answer::reasoning`].
    pub reasoning_bytes: usize,
    /// Bytes that it adds to [`Answer::tool_prose`].
    pub prose_bytes: usize,
}

/// What a part carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartKind {
    /// Text of the answer.
    Text,
    /// Reasoning, perhaps with content beside it.
    Reasoning,
    /// A piece of a tool call.
    ToolCall,
}

impl Part {
    /// Whether the part holds output, so that it can end the time to first output token.
    pub fn has_output(&self) -> bool {
        self.output_bytes > 0
    }
}

/// Reads a 2xx answer. For a type that is not supported the answer is empty.
pub fn parse(endpoint_type: EndpointType, transcript: &Transcript<'_>) -> Answer {
    let mut builder = AnswerBuilder::default();
    let dialect = dialect::of(endpoint_type);
    match transcript.kind() {
        BodyKind::Events => read_events(dialect, transcript, &mut builder),
        BodyKind::Text => {
            builder.begin_message(transcript.ended_at);
            if let Some(dialect) = dialect {
                dialect.read(&transcript.text(), transcript.ended_at, &mut builder);
            }
        }
        BodyKind::Binary => builder.begin_message(transcript.ended_at),
    }
    builder.finish()
}

fn read_events(
    dialect: Option<&'static dyn Dialect>,
    transcript: &Transcript<'_>,
    builder: &mut AnswerBuilder,
) {
    for message in transcript.messages() {
        let text = message.text();
        match event_data(&text) {
            Err(failure) => builder.fail(failure),
            Ok(data) => {
                builder.begin_message(message.at);
                // The end marker does not end the reading; some servers send usage after it.
                if let (Some(dialect), Some(data)) = (dialect, data)
                    && data != "[DONE]"
                {
                    dialect.read(&data, message.at, builder);
                }
            }
        }
        if builder.has_failed() {
            break;
        }
    }
}

/// The data of an event, or the failure that it reports.
///
/// A message of one data field is never an error event, whatever it says.
pub(crate) fn event_data(text: &str) -> Result<Option<Cow<'_, str>>, Failure> {
    if let Some(data) = sse::lone_data(text) {
        return Ok((!data.is_empty()).then_some(Cow::Borrowed(data)));
    }
    let fields = sse::fields(text);
    if sse::names_error(&fields) {
        return Err(Failure::error_event(&fields));
    }
    Ok(sse::data_text(&fields))
}

#[cfg(test)]
mod tests;
