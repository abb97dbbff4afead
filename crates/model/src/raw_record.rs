//! One line of `profile_export_raw.jsonl`: the exchange itself (`--export-level raw`).

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::{ErrorDetails, RawJson, RecordMetadata};

/// What was sent and what came back for one request.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RawRecord {
    /// Identity and instants of the request, as in the record file.
    pub metadata: RecordMetadata,
    /// When the request started, on the monotonic clock of the responses.
    pub start_perf_ns: Option<u64>,
    /// Headers of the request; values that could carry a secret read `<redacted>`.
    pub request_headers: Option<IndexMap<String, String>>,
    /// HTTP status.
    pub status: Option<u16>,
    /// Headers of the response, where a writer keeps them.
    pub response_headers: Option<IndexMap<String, String>>,
    /// What came back, in order of arrival. Empty for failed requests.
    pub responses: Vec<RawResponse>,
    /// Why the request failed.
    pub error: Option<ErrorDetails>,
    /// Text that was put into the prompt to defeat the server's prefix cache.
    pub cache_bust_marker: Option<String>,
    /// Where that text was put, for example `system_prefix`.
    pub cache_bust_target: Option<String>,
    /// Body of the request, byte for byte; absent when it never reached the transport.
    pub payload: Option<RawJson>,
}

/// One piece of a response, with the monotonic instant of its arrival.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected a response with `perf_ns` and one of `packets`, `text` or `raw_bytes`"
)]
pub enum RawResponse {
    /// One server-sent event.
    Event(EventResponse),
    /// A body of text or JSON.
    Text(TextResponse),
    /// A body of other bytes.
    Binary(BinaryResponse),
}

/// One server-sent event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventResponse {
    /// When it arrived, on the monotonic clock of `start_perf_ns`.
    pub perf_ns: u64,
    /// The lines of the event.
    pub packets: Vec<SsePacket>,
}

/// One line of a server-sent event.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SsePacket {
    /// `data`, `event`, `id`, `retry` or `comment`.
    pub name: String,
    /// What follows the colon.
    pub value: Option<String>,
}

/// A body of text or JSON.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TextResponse {
    /// When it was complete, on the monotonic clock of `start_perf_ns`.
    pub perf_ns: u64,
    /// The body.
    pub text: String,
    /// Value of the `Content-Type` header.
    pub content_type: Option<String>,
}

/// A body of bytes that are not text, for example audio.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BinaryResponse {
    /// When it was complete, on the monotonic clock of `start_perf_ns`.
    pub perf_ns: u64,
    /// The body as text, as the file has it.
    pub raw_bytes: String,
    /// Value of the `Content-Type` header.
    pub content_type: Option<String>,
}

impl RawResponse {
    /// When this piece arrived, on the monotonic clock of `start_perf_ns`.
    pub fn perf_ns(&self) -> u64 {
        match self {
            Self::Event(event) => event.perf_ns,
            Self::Text(text) => text.perf_ns,
            Self::Binary(binary) => binary.perf_ns,
        }
    }
}
