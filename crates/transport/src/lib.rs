//! Sockets, TLS and HTTP/1.1, with the instant of every step.
//!
//! An exchange is one request and its answer. While it runs, this crate notes when the connection
//! was made, when the first and last byte was handed to the kernel, when every read returned (or,
//! where the kernel tells, when the segment reached this host), and what came back. It keeps the
//! bytes as they came: nothing here looks into a body.
//!
//! What is absent: no parsing of JSON or SSE, no tokens, no files, no retries of a request that may
//! have reached the server, no limit on the number of connections.
//!
//! Reading order: [`wire`] (what is stamped) → `stream` (where it is stamped) → `connect` →
//! `connection` (hyper's HTTP/1.1 on top) → [`Transport::perform`].

mod connect;
mod connection;
pub mod exchange;
pub mod failure;
mod kernel_stamps;
mod perform;
mod pool;
mod quiet_waker;
pub mod received;
mod request_body;
mod stream;
pub mod target;
mod tls;
pub mod watch;
pub mod wire;

pub use connect::NameResolution;
pub use exchange::{HttpExchange, ReadMark};
pub use failure::{TransportError, TransportFailure};
pub use perform::{Lease, OutgoingRequest, StickyConnection, Transport, TransportCounters};
pub use received::{Received, ReceivedBody};
pub use target::Target;
pub use watch::{CancelAfterSent, Watch};
pub use wire::TimestampSource;

use std::sync::Arc;

/// What every connection of a run has in common.
#[derive(Debug, Clone)]
pub struct TransportOptions {
    /// Who stamps received bytes.
    pub timestamp_source: TimestampSource,
    /// How long an idle connection is kept for reuse; `None` keeps it for ever.
    pub keep_alive_timeout_ns: Option<aiperf_clock::Nanos>,
    /// Which address families are used.
    pub name_resolution: NameResolution,
    /// Socket receive and send buffer sizes; `None` leaves them to the kernel, which tunes them.
    pub socket_buffers: Option<(usize, usize)>,
    /// TLS settings; made once, shared by all threads.
    pub tls: Arc<tls::LazyTls>,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            timestamp_source: TimestampSource::Auto,
            keep_alive_timeout_ns: Some(300 * aiperf_clock::SECOND),
            name_resolution: NameResolution::Any,
            socket_buffers: None,
            tls: Arc::new(tls::LazyTls::verifying()),
        }
    }
}

impl TransportOptions {
    /// The same options without any check of certificates or host names.
    pub fn without_tls_verification(mut self) -> Self {
        self.tls = Arc::new(tls::LazyTls::trusting_everything());
        self
    }
}
