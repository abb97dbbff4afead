//! `profile_export_aiperf_collated.json`: the requests of repeated runs, thrown together.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::FailedRun;

/// The requests of repeated runs, thrown together. Written where runs are repeated until they agree.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Collated {
    /// Version of the file's structure.
    pub schema_version: String,
    /// Version of the program.
    pub aiperf_version: String,
    /// What the file holds, in words.
    pub description: String,
    /// Which runs these are.
    pub metadata: CollatedMetadata,
    /// Metric tag → its values over all requests.
    pub metrics: IndexMap<String, CollatedMetric>,
}

/// Which runs the values are from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CollatedMetadata {
    /// `detailed`.
    pub aggregation_type: String,
    /// Runs that were made.
    pub num_profile_runs: u64,
    /// Runs that the values are from.
    pub num_successful_runs: u64,
    /// Runs that are left out.
    pub failed_runs: Vec<FailedRun>,
    /// The runs that the values are from.
    pub run_labels: Vec<String>,
    /// Pause between runs, in seconds.
    pub cooldown_seconds: f64,
}

/// The values of one metric.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CollatedMetric {
    /// Of all runs together.
    pub combined: CombinedValues,
    /// Of each run.
    pub per_run: Vec<ValuesOfRun>,
}

/// Values of all runs together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CombinedValues {
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation of the sample (n-1); 0 for one value.
    pub std: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Number of values.
    pub count: u64,
}

/// Values of one run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ValuesOfRun {
    /// For example `run_0001`.
    pub label: String,
    /// Arithmetic mean.
    pub mean: f64,
    /// Number of values.
    pub count: u64,
}
