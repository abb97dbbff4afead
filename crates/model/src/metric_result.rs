//! The statistics of one metric over a run, a phase or a time slice.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_with::skip_serializing_none;

/// The statistics of one metric, in its display unit.
///
/// A distribution has all members, a scalar only `unit` and `avg`. What does not exist or is not
/// finite is absent.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetricResult {
    /// Display unit, for example `ms`.
    pub unit: String,
    /// Arithmetic mean; for a scalar the value itself.
    pub avg: Option<f64>,
    /// 1st percentile.
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
    /// Smallest value.
    pub min: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
    /// Population standard deviation.
    pub std: Option<f64>,
    /// Number of values.
    pub count: Option<u64>,
    /// Sum of the values.
    pub sum: Option<f64>,
    /// In what way the figures are not exact; absent where they are.
    pub approximation: Option<String>,
}

/// A member that has no field of its own: mostly a further metric, else anything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ExtraMember {
    /// A metric: an object with a `unit`.
    Metric(Box<MetricResult>),
    /// Anything else.
    Other(Value),
}

impl MetricResult {
    /// A metric that is one number.
    pub fn scalar(value: f64, unit: impl Into<String>) -> Self {
        Self {
            unit: unit.into(),
            avg: Some(value),
            ..Self::default()
        }
    }

    /// A statistic by the name it has in files, for example `p99` or `std`.
    pub fn statistic(&self, name: &str) -> Option<f64> {
        match name {
            "avg" => self.avg,
            "p1" => self.p1,
            "p5" => self.p5,
            "p10" => self.p10,
            "p25" => self.p25,
            "p50" => self.p50,
            "p75" => self.p75,
            "p90" => self.p90,
            "p95" => self.p95,
            "p99" => self.p99,
            "min" => self.min,
            "max" => self.max,
            "std" => self.std,
            "count" => self.count.map(|count| count as f64),
            "sum" => self.sum,
            _ => None,
        }
    }
}

impl ExtraMember {
    /// The metric, when it is one.
    pub fn as_metric(&self) -> Option<&MetricResult> {
        match self {
            Self::Metric(metric) => Some(metric),
            Self::Other(_) => None,
        }
    }
}

impl From<MetricResult> for ExtraMember {
    fn from(metric: MetricResult) -> Self {
        Self::Metric(Box::new(metric))
    }
}

/// The metrics among further members, in the order of the file.
pub(crate) fn metrics_among(
    members: &IndexMap<String, ExtraMember>,
) -> impl Iterator<Item = (&str, &MetricResult)> {
    members
        .iter()
        .filter_map(|(tag, member)| Some((tag.as_str(), member.as_metric()?)))
}
