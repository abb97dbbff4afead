//! What is said to an inference endpoint and how its answers are understood.
//!
//! Pure: no socket, no file, no clock, no thread. Bodies, URLs and headers are built from
//! [`conversation`] types and settings; answers are parsed from bytes and the instants at which
//! those bytes were read.
//!
//! Saying:
//! - [`kind`]: the endpoint types and what each can do
//! - [`conversation`]: what a dataset hands over
//! - [`mod@format`]: a turn and its history become a body
//! - [`url`], [`headers`]: where it goes and with which headers
//!
//! Understanding:
//! - [`transcript`]: an answer as it came over the wire
//! - [`sse`]: events of a stream, each with its instant
//! - [`mod@parse`]: a transcript becomes an [`parse::Answer`]: timed parts, texts, usage, failure
//! - [`usage`], [`failure`]: the two things that every dialect reports alike
//! - [`reply`]: an answer becomes a turn of the session's history
//! - [`input`]: the texts of a body that was sent, for counting its tokens
//! - [`raw`]: the exchange as the raw export shows it
//!
//! To add an endpoint type: one file in `dialect/` that implements its trait, one line in
//! `dialect.rs`. Its row in [`kind::Capabilities`] is already there.

pub mod conversation;
mod dialect;
pub mod error;
pub mod failure;
pub mod format;
pub mod headers;
pub mod input;
pub mod kind;
pub mod parse;
pub mod raw;
pub mod reply;
pub mod sse;
pub mod transcript;
pub mod url;
pub mod usage;

pub use error::EndpointError;
pub use failure::Failure;
pub use kind::{Capabilities, EndpointType};
pub use parse::{Answer, parse};
pub use transcript::{ReadMark, Transcript};
