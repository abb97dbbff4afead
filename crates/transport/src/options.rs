//! What every connection of a run has in common.

use std::sync::Arc;
use std::time::Duration;

use aiperf_clock::{Nanos, SECOND};

use crate::limit::ConnectionLimit;
use crate::names::{NameCache, NameResolution};
use crate::proxy::Proxies;
use crate::tls::LazyTls;
use crate::wire::TimestampSource;

/// What every connection of a run has in common.
#[derive(Debug, Clone)]
pub struct TransportOptions {
    /// Who stamps received bytes.
    pub timestamp_source: TimestampSource,
    /// How long an idle connection is kept for reuse; `None` keeps it for ever.
    pub keep_alive_timeout_ns: Option<Nanos>,
    /// Whether connections are kept for further exchanges at all.
    pub keeps_connections: bool,
    /// How many connections may be in use at a time, over all threads that share the limit. An
    /// exchange over HTTP/2 does not count: all those of a thread share one connection where there
    /// is a limit.
    pub connection_limit: Option<Arc<ConnectionLimit>>,
    /// Which version of HTTP is spoken.
    pub http_version: HttpVersion,
    /// Which address families are used.
    pub name_resolution: NameResolution,
    /// How long a resolved name is believed.
    pub name_cache: NameCache,
    /// Socket receive and send buffer sizes; `None` leaves them to the kernel, which tunes them.
    pub socket_buffers: Option<(usize, usize)>,
    /// How a server that vanished is found out.
    pub probes: ProbeOptions,
    /// TLS settings; made once, shared by all threads.
    pub tls: Arc<LazyTls>,
    /// Which servers are reached through a proxy.
    pub proxies: Arc<Proxies>,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            timestamp_source: TimestampSource::Auto,
            keep_alive_timeout_ns: Some(300 * SECOND),
            keeps_connections: true,
            connection_limit: None,
            http_version: HttpVersion::Http1,
            name_resolution: NameResolution::Any,
            name_cache: NameCache::For(300 * SECOND),
            socket_buffers: None,
            probes: ProbeOptions::default(),
            tls: Arc::new(LazyTls::verifying()),
            proxies: Arc::default(),
        }
    }
}

impl TransportOptions {
    /// The same options without any check of certificates or host names.
    pub fn without_tls_verification(mut self) -> Self {
        self.tls = Arc::new(LazyTls::trusting_everything());
        self
    }
}

/// Which version of HTTP is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HttpVersion {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2 where a TLS server agrees to it (ALPN); HTTP/1.1 otherwise, and without TLS.
    Negotiated,
    /// HTTP/2 only: agreed on over TLS, taken for granted ("prior knowledge") without.
    Http2,
}

impl HttpVersion {
    /// What is offered to a TLS server.
    pub(crate) fn alpn(self) -> Vec<Vec<u8>> {
        match self {
            Self::Http1 => vec![],
            Self::Negotiated => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            Self::Http2 => vec![b"h2".to_vec()],
        }
    }
}

/// How a server that vanished without a word is found out. A system that knows no such option loses
/// only that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeOptions {
    /// Silence after which the kernel begins to probe.
    pub idle: Duration,
    /// Time between probes.
    pub interval: Duration,
    /// Probes without an answer that end the connection.
    pub count: u32,
    /// How long sent bytes may stay unacknowledged (Linux); 0 leaves it to the kernel.
    pub unacknowledged: Duration,
}

impl Default for ProbeOptions {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(60),
            interval: Duration::from_secs(30),
            count: 1,
            unacknowledged: Duration::from_secs(30),
        }
    }
}
