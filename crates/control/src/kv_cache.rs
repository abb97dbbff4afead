//! Emptying the KV cache before a run.

use std::time::Duration;

use crate::client::ControlClient;
use crate::error::{ControlError, HookFailure};
use crate::hook::Hook;
use crate::origin::{Destination, hook_destinations};
use crate::waiting::{CancelCheck, Deadline, block_on, pause, unless_cancelled};
use crate::{DEFAULT_HOOK_TIMEOUT, origin};

/// The path unless told otherwise.
pub const DEFAULT_RESET_PATH: &str = "/reset_prefix_cache";

/// How the KV cache is emptied.
#[derive(Debug, Clone, PartialEq)]
pub struct KvCacheReset {
    /// Where on each server.
    pub path: String,
    /// For each attempt.
    pub timeout: Duration,
    /// How a server is treated that is busy or not there yet.
    pub retry: Retry,
}

/// When an attempt is repeated.
#[derive(Debug, Clone, PartialEq)]
pub struct Retry {
    /// No attempt begins later than this after a server's first one; zero means one attempt.
    pub budget: Duration,
    /// After the first attempt. Each further pause is twice as long.
    pub first_pause: Duration,
    /// No pause is longer.
    pub longest_pause: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            budget: Duration::from_secs(60),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(8),
        }
    }
}

impl Default for KvCacheReset {
    fn default() -> Self {
        Self {
            path: DEFAULT_RESET_PATH.to_owned(),
            timeout: DEFAULT_HOOK_TIMEOUT,
            retry: Retry::default(),
        }
    }
}

impl KvCacheReset {
    /// Looks at the settings without sending anything.
    ///
    /// # Errors
    /// [`ControlError::Path`].
    pub fn check(&self) -> Result<(), ControlError> {
        origin::check_path(Hook::KvCacheReset, &self.path)
    }
}

/// Empties the KV cache of every server of `urls`, one after the other, each once.
///
/// # Errors
/// The first server that refuses, or stays busy for longer than the budget; servers after it are
/// not asked. A run must not begin then: it would measure a warm cache.
pub fn reset_kv_cache(
    client: &ControlClient,
    urls: &[String],
    settings: &KvCacheReset,
    is_cancelled: CancelCheck<'_>,
) -> Result<(), ControlError> {
    let servers = hook_destinations(Hook::KvCacheReset, urls, &settings.path)?;
    block_on(async {
        for server in &servers {
            reset_one(client, server, settings, is_cancelled).await?;
            tracing::info!("KV cache reset: `{}`", server.shown);
        }
        Ok(())
    })
}

async fn reset_one(
    client: &ControlClient,
    server: &Destination,
    settings: &KvCacheReset,
    is_cancelled: CancelCheck<'_>,
) -> Result<(), ControlError> {
    let deadline = Deadline::after(settings.retry.budget);
    let mut next_pause = settings.retry.first_pause;
    let mut attempts = 0;
    loop {
        attempts += 1;
        let posting = client.post_hook(server, settings.timeout);
        let Err(reason) = unless_cancelled(posting, is_cancelled).await? else {
            return Ok(());
        };
        if !reason.is_passing() || next_pause >= deadline.remaining() {
            return Err(ControlError::Hook(HookFailure {
                hook: Hook::KvCacheReset,
                url: server.shown.clone(),
                reason,
                attempts,
            }));
        }
        tracing::info!(
            "KV cache reset: POST `{}` {reason}; next attempt in {:.1} s",
            server.shown,
            next_pause.as_secs_f64()
        );
        pause(next_pause, is_cancelled).await?;
        next_pause = next_pause
            .saturating_mul(2)
            .min(settings.retry.longest_pause);
    }
}

#[cfg(test)]
mod tests;
