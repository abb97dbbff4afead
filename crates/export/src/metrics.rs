//! Choices over metrics that the files share.

use aiperf_metrics::result::{MetricResult, PERCENTILES, Statistics};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Which of the normally hidden metrics are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HiddenMetrics {
    /// Metrics for the developers of the program.
    pub internal: bool,
    /// Metrics whose definition may still change.
    pub experimental: bool,
}

impl HiddenMetrics {
    /// Whether a file that shows these holds `result`.
    pub(crate) fn admits(self, result: &MetricResult) -> bool {
        (self.internal || !result.visibility.internal)
            && (self.experimental || !result.visibility.experimental)
    }
}

/// One metric of the summary JSON. Members that do not exist are left out; all numbers are floats
/// except the count.
pub(crate) fn metric_object(result: &MetricResult) -> Value {
    let Statistics {
        avg,
        percentiles,
        min,
        max,
        std,
        count,
        sum,
    } = result.statistics;
    let mut object = Map::new();
    object.insert("unit".to_owned(), Value::from(result.unit));
    insert_finite(&mut object, "avg", avg);
    for (percentile, value) in PERCENTILES.iter().zip(percentiles) {
        insert_finite(&mut object, &format!("p{percentile}"), value);
    }
    insert_finite(&mut object, "min", min);
    insert_finite(&mut object, "max", max);
    insert_finite(&mut object, "std", std);
    if let Some(count) = count {
        object.insert("count".to_owned(), Value::from(count));
    }
    insert_finite(&mut object, "sum", sum);
    if let Some(approximation) = result.approximation {
        object.insert("approximation".to_owned(), approximation.into());
    }
    Value::Object(object)
}

fn insert_finite(object: &mut Map<String, Value>, key: &str, value: Option<f64>) {
    if let Some(value) = value.filter(|value| value.is_finite()) {
        object.insert(key.to_owned(), Value::from(value));
    }
}
