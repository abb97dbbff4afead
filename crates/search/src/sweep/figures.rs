//! The figures of one variation.

use aiperf_model::{CombinationMetric, ConfidenceMetric, MetricResult};
use indexmap::IndexMap;

use crate::aggregate::{metrics_over_runs, successful};
use crate::outcome::RunOutcome;

/// One run: its metrics by tag. Several: `<tag>_<statistic>` over those that succeeded. `None` if
/// none did.
pub(super) fn of_group(
    group: &[&RunOutcome],
    level: f64,
) -> Option<IndexMap<String, CombinationMetric>> {
    if let [only] = group {
        let metrics = only.metrics.iter();
        let figures = metrics.map(|(tag, metric)| (tag.clone(), of_run(metric)));
        return only.is_successful().then(|| figures.collect());
    }
    let metrics = metrics_over_runs(&successful(group), level)?;
    let figures = metrics
        .into_iter()
        .map(|(key, metric)| (key, of_runs(metric)));
    Some(figures.collect())
}

fn of_runs(metric: ConfidenceMetric) -> CombinationMetric {
    CombinationMetric {
        mean: metric.mean,
        std: metric.std,
        min: metric.min,
        max: metric.max,
        cv: metric.cv,
        ci_low: metric.ci_low,
        ci_high: metric.ci_high,
        unit: metric.unit,
        ..CombinationMetric::default()
    }
}

/// A single run has no spread over runs; its smallest and largest value are those of its requests.
fn of_run(metric: &MetricResult) -> CombinationMetric {
    let mean = Some(metric.avg.unwrap_or(0.0));
    CombinationMetric {
        mean,
        avg: mean,
        std: Some(0.0),
        min: metric.min.or(mean),
        max: metric.max.or(mean),
        cv: Some(0.0),
        ci_low: mean,
        ci_high: mean,
        unit: metric.unit.clone(),
        p1: metric.p1,
        p5: metric.p5,
        p10: metric.p10,
        p25: metric.p25,
        p50: metric.p50,
        p75: metric.p75,
        p90: metric.p90,
        p95: metric.p95,
        p99: metric.p99,
        count: metric.count,
        sum: metric.sum,
    }
}
