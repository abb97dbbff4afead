//! Blocking on a future, sleeping, and giving up when the user does.

use std::future::Future;
use std::time::Duration;

use aiperf_clock::{Nanos, monotonic_now};

use crate::error::ControlError;

/// Asked every few hundredths of a second while something is waited for; true ends the wait.
pub type CancelCheck<'a> = &'a dyn Fn() -> bool;

/// How long a wait goes on unnoticed after the user has ended it.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// Runs `work` on an event loop of this thread.
pub(crate) fn block_on<T>(
    work: impl Future<Output = Result<T, ControlError>>,
) -> Result<T, ControlError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(ControlError::Runtime)?;
    let result = runtime.block_on(work);
    // Name resolution that was given up may hang on in its thread; dropping would wait for it.
    runtime.shutdown_background();
    result
}

/// The result of `work`, unless the user ends it first.
pub(crate) async fn unless_cancelled<T>(
    work: impl Future<Output = T>,
    is_cancelled: CancelCheck<'_>,
) -> Result<T, ControlError> {
    tokio::select! {
        biased;
        () = cancellation(is_cancelled) => Err(ControlError::Cancelled),
        result = work => Ok(result),
    }
}

/// Sleeps, unless the user ends it first.
pub(crate) async fn pause(
    length: Duration,
    is_cancelled: CancelCheck<'_>,
) -> Result<(), ControlError> {
    unless_cancelled(tokio::time::sleep(length), is_cancelled).await
}

async fn cancellation(is_cancelled: CancelCheck<'_>) {
    while !is_cancelled() {
        tokio::time::sleep(CHECK_INTERVAL).await;
    }
}

/// An instant up to which something is tried.
#[derive(Clone, Copy)]
pub(crate) struct Deadline(Nanos);

impl Deadline {
    /// The instant `length` from now.
    pub(crate) fn after(length: Duration) -> Self {
        Self(monotonic_now().saturating_add(nanos(length)))
    }

    /// What is left; zero when the instant has passed.
    pub(crate) fn remaining(self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(monotonic_now()))
    }
}

fn nanos(length: Duration) -> Nanos {
    Nanos::try_from(length.as_nanos()).unwrap_or(Nanos::MAX)
}
