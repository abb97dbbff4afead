//! A request and its answer on a connection that is there.

use std::rc::Rc;

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Request, Uri};

use crate::connection::Connection;
use crate::failure::{TransportError, TransportFailure};
use crate::http2::Http2Exchange;
use crate::perform::OutgoingRequest;
use crate::redirect;
use crate::request_body::RequestBody;
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
    mut running: Running<'_, '_>,
    follows: bool,
) -> Result<Outcome, TransportError> {
    let mut message = Request::new(RequestBody::new(request.body, Rc::clone(&running.wire)));
    *message.method_mut() = request.method;
    *message.uri_mut() = path.clone().into();
    *message.headers_mut() = request.headers;
    authorize(message.headers_mut(), target);
    if !message.headers().contains_key(HOST) {
        message
            .headers_mut()
            .insert(HOST, target.host_header.clone());
    }
    if let Some(form) = &connection.absolute_form {
        form.apply(&mut message, target)
            .map_err(|error| invalid(&error))?;
    }
    let sent = connection.send(message).await;
    let answer = sent.map_err(|error| TransportError::exchanging(&error, false))?;
    let (head, mut body) = answer.into_parts();
    running.take_head(head.status, &head.headers, running.wire.last_read.get());
    drop(head);
    if let Some(location) = elsewhere(&running, follows) {
        let mut skipped = 0;
        while let Some(Ok(data)) = connection.next_data(&mut body).await {
            skipped += data.len();
            if skipped > LONGEST_SKIPPED {
                break;
            }
        }
        return Ok(Outcome::Redirected(location));
    }
    while let Some(data) = connection.next_data(&mut body).await {
        let data = data.map_err(|error| TransportError::exchanging(&error, true))?;
        let at = running.wire.last_read.get();
        running.take_data(&data, at)?;
    }
    running.take_end()?;
    Ok(Outcome::Answered)
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
    running.take_head(head.status, &head.headers, stream.head_at());
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
