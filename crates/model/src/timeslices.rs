//! `profile_export_aiperf_timeslices.json`: the metrics of consecutive slices of the run.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_with::skip_serializing_none;

use crate::metric_result::metrics_among;
use crate::{ExtraMember, MetricResult};

/// The metrics of consecutive slices of the run (`--slice-duration`).
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Timeslices {
    /// The slices that hold data, in order of time.
    pub timeslices: Vec<Timeslice>,
    /// The configuration of the run, in the layout of the YAML file.
    pub input_config: Option<Value>,
}

/// The metrics of one slice.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Timeslice {
    /// Position among the slices, where a writer keeps it.
    pub timeslice_index: Option<u64>,
    /// Start, nanoseconds since the Unix epoch.
    pub start_ns: Option<u64>,
    /// End, nanoseconds since the Unix epoch.
    pub end_ns: Option<u64>,
    /// `false` for a last slice that the end of the run cut short; else absent.
    pub is_complete: Option<bool>,
    /// Metric tag → statistics.
    #[serde(flatten)]
    pub extra: IndexMap<String, ExtraMember>,
}

impl Timeslice {
    /// The statistics of a metric.
    pub fn metric(&self, tag: &str) -> Option<&MetricResult> {
        self.extra.get(tag)?.as_metric()
    }

    /// All metrics, in the order of the file.
    pub fn metrics(&self) -> impl Iterator<Item = (&str, &MetricResult)> {
        metrics_among(&self.extra)
    }
}
