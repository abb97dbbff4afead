//! Asking for a page of metrics.

use std::time::Duration;

use aiperf_clock::{Clock, EpochNanos, monotonic_now};
use aiperf_transport::{
    HttpExchange, HttpVersion, Lease, OutgoingRequest, Target, TimestampSource, Transport,
    TransportOptions, Watch,
};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

/// An address, on connections of its own. None of the run's headers are sent: credentials of the API
/// are no business of whoever shows metrics.
pub(crate) struct Client {
    transport: Transport,
}

/// An answer with a status below 400.
pub(crate) struct Answer {
    pub(crate) is_ok: bool,
    pub(crate) content_type: String,
    pub(crate) body: String,
    /// Wall-clock time of the request.
    pub(crate) sent: EpochNanos,
    /// Wall-clock time of the first byte of the body.
    pub(crate) at: EpochNanos,
    /// From the request to the last byte, in nanoseconds.
    pub(crate) latency_ns: u64,
}

/// Why there is none, in words for people and as the kind of failure that files name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: &'static str,
    pub(crate) message: String,
}

impl Client {
    /// Why `url` is none, without its credentials.
    pub(crate) fn new(url: &str, options: &TransportOptions) -> Result<Self, Failure> {
        let target = Target::parse(url).map_err(|error| Failure {
            kind: "InvalidURL",
            message: error.reason,
        })?;
        let options = TransportOptions {
            // Nothing is measured here, and the limit of connections is for the load.
            timestamp_source: TimestampSource::User,
            connection_limit: None,
            http_version: HttpVersion::Http1,
            ..options.clone()
        };
        Ok(Self {
            transport: Transport::new(vec![target], options),
        })
    }

    /// Asks for the page. `clock` places its instants.
    pub(crate) async fn get(&self, timeout: Duration, clock: Clock) -> Result<Answer, Failure> {
        let exchange = self.exchange(timeout).await;
        if let Some(error) = exchange.error {
            return Err(Failure {
                kind: "ConnectionError",
                message: error.to_string(),
            });
        }
        match exchange.status {
            Some(status) if status.as_u16() < 400 => {}
            status => {
                let status = status.map_or(0, |status| status.as_u16());
                return Err(Failure {
                    kind: "HTTPStatusError",
                    message: format!("status {status}"),
                });
            }
        }
        let end = if exchange.end == 0 {
            monotonic_now()
        } else {
            exchange.end
        };
        let first = exchange.received.first_at().or(exchange.first_byte);
        let body = exchange.received.unfold().bytes;
        Ok(Answer {
            is_ok: exchange.status == Some(StatusCode::OK),
            content_type: exchange
                .headers
                .get(http::header::CONTENT_TYPE)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_ascii_lowercase(),
            body: String::from_utf8_lossy(&body).into_owned(),
            sent: clock.epoch(exchange.start),
            at: clock.epoch(first.unwrap_or(end)),
            latency_ns: end.saturating_sub(exchange.start),
        })
    }

    async fn exchange(&self, timeout: Duration) -> HttpExchange {
        let request = || OutgoingRequest {
            method: Method::GET,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        };
        // A kept connection that the server has closed meanwhile is made anew.
        let watch = Watch {
            repeat: Some(&request),
            ..Watch::default()
        };
        let mut exchange = HttpExchange::default();
        let lease = Lease::Pooled;
        let performing = self
            .transport
            .perform(0, request(), lease, &mut exchange, watch);
        if tokio::time::timeout(timeout, performing).await.is_err() {
            exchange.give_up_timed_out();
        }
        exchange
    }
}
