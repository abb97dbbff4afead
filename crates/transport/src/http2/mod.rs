//! HTTP/2: several exchanges on one connection, each with its own instants.
//!
//! The `h2` crate speaks the protocol. Between it and the socket lies a `tap` that reads along: it
//! knows frame boundaries (`frames`), and so to which exchange the bytes of each read and write
//! belong. What an exchange learns late, because other exchanges were served first, still has the
//! instant of its read.

mod frames;
mod session;
mod tap;

pub(crate) use session::{Http2Exchange, Http2Session};
