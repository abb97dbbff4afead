//! What can keep the server from starting.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why [`MockServer::start`](crate::MockServer::start) failed.
#[derive(Debug, thiserror::Error)]
pub enum MockError {
    /// An option has a value that means nothing.
    #[error("`{option}` {reason}")]
    InvalidOption {
        /// The field of [`MockOptions`](crate::MockOptions).
        option: &'static str,
        /// What is wrong with it and what would be right.
        reason: String,
    },
    /// The host name has no address.
    #[error("host `{host}` cannot be resolved: {source}")]
    Resolve {
        /// The host as it was given.
        host: String,
        /// What the resolver said.
        source: std::io::Error,
    },
    /// Somebody else listens there.
    #[error(
        "port `{}` on `{}` is already in use; choose another port, or 0 for a free one",
        .address.port(), .address.ip()
    )]
    PortInUse {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on `{address}`: {source}")]
    Bind {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The truth file cannot be opened.
    #[error("cannot append to truth file `{}`: {source}", .path.display())]
    TruthFile {
        /// The path as it was given.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The request log cannot be opened.
    #[error("cannot append to request log `{}`: {source}", .path.display())]
    RequestLog {
        /// The path as it was given.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The socket in the file system cannot be listened on.
    #[error("cannot listen on socket `{}`: {reason}", .path.display())]
    UnixSocket {
        /// The path as it was given.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Certificates could not be made, or not be written.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
    /// A thread or its event loop could not be set up.
    #[error("cannot start a serving thread: {0}")]
    Thread(std::io::Error),
}
