//! The server's own profiler, running exactly while the measured phase does.

use std::time::Duration;

use crate::DEFAULT_HOOK_TIMEOUT;
use crate::client::ControlClient;
use crate::error::{ControlError, HookFailure};
use crate::hook::Hook;
use crate::origin::{Destination, check_path, hook_destinations};
use crate::waiting::{CancelCheck, block_on, unless_cancelled};

/// The path of the start unless told otherwise.
pub const DEFAULT_START_PATH: &str = "/start_profile";

/// The path of the stop unless told otherwise.
pub const DEFAULT_STOP_PATH: &str = "/stop_profile";

/// How the profiler is started and stopped.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerProfilerSettings {
    /// Where on each server it is started.
    pub start_path: String,
    /// Where on each server it is stopped.
    pub stop_path: String,
    /// For each request.
    pub timeout: Duration,
}

impl Default for ServerProfilerSettings {
    fn default() -> Self {
        Self {
            start_path: DEFAULT_START_PATH.to_owned(),
            stop_path: DEFAULT_STOP_PATH.to_owned(),
            timeout: DEFAULT_HOOK_TIMEOUT,
        }
    }
}

impl ServerProfilerSettings {
    /// Looks at the settings without sending anything.
    ///
    /// # Errors
    /// [`ControlError::Path`].
    pub fn check(&self) -> Result<(), ControlError> {
        check_path(Hook::ProfilerStart, &self.start_path)?;
        check_path(Hook::ProfilerStop, &self.stop_path)
    }
}

/// Starts the profiler of every server with the first phase that begins, and stops it with the last
/// one that ends, so that phases may overlap. Dropping it stops what still runs: no way out of a run
/// leaves a profiler on.
pub struct ServerProfiler {
    client: ControlClient,
    start: Vec<Destination>,
    /// In the order of `start`.
    stop: Vec<Destination>,
    timeout: Duration,
    phases_running: usize,
}

impl ServerProfiler {
    /// Makes ready; nothing is sent yet.
    ///
    /// # Errors
    /// A path or an address that cannot be used.
    pub fn new(
        client: &ControlClient,
        urls: &[String],
        settings: &ServerProfilerSettings,
    ) -> Result<Self, ControlError> {
        Ok(Self {
            client: client.clone(),
            start: hook_destinations(Hook::ProfilerStart, urls, &settings.start_path)?,
            stop: hook_destinations(Hook::ProfilerStop, urls, &settings.stop_path)?,
            timeout: settings.timeout,
            phases_running: 0,
        })
    }

    /// To be called before a profiling phase, never before a warmup.
    ///
    /// # Errors
    /// The first server whose profiler does not start. Servers that were started before it are
    /// stopped again in reverse order, and it too if it may have started without saying so; what
    /// fails of that is logged. The run must end.
    pub fn phase_begins(&mut self, is_cancelled: CancelCheck<'_>) -> Result<(), ControlError> {
        if self.phases_running == 0 {
            block_on(self.start_everywhere(is_cancelled))?;
            tracing::info!("server profiler started ({} server(s))", self.start.len());
        }
        self.phases_running += 1;
        Ok(())
    }

    /// To be called when a profiling phase is over and its requests have returned, however it ended.
    /// That the profiler does not stop spoils no figure, so it is a warning in the log.
    pub fn phase_ends(&mut self) {
        if self.phases_running <= 1 {
            self.stop();
        } else {
            self.phases_running -= 1;
        }
    }

    /// Stops the profiler if it runs, whatever phases are still open. A server that does not stop is
    /// a warning in the log.
    pub fn stop(&mut self) {
        if self.phases_running == 0 {
            return;
        }
        self.phases_running = 0;
        match block_on(self.stop_everywhere()) {
            Ok(()) => tracing::info!("server profiler stopped ({} server(s))", self.stop.len()),
            Err(error) => tracing::warn!("{error}"),
        }
    }

    async fn start_everywhere(&self, is_cancelled: CancelCheck<'_>) -> Result<(), ControlError> {
        for (index, server) in self.start.iter().enumerate() {
            if is_cancelled() {
                self.take_back(index).await;
                return Err(ControlError::Cancelled);
            }
            let posting = self.client.post_hook(server, self.timeout);
            match unless_cancelled(posting, is_cancelled).await {
                Ok(Ok(())) => {}
                Ok(Err(reason)) => {
                    self.take_back(index + usize::from(reason.leaves_doubt()))
                        .await;
                    return Err(ControlError::Hook(HookFailure {
                        hook: Hook::ProfilerStart,
                        url: server.shown.clone(),
                        reason,
                        attempts: 1,
                    }));
                }
                Err(cancelled) => {
                    self.take_back(index + 1).await;
                    return Err(cancelled);
                }
            }
        }
        Ok(())
    }

    /// Stops the first `count` servers, the last one first.
    async fn take_back(&self, count: usize) {
        for server in self.stop.iter().take(count).rev() {
            if let Err(failure) = self.stop_one(server).await {
                tracing::warn!("{failure}");
            }
        }
    }

    /// Asks every server, also after one that fails.
    async fn stop_everywhere(&self) -> Result<(), ControlError> {
        let mut failures = Vec::new();
        for server in &self.stop {
            failures.extend(self.stop_one(server).await.err());
        }
        if failures.is_empty() {
            Ok(())
        } else {
            Err(ControlError::Stop(failures))
        }
    }

    async fn stop_one(&self, server: &Destination) -> Result<(), HookFailure> {
        let posted = self.client.post_hook(server, self.timeout).await;
        posted.map_err(|reason| HookFailure {
            hook: Hook::ProfilerStop,
            url: server.shown.clone(),
            reason,
            attempts: 1,
        })
    }
}

impl Drop for ServerProfiler {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests;
