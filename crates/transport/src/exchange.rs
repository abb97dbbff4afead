//! One request and its answer, as the wire saw them.

use std::net::SocketAddr;

use aiperf_clock::Nanos;
pub use aiperf_clock::ReadMark;
use http::{HeaderMap, StatusCode};

use crate::failure::TransportError;
use crate::received::Received;

/// Everything that is known of one exchange. All instants are monotonic nanoseconds; absent
/// instants were not reached.
#[derive(Debug, Clone, Default)]
pub struct HttpExchange {
    /// Immediately before the exchange was begun: before waiting for a connection, resolving,
    /// connecting.
    pub start: Nanos,
    /// How the connection was come by.
    pub connection: ConnectionFacts,
    /// Before the first byte of the request was handed to the kernel.
    pub send_start: Option<Nanos>,
    /// After the kernel accepted the last byte of the request.
    pub send_end: Option<Nanos>,
    /// Whether the kernel has accepted the whole request.
    pub is_sent: bool,
    /// Number of writes that the request took.
    pub writes: u32,
    /// The first byte of the answer.
    pub first_byte: Option<Nanos>,
    /// The read that completed the answer's head.
    pub head_at: Option<Nanos>,
    /// The answer's status.
    pub status: Option<StatusCode>,
    /// The answer's header fields.
    pub headers: HeaderMap,
    /// The answer's body, framing removed, and when which part of it arrived.
    pub received: Received,
    /// When the exchange ended: the last read of a complete answer, else when the failure was seen.
    pub end: Nanos,
    /// Why it did not come to its end.
    pub error: Option<TransportError>,
    /// Reads of the whole answer, head included.
    pub read_count: u32,
    /// Of those, how many the kernel stamped.
    pub kernel_stamped_reads: u32,
    /// The longest that received bytes waited for this program.
    pub receive_delay_max: Nanos,
    /// Sum of those waits over the kernel-stamped reads.
    pub receive_delay_sum: Nanos,
}

/// How the connection of an exchange was come by.
#[derive(Debug, Clone, Default)]
pub struct ConnectionFacts {
    /// A connection of an earlier exchange was used again.
    pub is_reused: bool,
    /// Waiting for leave to use a connection, or for one that another exchange was making.
    pub pool_wait: Option<(Nanos, Nanos)>,
    /// The host name had been resolved before, and the result was used again.
    pub name_was_known: bool,
    /// When the connection was at hand.
    pub ready_at: Option<Nanos>,
    /// Resolving the host name, where that was necessary.
    pub dns: Option<(Nanos, Nanos)>,
    /// The TCP handshake; where a proxy opens a tunnel, until it is open.
    pub tcp: Option<(Nanos, Nanos)>,
    /// The TLS handshake.
    pub tls: Option<(Nanos, Nanos)>,
    /// This side.
    pub local: Option<SocketAddr>,
    /// The other side.
    pub remote: Option<SocketAddr>,
}

impl ConnectionFacts {
    /// Notes a wait. Where there was one before, both and what lies between count.
    pub(crate) fn waited(&mut self, start: Nanos, end: Nanos) {
        let start = self.pool_wait.map_or(start, |(earlier, _)| earlier);
        self.pool_wait = Some((start, end));
    }
}

impl HttpExchange {
    /// The `Content-Type` of the answer, as text.
    pub fn content_type(&self) -> Option<&str> {
        self.headers
            .get(http::header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
    }

    /// Whether the answer came completely and with a status of the 2xx range.
    pub fn is_success(&self) -> bool {
        self.error.is_none() && self.status.is_some_and(|status| status.is_success())
    }

    /// Bytes that this exchange holds in memory: for bounding queues.
    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.received.memory()
    }
}
