//! Slices of time of a series: from its first sample in the window, all of one length but the last.

use aiperf_clock::EpochNanos;
use aiperf_model::ServerMetricSlice;

use super::{View, by_bound, growth, mean};
use crate::estimate::Cumulative;

/// Slices without samples are left out, and so are those of fewer than two samples in all.
pub(super) fn of_gauge(view: &View<'_, f64>, length: i64) -> Option<Vec<ServerMetricSlice>> {
    let times = &view.times[view.before..];
    let values = &view.values[view.before..];
    if times.len() < 2 {
        return None;
    }
    let last = times.last().copied()?;
    let slices = bounds(view, length).into_iter().filter_map(|slice| {
        let from = times.partition_point(|&time| time < slice.start_ns);
        let is_last = slice.end_ns == last;
        let to = times.partition_point(|&time| time < slice.end_ns || is_last);
        let values = values.get(from..to).filter(|values| !values.is_empty())?;
        Some(ServerMetricSlice {
            avg: Some(mean(values)),
            min: Some(values.iter().copied().fold(f64::INFINITY, f64::min)),
            max: Some(values.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
            ..slice
        })
    });
    some(slices.collect())
}

/// The counter at a bound is its last sample up to it.
pub(super) fn of_counter(view: &View<'_, f64>, length: i64) -> Option<Vec<ServerMetricSlice>> {
    if view.times.len() < 2 {
        return None;
    }
    let slices = bounds(view, length).into_iter().filter_map(|slice| {
        let total = (at(view, slice.end_ns)? - at(view, slice.start_ns)?).max(0.0);
        let seconds = (slice.end_ns - slice.start_ns) as f64 / 1e9;
        Some(ServerMetricSlice {
            total: Some(total),
            rate: Some(if seconds > 0.0 { total / seconds } else { 0.0 }),
            ..slice
        })
    });
    some(slices.collect())
}

/// Slices in which the histogram went down are left out.
pub(super) fn of_histogram(
    view: &View<'_, Cumulative<'_>>,
    les: &[String],
    length: i64,
) -> Option<Vec<ServerMetricSlice>> {
    if view.times.len() < 2 {
        return None;
    }
    let slices = bounds(view, length).into_iter().filter_map(|slice| {
        let (first, last) = (at(view, slice.start_ns)?, at(view, slice.end_ns)?);
        let (sum, count) = (last.sum - first.sum, last.count - first.count);
        if sum < 0.0 || count < 0.0 {
            return None;
        }
        let grown = growth(first.buckets, last.buckets);
        Some(ServerMetricSlice {
            count: Some(count as i64),
            sum: Some(sum),
            avg: Some(if count > 0.0 { sum / count } else { 0.0 }),
            buckets: grown.map(|grown| by_bound(les, &grown)),
            ..slice
        })
    });
    some(slices.collect())
}

fn some(slices: Vec<ServerMetricSlice>) -> Option<Vec<ServerMetricSlice>> {
    (!slices.is_empty()).then_some(slices)
}

/// The last sample up to `instant`, else the first.
fn at<T: Copy>(view: &View<'_, T>, instant: EpochNanos) -> Option<T> {
    let after = view.times.partition_point(|&time| time <= instant);
    view.values.get(after.saturating_sub(1)).copied()
}

fn bounds<T>(view: &View<'_, T>, length: i64) -> Vec<ServerMetricSlice> {
    let (mut start, end) = (view.start(), view.end());
    let mut slices = Vec::new();
    while start < end && length > 0 {
        let full = start.saturating_add(length);
        slices.push(ServerMetricSlice {
            start_ns: start,
            end_ns: full.min(end),
            is_complete: (full > end).then_some(false),
            ..ServerMetricSlice::default()
        });
        start = full;
    }
    slices
}
