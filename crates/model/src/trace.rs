//! The instants of one exchange on the wire (`--export-http-trace`).

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

/// The instants of one exchange on the wire, in nanoseconds since the Unix epoch, and the durations
/// computed from them. What did not happen is absent.
///
/// Header values that could carry a secret read `<redacted>`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TraceData {
    /// The layout of the members; `aiohttp` names the one below.
    pub trace_type: String,
    /// Sending began.
    pub request_send_start_ns: Option<u64>,
    /// Headers of the request.
    pub request_headers: Option<IndexMap<String, String>>,
    /// The headers of the request were written.
    pub request_headers_sent_ns: Option<u64>,
    /// Writes of the body: instant, bytes.
    #[serde(default)]
    pub request_chunks: Vec<(u64, u64)>,
    /// The last byte of the request was written.
    pub request_send_end_ns: Option<u64>,
    /// Number of writes of the body.
    #[serde(default)]
    pub request_chunks_count: u64,
    /// Bytes of the body sent.
    #[serde(default)]
    pub request_bytes_total: u64,
    /// HTTP status of the response.
    pub response_status_code: Option<u16>,
    /// Reason phrase of the response.
    pub response_reason: Option<String>,
    /// The first byte of the body arrived.
    pub response_receive_start_ns: Option<u64>,
    /// Headers of the response.
    pub response_headers: Option<IndexMap<String, String>>,
    /// The headers of the response arrived.
    pub response_headers_received_ns: Option<u64>,
    /// Reads of the body: instant, bytes.
    #[serde(default)]
    pub response_chunks: Vec<(u64, u64)>,
    /// Number of reads of the body.
    #[serde(default)]
    pub response_chunks_count: u64,
    /// Bytes of the body received.
    #[serde(default)]
    pub response_bytes_total: u64,
    /// The last byte of the response arrived.
    pub response_receive_end_ns: Option<u64>,
    /// The exchange failed.
    pub error_timestamp_ns: Option<u64>,
    /// Waiting for a pooled connection began.
    pub connection_pool_wait_start_ns: Option<u64>,
    /// Waiting for a pooled connection ended.
    pub connection_pool_wait_end_ns: Option<u64>,
    /// Connecting began.
    pub tcp_connect_start_ns: Option<u64>,
    /// Connecting ended.
    pub tcp_connect_end_ns: Option<u64>,
    /// An open connection was taken.
    pub connection_reused_ns: Option<u64>,
    /// The address was found in the cache.
    pub dns_cache_hit_ns: Option<u64>,
    /// The address was not found in the cache.
    pub dns_cache_miss_ns: Option<u64>,
    /// Looking up the address began.
    pub dns_lookup_start_ns: Option<u64>,
    /// Looking up the address ended.
    pub dns_lookup_end_ns: Option<u64>,
    /// Address of this end.
    pub local_ip: Option<String>,
    /// Port of this end.
    pub local_port: Option<u16>,
    /// Address of the server.
    pub remote_ip: Option<String>,
    /// Port of the server.
    pub remote_port: Option<u16>,
    /// From the start to the end of sending.
    pub sending_ns: Option<i64>,
    /// From the end of sending to the first byte of the body.
    pub waiting_ns: Option<i64>,
    /// From the first to the last byte of the body.
    pub receiving_ns: Option<i64>,
    /// From the start of sending to the last byte of the body.
    pub duration_ns: Option<i64>,
    /// Waiting for a pooled connection.
    pub blocked_ns: Option<i64>,
    /// Looking up the address.
    pub dns_lookup_ns: Option<i64>,
    /// Connecting.
    pub connecting_ns: Option<i64>,
}
