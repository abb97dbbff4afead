//! Control hooks: caches to be emptied, profilers to be started and stopped.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use aiperf_clock::{MILLISECOND, Nanos};
use http::StatusCode;
use serde_json::json;

use super::{After, Service};
use crate::response::{JSON, Page};

/// What a client can ask the server to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hook {
    ResetPrefixCache,
    FlushCache,
    StartProfile,
    StopProfile,
}

/// How often each was called.
#[derive(Default)]
pub(crate) struct Hooks {
    calls: AtomicU64,
    reset_prefix_cache: AtomicU64,
    flush_cache: AtomicU64,
    start_profile: AtomicU64,
    stop_profile: AtomicU64,
}

impl Hook {
    pub(super) fn at(path: &str) -> Option<Self> {
        Some(match path {
            "/reset_prefix_cache" => Self::ResetPrefixCache,
            "/flush_cache" => Self::FlushCache,
            "/start_profile" => Self::StartProfile,
            "/stop_profile" => Self::StopProfile,
            _ => return None,
        })
    }
}

impl Hooks {
    fn counter(&self, hook: Hook) -> &AtomicU64 {
        match hook {
            Hook::ResetPrefixCache => &self.reset_prefix_cache,
            Hook::FlushCache => &self.flush_cache,
            Hook::StartProfile => &self.start_profile,
            Hook::StopProfile => &self.stop_profile,
        }
    }

    /// The counts, by path.
    pub(super) fn state(&self) -> serde_json::Value {
        json!({
            "reset_prefix_cache": self.reset_prefix_cache.load(Relaxed),
            "flush_cache": self.flush_cache.load(Relaxed),
            "start_profile": self.start_profile.load(Relaxed),
            "stop_profile": self.stop_profile.load(Relaxed),
        })
    }
}

impl Service<'_> {
    /// Every call counts; only one that is answered with success does something.
    pub(super) async fn hook(&mut self, hook: Hook) -> io::Result<After> {
        let shared = self.shared;
        let options = &shared.options;
        shared.hooks.counter(hook).fetch_add(1, Relaxed);
        let call = shared.hooks.calls.fetch_add(1, Relaxed) as usize;
        let delay = (options.hook_delay_ms * MILLISECOND as f64) as Nanos;
        let due = self.exchange.arrival + delay;
        self.connection.wait_until(due).await?;
        let status = options.hook_statuses.get(call).copied().unwrap_or(200);
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        if !status.is_success() {
            return self.refuse(status, "simulated failure of a hook").await;
        }
        if matches!(hook, Hook::ResetPrefixCache | Hook::FlushCache)
            && let Some(cache) = &shared.prefix_cache
        {
            cache.clear();
        }
        let page = Page::ok(JSON, json!({ "success": true }).to_string());
        self.send(&Page { status, ..page }).await
    }
}
