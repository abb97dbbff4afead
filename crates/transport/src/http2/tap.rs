//! What lies between the HTTP/2 layer and the socket, and reads along.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use aiperf_clock::{Nanos, monotonic_now};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frames::{Frames, Kind, PREFACE_LENGTH, Part};
use crate::wire::WireStamps;

/// What the tap knows of the exchanges of one connection.
pub(super) struct Tap {
    /// The socket's own stamps.
    socket: Rc<WireStamps>,
    streams: RefCell<HashMap<u32, Rc<StreamTap>>>,
    latest_read: Cell<LatestRead>,
}

/// The instants of one exchange.
#[derive(Default)]
pub(super) struct StreamTap {
    pub(super) wire: Rc<WireStamps>,
    /// When the head of the answer was complete.
    pub(super) head_at: Cell<Nanos>,
    /// Parts of the body that have come and were not taken yet: bytes, and when.
    arrivals: RefCell<VecDeque<(usize, Nanos)>>,
    has_body: Cell<bool>,
    /// The number of the read that brought something last.
    read_number: Cell<u32>,
    /// The task that waits for this exchange.
    task: RefCell<Option<Waker>>,
}

/// The socket's latest read.
#[derive(Clone, Copy, Default)]
struct LatestRead {
    number: u32,
    /// How long its bytes had waited, where the kernel said so.
    delay: Option<Nanos>,
}

impl Tap {
    pub(super) fn new(socket: Rc<WireStamps>) -> Self {
        Self {
            socket,
            streams: RefCell::default(),
            latest_read: Cell::default(),
        }
    }

    pub(super) fn register(&self, stream: u32, tap: Rc<StreamTap>) {
        self.streams.borrow_mut().insert(stream, tap);
    }

    pub(super) fn forget(&self, stream: u32) {
        self.streams.borrow_mut().remove(&stream);
    }

    fn received(&self, part: Part) {
        let streams = self.streams.borrow();
        let Some(stream) = streams.get(&part.stream) else {
            return;
        };
        // Frames that only steer the connection are no part of an answer.
        if part.kind == Kind::Other {
            return;
        }
        let at = self.socket.last_read.get();
        stream.note_read(at, self.latest_read.get(), part.length);
        match part.kind {
            Kind::Head if part.is_complete && !stream.has_body.get() => stream.head_at.set(at),
            Kind::Data if part.data > 0 => {
                stream.has_body.set(true);
                let mut arrivals = stream.arrivals.borrow_mut();
                match arrivals.back_mut() {
                    Some((length, last)) if *last == at => *length += part.data,
                    _ => arrivals.push_back((part.data, at)),
                }
            }
            _ => {}
        }
    }

    /// Notes a part that the layer below has taken. `begun` is when it was asked to.
    fn sent(&self, part: Part, begun: Nanos) {
        let streams = self.streams.borrow();
        let Some(stream) = streams.get(&part.stream) else {
            return;
        };
        if part.kind == Kind::Other {
            return;
        }
        let first = match self.socket.first_write.get() {
            0 => begun,
            first => first,
        };
        let is_blocked = self.socket.write_blocked.get();
        let last = self.socket.last_write.get();
        let last = if is_blocked { first } else { last.max(first) };
        stream.wire.wrote(first, last, part.length);
        stream.wire.write_blocked.set(is_blocked);
        if part.ends_stream && part.is_complete {
            stream.wire.body_taken.set(true);
            stream.wake();
        }
    }

    /// The layer below has handed on what it had taken, so everything is with the kernel.
    fn flushed(&self) {
        if self.socket.write_blocked.get() {
            return;
        }
        let at = self.socket.last_write.get();
        for stream in self.streams.borrow().values() {
            if stream.wire.write_blocked.replace(false) {
                stream.wire.last_write.set(at);
                stream.wake();
            }
        }
    }
}

impl StreamTap {
    pub(super) fn wake_with(&self, waker: &Waker) {
        let mut task = self.task.borrow_mut();
        if !task.as_ref().is_some_and(|task| task.will_wake(waker)) {
            *task = Some(waker.clone());
        }
    }

