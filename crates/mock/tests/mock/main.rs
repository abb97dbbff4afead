//! The mock server as its clients see it, over plain sockets.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod access;
mod answers;
mod broken;
mod client;
mod connections;
mod documents;
mod faults;
mod load;
mod metrics;
mod protocols;
mod request_log;
mod transport;
mod truth;
