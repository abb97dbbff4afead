//! `outputs.json`: the text that came back (`--export-outputs-json`).

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::{NumberValue, PhaseKind};

/// The text that came back for every request, with a few figures.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OutputsFile {
    /// Version of the layout, for example `1.0`.
    pub schema_version: Option<String>,
    /// The profiling requests, sorted by issue number and turn.
    pub data: Vec<OutputEntry>,
    /// The warmup requests, where a writer keeps them.
    pub warmup: Option<Vec<OutputEntry>>,
}

/// What came back for one request.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OutputEntry {
    /// Position in the phase's order of issue, from 0.
    pub session_num: u64,
    /// The conversation of the data set that was played.
    pub conversation_id: Option<String>,
    /// Turn of the conversation, from 0.
    pub turn_index: Option<u64>,
    /// Value of the `X-Request-ID` header.
    pub x_request_id: Option<String>,
    /// Phase of the request, where a writer keeps it.
    pub benchmark_phase: Option<PhaseKind>,
    /// When the request started, nanoseconds since the Unix epoch.
    pub request_start_ns: u64,
    /// When the last chunk arrived, nanoseconds since the Unix epoch.
    pub request_end_ns: u64,
    /// Metric tag → number in the display unit; empty for failed requests.
    pub metrics: IndexMap<String, NumberValue>,
    /// The text; `null` for failed requests.
    #[serialize_always]
    pub response_text: Option<String>,
}
