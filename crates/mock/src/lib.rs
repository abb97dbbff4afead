//! The mock inference server for demos, tests and benchmarks.
//!
//! It speaks the OpenAI chat and text completion protocols over HTTP/1.1, keeps its time schedule
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
//! One request is told from top to bottom by: `server` (threads and listeners), `connection`
//! (one client's socket, kept alive), `wire` (HTTP framing), `body` (what was asked),
//! `plan` (how long the answer is, when each token is due, which fault befalls it),
//! `answer` (writing it, on time) with `render` (its bytes), and `exchange` (what is
//! remembered of it: `metrics` and `truth`).
//!
//! What is absent: no TLS, no HTTP/2, no batching model (every request runs at once, as on a server
//! of unlimited size) and no tokenizer: without a [`PromptCounter`], prompt tokens are words.

mod answer;
mod body;
mod connection;
mod delay;
mod error;
mod exchange;
mod fault;
mod metrics;
mod options;
mod plan;
mod render;
mod server;
mod truth;
mod wire;
mod words;

pub use delay::Distribution;
pub use error::MockError;
pub use fault::Fault;
pub use options::{CachedTokens, MockOptions, PromptCounter, UsageMode};
pub use server::{MockServer, Stats};
pub use truth::TruthRecord;
