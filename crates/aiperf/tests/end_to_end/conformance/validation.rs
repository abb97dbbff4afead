//! The reference's models read every file of every kind of run.

use aiperf_mock::{MockOptions, UsageMode};
use rustix::process::Signal;
use serde_json::Value;

use super::reference::Reference;
use crate::support::place::{signal, wait, wait_until};
use crate::support::{Place, mock, quick};

const CONVERSATIONS: &str = r#"{"session_id":"a","turns":[{"text":"one"},{"text":"two","delay":5},{"text":"three"}]}
{"session_id":"b","turns":[{"text":"four"},{"text":"five"}]}
"#;

/// One run of our program.
struct Run {
    server: MockOptions,
    words: &'static [&'static str],
    prefix: Option<&'static str>,
    exit_code: i32,
    /// Files that must be among those that are read, with the number of their records where it is
    /// known.
    files: &'static [(&'static str, Option<u64>)],
}

/// Ten requests, all answered.
const TEN: Run = Run {
    server: MockOptions {
        host: String::new(),
        port: 0,
        threads: 1,
        ttft_ms: 4.0,
        itl_ms: 1.0,
        ttft_jitter: 0.0,
        itl_jitter: 0.0,
        distribution: aiperf_mock::Distribution::Constant,
        default_output_tokens: 8,
        models: Vec::new(),
        reasoning_tokens: 0,
        cached_tokens: aiperf_mock::CachedTokens::Unreported,
        tokens_per_chunk: 1,
        usage: UsageMode::AsRequested,
        single_chunk_bytes: None,
        error_rate: 0.0,
        error_status: 500,
        reset_rate: 0.0,
        cut_rate: 0.0,
        stream_error_rate: 0.0,
        hang_rate: 0.0,
        slow_bytes_ms: None,
        crlf: false,
        idle_close: None,
        seed: 0,
        truth_file: None,
    },
    words: &[],
    prefix: None,
    exit_code: 0,
    files: &[],
};
