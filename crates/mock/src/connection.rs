//! One client's connection: reading requests, waiting, and handing bytes to the socket.

use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

use aiperf_clock::{MILLISECOND, Nanos};
use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::exchange::Exchange;
use crate::http2;
use crate::routes::{self, After};
use crate::server::Worker;
use crate::stream::Stream;
use crate::wire::{self, ChunkedBody, Framing, Head, Unreadable};

/// Room made for a read where nothing tells how much will come.
const READ_BYTES: usize = 16 * 1024;

/// Room made for a read in the middle of a long body.
const MAX_READ_BYTES: u64 = 1024 * 1024;

/// Bytes of further requests that are kept while one is answered.
const MAX_READ_AHEAD_BYTES: usize = 1024 * 1024;

/// A request that was read to its end.
pub(crate) struct Request {
    pub(crate) head: Head,
    /// The head as it came.
    pub(crate) raw_head: BytesMut,
    pub(crate) body: BytesMut,
    /// When the first bytes of it had been read.
    pub(crate) first_byte_read: Nanos,
    /// When the last byte of it had been read.
    pub(crate) arrival: Nanos,
}

/// Who is at the other end, and by which way.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// The address, or `unix`.
    pub(crate) address: String,
    /// 0 where there are no ports.
    pub(crate) port: u16,
    /// The number of the connection, from 1, in the order of acceptance.
    pub(crate) connection: u64,
    /// Whether `/metrics` is the page of GPUs here.
    pub(crate) is_gpu_exporter: bool,
    /// `1.1` or `2`.
    pub(crate) http_version: &'static str,
}

/// A client's socket and what was read from it but not yet used.
pub(crate) struct Connection {
    stream: Stream,
    pub(crate) worker: Rc<Worker>,
    pub(crate) peer: Peer,
    /// When the first byte of the answer in progress was handed to the socket.
    pub(crate) first_write: Option<Nanos>,
    incoming: BytesMut,
    last_read: Nanos,
}

/// Why there is no next request.
enum NoRequest {
    /// The client closed the connection or it broke.
    Gone,
    /// What came is not a request.
    Unreadable(Unreadable),
}

impl From<io::Error> for NoRequest {
    fn from(_error: io::Error) -> Self {
        Self::Gone
    }
}

impl From<Unreadable> for NoRequest {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable(unreadable)
    }
}

impl Request {
    /// The value of the first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        wire::headers_of(&self.raw_head)
    }

    /// The method as it was sent.
    pub(crate) fn method_name(&self) -> &str {
        let end = self.raw_head.iter().position(|&byte| byte == b' ');
        let name = &self.raw_head[..end.unwrap_or(0)];
        std::str::from_utf8(name).unwrap_or_default()
    }
}

/// Serves one connection, in whichever version of HTTP the client speaks, until it ends.
pub(crate) async fn serve(stream: Stream, peer: Peer, worker: Rc<Worker>) {
    let mut connection = Connection::new(stream, peer, worker);
    if connection.worker.shared.options.http2 {
        match connection.begins_http2().await {
            Ok(true) => {
                let Connection {
                    stream,
                    worker,
                    peer,
                    incoming,
                    ..
                } = connection;
                return http2::serve(stream, incoming, peer, worker).await;
            }
            Ok(false) => {}
            Err(_) => return,
        }
    }
    connection.serve().await;
}

/// Serves requests in HTTP/1.1.
pub(crate) async fn serve_http1(stream: Stream, peer: Peer, worker: Rc<Worker>) {
    Connection::new(stream, peer, worker).serve().await;
}

impl Connection {
    fn new(stream: Stream, peer: Peer, worker: Rc<Worker>) -> Self {
        Self {
            stream,
            worker,
            peer,
            first_write: None,
            incoming: BytesMut::with_capacity(READ_BYTES),
            last_read: 0,
        }
    }

    async fn serve(mut self) {
        let limit = self.worker.shared.options.idle_close.unwrap_or(u64::MAX);
        for _ in 0..limit {
            let request = match self.next_request().await {
                Ok(request) => request,
                Err(NoRequest::Gone) => return,
                Err(NoRequest::Unreadable(unreadable)) => {
                    // The client may be gone already; the connection is closed either way.
                    let _ = routes::refuse_unreadable(&mut self, &unreadable).await;
                    return;
                }
            };
            self.first_write = None;
            let mut exchange = Exchange::begin(&self, &request);
            let after = routes::answer(&mut self, &mut exchange, &request).await;
            exchange.first_write = self.first_write;
            match after {
                Ok(After::KeepOpen) => {}
                Ok(After::Close) => return self.close().await,
                Ok(After::Reset) => return self.stream.reset_when_dropped(),
                Err(_) => return exchange.client_left(),
            }
        }
        self.close().await;
    }

