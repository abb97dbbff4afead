//! One line of `profile_export_network_latency.jsonl`: one probe of the network path.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::ErrorDetails;

/// One probe of the network path to the server (`--network-latency-automatic`).
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NetworkLatencyRecord {
    /// When the probe ran, nanoseconds since the Unix epoch.
    pub timestamp_ns: u64,
    /// The endpoint probed.
    pub target_url: String,
    /// Its host.
    pub target_host: String,
    /// Its port.
    pub target_port: u16,
    /// `tcp_connect`.
    pub probe_type: String,
    /// Round trip in nanoseconds; absent when the probe failed.
    pub rtt_ns: Option<u64>,
    /// Whether the probe succeeded.
    pub success: bool,
    /// Why the probe failed.
    pub error: Option<ErrorDetails>,
}
