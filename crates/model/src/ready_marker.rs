//! `.aiperf_results_ready.json`: the last file of a run, after all others are complete.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

/// Says that the results are complete. A run that died, or in which every request failed, has none.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReadyMarker {
    /// Always `true`.
    pub ready: bool,
    /// Whether the run was broken off by the user.
    #[serde(default)]
    pub was_cancelled: bool,
    /// Whether a file is missing because its exporter failed.
    #[serde(default)]
    pub partial: bool,
    /// The exporters that failed.
    pub failed_exporters: Option<Vec<String>>,
    /// The state in which the run ended, where a deployment tracks one.
    pub terminal_phase: Option<String>,
    /// Why the run ended, when it ended in failure.
    pub terminal_error: Option<String>,
}