    /// Whether the connection opens with the preface of HTTP/2 (RFC 9113, 3.4).
    async fn begins_http2(&mut self) -> io::Result<bool> {
        loop {
            let known = self.incoming.len().min(http2::PREFACE.len());
            if self.incoming[..known] != http2::PREFACE[..known] {
                return Ok(false);
            }
            if known == http2::PREFACE.len() {
                return Ok(true);
            }
            self.read(READ_BYTES).await?;
        }
    }

    async fn next_request(&mut self) -> Result<Request, NoRequest> {
        let mut first_byte_read = None;
        let (head, head_length) = loop {
            if !self.incoming.is_empty() {
                first_byte_read.get_or_insert(self.last_read);
                if let Some(complete) = wire::parse_head(&self.incoming)? {
                    break complete;
                }
            }
            self.read(READ_BYTES).await?;
        };
        let raw_head = self.incoming.split_to(head_length);
        let body = match head.framing {
            Framing::Length(length) => {
                if head.expects_continue && (self.incoming.len() as u64) < length {
                    self.write(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
                }
                while (self.incoming.len() as u64) < length {
                    let missing = length - self.incoming.len() as u64;
                    self.read(missing.min(MAX_READ_BYTES) as usize).await?;
                }
                self.incoming.split_to(length as usize)
            }
            Framing::Chunked => {
                if head.expects_continue && self.incoming.is_empty() {
                    self.write(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
                }
                let mut body = ChunkedBody::default();
                while !body.feed(&mut self.incoming)? {
                    self.read(READ_BYTES).await?;
                }
                body.into_body()
            }
        };
        let arrival = self.last_read;
        Ok(Request {
            head,
            raw_head,
            body,
            first_byte_read: first_byte_read.unwrap_or(arrival),
            arrival,
        })
    }

    /// Reads once; the end of the stream is an error.
    async fn read(&mut self, room: usize) -> io::Result<()> {
        self.incoming.reserve(room);
        let count = self.stream.read_buf(&mut self.incoming).await?;
        self.last_read = self.worker.shared.clock.now();
        if count == 0 {
            Err(io::ErrorKind::UnexpectedEof.into())
        } else {
            Ok(())
        }
    }

    /// Hands `bytes` to the socket: in one call where the socket takes them, or byte by byte where
    /// the options say so.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.first_write.is_none() {
            self.first_write = Some(self.worker.shared.clock.now());
        }
        let Some(delay_ms) = self.worker.shared.options.slow_bytes_ms else {
            self.stream.write_all(bytes).await?;
            return self.flush().await;
        };
        let start = self.worker.shared.clock.now();
        let delay = delay_ms * MILLISECOND as f64;
        for (place, byte) in bytes.iter().enumerate() {
            self.wait_until(start + (place as f64 * delay) as Nanos)
                .await?;
            self.stream.write_all(std::slice::from_ref(byte)).await?;
            self.flush().await?;
        }
        Ok(())
    }

    /// TLS keeps what the socket does not take at once; sockets keep nothing.
    async fn flush(&mut self) -> io::Result<()> {
        match &mut self.stream {
            Stream::Tls(stream) => stream.flush().await,
            _ => Ok(()),
        }
    }

    /// Waits until `deadline`; fails as soon as the client goes away.
    pub(crate) async fn wait_until(&mut self, deadline: Nanos) -> io::Result<()> {
        if self.worker.shared.clock.now() >= deadline {
            return Ok(());
        }
        let timer = self.worker.timer.clone();
        self.while_connected(timer.sleep_until(deadline)).await
    }

    /// Waits for `event`; fails as soon as the client goes away.
    pub(crate) async fn while_connected<T>(
        &mut self,
        event: impl Future<Output = T>,
    ) -> io::Result<T> {
        let mut event = pin!(event);
        loop {
            tokio::select! {
                biased;
                happened = &mut event => return Ok(happened),
                read = self.read(READ_BYTES) => read?,
            }
            if self.incoming.len() > MAX_READ_AHEAD_BYTES {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
        }
    }

    /// Waits until the client goes away, which is an error as elsewhere.
    pub(crate) async fn wait_for_departure(&mut self) -> io::Error {
        let departed = self.while_connected(std::future::pending::<()>()).await;
        departed.err().unwrap_or(io::ErrorKind::Other.into())
    }

    /// Ends the connection in good order; TLS says so before it closes.
    async fn close(mut self) {
        if let Stream::Tls(_) = self.stream {
            // The client may have closed it first.
            let _ = self.stream.shutdown().await;
        }
    }
}

/// Counts a connection; its number.
pub(crate) fn number_of_next(worker: &Worker) -> u64 {
    worker.shared.metrics.connections.fetch_add(1, Relaxed) + 1
}
