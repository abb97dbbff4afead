//! Why an exchange over HTTP/1.1 did not come to its end.

use std::io;

use thiserror::Error;

#[derive(Debug, Error)]
pub(crate) enum Http1Error {
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The connection ended before the answer did.
    #[error("the connection closed before the answer was complete")]
    Closed,
    /// What came back has no head of HTTP/1; the text says what is wrong with it.
    #[error("{0}")]
    Head(String),
    /// The body cannot be told from what surrounds it; the text says why.
    #[error("{0}")]
    Framing(&'static str),
}
