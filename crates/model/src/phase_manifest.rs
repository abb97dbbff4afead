//! `phase_manifest.json`: the phases of a run that has more than one.
//!
//! The only file that writes `null` for what is absent, and the only one whose keys are sorted;
//! hence its own error type, with the same members as [`crate::ErrorDetails`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::PhaseKind;

/// The phases of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseManifest {
    /// The phases, in the order they ran.
    pub phases: Vec<ManifestPhase>,
    /// Version of the layout.
    pub schema_version: u64,
}

/// One phase: its window, its counts and where its files are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ManifestPhase {
    /// End, nanoseconds since the Unix epoch.
    pub end_ns: Option<u64>,
    /// Failed requests.
    pub error_request_count: u64,
    /// The distinct failures, in order of first occurrence.
    pub error_summary: Vec<ManifestErrorCount>,
    /// Summary CSV of the phase, relative to the artifact directory.
    pub metrics_csv: Option<String>,
    /// Summary JSON of the phase, relative to the artifact directory.
    pub metrics_json: Option<String>,
    /// Position of the phase in the run, from 0.
    pub phase_index: u64,
    /// Kind of the phase.
    pub phase_kind: PhaseKind,
    /// Configured name of the phase.
    pub phase_name: String,
    /// Position among the profiling phases, from 0; `null` for a warmup.
    pub profiling_index: Option<u64>,
    /// Start, nanoseconds since the Unix epoch.
    pub start_ns: Option<u64>,
    /// Requests that succeeded.
    pub successful_request_count: u64,
    /// All requests.
    pub total_request_count: u64,
    /// Whether the phase was broken off.
    pub was_cancelled: bool,
}

/// A failure and how often it happened in the phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ManifestErrorCount {
    /// How many requests ended in it.
    pub count: u64,
    /// The failure.
    pub error_details: ManifestError,
}

/// Why requests of the phase failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ManifestError {
    /// The failure underneath.
    pub cause: Option<String>,
    /// The kinds of failure from the outermost to the innermost.
    pub cause_chain: Option<Vec<String>>,
    /// HTTP status, or 499 for requests that the client cancelled.
    pub code: Option<i64>,
    /// Anything else that is known.
    pub details: Option<Value>,
    /// Body of the response, or the text of the failure.
    pub message: String,
    /// Reason phrase of the response, or the kind of failure.
    pub r#type: Option<String>,
}
