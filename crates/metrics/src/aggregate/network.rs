//! Latencies without the round trip of the network.

use super::distribution::{Sample, converted};
use super::window::result;
use crate::columns::{Numbers, View};
use crate::metric::{Formula, Injection, Metric};
use crate::result::{MetricResult, PERCENTILES, Statistics};
use crate::value::Value;

/// The results where a round trip above 0 is known: the round trip itself, then each latency minus
/// it, at least 0.
pub(super) fn results(view: &View<'_>, rows: &[u32], rtt_ns: Option<f64>) -> Vec<MetricResult> {
    let Some(rtt_ns) = rtt_ns.filter(|rtt| rtt.is_finite() && *rtt != 0.0) else {
        return Vec::new();
    };
    let adjusted = |metric: &'static Metric, source: &str| {
        let slot = view.active().slot(source)?;
        let mut latencies = Vec::with_capacity(rows.len());
        view.values(rows, slot, |value| {
            let latency_ns = value.and_then(Value::as_f64);
            latencies.extend(latency_ns.map(|latency| (latency - rtt_ns).max(0.0) / 1e6));
        });
        let statistics = Sample::new(Numbers::Floats(latencies)).statistics()?;
        Some(in_milliseconds(metric, statistics))
    };
    let metrics = view.active().metrics().iter();
    metrics
        .filter_map(|metric| match metric.formula {
            Formula::Injected(Injection::NetworkRoundTrip) => {
                Some(in_milliseconds(metric, constant(rtt_ns / 1e6)))
            }
            Formula::Injected(Injection::WithoutRoundTrip(source)) => adjusted(metric, source),
            _ => None,
        })
        .collect()
}

fn in_milliseconds(metric: &Metric, statistics: Statistics) -> MetricResult {
    MetricResult {
        statistics: converted(statistics, None),
        ..result(metric, Statistics::default())
    }
}

/// One number is its own distribution.
fn constant(value: f64) -> Statistics {
    Statistics {
        avg: Some(value),
        percentiles: [Some(value); PERCENTILES.len()],
        min: Some(value),
        max: Some(value),
        std: Some(0.0),
        count: Some(1),
        sum: Some(value),
    }
}
