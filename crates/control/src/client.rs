//! One control request and its answer.

use std::sync::Arc;
use std::time::Duration;

use aiperf_endpoint::headers::HeaderSettings;
use aiperf_transport::{
    HttpExchange, Lease, OutgoingRequest, TimestampSource, Transport, TransportError,
    TransportFailure, TransportOptions, Watch,
};
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::error::{ControlError, RequestFailure};
use crate::headers;
use crate::origin::Destination;

/// The way to the server: the run's credentials and TLS settings, on connections of its own.
#[derive(Clone)]
pub struct ControlClient {
    control_headers: HeaderMap,
    inference_headers: HeaderMap,
    /// Of questions about the server: they go the way of the load.
    options: TransportOptions,
    /// Of hooks, which go to the server itself and not to what stands between.
    direct: TransportOptions,
}

/// What is sent.
pub(crate) struct ControlRequest<'a> {
    pub(crate) method: Method,
    pub(crate) to: &'a Destination,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// For the whole exchange: resolving, connecting, sending, the answer to its last byte.
    pub(crate) timeout: Duration,
}

/// An answer that arrived completely, whatever its status.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
}

impl ControlClient {
    /// A client that presents itself as the run does: `headers` are those of its requests, `options`
    /// decide on TLS and address families.
    ///
    /// # Errors
    /// A header that HTTP cannot carry.
    pub fn new(headers: &HeaderSettings, options: TransportOptions) -> Result<Self, ControlError> {
        let options = TransportOptions {
            // Nothing is measured here.
            timestamp_source: TimestampSource::User,
            ..options
        };
        Ok(Self {
            control_headers: headers::of_control(headers)?,
            inference_headers: headers::of_inference(headers)?,
            direct: TransportOptions {
                proxies: Arc::default(),
                ..options.clone()
            },
            options,
        })
    }

    /// The headers of an inference probe.
    pub(crate) fn inference_headers(&self) -> HeaderMap {
        self.inference_headers.clone()
    }

    /// Asks for a document.
    pub(crate) async fn get(
        &self,
        to: &Destination,
        timeout: Duration,
    ) -> Result<Reply, RequestFailure> {
        self.send(ControlRequest {
            method: Method::GET,
            to,
            headers: self.control_headers.clone(),
            body: Bytes::new(),
            timeout,
        })
        .await
    }

    /// Sends a hook: a POST without a body. It has succeeded as soon as a status of the 2xx range is
    /// there, whatever becomes of the answer's body.
    pub(crate) async fn post_hook(
        &self,
        to: &Destination,
        timeout: Duration,
    ) -> Result<(), RequestFailure> {
        let mut headers = self.control_headers.clone();
        // Without a body the HTTP layer names no length, which some servers refuse in a POST.
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        let request = ControlRequest {
            method: Method::POST,
            to,
            headers,
            body: Bytes::new(),
            timeout,
        };
        let exchange = exchange(request, &self.direct).await;
        match exchange.status {
            Some(status) if status.is_success() => Ok(()),
            Some(status) => Err(RequestFailure::Status(status)),
            None => Err(RequestFailure::Transport(why(exchange.error))),
        }
    }

    /// Sends a request and waits for its whole answer.
    pub(crate) async fn send(&self, request: ControlRequest<'_>) -> Result<Reply, RequestFailure> {
        let exchange = exchange(request, &self.options).await;
        match (exchange.status, exchange.error) {
            (Some(status), None) => Ok(Reply {
                status,
                body: exchange.received.unfold().bytes,
            }),
            (Some(status), Some(_)) if !status.is_success() => Err(RequestFailure::Status(status)),
            (_, error) => Err(RequestFailure::Transport(why(error))),
        }
    }
}

/// A transport is made for each request: connections are not kept while nothing is asked, and a name
/// that meanwhile leads elsewhere is looked up again.
async fn exchange(request: ControlRequest<'_>, options: &TransportOptions) -> HttpExchange {
    let mut exchange = HttpExchange::default();
    let transport = Transport::new(vec![request.to.target.clone()], options.clone());
    let outgoing = OutgoingRequest {
        method: request.method,
        headers: request.headers,
        body: request.body,
    };
    let performing = transport.perform(0, outgoing, Lease::Fresh, &mut exchange, Watch::default());
    if tokio::time::timeout(request.timeout, performing)
        .await
        .is_err()
    {
        exchange.give_up_timed_out();
    }
    exchange
}

/// The reason of an exchange without an answer.
fn why(error: Option<TransportError>) -> TransportError {
    error.unwrap_or_else(|| TransportError {
        failure: TransportFailure::Disconnected,
        message: "there was no answer".to_owned(),
    })
}
