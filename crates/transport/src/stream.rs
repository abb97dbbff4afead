//! A stream that notes the instant of every read and write.
//!
//! The stamp of a read is taken when the system call returns, before anything looks at the bytes;
//! where the kernel delivers its own stamp, that one counts.

use std::cell::RefCell;
use std::io::{self, Write};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use aiperf_clock::{Nanos, monotonic_now};
use socket2::Socket;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::kernel_stamps::{self, Receiver};
use crate::wire::{TimestampSource, WireStamps};

/// Bytes that one read may take. Small enough that a read seldom spans many segments' stamps when
/// the client is a little late, large enough that a long answer needs few reads.
pub(crate) const READ_SIZE: usize = 64 * 1024;

/// A buffer that the connections of one thread read into, one after the other.
#[derive(Clone)]
pub(crate) struct ReadScratch(Rc<RefCell<Box<[u8]>>>);

impl ReadScratch {
    pub(crate) fn new() -> Self {
        Self(Rc::new(RefCell::new(vec![0; READ_SIZE].into_boxed_slice())))
    }

    /// Lends the memory, [`READ_SIZE`] bytes. What is in it afterwards has to be taken before this
    /// returns.
    pub(crate) fn lend<R>(&self, read: impl FnOnce(&mut [u8]) -> R) -> R {
        read(&mut self.0.borrow_mut())
    }
}

pub(crate) struct StampedStream {
    socket: AsyncFd<Socket>,
    wire: Rc<WireStamps>,
    scratch: ReadScratch,
    /// Present where the kernel stamps this socket.
    receiver: Option<Receiver>,
}

impl StampedStream {
    /// Takes over a connected, non-blocking socket.
    pub(crate) fn new(
        socket: Socket,
        source: TimestampSource,
        wire: Rc<WireStamps>,
        scratch: ReadScratch,
    ) -> io::Result<Self> {
        let asks_kernel = source != TimestampSource::User;
        let receiver = (asks_kernel && kernel_stamps::enable(&socket)).then(Receiver::new);
        #[expect(
            deprecated,
            reason = "the successor is an unsafe function whose one condition, that the \
                      descriptor stays open, an owned socket meets by itself"
        )]
        let socket = AsyncFd::new(socket)?;
        Ok(Self {
            socket,
            wire,
            scratch,
            receiver,
        })
    }

    pub(crate) fn has_kernel_stamps(&self) -> bool {
        self.receiver.is_some()
    }
}

impl AsyncRead for StampedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let wanted = buffer.remaining().min(READ_SIZE);
        if buffer.initialized().len() - buffer.filled().len() >= wanted {
            let space = buffer.initialize_unfilled_to(wanted);
            let length = ready!(this.poll_read_into(context, space))?;
            buffer.advance(length);
        } else {
            // The reader's memory is such as the compiler does not know to have been written.
            let scratch = this.scratch.clone();
            ready!(scratch.lend(|scratch| {
                let length = ready!(this.poll_read_into(context, &mut scratch[..wanted]))?;
                buffer.put_slice(&scratch[..length]);
                Poll::Ready(io::Result::Ok(()))
            }))?;
        }
        Poll::Ready(Ok(()))
    }
}

impl StampedStream {
    /// Reads once, up to [`READ_SIZE`] bytes; 0 is the end of the connection.
    pub(crate) fn poll_read_into(
        &mut self,
        context: &mut Context<'_>,
        space: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let wanted = space.len().min(READ_SIZE);
        let space = &mut space[..wanted];
        if wanted == 0 {
            return Poll::Ready(Ok(0));
        }
        if self.wire.reads_unannounced.get() {
            return self.read_now(space);
        }
        loop {
            let mut ready = ready!(self.socket.poll_read_ready(context))?;
            match receive(&mut self.receiver, ready.get_inner(), space) {
                Ok((bytes, delay)) => {
                    let returned = monotonic_now();
                    if bytes > 0 {
                        self.wire.read(returned, delay, bytes);
                        // A short read has emptied the socket; with edge-triggered readiness the
                        // next segment announces itself, so the read that would only report
                        // "would block" is saved.
                        if bytes < wanted {
                            ready.clear_ready();
                        }
                    }
                    return Poll::Ready(Ok(bytes));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready.clear_ready(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Reads what is there, on an idle connection: none of it belongs to an exchange, so nothing
    /// is stamped, and nobody waits for more.
    fn read_now(&mut self, space: &mut [u8]) -> Poll<io::Result<usize>> {
        match receive(&mut self.receiver, self.socket.get_ref(), space) {
            Ok((bytes, _)) => Poll::Ready(Ok(bytes)),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Poll::Pending,
                _ => Poll::Ready(Err(error)),
            },
        }
    }
}

fn receive(
    receiver: &mut Option<Receiver>,
    mut socket: &Socket,
    space: &mut [u8],
) -> io::Result<(usize, Option<Nanos>)> {
    match receiver {
        Some(receiver) => receiver.receive(socket, space),
        None => io::Read::read(&mut socket, space).map(|bytes| (bytes, None)),
    }
}

impl AsyncWrite for StampedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        loop {
            let ready = this.socket.poll_write_ready(context);
            this.wire.write_blocked.set(ready.is_pending());
            let mut ready = ready!(ready)?;
            let before = monotonic_now();
            match ready.get_inner().write(bytes) {
                Ok(written) => {
                    this.wire.wrote(before, monotonic_now(), written);
                    this.wire.write_blocked.set(false);
                    return Poll::Ready(Ok(written));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    this.wire.write_blocked.set(true);
                    ready.clear_ready();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        loop {
            let ready = this.socket.poll_write_ready(context);
            this.wire.write_blocked.set(ready.is_pending());
            let mut ready = ready!(ready)?;
            let before = monotonic_now();
            match ready.get_inner().write_vectored(parts) {
                Ok(written) => {
                    this.wire.wrote(before, monotonic_now(), written);
                    this.wire.write_blocked.set(false);
                    return Poll::Ready(Ok(written));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    this.wire.write_blocked.set(true);
                    ready.clear_ready();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.socket.get_ref().shutdown(std::net::Shutdown::Write))
    }
}
