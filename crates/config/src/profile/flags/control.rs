//! What is done to the server besides sending requests: asking whether it is ready, emptying its
//! cache, switching its profiler. Part of the group of the endpoint.

use super::chosen;
use crate::command::{Choice, Flag, Kind, Limits};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::ReadinessMode;

pub(super) const WAIT_FOR_MODEL_TIMEOUT: Flag<ProfileArgs> = Flag {
    names: &["wait-for-model-timeout"],
    short: None,
    kind: Kind::Float {
        limits: Limits::FROM_ZERO.or_infinite(),
        set: |args, seconds| args.wait_for_model_timeout_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "0",
    path: "benchmark.endpoint.wait_for_model_timeout",
    help: "Before anything else, wait up to so long, for each address and each model, until the server is ready; 0 does \
           not ask.",
};

pub(super) const WAIT_FOR_MODEL_MODE: Flag<ProfileArgs> = Flag {
    names: &["wait-for-model-mode"],
    short: None,
    kind: Kind::Choice {
        names: ReadinessMode::NAMES,
        later: &[],
        set: |args, word| {
            args.wait_for_model_mode = chosen(word)?;
            Ok(())
        },
    },
    value: "MODE",
    default: "inference",
    path: "benchmark.endpoint.wait_for_model_mode",
    help: "When a server counts as ready: it lists the model, it answers a request of one token, or both. Needs \
           --wait-for-model-timeout.",
};

pub(super) const WAIT_FOR_MODEL_INTERVAL: Flag<ProfileArgs> = Flag {
    names: &["wait-for-model-interval"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO,
        set: |args, seconds| args.wait_for_model_interval_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "5",
    path: "benchmark.endpoint.wait_for_model_interval",
    help: "Pause between two questions whether the server is ready. Needs --wait-for-model-timeout.",
};

pub(super) const RESET_KV_CACHE: Flag<ProfileArgs> = Flag {
    names: &["reset-kv-cache"],
    short: None,
    kind: Kind::Switch(|args, on| args.reset_kv_cache = Some(on)),
    value: "",
    default: "",
    path: "benchmark.endpoint.reset_kv_cache",
    help: "Have the server empty its prefix cache once, before the warmup. The run ends if it cannot.",
};

pub(super) const RESET_KV_CACHE_TIMEOUT: Flag<ProfileArgs> = Flag {
    names: &["reset-kv-cache-timeout-seconds"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO,
        set: |args, seconds| args.reset_kv_cache_timeout_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "30",
    path: "benchmark.endpoint.reset_kv_cache.timeout_seconds",
    help: "How long one attempt to empty the cache may take. Asks for --reset-kv-cache as well.",
};

pub(super) const RESET_KV_CACHE_PATH: Flag<ProfileArgs> = Flag {
    names: &["reset-kv-cache-path"],
    short: None,
    kind: Kind::Text(|args, path| {
        args.reset_kv_cache_path = Some(path_on_server(path)?);
        Ok(())
    }),
    value: "PATH",
    default: "/reset_prefix_cache",
    path: "benchmark.endpoint.reset_kv_cache.path",
    help: "Where the server empties its cache. Asks for --reset-kv-cache as well.",
};

pub(super) const SERVER_PROFILER: Flag<ProfileArgs> = Flag {
    names: &["server-profiler"],
    short: None,
    kind: Kind::Switch(|args, on| args.server_profiler = Some(on)),
    value: "",
    default: "",
    path: "benchmark.endpoint.server_profiler",
    help: "Have the server profile itself during the measured part. The run ends if its profiler cannot be started.",
};

pub(super) const SERVER_PROFILER_TIMEOUT: Flag<ProfileArgs> = Flag {
    names: &["server-profiler-timeout-seconds"],
    short: None,
    kind: Kind::Float {
        limits: Limits::ABOVE_ZERO,
        set: |args, seconds| args.server_profiler_timeout_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "30",
    path: "benchmark.endpoint.server_profiler.timeout_seconds",
    help: "How long starting or stopping the profiler may take. Asks for --server-profiler as well.",
};

pub(super) const SERVER_PROFILER_START_PATH: Flag<ProfileArgs> = Flag {
    names: &["server-profiler-start-path"],
    short: None,
    kind: Kind::Text(|args, path| {
        args.server_profiler_start_path = Some(path_on_server(path)?);
        Ok(())
    }),
    value: "PATH",
    default: "/start_profile",
    path: "benchmark.endpoint.server_profiler.start_path",
    help: "Where the server's profiler is started. Asks for --server-profiler as well.",
};

pub(super) const SERVER_PROFILER_STOP_PATH: Flag<ProfileArgs> = Flag {
    names: &["server-profiler-stop-path"],
    short: None,
    kind: Kind::Text(|args, path| {
        args.server_profiler_stop_path = Some(path_on_server(path)?);
        Ok(())
    }),
    value: "PATH",
    default: "/stop_profile",
    path: "benchmark.endpoint.server_profiler.stop_path",
    help: "Where the server's profiler is stopped. Asks for --server-profiler as well.",
};

/// A path that cannot lead to another server.
fn path_on_server(path: String) -> Result<String, String> {
    if !path.starts_with('/') || path.contains("://") {
        return Err("must be a path of the server, such as `/reset`".into());
    }
    Ok(path)
}
