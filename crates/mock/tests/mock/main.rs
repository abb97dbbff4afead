//! The mock server as its clients see it, over plain sockets.

mod answers;
mod client;
mod connections;
mod faults;
mod metrics;
mod truth;
