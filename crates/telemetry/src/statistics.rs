//! Statistics of a series over the phases of one kind.

mod slices;

use aiperf_clock::EpochNanos;
use aiperf_model::{ServerMetricSeries, ServerMetricStats};
use indexmap::IndexMap;

use crate::estimate::{self, Cumulative, PERCENTILES, percentile};
use crate::exposition::Labels;
use crate::history::{Histograms, Samples, Series, Stamp};
use crate::page::MetricKind;

/// Which samples of a series count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Those of scrapes that were begun in a phase of this kind.
    Stamped(Stamp),
    /// Those of a span of time, both ends included: where no scrape has the stamp.
    Between(EpochNanos, EpochNanos),
}

/// Samples that count, and the one that growth is measured from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The sample directly before the first, whatever its stamp.
    pub reference: Option<usize>,
    /// Not empty, rising.
    pub inside: Vec<usize>,
}

impl Window {
    /// The window of a series; `None` where no sample counts.
    pub fn of(series: &Series, span: Span) -> Option<Self> {
        let counts = |index: &usize| match span {
            Span::Stamped(stamp) => series.stamps.get(*index) == Some(&stamp),
            Span::Between(start, end) => {
                let time = series.times.get(*index);
                time.is_some_and(|&time| start <= time && time <= end)
            }
        };
        let inside: Vec<usize> = (0..series.times.len()).filter(counts).collect();
        let first = *inside.first()?;
        Some(Self {
            reference: first.checked_sub(1),
            inside,
        })
    }

    /// The reference and then all others.
    pub fn with_reference(&self) -> Vec<usize> {
        self.reference.iter().chain(&self.inside).copied().collect()
    }
}

/// A window with its samples, the reference first.
struct View<'a, T> {
    times: Vec<EpochNanos>,
    values: Vec<T>,
    /// How many of them are before the window: none or one.
    before: usize,
    labels: &'a Labels,
    name: &'a str,
}

impl<T> View<'_, T> {
    fn start(&self) -> EpochNanos {
        self.times.get(self.before).copied().unwrap_or(0)
    }

    /// The last sample; a window of one sample is a nanosecond long.
    fn end(&self) -> EpochNanos {
        let last = self.times.last().copied().unwrap_or(0);
        last.max(self.start() + 1)
    }

    /// From the reference to the last sample, in seconds.
    fn seconds(&self) -> f64 {
        let first = self.times.first().copied().unwrap_or(0);
        let last = self.times.last().copied().unwrap_or(0);
        (last - first) as f64 / 1e9
    }
}

/// The statistics of a series; `None` where no sample counts. `slice_ns` is the length of a slice of
/// time, if there are to be any.
pub fn statistics(
    (name, labels): &(String, Labels),
    series: &Series,
    span: Span,
    slice_ns: Option<i64>,
) -> Option<ServerMetricSeries> {
    let window = Window::of(series, span)?;
    let places = window.with_reference();
    let before = places.len() - window.inside.len();
    let times = places.iter().filter_map(|&place| series.times.get(place));
    let times = times.copied().collect();
    let found = match &series.samples {
        Samples::Values(values) => {
            let values = places.iter().filter_map(|&place| values.get(place));
            let view = View {
                times,
                values: values.copied().collect(),
                before,
                labels,
                name,
            };
            if series.kind == MetricKind::Counter {
                counter(&view, slice_ns)
            } else {
                gauge(&view, slice_ns)
            }
        }
        Samples::Histograms(histograms) => {
            let view = View {
                times,
                values: places
                    .iter()
                    .filter_map(|&place| at(histograms, place))
                    .collect(),
                before,
                labels,
                name,
            };
            histogram(&view, &histograms.les, slice_ns)
        }
    };
    let labels: IndexMap<String, String> = labels.iter().cloned().collect();
    Some(ServerMetricSeries {
        labels: (!labels.is_empty()).then_some(labels),
        ..found
    })
}

fn at(histograms: &Histograms, place: usize) -> Option<Cumulative<'_>> {
    Some(Cumulative {
        buckets: histograms.buckets.get(place)?,
        sum: *histograms.sums.get(place)?,
        count: *histograms.counts.get(place)?,
    })
}

fn gauge(view: &View<'_, f64>, slice_ns: Option<i64>) -> ServerMetricSeries {
    let mut sorted = view.values[view.before..].to_vec();
    sorted.sort_by(f64::total_cmp);
    let [p1, p5, p10, p25, p50, p75, p90, p95, p99] =
        PERCENTILES.map(|percent| Some(percentile(&sorted, percent)));
    ServerMetricSeries {
        stats: Some(ServerMetricStats {
            avg: Some(mean(&sorted)),
            min: sorted.first().copied(),
            max: sorted.last().copied(),
            std: Some(sample_deviation(&sorted)),
            p1,
            p5,
            p10,
            p25,
            p50,
            p75,
            p90,
            p95,
            p99,
            ..ServerMetricStats::default()
        }),
        timeslices: slice_ns.and_then(|length| slices::of_gauge(view, length)),
        ..ServerMetricSeries::default()
    }
}

