//! A request on its way to the kernel.

use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::Buffers;
use super::stream::Stream;

/// What is still to be written of a request. Head and body go out with one write where the kernel
/// takes them.
pub(super) struct Outgoing {
    head: Vec<u8>,
    body: Bytes,
    tail: &'static [u8],
    written: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Writing,
    /// The stream has taken everything; the kernel may not have.
    Flushing,
    Written,
    /// The kernel takes no more.
    Broken,
}

impl Outgoing {
    pub(super) fn new(head: Vec<u8>, body: Bytes, tail: &'static [u8]) -> Self {
        Self {
            head,
            body,
            tail,
            written: 0,
            state: State::Writing,
        }
    }

    /// Whether the kernel has the whole request.
    pub(super) fn is_written(&self) -> bool {
        self.state == State::Written
    }

    /// Whether there is something that [`Self::poll`] could do.
    pub(super) fn is_under_way(&self) -> bool {
        matches!(self.state, State::Writing | State::Flushing)
    }

    /// Writes what the kernel takes. Ready when it has everything, or takes no more.
    pub(super) fn poll(
        &mut self,
        stream: &mut Stream,
        context: &mut Context<'_>,
        buffers: &Buffers,
    ) -> Poll<io::Result<()>> {
        let result = ready!(self.poll_to_end(stream, context));
        self.state = match &result {
            Ok(()) => State::Written,
            Err(_) => State::Broken,
        };
        // An answer may take minutes; the request is not held for so long.
        buffers.give_head(std::mem::take(&mut self.head));
        self.body = Bytes::new();
        Poll::Ready(result)
    }

    fn poll_to_end(
        &mut self,
        stream: &mut Stream,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.state == State::Writing {
            let mut parts = [&*self.head, &self.body, self.tail].map(IoSlice::new);
            let mut rest = parts.as_mut_slice();
            IoSlice::advance_slices(&mut rest, self.written);
            if rest.is_empty() {
                self.state = State::Flushing;
                break;
            }
            let written = ready!(stream.poll_write(context, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += written;
        }
        stream.poll_flush(context)
    }
}
