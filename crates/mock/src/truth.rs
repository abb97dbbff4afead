//! The truth file: what the server really did, for comparison with what a client measured.

use aiperf_clock::EpochNanos;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// One line of the truth file: one request. Written when the request ends, so lines are in the
/// order of endings. All stamps are nanoseconds since the Unix epoch on one steady clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TruthRecord {
    /// The request's `X-Request-ID`, if it had one.
    pub x_request_id: Option<String>,
    /// The request's path, without the query.
    pub path: String,
    /// The client's port; equal for requests on one connection.
    pub peer_port: u16,
    /// When the request's first bytes had been read.
    pub first_byte_read_ns: EpochNanos,
    /// When the request's last byte had been read: the zero of the answer's schedule.
    pub arrival_ns: EpochNanos,
    /// For each content chunk of a stream, just before the write call that handed it to the
    /// socket. Chunks that one call took share a stamp; of one that is written byte by byte, it is
    /// that of the first byte. Empty for answers that are not streams.
    pub chunk_ns: Vec<EpochNanos>,
    /// When the last write call had returned, or the connection was given up.
    pub end_ns: EpochNanos,
    /// When the client was found to have gone away before the end of the answer.
    pub disconnect_ns: Option<EpochNanos>,
    /// The HTTP status; `None` where the connection was reset before any answer.
    pub status: Option<u16>,
    /// The fault that befell the request.
    pub fault: Option<Fault>,
    /// Output tokens written.
    pub output_tokens: u64,
    /// Length of the request's body.
    pub body_bytes: u64,
}
