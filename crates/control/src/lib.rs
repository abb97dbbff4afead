//! What is asked of a server besides inference: whether it is ready, to empty its KV cache, to
//! start and stop its profiler.
//!
//! All of it happens before, between or after the phases of a run, over connections of its own.
//! Nothing here is a request of the benchmark: nothing is recorded, and no figure contains it.
//!
//! - [`wait_until_ready`]: asks until the server can serve, or the time is up
//! - [`reset_kv_cache`]: once before a run, so that no run profits from the one before
//! - [`ServerProfiler`]: around each profiling phase
//! - [`ControlClient`]: the headers and the way to the server that all three share
//!
//! Questions whether a server is ready go the way of the load, through the proxies of the
//! environment where those are trusted. Hooks never do: they are for the server itself, not for what
//! stands between.
//!
//! What is absent: redirects, and the server's words in error messages, which may hold secrets.
//!
//! Every function blocks its thread until it is done, and must not be called from asynchronous code:
//! each runs an event loop of its own, and a thread cannot hold two. Long waits end early when the
//! caller's [`CancelCheck`] says so.

mod client;
mod error;
mod headers;
mod hook;
mod kv_cache;
mod origin;
mod profiler;
mod readiness;
#[cfg(test)]
mod test_server;
mod waiting;

pub use client::ControlClient;
pub use error::{ControlError, HookFailure, RequestFailure};
pub use hook::Hook;
pub use kv_cache::{DEFAULT_RESET_PATH, KvCacheReset, Retry, reset_kv_cache};
pub use origin::check_path;
pub use profiler::{DEFAULT_START_PATH, DEFAULT_STOP_PATH, ServerProfiler, ServerProfilerSettings};
pub use readiness::{ProbedEndpoint, Readiness, ReadinessMode, wait_until_ready};
pub use waiting::CancelCheck;

use std::time::Duration;

/// How long one hook may take unless told otherwise. Far below the timeout of inference requests: a
/// hook that hangs must not look like a benchmark that hangs.
pub const DEFAULT_HOOK_TIMEOUT: Duration = Duration::from_secs(30);
