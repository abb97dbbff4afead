//! What is said to an inference endpoint and how its answers are understood.
//!
//! Pure: no socket, no file, no clock, no thread. Bodies, URLs and headers are built from
//! [`conversation`] types and settings; answers are parsed from bytes and the instants at which
//! those bytes were read.
//!
//! Saying:
//! - [`kind`]: the endpoint types and what each can do
//! - [`conversation`]: what a dataset hands over
//! - [`model_selection`]: which of several models a turn asks
//! - [`mod@format`]: a turn and its history become a body
//! - [`template`]: the user's own body
//! - [`chaining`]: the server keeps the history
//! - [`multipart`]: the body becomes parts, for types that want it so
//! - [`url`], [`headers`]: where it goes and with which headers
//!
//! Understanding:
//! - [`transcript`]: an answer as it came over the wire
//! - [`sse`]: events of a stream, each with its instant
//! - [`mod@parse`]: a transcript becomes an [`parse::Answer`]: timed parts, texts, usage, failure
//! - [`usage`], [`failure`]: the two things that every dialect reports alike
//! - [`response_field`]: where the user says that content is
//! - [`speculative_decoding`]: what the server reports about its draft model
//! - [`reply`]: an answer becomes a turn of the session's history
//! - [`input`]: the texts of a body that was sent, for counting its tokens
//! - [`polling`]: a video is asked for until it is there
//! - [`raw`]: the exchange as the raw export shows it
//!
//! To add an endpoint type: one file in `dialect/` with what the type can do (its row) and how it is
//! spoken (the trait of `dialect.rs`), and one line in the list of `dialect.rs`. The smallest one to
//! learn from is `dialect/solido_rag.rs`: a row, a body, an answer, and beside it a table of both.
//! What a type does not share with the others it overrides in the trait; a reply with a form of its
//! own for the history goes into `reply/`, input that is not where the others have it into `input.rs`.

pub mod chaining;
pub mod conversation;
mod dialect;
pub mod error;
pub mod failure;
pub mod format;
pub mod headers;
pub mod input;
pub mod kind;
pub mod model_selection;
pub mod multipart;
pub mod parse;
pub mod polling;
pub mod raw;
pub mod reply;
pub mod response_field;
pub mod speculative_decoding;
pub mod sse;
pub mod template;
pub mod transcript;
pub mod url;
pub mod usage;

pub use error::EndpointError;
pub use failure::Failure;
pub use kind::{Capabilities, EndpointType};
pub use parse::{Answer, parse};
pub use transcript::{ReadMark, Transcript};
