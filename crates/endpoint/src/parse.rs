//! A transcript becomes an answer: timed parts, texts, usage, failure.
//!
//! Parsing never fails; an answer that cannot be used says why ([`Answer::failure`]). What is not
//! understood adds nothing: a server that invents event types must not cost a record.

mod builder;
pub mod media;
mod validity;

use std::borrow::Cow;

use serde_json::Value;

use crate::dialect::{self, Dialect};
use crate::failure::Failure;
use crate::format::EndpointSettings;
use crate::kind::EndpointType;
use crate::response_field::ResponseField;
use crate::speculative_decoding::SpeculativeDecoding;
use crate::sse;
use crate::transcript::{BodyKind, Transcript};
use crate::usage::Usage;

pub(crate) use builder::{AnswerBuilder, Content};
pub use media::MediaAnswer;
pub(crate) use media::MediaContent;

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
    /// What the answer holds that is no text: embeddings, rankings, images, a video. None for
    /// types that answer with text.
    pub media: Option<Box<MediaAnswer>>,
    /// What the session's history keeps of the answer where that is not the text of its parts.
    pub replay: Option<Replay>,
    /// The last usage that was reported with any member, taken whole.
    pub usage: Option<Usage>,
    /// The completion tokens reported beside the first content that had usage beside it: tokens in
    /// the first chunk, if the server reports usage with every chunk.
    pub first_chunk_tokens: Option<u64>,
    /// What the server reports about speculative decoding.
    pub speculative_decoding: Option<Box<SpeculativeDecoding>>,
    /// Under which name the server knows the answer, so that the next turn can continue it.
    pub response_id: Option<ResponseId>,
    /// Events of a stream (the error event excluded), or 1 for a body that is no stream.
    pub message_count: usize,
    /// When the last of them was complete.
    pub last_message_at: Option<u64>,
    /// The failure that the server reported inside the answer. What came before it is kept, what
    /// came after it is not read.
    pub error: Option<Failure>,
}

/// What the history keeps of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Replay {
    /// Messages or items that go into later requests as they are.
    Messages(Vec<Value>),
    /// The text of the first choice, where there are several: all are counted, one is replayed.
    Text(String),
}

/// The name of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseId {
    /// The last name that the server gave.
    pub last: String,
    /// The last one that it gave and said that it keeps.
    pub stored: Option<String>,
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
    /// Embeddings, rankings, images or a video; they are in [`Answer::media`].
    Media,
}

impl Part {
    /// Both parts as one: they came in the same response, of which the more telling kind stands.
    fn joined(self, other: Self) -> Self {
        let rank = |kind: PartKind| match kind {
            PartKind::Reasoning => 2,
            PartKind::ToolCall => 1,
            PartKind::Text | PartKind::Media => 0,
        };
        Self {
            kind: if rank(other.kind) > rank(self.kind) {
                other.kind
            } else {
                self.kind
            },
            output_bytes: self.output_bytes + other.output_bytes,
            reasoning_bytes: self.reasoning_bytes + other.reasoning_bytes,
            prose_bytes: self.prose_bytes + other.prose_bytes,
            ..self
        }
    }

    /// Whether the part holds output, so that it can end the time to first output token.
    pub fn has_output(&self) -> bool {
        self.output_bytes > 0
    }
}

/// Reads a 2xx answer.
pub fn parse(endpoint_type: EndpointType, transcript: &Transcript<'_>) -> Answer {
    read_transcript(endpoint_type, None, transcript)
}

/// Reads a 2xx answer as the run wants it: its content may be where
/// [`EndpointSettings::response_field`] says.
pub fn parse_with(settings: &EndpointSettings, transcript: &Transcript<'_>) -> Answer {
    let field = settings.response_field.as_ref();
    read_transcript(settings.endpoint_type, field, transcript)
}

fn read_transcript(
    endpoint_type: EndpointType,
    field: Option<&ResponseField>,
    transcript: &Transcript<'_>,
) -> Answer {
    let mut builder = AnswerBuilder::default();
    let dialect = dialect::of(endpoint_type);
    let reader = Reader { dialect, field };
    match transcript.kind() {
        BodyKind::Events => read_events(reader, transcript, &mut builder),
        BodyKind::Text => {
            builder.begin_message(transcript.ended_at);
            reader.read(&transcript.text(), transcript.ended_at, &mut builder);
        }
        BodyKind::Binary => builder.begin_message(transcript.ended_at),
    }
    builder.finish()
}

/// A dialect, and where the run says that it finds content.
#[derive(Clone, Copy)]
struct Reader<'s> {
    dialect: &'static dyn Dialect,
    field: Option<&'s ResponseField>,
}

impl Reader<'_> {
    fn read(&self, text: &str, at: u64, builder: &mut AnswerBuilder) {
        match self.field {
            Some(field) => self.dialect.read_field(field, text, at, builder),
            None => self.dialect.read(text, at, builder),
        }
    }
}

fn read_events(reader: Reader<'_>, transcript: &Transcript<'_>, builder: &mut AnswerBuilder) {
    for message in transcript.messages() {
        let text = message.text();
        match event_data(&text) {
            Err(failure) => builder.fail(failure),
            Ok(data) => {
                builder.begin_message(message.at);
                // The end marker does not end the reading; some servers send usage after it.
                if let Some(data) = data
                    && (data != "[DONE]" || reader.dialect.reads_end_marker())
                {
                    reader.read(&data, message.at, builder);
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
