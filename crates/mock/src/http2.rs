//! HTTP/2. Each of its streams is answered by the HTTP/1.1 server over a pipe in memory, so that
//! every route, delay and fault is the same in both versions: a body that is cut becomes a stream
//! that is reset.

use std::future::Future;
use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt;

use crate::connection::{self, Peer};
use crate::server::Worker;
use crate::stream::Stream;

/// What every HTTP/2 connection begins with.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes of an answer that may wait in the pipe, about what a socket's buffer holds.
const PIPE_BYTES: usize = 256 * 1024;

/// Streams that one connection may have open at a time.
const MAX_STREAMS: u32 = 10_000;

const WINDOW_BYTES: u32 = 16 * 1024 * 1024;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Runs tasks of the connection on the serving thread.
#[derive(Clone, Copy)]
struct OnThisThread;

impl<F: Future + 'static> hyper::rt::Executor<F> for OnThisThread {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(async move {
            future.await;
        });
    }
}

/// Serves a connection of which `read` has been read already.
pub(crate) async fn serve(stream: Stream, read: BytesMut, peer: Peer, worker: Rc<Worker>) {
    let (reading, writing) = tokio::io::split(stream);
    let reading = std::io::Cursor::new(read).chain(reading);
    let io = TokioIo::new(tokio::io::join(reading, writing));
    let peer = Peer {
        http_version: "2",
        ..peer
    };
    let service = service_fn(move |request| answer(request, peer.clone(), Rc::clone(&worker)));
    let served = hyper::server::conn::http2::Builder::new(OnThisThread)
        .max_concurrent_streams(MAX_STREAMS)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .serve_connection(io, service)
        .await;
    if let Err(error) = served {
        tracing::debug!("an HTTP/2 connection ended: {error}");
    }
}

async fn answer(
    request: Request<Incoming>,
    peer: Peer,
    worker: Rc<Worker>,
) -> Result<Response<Incoming>, AnyError> {
    let request = into_http1(request).await?;
    let (near, far) = tokio::io::duplex(PIPE_BYTES);
    tokio::task::spawn_local(connection::serve_http1(Stream::Memory(far), peer, worker));
    let (mut sender, pipe) = hyper::client::conn::http1::handshake(TokioIo::new(near)).await?;
    tokio::task::spawn_local(async move {
        // What goes wrong is seen by the one who waits for the answer.
        let _ = pipe.await;
    });
    let mut response = sender.send_request(request).await?;
    response.headers_mut().remove(CONNECTION);
    response.headers_mut().remove(TRANSFER_ENCODING);
    Ok(response)
}

/// The same request as HTTP/1.1 spells it.
async fn into_http1(request: Request<Incoming>) -> Result<Request<Full<Bytes>>, AnyError> {
    let (mut parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    if let Some(authority) = parts.uri.authority()
        && !parts.headers.contains_key(HOST)
    {
        let host = HeaderValue::from_str(authority.as_str())?;
        parts.headers.insert(HOST, host);
    }
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    parts.uri = target.parse::<Uri>()?;
    parts.version = http::Version::HTTP_11;
    parts.headers.remove(CONTENT_LENGTH);
    if !body.is_empty() {
        parts.headers.insert(CONTENT_LENGTH, body.len().into());
    }
    Ok(Request::from_parts(parts, Full::new(body)))
}
