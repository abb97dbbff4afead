//! `profile_export_aiperf_sweep.json`: what the variations of a sweep say together.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use crate::FailedRun;

/// What the variations of a sweep say together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SweepAggregate {
    /// `sweep`.
    pub aggregation_type: String,
    /// Runs that were made, over all variations.
    pub num_profile_runs: u64,
    /// Runs that the figures are made of.
    pub num_successful_runs: u64,
    /// Runs that the figures leave out.
    pub failed_runs: Vec<FailedRun>,
    /// What was swept, and how.
    pub metadata: SweepMetadata,
    /// The figures of each variation that has any, in the order of the sweep.
    pub per_combination_metrics: Vec<Combination>,
    /// The best variations.
    pub best_configurations: BestConfigurations,
    /// The parameters of the variations that no other beats in both throughput and latency.
    pub pareto_optimal: Vec<Map<String, Value>>,
}

/// What was swept, and how.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SweepMetadata {
    /// The parameters with their values, in the order in which they were first seen.
    pub sweep_parameters: Vec<SweepParameter>,
    /// Number of variations.
    pub num_combinations: u64,
    /// The limits that feasible variations keep; absent where none are set.
    pub sla_constraints: Option<SlaConstraints>,
    /// The order of the runs: `repeated` or `independent`.
    pub sweep_mode: String,
    /// The level of the confidence intervals, between 0 and 1.
    pub confidence_level: f64,
    /// The largest number of runs of a variation.
    pub num_trials_per_value: u64,
    /// `sweep`.
    pub aggregation_type: String,
}

/// A parameter of a sweep.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SweepParameter {
    /// The last part of its path; the whole path where two share it.
    pub name: String,
    /// Its values.
    pub values: Vec<Value>,
}

/// The limits that feasible variations keep.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SlaConstraints {
    /// The limits.
    pub active_filters: Vec<SlaFilter>,
    /// Variations that keep all of them.
    pub feasible_count: u64,
    /// Variations that do not.
    pub infeasible_count: u64,
}

/// A limit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SlaFilter {
    /// The metric.
    pub metric_tag: String,
    /// Its statistic.
    pub stat: String,
    /// `lt`, `le`, `gt` or `ge`.
    pub op: String,
    /// In the metric's display unit.
    pub threshold: f64,
}

/// The figures of one variation.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Combination {
    /// Its values, by the names of [`SweepMetadata::sweep_parameters`].
    pub parameters: Map<String, Value>,
    /// Position among the variations of the sweep.
    pub variation_index: Option<u64>,
    /// What is different in it, in words.
    pub variation_label: Option<String>,
    /// One run: metric tag → figures. Several runs: `<metric tag>_<statistic>` → figures over the
    /// runs.
    pub metrics: IndexMap<String, CombinationMetric>,
}

/// A figure of one variation. What does not exist is `null`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CombinationMetric {
    /// Arithmetic mean.
    #[serialize_always]
    pub mean: Option<f64>,
    /// The same, where there was one run.
    pub avg: Option<f64>,
    /// Standard deviation over the runs (n-1); 0 where there was one.
    #[serialize_always]
    pub std: Option<f64>,
    /// Smallest value: over the runs; of the requests where there was one run.
    #[serialize_always]
    pub min: Option<f64>,
    /// Largest value, likewise.
    #[serialize_always]
    pub max: Option<f64>,
    /// Coefficient of variation: `std / mean`, a ratio.
    #[serialize_always]
    pub cv: Option<f64>,
    /// Lower end of the confidence interval of the mean.
    #[serialize_always]
    pub ci_low: Option<f64>,
    /// Upper end of the confidence interval of the mean.
    #[serialize_always]
    pub ci_high: Option<f64>,
    /// Display unit.
    pub unit: String,
    /// 1st percentile of the requests, where there was one run; likewise those below.
    pub p1: Option<f64>,
    /// 5th percentile.
    pub p5: Option<f64>,
    /// 10th percentile.
    pub p10: Option<f64>,
    /// 25th percentile.
    pub p25: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// 75th percentile.
    pub p75: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// Number of values.
    pub count: Option<u64>,
    /// Sum of the values.
    pub sum: Option<f64>,
}

/// The best variations; what not all variations have a figure for is absent.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BestConfigurations {
    /// The most requests per second.
    pub best_throughput: Option<BestConfiguration>,
    /// The smallest 99th percentile of the time to first token, or of the request latency where
    /// answers do not come piece by piece.
    pub best_latency_p99: Option<BestConfiguration>,
}

/// A variation that is best in something.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BestConfiguration {
    /// Its values.
    pub parameters: Map<String, Value>,
    /// How good it is.
    pub metric: f64,
    /// The unit of that.
    pub unit: String,
}

impl Combination {
    /// A finite figure by metric and statistic, whether there was one run or several, which it is the
    /// mean of.
    pub fn figure(&self, tag: &str, statistic: &str) -> Option<f64> {
        let value = match self.metrics.get(&format!("{tag}_{statistic}")) {
            Some(over_runs) => over_runs.mean,
            None => self.metrics.get(tag)?.statistic(statistic),
        };
        value.filter(|value| value.is_finite())
    }

    /// The unit of a metric.
    pub fn unit(&self, tag: &str, statistic: &str) -> Option<&str> {
        let over_runs = self.metrics.get(&format!("{tag}_{statistic}"));
        let metric = over_runs.or_else(|| self.metrics.get(tag))?;
        Some(&metric.unit)
    }
}

impl CombinationMetric {
    /// A statistic of the requests by the name it has in files, where there was one run.
    pub fn statistic(&self, name: &str) -> Option<f64> {
        match name {
            "avg" => self.avg,
            "min" => self.min,
            "max" => self.max,
            "std" => self.std,
            "sum" => self.sum,
            "p1" => self.p1,
            "p5" => self.p5,
            "p10" => self.p10,
            "p25" => self.p25,
            "p50" => self.p50,
            "p75" => self.p75,
            "p90" => self.p90,
            "p95" => self.p95,
            "p99" => self.p99,
            _ => None,
        }
    }
}
