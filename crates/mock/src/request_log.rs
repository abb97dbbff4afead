//! The request log: every request as it came, for checks of what a client really sends.

use aiperf_clock::EpochNanos;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::connection::{Peer, Request};

/// One line of the request log: one request. Written when the request ends, so lines are in the order
/// of endings. All stamps are nanoseconds since the Unix epoch on one steady clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRecord {
    /// The method, such as `POST`.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// What followed the `?`; empty without one.
    pub query: String,
    /// The version of HTTP, `1.1` or `2`.
    pub http_version: String,
    /// All headers in order, with their names as sent (in HTTP/2 in lower case, and `host` is what it
    /// calls the authority).
    pub headers: Vec<(String, String)>,
    /// The body, where it is UTF-8.
    pub body: Option<String>,
    /// The body in base64, where it is not.
    pub body_base64: Option<String>,
    /// The client's address.
    pub peer: String,
    /// The number of the connection, from 1 in the order of acceptance.
    pub connection: u64,
    /// When the request's first bytes had been read.
    pub first_byte_read_ns: EpochNanos,
    /// When the request's last byte had been read.
    pub arrival_ns: EpochNanos,
    /// Just before the first byte of the answer was handed to the socket.
    pub first_byte_written_ns: Option<EpochNanos>,
    /// When the last write call had returned, or the connection was given up.
    pub end_ns: EpochNanos,
    /// When the client was found to have gone away before the end of the answer.
    pub disconnect_ns: Option<EpochNanos>,
    /// The HTTP status; `None` where there was no answer.
    pub status: Option<u16>,
}

impl RequestRecord {
    /// What is known when the request has arrived.
    pub(crate) fn begin(request: &Request, peer: &Peer) -> Self {
        let text = std::str::from_utf8(&request.body).ok();
        let as_base64 = || STANDARD.encode(&request.body);
        Self {
            method: request.method_name().to_owned(),
            path: request.head.path.clone(),
            query: request.head.query.clone(),
            http_version: peer.http_version.to_owned(),
            headers: request
                .headers()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: text.map(str::to_owned),
            body_base64: text.is_none().then(as_base64),
            peer: peer.address.clone(),
            connection: peer.connection,
            first_byte_read_ns: 0,
            arrival_ns: 0,
            first_byte_written_ns: None,
            end_ns: 0,
            disconnect_ns: None,
            status: None,
        }
    }
}
