//! One client's connection: reading requests, waiting, and handing bytes to the socket.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

use aiperf_clock::{MILLISECOND, Nanos};
use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::answer::{self, After};
use crate::exchange::Exchange;
use crate::server::Worker;
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
    pub(crate) body: BytesMut,
    /// When the first bytes of it had been read.
    pub(crate) first_byte_read: Nanos,
    /// When the last byte of it had been read.
    pub(crate) arrival: Nanos,
}

/// A client's socket and what was read from it but not yet used.
pub(crate) struct Connection {
    stream: TcpStream,
    pub(crate) worker: Rc<Worker>,
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

/// Serves one connection until it ends.
pub(crate) async fn serve(stream: TcpStream, peer: SocketAddr, worker: Rc<Worker>) {
    // A token must leave when it is written, not when the next one is.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("connection from {peer} cannot be served promptly: {error}");
    }
    worker.shared.metrics.connections.fetch_add(1, Relaxed);
    let limit = worker.shared.options.idle_close.unwrap_or(u64::MAX);
    let mut connection = Connection {
        stream,
        worker,
        incoming: BytesMut::with_capacity(READ_BYTES),
        last_read: 0,
    };
    for _ in 0..limit {
        let request = match connection.next_request().await {
            Ok(request) => request,
            Err(NoRequest::Gone) => return,
            Err(NoRequest::Unreadable(unreadable)) => {
                // The client may be gone already; the connection is closed either way.
                let _ = answer::refuse_unreadable(&mut connection, &unreadable).await;
                return;
            }
        };
        let worker = Rc::clone(&connection.worker);
        let mut exchange = Exchange::begin(worker, &request, peer.port());
        match answer::answer(&mut connection, &mut exchange, &request).await {
            Ok(After::KeepOpen) => {}
            Ok(After::Close) => return,
            Ok(After::Reset) => return connection.reset(),
            Err(_) => return exchange.client_left(),
        }
    }
}

impl Connection {
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
        let _ = self.incoming.split_to(head_length);
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
        let Some(delay_ms) = self.worker.shared.options.slow_bytes_ms else {
            return self.stream.write_all(bytes).await;
        };
        let start = self.worker.shared.clock.now();
        let delay = delay_ms * MILLISECOND as f64;
        for (place, byte) in bytes.iter().enumerate() {
            self.wait_until(start + (place as f64 * delay) as Nanos)
                .await?;
            self.stream.write_all(std::slice::from_ref(byte)).await?;
        }
        Ok(())
    }

    /// Waits until `deadline`; fails as soon as the client goes away.
    pub(crate) async fn wait_until(&mut self, deadline: Nanos) -> io::Result<()> {
        if self.worker.shared.clock.now() >= deadline {
            return Ok(());
        }
        let timer = self.worker.timer.clone();
        let mut due = pin!(timer.sleep_until(deadline));
        loop {
            tokio::select! {
                biased;
                () = &mut due => return Ok(()),
                ready = self.stream.readable() => {
                    ready?;
                    self.read_ahead()?;
                }
            }
        }
    }

    /// Waits until the client goes away, which is an error as elsewhere.
    pub(crate) async fn wait_for_departure(&mut self) -> io::Error {
        loop {
            if let Err(error) = self.stream.readable().await {
                return error;
            }
            if let Err(error) = self.read_ahead() {
                return error;
            }
        }
    }

    /// Takes in what the client sent before it had its answer, which is how its departure shows.
    fn read_ahead(&mut self) -> io::Result<()> {
        self.incoming.reserve(READ_BYTES);
        match self.stream.try_read_buf(&mut self.incoming) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) if self.incoming.len() > MAX_READ_AHEAD_BYTES => {
                Err(io::ErrorKind::FileTooLarge.into())
            }
            Ok(_) => {
                self.last_read = self.worker.shared.clock.now();
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Ends the connection with `RST` when it is dropped.
    fn reset(&self) {
        let socket = socket2::SockRef::from(&self.stream);
        if let Err(error) = socket.set_linger(Some(std::time::Duration::ZERO)) {
            tracing::warn!("a connection is closed properly instead of reset: {error}");
        }
    }
}
