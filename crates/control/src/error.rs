//! What can go wrong beside the load. Messages are one line and hold no credentials.

use std::fmt;
use std::time::Duration;

use aiperf_endpoint::EndpointError;
use aiperf_transport::{TransportError, TransportFailure};
use http::StatusCode;

use crate::hook::Hook;

/// Why a run cannot begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// A URL, header or probe body that cannot be built.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// A server address that is no URL.
    #[error("`{url}` is not a usable URL: {reason}")]
    Url {
        /// The address, without credentials.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A hook path that could lead to another server.
    #[error("`{flag}` is `{path}`; it must be a path on the server: begin with `/`, without `://`")]
    Path {
        /// The flag that sets it.
        flag: &'static str,
        /// What was given.
        path: String,
    },
    /// A hook that the run depends on failed.
    #[error(transparent)]
    Hook(HookFailure),
    /// The profiler could not be stopped everywhere. The load is over by then: worth a warning.
    #[error("{} failed for {} origin(s): {}", Hook::ProfilerStop, .0.len(), joined(.0))]
    Stop(Vec<HookFailure>),
    /// The server did not become ready in time.
    #[error(
        "the server is not ready: {what} after {:.1} s and {attempts} attempt(s); last: {last}; \
         `--wait-for-model-timeout` waits longer",
        waited.as_secs_f64()
    )]
    NotReady {
        /// Which probe of which model, with its URL, without credentials.
        what: String,
        /// The time allowed.
        waited: Duration,
        /// How often the server was asked.
        attempts: u32,
        /// What came of the last attempt.
        last: String,
    },
    /// The user ended the program while it waited for the server.
    #[error("cancelled while waiting for the server")]
    Cancelled,
    /// No event loop could be made.
    #[error("cannot start an event loop: {0}")]
    Runtime(#[source] std::io::Error),
}

/// A hook that one server did not carry out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{hook} failed: POST `{url}` {reason}{}{}", attempts_remark(*.attempts), hint(*.hook, .reason))]
pub struct HookFailure {
    /// Which hook.
    pub hook: Hook,
    /// Where, without credentials.
    pub url: String,
    /// What happened at the last attempt.
    pub reason: RequestFailure,
    /// How many attempts were made.
    pub attempts: u32,
}

/// What came of one request instead of success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestFailure {
    /// The server answered, but not with a status of the 2xx range.
    Status(StatusCode),
    /// It did not answer, or not completely.
    Transport(TransportError),
}

impl RequestFailure {
    /// Whether the same request may succeed a little later: the server is busy, or not there yet.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            // Conflict, Locked, Too Many Requests, Service Unavailable: the ways to say "busy".
            Self::Status(status) => matches!(status.as_u16(), 409 | 423 | 429 | 503),
            Self::Transport(error) => !matches!(
                error.failure,
                TransportFailure::Certificate | TransportFailure::InvalidRequest
            ),
        }
    }

    /// Whether the server may have done what it was asked for without being able to say so.
    pub(crate) fn leaves_doubt(&self) -> bool {
        match self {
            Self::Status(_) => false,
            Self::Transport(error) => matches!(
                error.failure,
                TransportFailure::Timeout
                    | TransportFailure::Broken
                    | TransportFailure::Disconnected
                    | TransportFailure::Truncated
                    | TransportFailure::NotHttp
            ),
        }
    }
}

impl fmt::Display for RequestFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => {
                write!(formatter, "failed with status {}", status.as_u16())
            }
            Self::Transport(error) => write!(formatter, "failed: {error}"),
        }
    }
}

fn attempts_remark(attempts: u32) -> String {
    match attempts {
        0 | 1 => String::new(),
        _ => format!(" ({attempts} attempts)"),
    }
}

fn hint(hook: Hook, reason: &RequestFailure) -> String {
    let RequestFailure::Status(status) = reason else {
        return String::new();
    };
    match status.as_u16() {
        401 | 403 => "; check `--api-key` and `--header`".to_owned(),
        404 | 405 => format!("; `{}` gives the path of another server", hook.path_flag()),
        _ => String::new(),
    }
}

fn joined(failures: &[HookFailure]) -> String {
    let each: Vec<String> = failures
        .iter()
        .map(|failure| {
            let remark = hint(failure.hook, &failure.reason);
            format!("POST `{}` {}{remark}", failure.url, failure.reason)
        })
        .collect();
    each.join("; ")
}