    fn wake(&self) {
        if let Some(task) = &*self.task.borrow() {
            task.wake_by_ref();
        }
    }

    fn note_read(&self, at: Nanos, latest: LatestRead, bytes: usize) {
        let wire = &self.wire;
        if wire.first_read.get() == 0 {
            wire.first_read.set(at);
        }
        wire.last_read.set(at);
        wire.bytes_read.set(wire.bytes_read.get() + bytes as u64);
        if self.read_number.replace(latest.number) == latest.number {
            return;
        }
        wire.reads.set(wire.reads.get() + 1);
        if let Some(delay) = latest.delay {
            let stamped = wire.kernel_stamped_reads.get();
            wire.kernel_stamped_reads.set(stamped + 1);
            wire.receive_delay_sum
                .set(wire.receive_delay_sum.get() + delay);
            wire.receive_delay_max
                .set(wire.receive_delay_max.get().max(delay));
        }
    }

    /// How many of the next `length` bytes of the body came together, and when.
    pub(super) fn take_arrival(&self, length: usize) -> (usize, Nanos) {
        let mut arrivals = self.arrivals.borrow_mut();
        let Some((here, at)) = arrivals.front_mut() else {
            return (length, self.wire.last_read.get());
        };
        let (taken, at) = (length.min(*here), *at);
        *here -= taken;
        if *here == 0 {
            arrivals.pop_front();
        }
        (taken, at)
    }
}

/// A stream of bytes with a tap on it.
pub(super) struct Tapped<S> {
    stream: S,
    tap: Rc<Tap>,
    incoming: Frames,
    outgoing: Frames,
}

impl<S> Tapped<S> {
    pub(super) fn new(stream: S, tap: Rc<Tap>) -> Self {
        Self {
            stream,
            tap,
            incoming: Frames::default(),
            outgoing: Frames::after(PREFACE_LENGTH),
        }
    }

    fn note_written<'a>(
        &mut self,
        begun: Nanos,
        written: usize,
        parts: impl Iterator<Item = &'a [u8]>,
    ) {
        let Self { tap, outgoing, .. } = self;
        let mut left = written;
        for part in parts {
            let taken = left.min(part.len());
            outgoing.advance(&part[..taken], |part| tap.sent(part, begun));
            left -= taken;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tapped<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self {
            stream,
            tap,
            incoming,
            ..
        } = self.get_mut();
        let before = buffer.filled().len();
        let socket = &tap.socket;
        let reads = socket.reads.get();
        let (stamped, waited) = (
            socket.kernel_stamped_reads.get(),
            socket.receive_delay_sum.get(),
        );
        let result = Pin::new(stream).poll_read(context, buffer);
        if socket.reads.get() != reads {
            let is_stamped = socket.kernel_stamped_reads.get() != stamped;
            tap.latest_read.set(LatestRead {
                number: socket.reads.get(),
                delay: is_stamped.then(|| socket.receive_delay_sum.get() - waited),
            });
        }
        if let Poll::Ready(Ok(())) = &result {
            incoming.advance(&buffer.filled()[before..], |part| tap.received(part));
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tapped<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.tap.socket.first_write.set(0);
        let begun = monotonic_now();
        let result = Pin::new(&mut this.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(written)) = result {
            this.note_written(begun, written, [bytes].into_iter());
        }
        result
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.tap.socket.first_write.set(0);
        let begun = monotonic_now();
        let result = Pin::new(&mut this.stream).poll_write_vectored(context, parts);
        if let Poll::Ready(Ok(written)) = result {
            this.note_written(begun, written, parts.iter().map(|part| &**part));
        }
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_flush(context);
        if let Poll::Ready(Ok(())) = result {
            this.tap.flushed();
        }
        result
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_body_keep_the_instant_at_which_they_came() {
        let tap = StreamTap::default();
        tap.arrivals.borrow_mut().extend([(4, 10), (2, 20)]);
        assert_eq!(tap.take_arrival(3), (3, 10));
        assert_eq!(tap.take_arrival(3), (1, 10));
        assert_eq!(tap.take_arrival(2), (2, 20));
        tap.wire.last_read.set(30);
        assert_eq!(tap.take_arrival(5), (5, 30));
    }
}
