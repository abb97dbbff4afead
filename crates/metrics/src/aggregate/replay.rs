//! How far behind its schedule a replay sent its requests.

use super::distribution::Sample;
use super::window::result;
use crate::columns::{Numbers, View};
use crate::metric::{Formula, Injection};
use crate::result::{MetricResult, Statistics};

/// The metric whose values are spread around the schedule.
const OFFSET: &str = "replay_send_schedule_offset";
/// A replay whose 99th percentile is further behind is not the workload that was asked for.
const DEGRADED_ABOVE_MS: f64 = 500.0;

/// The lags, counted from the request that was sent least late; nothing without a schedule.
pub(super) fn results(view: &View<'_>, rows: &[u32]) -> Vec<MetricResult> {
    let Some(slot) = view.active().slot(OFFSET) else {
        return Vec::new();
    };
    let Numbers::Ints(offsets) = view.numbers(rows, slot) else {
        return Vec::new();
    };
    let Some(&least) = offsets.iter().min() else {
        return Vec::new();
    };
    let lags = offsets
        .iter()
        .map(|&offset| (i128::from(offset) - i128::from(least)) as f64 / 1e6);
    let sample = Sample::new(Numbers::Floats(lags.collect()));
    let lag = |q: u8| {
        sample
            .percentiles(&[q])
            .and_then(|lags| lags.first().copied())
    };
    let metrics = view.active().metrics().iter();
    metrics
        .filter_map(|metric| {
            let value = match metric.formula {
                Formula::Injected(Injection::ScheduleLag(q)) => lag(q)?,
                Formula::Injected(Injection::ScheduleDegraded) => {
                    f64::from(u8::from(lag(99)? > DEGRADED_ABOVE_MS))
                }
                _ => return None,
            };
            Some(result(metric, Statistics::scalar(value)))
        })
        .collect()
}
