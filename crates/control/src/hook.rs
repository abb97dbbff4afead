//! The hooks by name.

use std::fmt;

/// One thing that a server can be asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// Empty the KV cache.
    KvCacheReset,
    /// Start the profiler.
    ProfilerStart,
    /// Stop the profiler.
    ProfilerStop,
}

impl Hook {
    /// The flag that sets the path.
    pub fn path_flag(self) -> &'static str {
        match self {
            Self::KvCacheReset => "--reset-kv-cache-path",
            Self::ProfilerStart => "--server-profiler-start-path",
            Self::ProfilerStop => "--server-profiler-stop-path",
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::KvCacheReset => "reset_kv_cache",
            Self::ProfilerStart => "server_profiler start",
            Self::ProfilerStop => "server_profiler stop",
        })
    }
}
