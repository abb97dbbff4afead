//! What is known of a run before its first request: decides which metrics apply.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The settings of a run that decide which metrics exist.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunContext {
    /// What the endpoint type can do.
    pub endpoint: EndpointTraits,
    /// Answers are streamed.
    pub streaming: bool,
    /// Token counts come from the server's usage object instead of a tokenizer.
    pub use_server_token_count: bool,
    /// Some profiling phase replays a fixed schedule.
    pub fixed_schedule: bool,
    /// The run measures accuracy.
    pub accuracy: bool,
    /// Experimental metrics are computed (`AIPERF_DEV_MODE` or the switch that shows them).
    pub compute_experimental: bool,
    /// Internal metrics stand in the per-request file.
    pub show_internal: bool,
    /// Experimental metrics stand in the per-request file.
    pub show_experimental: bool,
    /// Service level objectives: metric tag to threshold in the metric's display unit.
    pub slos: BTreeMap<String, f64>,
    /// Limits above which a difference counts.
    pub thresholds: Thresholds,
}

/// What an endpoint type can do, as far as metrics depend on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EndpointTraits {
    /// Answers are text in tokens.
    pub produces_tokens: bool,
    /// The input is text that can be counted in tokens.
    pub tokenizes_input: bool,
    /// Takes audio.
    pub supports_audio: bool,
    /// Takes images.
    pub supports_images: bool,
    /// Answers with videos.
    pub produces_video: bool,
}

/// Limits above which a difference counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Thresholds {
    /// `AIPERF_METRICS_USAGE_PCT_DIFF_THRESHOLD`: percent between client and server token counts.
    pub usage_difference_pct: f64,
    /// `AIPERF_METRICS_OSL_MISMATCH_PCT_THRESHOLD`: percent of the requested output length.
    pub osl_mismatch_pct: f64,
    /// `AIPERF_METRICS_OSL_MISMATCH_MAX_TOKEN_THRESHOLD`: tokens off the requested output length.
    pub osl_mismatch_tokens: u64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            usage_difference_pct: 10.0,
            osl_mismatch_pct: 5.0,
            osl_mismatch_tokens: 50,
        }
    }
}
