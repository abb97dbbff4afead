//! What is done to the server besides sending requests.

use std::time::Duration;

use super::super::choices::ReadinessMode;
use super::finite_duration;

/// Waiting for the server before anything else.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Readiness {
    /// How many seconds each address and model is waited for; above 0, may be infinite, see
    /// [`Readiness::timeout`].
    pub timeout_seconds: f64,
    /// When a server counts as ready.
    pub mode: ReadinessMode,
    /// Seconds between two questions, finite and above 0.
    pub interval_seconds: f64,
}

/// Emptying the server's prefix cache once, before the warmup.
#[derive(Debug, Clone, PartialEq)]
pub struct CacheReset {
    /// Where; starts with `/` and holds no `://`.
    pub path: String,
    /// How many seconds one attempt may take, finite and above 0.
    pub timeout_seconds: f64,
    /// For how many seconds after the first attempt there are others, for each address.
    pub max_retry_seconds: f64,
}

/// Starting the server's profiler before each measured phase and stopping it after.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerProfiler {
    /// Where it is started; starts with `/` and holds no `://`.
    pub start_path: String,
    /// Where it is stopped; the same.
    pub stop_path: String,
    /// How many seconds starting or stopping may take, finite and above 0.
    pub timeout_seconds: f64,
}

impl Readiness {
    /// How long each address and model is waited for; `None` for ever.
    pub fn timeout(&self) -> Option<Duration> {
        finite_duration(self.timeout_seconds)
    }

    /// The pause between two questions.
    pub fn interval(&self) -> Duration {
        finite_duration(self.interval_seconds).unwrap_or(Duration::MAX)
    }
}

impl CacheReset {
    /// How long one attempt may take.
    pub fn timeout(&self) -> Duration {
        finite_duration(self.timeout_seconds).unwrap_or(Duration::MAX)
    }

    /// For how long after the first attempt there are others.
    pub fn max_retry(&self) -> Duration {
        finite_duration(self.max_retry_seconds).unwrap_or(Duration::MAX)
    }
}

impl ServerProfiler {
    /// How long starting or stopping may take.
    pub fn timeout(&self) -> Duration {
        finite_duration(self.timeout_seconds).unwrap_or(Duration::MAX)
    }
}
