//! The mock inference server for demos, tests and benchmarks.
//!
//! It speaks the protocols of every endpoint type over HTTP/1.1 and HTTP/2, keeps its time schedule
//! to about 0.1 ms, breaks in every way it is told to, and writes down what it really did: the
//! *truth file* says when each chunk was handed to the socket, which is what a client's own figures
//! are judged against.
//!
//! ```no_run
//! use aiperf_mock::{MockOptions, MockServer};
//!
//! let options = MockOptions { ttft_ms: 20.0, itl_ms: 5.0, ..MockOptions::default() };
//! let server = MockServer::start(options)?;
//! println!("listening on {}", server.url());
//! # Ok::<(), aiperf_mock::MockError>(())
//! ```
//!
//! One request is told from top to bottom by: `server` (threads and listeners, with `listen` and
//! `tls`), `connection` (one client's socket, kept alive; `http2` leads there too), `wire` (HTTP
//! framing), `routes` (which path is answered how), `body` (what was asked), `plan` (how long the
//! answer is, when each token is due, which fault befalls it), `routes::generation` (writing it, on
//! time) with `protocol` (its bytes), and `exchange` (what is remembered of it: `metrics`, `truth` and
//! `request_log`).
//!
//! What is absent: a tokenizer (without a [`PromptCounter`], prompt tokens are words) and a model.

mod batch;
mod body;
mod compress;
mod connection;
mod delay;
mod error;
mod exchange;
mod fault;
mod http2;
mod lines;
mod listen;
mod metrics;
mod options;
mod plan;
mod prefix_cache;
mod protocol;
mod request_log;
mod response;
mod routes;
mod server;
mod stream;
mod tls;
mod truth;
mod wire;
mod words;

pub use delay::Distribution;
pub use error::MockError;
pub use fault::{Fault, FaultRule, When};
pub use options::{
    BatchOptions, CachedTokens, Compression, MetricsStyle, MockOptions, PromptCounter,
    ReasoningField, TlsOptions, UsageMode,
};
pub use request_log::RequestRecord;
pub use server::{MockServer, Stats};
pub use truth::TruthRecord;
