//! `profile_export_aiperf_aggregate.json`: what repeated runs of one configuration say together.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

/// What repeated runs of one configuration say together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Aggregate {
    /// Version of the file's structure.
    pub schema_version: String,
    /// Version of the program.
    pub aiperf_version: String,
    /// Which runs these are.
    pub metadata: AggregateMetadata,
    /// `<metric tag>_<statistic>` → how that statistic came out over the runs.
    pub metrics: IndexMap<String, ConfidenceMetric>,
}

/// Which runs an aggregate is made of.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AggregateMetadata {
    /// `confidence`.
    pub aggregation_type: String,
    /// Runs that were made.
    pub num_profile_runs: u64,
    /// Runs that the figures are made of.
    pub num_successful_runs: u64,
    /// Runs that the figures leave out.
    pub failed_runs: Vec<FailedRun>,
    /// The level of the confidence intervals, between 0 and 1.
    pub confidence_level: f64,
    /// The runs that the figures are made of.
    pub run_labels: Vec<String>,
    /// The figures are those of one run and have no spread.
    pub single_run: Option<bool>,
    /// Pause between runs, in seconds.
    pub cooldown_seconds: f64,
    /// Which variation of a sweep it is.
    pub variation_label: Option<String>,
    /// Its values, by whole path.
    pub variation_values: Option<Map<String, Value>>,
    /// The order of the runs of a sweep: `repeated` or `independent`.
    pub sweep_mode: Option<String>,
    /// The first model, for a variation of a sweep.
    pub model: Option<String>,
}

/// A run that is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailedRun {
    /// For example `run_0002`. The label comes again in every variation of a sweep.
    pub label: String,
    /// Why.
    pub error: String,
}

/// One statistic over several runs. What does not exist is `null`: with one value there is no
/// spread, and the coefficient of variation of a mean of 0 is infinite.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConfidenceMetric {
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Standard deviation of the sample (n-1).
    pub std: Option<f64>,
    /// Smallest value.
    pub min: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
    /// Coefficient of variation: `std / mean`, a ratio.
    pub cv: Option<f64>,
    /// Standard error of the mean.
    pub se: Option<f64>,
    /// Lower end of the confidence interval of the mean.
    pub ci_low: Option<f64>,
    /// Upper end of the confidence interval of the mean.
    pub ci_high: Option<f64>,
    /// The quantile of Student's distribution that the interval is made with.
    pub t_critical: Option<f64>,
    /// Display unit.
    pub unit: String,
}
