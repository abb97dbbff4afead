//! HTTP/1.1: requests as bytes, and bytes as answers.
//!
//! What arrives is understood by machines that take bytes at any cut and do no I/O: `head` (status
//! line and fields), `chunked`, `body`, and `answer`, which puts them together. `request` writes
//! heads. Only `connection` knows of sockets; `stream` of what is read from them, `outgoing` of
//! what is still to be written.
//!
//! A waiting connection holds no buffer: all connections of a thread read into the same memory
//! (`buffers`), and what was read is taken from there before anything else happens.

mod answer;
mod body;
mod buffers;
mod chunked;
mod connection;
#[cfg(test)]
mod differential;
mod error;
mod head;
mod outgoing;
mod request;
mod stream;

pub(crate) use answer::AnswerSink;
pub(crate) use buffers::Buffers;
pub(crate) use connection::{Connection, Ended};
pub(crate) use error::Http1Error;
pub(crate) use head::AnswerHead;
pub(crate) use request::{AbsoluteForm, RequestHead};
pub(crate) use stream::Stream;
