//! Sockets, TLS, HTTP/1.1 and HTTP/2, with the instant of every step.
//!
//! An exchange is one request and its answer. While it runs, this crate notes when the connection
//! was made, when the first and last byte was handed to the kernel, when every read returned (or,
//! where the kernel tells, when the segment reached this host), and what came back. It keeps the
//! bytes as they came: nothing here looks into a body.
//!
//! What is absent: no parsing of JSON or SSE, no tokens, no reading of environment variables, no
//! retries but of a request that found its kept connection closed, no limit on the number of
//! connections that nobody asked for.
//!
//! Reading order: [`wire`] (what is stamped) → `stream` (where it is stamped) → `connect` (`names`,
//! [`tls`], [`proxy`]) → `h1` (HTTP/1.1 on top) or `http2` → `converse` →
//! [`Transport::perform`].

mod connect;
mod converse;
mod decode;
pub mod exchange;
pub mod failure;
mod h1;
mod http2;
mod kernel_stamps;
mod limit;
mod link;
mod names;
mod options;
mod perform;
mod pool;
pub mod proxy;
pub mod received;
mod redirect;
mod running;
mod stream;
pub mod target;
pub mod tls;
mod trust;
pub mod watch;
pub mod wire;

pub use exchange::{HttpExchange, ReadMark};
pub use failure::{TransportError, TransportFailure};
pub use limit::ConnectionLimit;
pub use names::{NameCache, NameResolution};
pub use options::{HttpVersion, ProbeOptions, TransportOptions};
pub use perform::{Lease, OutgoingRequest, StickyConnection, Transport, TransportCounters};
pub use proxy::Proxies;
pub use received::{Received, ReceivedBody};
pub use target::Target;
pub use tls::{LazyTls, TlsSettings};
pub use watch::{CancelAfterSent, Watch};
pub use wire::TimestampSource;
