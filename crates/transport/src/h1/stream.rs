//! What HTTP/1.1 is spoken over: a socket, with or without TLS.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncBufRead, AsyncWrite};
use tokio_rustls::client::TlsStream;

use super::Buffers;
use crate::stream::StampedStream;

pub(crate) enum Stream {
    Plain(StampedStream),
    Tls(Box<TlsStream<StampedStream>>),
}

impl From<StampedStream> for Stream {
    fn from(stream: StampedStream) -> Self {
        Self::Plain(stream)
    }
}

impl From<TlsStream<StampedStream>> for Stream {
    fn from(stream: TlsStream<StampedStream>) -> Self {
        Self::Tls(Box::new(stream))
    }
}

impl Stream {
    /// Reads once, up to `most` bytes, and hands them on: none at the end of the connection. When
    /// this returns, the latest stamp of the wire is that of these bytes.
    ///
    /// With TLS, it is the read that brought the last byte of their record; several records that
    /// came together are handed on one by one.
    pub(super) fn poll_read_with<R>(
        &mut self,
        context: &mut Context<'_>,
        buffers: &Buffers,
        most: usize,
        take: impl FnOnce(&[u8]) -> R,
    ) -> Poll<io::Result<R>> {
        match self {
            Self::Plain(stream) => buffers.lend(|space| {
                let most = most.min(space.len());
                let length = ready!(stream.poll_read_into(context, &mut space[..most]))?;
                Poll::Ready(Ok(take(&space[..length])))
            }),
            Self::Tls(stream) => {
                let mut stream = Pin::new(&mut **stream);
                let data = ready!(stream.as_mut().poll_fill_buf(context))?;
                let length = data.len();
                let taken = take(data);
                stream.consume(length);
                Poll::Ready(Ok(taken))
            }
        }
    }

    pub(super) fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(context, parts),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_write_vectored(context, parts),
        }
    }

    /// Ready when the kernel has everything that was written.
    pub(super) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_flush(context),
        }
    }
}
