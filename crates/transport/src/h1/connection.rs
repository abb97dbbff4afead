//! One HTTP/1.1 connection.
//!
//! Whoever waits for the answer moves its bytes: there is no task and no channel behind a
//! connection. An idle one is looked at by nobody; whether the server has closed it is found out
//! when it is taken from the pool.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use aiperf_clock::Nanos;
use bytes::Bytes;
use http::Method;

use super::answer::{AnswerReader, AnswerSink, Progress};
use super::outgoing::Outgoing;
use super::request::{AbsoluteForm, RequestHead};
use super::{Buffers, Http1Error, Stream};
use crate::stream::READ_SIZE;
use crate::wire::WireStamps;

/// Bytes that the first reads of an answer may take. Enough for what a token needs; a read that
/// takes more may join segments that came one after the other, and has the stamp of the last.
const FIRST_READ: usize = 8 * 1024;

pub(crate) struct Connection {
    stream: Stream,
    buffers: Buffers,
    is_reusable: bool,
    pub(crate) wire: Rc<WireStamps>,
    pub(crate) local: Option<SocketAddr>,
    pub(crate) remote: Option<SocketAddr>,
    pub(crate) is_kernel_stamped: bool,
    /// How requests are written where a proxy reads them.
    pub(crate) absolute_form: Option<AbsoluteForm>,
    /// When it was last given back.
    pub(crate) idle_since: Nanos,
}

/// How an exchange came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The answer is complete.
    Complete,
    /// Whoever takes the answer wants no more of it.
    Stopped,
}

/// A request that is ready to be sent.
pub(crate) struct Prepared {
    outgoing: Outgoing,
    answers_head: bool,
    closes: bool,
}

impl Connection {
    pub(crate) fn new(stream: Stream, wire: Rc<WireStamps>, buffers: Buffers) -> Self {
        Self {
            stream,
            buffers,
            is_reusable: true,
            wire,
            local: None,
            remote: None,
            is_kernel_stamped: false,
            absolute_form: None,
            idle_since: 0,
        }
    }

    /// Makes the bytes of a request for this connection.
    pub(crate) fn prepare(&self, head: &RequestHead<'_>, body: Bytes) -> Prepared {
        let mut bytes = self.buffers.take_head();
        let encoded = head.encode(self.absolute_form.as_ref(), body.len(), &mut bytes);
        Prepared {
            outgoing: Outgoing::new(bytes, body, encoded.tail),
            answers_head: head.method == Method::HEAD,
            closes: encoded.closes,
        }
    }

    /// Sends a request, and hands its answer to `sink` as it arrives. The answer is read also while
    /// the request is being written: a server that refuses one need not take all of it.
    ///
    /// Where the future is dropped before its end, the connection cannot be used again.
    pub(crate) async fn exchange(
        &mut self,
        prepared: Prepared,
        sink: &mut impl AnswerSink,
    ) -> Result<Ended, Http1Error> {
        self.is_reusable = false;
        let Prepared {
            mut outgoing,
            answers_head,
            closes,
        } = prepared;
        let mut incoming = Incoming::new(answers_head);
        let mut write_error = None;
        let ended = poll_fn(|context| {
            if outgoing.is_under_way() {
                match outgoing.poll(&mut self.stream, context, &self.buffers) {
                    Poll::Ready(Ok(())) => self.wire.body_taken.set(true),
                    // What the server said before it hung up is still there to be read.
                    Poll::Ready(Err(error)) if is_hang_up(&error) => write_error = Some(error),
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error.into())),
                    Poll::Pending => {}
                }
            }
            incoming.poll(&mut self.stream, context, &self.buffers, sink)
        })
        .await;
        let ended = ended.map_err(|error| blame(error, write_error))?;
        self.is_reusable = outgoing.is_written() && !closes && incoming.reader.keeps_alive();
        Ok(ended)
    }

    /// Whether the connection can carry another exchange after the one that has just ended: all of
    /// it has been written and read, and neither side wants the connection closed.
    pub(crate) fn is_reusable(&self) -> bool {
        self.is_reusable
    }

    /// Whether an idle connection can be used now. Looks at the socket itself: what the event loop
    /// knows of it may be older than the server's closing.
    pub(crate) fn is_still_usable(&mut self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        self.wire.reads_unannounced.set(true);
        let found = self
            .stream
            .poll_read_with(&mut context, &self.buffers, FIRST_READ, |_bytes| ());
        self.wire.reads_unannounced.set(false);
        // Its end, an error, or something that nobody has asked for.
        self.is_reusable &= found.is_pending();
        self.is_reusable
    }
}

/// An answer on its way from the kernel.
struct Incoming {
    reader: AnswerReader,
    /// Bytes that the next read may take.
    read_size: usize,
}

impl Incoming {
    fn new(answers_head: bool) -> Self {
        Self {
            reader: AnswerReader::new(answers_head),
            read_size: FIRST_READ,
        }
    }

    /// Reads what there is.
    fn poll(
        &mut self,
        stream: &mut Stream,
        context: &mut Context<'_>,
        buffers: &Buffers,
        sink: &mut impl AnswerSink,
    ) -> Poll<Result<Ended, Http1Error>> {
        loop {
            let Self { reader, read_size } = self;
            let read = stream.poll_read_with(context, buffers, *read_size, |bytes| {
                // Long bodies are read in long reads, as long as they come so fast.
                *read_size = if bytes.len() < *read_size {
                    FIRST_READ
                } else {
                    (*read_size * 2).min(READ_SIZE)
                };
                if bytes.is_empty() {
                    reader.end()
                } else {
                    reader.feed(bytes, sink)
                }
            });
            match ready!(read)?? {
                Progress::More => {}
                Progress::Complete => return Poll::Ready(Ok(Ended::Complete)),
                Progress::Stopped => return Poll::Ready(Ok(Ended::Stopped)),
            }
        }
    }
}

/// Whether writing failed because the other side takes no more.
fn is_hang_up(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
    )
}

/// A reset is reported once: to who writes, if that comes first. Who reads afterwards sees an end
/// like any other.
fn blame(read: Http1Error, write: Option<io::Error>) -> Http1Error {
    match (read, write) {
        (Http1Error::Closed, Some(write)) if write.kind() != io::ErrorKind::BrokenPipe => {
            Http1Error::Io(write)
        }
        (read, _) => read,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_is_blamed_on_the_wire_and_a_server_that_takes_no_more_on_its_end() {
        for (read, write, is_broken) in [
            (
                Http1Error::Closed,
                Some(io::ErrorKind::ConnectionReset),
                true,
            ),
            (Http1Error::Closed, Some(io::ErrorKind::BrokenPipe), false),
            (Http1Error::Closed, None, false),
            (
                Http1Error::Framing("what was read counts"),
                Some(io::ErrorKind::ConnectionReset),
                false,
            ),
        ] {
            let text = format!("{read:?} {write:?}");
            let blamed = blame(read, write.map(io::Error::from));
            assert_eq!(matches!(blamed, Http1Error::Io(_)), is_broken, "{text}");
        }
    }
}
