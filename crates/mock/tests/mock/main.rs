//! The mock server as its clients see it, over plain sockets.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod answers;
mod client;
mod connections;
mod faults;
mod metrics;
mod truth;
