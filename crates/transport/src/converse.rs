//! A request and its answer on a connection that is there.

use std::ops::ControlFlow;

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Request, Uri};

use crate::failure::{TransportError, TransportFailure};
use crate::h1::{AnswerHead, AnswerSink, Connection, Ended, RequestHead};
use crate::http2::Http2Exchange;
use crate::perform::OutgoingRequest;
use crate::redirect;
use crate::running::Running;
use crate::target::Target;

/// Bytes of the body of a redirect that are read for the sake of the connection.
const LONGEST_SKIPPED: usize = 64 * 1024;

/// How an exchange went on.
pub(crate) enum Outcome {
    /// The answer is complete.
    Answered,
    /// The answer points here.
    Redirected(String),
}

/// Talks HTTP/1.1. With `follows`, the body of an answer that points elsewhere is not kept.
pub(crate) async fn over_http1(
    connection: &mut Connection,
    target: &Target,
    path: &PathAndQuery,
    request: OutgoingRequest,
    running: Running<'_, '_>,
    follows: bool,
) -> Result<Outcome, TransportError> {
    let prepared = {
        let OutgoingRequest {
            method,
            headers,
            body,
        } = request;
        let head = RequestHead {
            method: &method,
            target,
            path,
            headers: &headers,
        };
        connection.prepare(&head, body)
    };
    let mut answer = Http1Answer {
        running,
        follows,
        elsewhere: None,
        skipped: 0,
        failure: None,
    };
    let ended = connection.exchange(prepared, &mut answer).await;
    if let Some(location) = answer.elsewhere {
        return Ok(Outcome::Redirected(location));
    }
    let answered = answer.running.exchange.status.is_some();
    match (ended, answer.failure) {
        (Err(error), _) => return Err(TransportError::exchanging(&error, answered)),
        (Ok(Ended::Stopped), Some(failure)) => return Err(failure),
        (Ok(_), _) => answer.running.take_end()?,
    }
    Ok(Outcome::Answered)
}

/// Takes in an answer of HTTP/1.1 as it is read.
struct Http1Answer<'a, 'watch> {
    running: Running<'a, 'watch>,
    follows: bool,
    /// Where the answer points.
    elsewhere: Option<String>,
    /// Bytes of a body that is not kept.
    skipped: usize,
    /// Why no more of the answer is wanted.
    failure: Option<TransportError>,
}

impl AnswerSink for Http1Answer<'_, '_> {
    fn take_head(&mut self, head: AnswerHead) {
        let at = self.running.wire.last_read.get();
        self.running.take_head(head.status, head.headers, at);
        self.elsewhere = elsewhere(&self.running, self.follows);
    }

    fn take_data(&mut self, data: &[u8]) -> ControlFlow<()> {
        if self.elsewhere.is_some() {
            self.skipped += data.len();
            return if self.skipped > LONGEST_SKIPPED {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            };
        }
        let at = self.running.wire.last_read.get();
        match self.running.take_data(data, at) {
            Ok(()) => ControlFlow::Continue(()),
            Err(failure) => {
                self.failure = Some(failure);
                ControlFlow::Break(())
            }
        }
    }
}

/// Talks HTTP/2.
pub(crate) async fn over_http2(
    stream: &mut Http2Exchange,
    target: &Target,
    path: &PathAndQuery,
    request: OutgoingRequest,
    mut running: Running<'_, '_>,
    follows: bool,
) -> Result<Outcome, TransportError> {
    let (message, body) = http2_message(target, path, request)?;
    let answer = stream
        .send(message, body)
        .await
        .map_err(|error| TransportError::exchanging_http2(&error, false))?;
    let (head, mut body) = answer.into_parts();
    running.take_head(head.status, detached(&head.headers), stream.head_at());
    if let Some(location) = elsewhere(&running, follows) {
        return Ok(Outcome::Redirected(location));
    }
    while let Some(data) = stream.next_data(&mut body).await {
        let data = data.map_err(|error| TransportError::exchanging_http2(&error, true))?;
        let mut rest = &data[..];
        while !rest.is_empty() {
            let (length, at) = stream.take_arrival(rest.len());
            let (now, later) = rest.split_at(length);
            running.take_data(now, at)?;
            rest = later;
        }
    }
    running.take_end()?;
    Ok(Outcome::Answered)
}

/// A request as HTTP/2 wants it: the host stands in the URL, and fields that speak of the connection
/// are not allowed.
fn http2_message(
    target: &Target,
    path: &PathAndQuery,
    request: OutgoingRequest,
) -> Result<(Request<()>, bytes::Bytes), TransportError> {
    let OutgoingRequest {
        method,
        mut headers,
        body,
    } = request;
    let host = headers.remove(HOST);
    let authority = host.as_ref().unwrap_or(&target.host_header);
    let uri = Uri::builder()
        .scheme(target.scheme())
        .authority(authority.as_bytes())
        .path_and_query(path.clone())
        .build()
        .map_err(|error| invalid(&error))?;
    authorize(&mut headers, target);
    for of_the_connection in [CONNECTION, TRANSFER_ENCODING, UPGRADE, TE] {
        headers.remove(of_the_connection);
    }
    for of_the_connection in ["keep-alive", "proxy-connection"] {
        headers.remove(of_the_connection);
    }
    if !body.is_empty() {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    let mut message = Request::new(());
    *message.method_mut() = method;
    *message.uri_mut() = uri;
    *message.version_mut() = http::Version::HTTP_2;
    *message.headers_mut() = headers;
    Ok((message, body))
}

/// The header fields with memory of their own: those of the HTTP/2 layer may be slices of what it
/// has read, which would be held as long as the exchange.
fn detached(headers: &HeaderMap) -> HeaderMap {
    let mut copy = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let mut own = HeaderValue::from_bytes(value.as_bytes()).unwrap_or_else(|_| value.clone());
        own.set_sensitive(value.is_sensitive());
        copy.append(name.clone(), own);
    }
    copy
}

/// User and password of the URL, where the request brings no credentials.
fn authorize(headers: &mut HeaderMap, target: &Target) {
    if let Some(authorization) = &target.authorization {
        headers
            .entry(AUTHORIZATION)
            .or_insert_with(|| authorization.clone());
    }
}

fn elsewhere(running: &Running<'_, '_>, follows: bool) -> Option<String> {
    let exchange = &running.exchange;
    follows
        .then(|| redirect::location(exchange.status?, &exchange.headers))
        .flatten()
}

fn invalid(error: &http::Error) -> TransportError {
    TransportError::new(
        TransportFailure::InvalidRequest,
        format!("the request cannot be built: {error}"),
    )
}