fn counter(view: &View<'_, f64>, slice_ns: Option<i64>) -> ServerMetricSeries {
    let inside = &view.values[view.before..];
    let resets = inside.windows(2).filter(|pair| pair[1] < pair[0]).count();
    if resets > 0 {
        let (name, labels) = (view.name, view.labels);
        tracing::warn!(
            "server metrics: the counter `{name}` {labels:?} went down {resets} time(s); the server may \
             have been restarted, and its growth is not known"
        );
    }
    let total = match (view.values.first(), view.values.last()) {
        (Some(first), Some(last)) => (last - first).max(0.0),
        _ => 0.0,
    };
    let seconds = view.seconds();
    let timeslices = slice_ns.and_then(|length| slices::of_counter(view, length));
    let rates: Vec<f64> = timeslices
        .iter()
        .flatten()
        .filter(|slice| slice.is_complete.is_none())
        .filter_map(|slice| slice.rate)
        .collect();
    let of_rates = |of: fn(&[f64]) -> f64| (!rates.is_empty()).then(|| of(&rates));
    ServerMetricSeries {
        stats: Some(ServerMetricStats {
            total: Some(total),
            rate: Some(if seconds > 0.0 { total / seconds } else { 0.0 }),
            rate_avg: of_rates(mean),
            rate_min: of_rates(|rates| rates.iter().copied().fold(f64::INFINITY, f64::min)),
            rate_max: of_rates(|rates| rates.iter().copied().fold(0.0, f64::max)),
            rate_std: of_rates(sample_deviation),
            ..ServerMetricStats::default()
        }),
        timeslices,
        ..ServerMetricSeries::default()
    }
}

fn histogram(
    view: &View<'_, Cumulative<'_>>,
    les: &[String],
    slice_ns: Option<i64>,
) -> ServerMetricSeries {
    let (Some(first), Some(last)) = (view.values.first(), view.values.last()) else {
        return ServerMetricSeries::default();
    };
    let (sum, count) = (last.sum - first.sum, (last.count - first.count).trunc());
    let grown = growth(first.buckets, last.buckets);
    if sum < 0.0 || count < 0.0 || grown.is_none() {
        let (name, labels) = (view.name, view.labels);
        tracing::warn!(
            "server metrics: the histogram `{name}` {labels:?} went down; the server may have been \
             restarted, or be several behind one address"
        );
    }
    let (sum, count) = (sum.max(0.0), count.max(0.0));
    let buckets = grown.as_deref().map(|grown| by_bound(les, grown));
    if count == 0.0 {
        return ServerMetricSeries {
            stats: Some(ServerMetricStats {
                count: Some(0),
                ..ServerMetricStats::default()
            }),
            buckets,
            ..ServerMetricSeries::default()
        };
    }
    let seconds = view.seconds();
    let per_second = |amount: f64| (seconds > 0.0).then(|| amount / seconds);
    let estimates = grown.and_then(|grown| {
        let lessons = estimate::lessons(les.len(), view.values.iter().copied());
        let grown = Cumulative {
            buckets: &grown,
            sum,
            count,
        };
        estimate::percentiles(les, grown, &lessons)
    });
    let [p1, p5, p10, p25, p50, p75, p90, p95, p99] = match estimates {
        Some(estimates) => estimates.map(Some),
        None => [None; 9],
    };
    ServerMetricSeries {
        stats: Some(ServerMetricStats {
            count: Some(count as i64),
            sum: Some(sum),
            avg: Some(sum / count),
            count_rate: per_second(count),
            sum_rate: per_second(sum),
            p1_estimate: p1,
            p5_estimate: p5,
            p10_estimate: p10,
            p25_estimate: p25,
            p50_estimate: p50,
            p75_estimate: p75,
            p90_estimate: p90,
            p95_estimate: p95,
            p99_estimate: p99,
            ..ServerMetricStats::default()
        }),
        buckets,
        timeslices: slice_ns.and_then(|length| slices::of_histogram(view, les, length)),
        ..ServerMetricSeries::default()
    }
}

/// By how much each bucket grew; `None` where one shrank.
fn growth(before: &[f64], after: &[f64]) -> Option<Vec<f64>> {
    let grown: Vec<f64> = before
        .iter()
        .zip(after)
        .map(|(before, after)| after - before)
        .collect();
    grown.iter().all(|grown| *grown >= 0.0).then_some(grown)
}

fn by_bound(les: &[String], grown: &[f64]) -> IndexMap<String, i64> {
    let buckets = les.iter().zip(grown);
    buckets
        .map(|(le, grown)| (le.clone(), *grown as i64))
        .collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// With n - 1 in the denominator; 0 for a single value.
fn sample_deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

#[cfg(test)]
mod tests;
