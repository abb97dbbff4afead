//! The transport against servers that do everything a server may do, and much that it may not.
//!
//! Most servers here are a few lines on a plain socket, so that each test shows the very bytes and
//! the very moment that it is about.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod bodies;
mod connections;
mod descriptors;
mod encodings;
mod failures;
mod http1;
mod http2;
mod instants;
mod kernel_stamps;
mod limits;
mod proxies;
mod redirects;
mod support;
mod tls;
mod tls_files;
mod unix_sockets;
