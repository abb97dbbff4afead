//! From what was collected to the members of the files.

use aiperf_clock::EpochNanos;
use aiperf_model::{
    ErrorDetails, ErrorDetailsCount, ServerMetric, ServerMetricSample, ServerMetricsEndpointInfo,
    ServerMetricsRecord,
};
use indexmap::IndexMap;

use crate::address;
use crate::estimate::percentile;
use crate::exposition::Labels;
use crate::history::{Fetch, History, Samples, Scrape, Series, Stamp};
use crate::page::{MetricKind, Reading};
use crate::statistics::{Span, Window, statistics};
use crate::unit;

/// What was collected from all addresses.
#[derive(Debug, Clone, Default)]
pub struct Collected {
    /// Every address that was tried, without credentials.
    pub configured: Vec<String>,
    /// The addresses that answered before the run.
    pub reachable: Vec<String>,
    /// Address → what it showed.
    pub histories: IndexMap<String, History>,
    /// What went wrong, and how often.
    pub errors: Vec<(String, String, u64)>,
}

/// One row of a table of samples.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleRow<'a> {
    /// The address.
    pub endpoint_url: &'a str,
    /// Name of the metric.
    pub metric: &'a str,
    /// How its values are to be understood.
    pub kind: MetricKind,
    /// As name and description tell it.
    pub unit: Option<&'static str>,
    /// What the server says of it.
    pub description: &'a str,
    /// When the sample was.
    pub timestamp_ns: EpochNanos,
    /// Its labels.
    pub labels: &'a Labels,
    /// Of all but histograms; that of a counter since the reference.
    pub value: Option<f64>,
    /// Histograms: sum of the observations since the reference.
    pub sum: Option<f64>,
    /// Histograms: their number.
    pub count: Option<f64>,
    /// Histograms: a bound, and the observations up to it.
    pub bucket: Option<(&'a str, f64)>,
}

impl Collected {
    /// Whether any scrape has succeeded.
    pub fn is_empty(&self) -> bool {
        self.histories
            .values()
            .all(|history| history.fetches.is_empty())
    }

    /// How samples of phases of this kind are found: by their stamp, or by time where no scrape has it.
    pub fn span(&self, stamp: Stamp, start: EpochNanos, end: EpochNanos) -> Span {
        let mut stamps = self
            .histories
            .values()
            .flat_map(|history| history.series.values())
            .flat_map(|series| &series.stamps);
        if stamps.any(|known| *known == stamp) {
            Span::Stamped(stamp)
        } else {
            Span::Between(start, end)
        }
    }

    /// Name → metric, both sorted, with the statistics of a span. `slice_ns` is the length of a slice
    /// of time, if there are to be any.
    pub fn metrics(&self, span: Span, slice_ns: Option<i64>) -> IndexMap<String, ServerMetric> {
        let mut metrics: IndexMap<String, ServerMetric> = IndexMap::new();
        for (url, history) in &self.histories {
            let span = widened(span, history);
            for (key, series) in &history.series {
                let Some(mut found) = statistics(key, series, span, slice_ns) else {
                    continue;
                };
                found.endpoint_url = Some(url.clone());
                let metric = metrics
                    .entry(key.0.clone())
                    .or_insert_with(|| ServerMetric {
                        kind: series.kind.as_str().to_owned(),
                        description: series.description.clone(),
                        unit: unit::infer(&key.0, &series.description).map(str::to_owned),
                        series: Vec::new(),
                    });
                metric.series.push(found);
            }
        }
        metrics.sort_keys();
        for metric in metrics.values_mut() {
            metric.series.sort_by(|left, right| {
                let order = left.endpoint_url.cmp(&right.endpoint_url);
                order.then_with(|| {
                    let (left, right) = (left.labels.as_ref(), right.labels.as_ref());
                    label_text(left).cmp(&label_text(right))
                })
            });
        }
        metrics
    }

    /// Address → how it was asked, sorted, for the addresses that showed something.
    pub fn endpoint_info(&self) -> IndexMap<String, ServerMetricsEndpointInfo> {
        let answered = self.histories.iter();
        let answered = answered.filter(|(_, history)| !history.fetches.is_empty());
        let mut info: IndexMap<_, _> = answered
            .map(|(url, history)| (url.clone(), of_fetches(&history.fetches)))
            .collect();
        info.sort_keys();
        info
    }

    /// The last sample of a kind of phase.
    pub fn last_of(&self, stamp: Stamp) -> Option<EpochNanos> {
        let series = self.histories.values();
        let series = series.flat_map(|history| history.series.values());
        let stamped = series.flat_map(|series| series.times.iter().zip(&series.stamps));
        let own = stamped.filter(|(_, known)| **known == stamp);
        own.map(|(time, _)| *time).max()
    }

    /// Failures as files name them.
    pub fn error_summary(&self) -> Vec<ErrorDetailsCount> {
        let count = |(kind, message, count): &(String, String, u64)| ErrorDetailsCount {
            error_details: ErrorDetails {
                code: None,
                r#type: Some(kind.clone()),
                message: message.clone(),
                cause: None,
                cause_chain: None,
                details: None,
            },
            count: *count,
        };
        self.errors.iter().map(count).collect()
    }

    /// Calls `take` with each sample of a span. Counters and histograms count from their reference.
    ///
    /// # Errors
    /// The first error of `take`.
    pub fn for_each_row<E>(
        &self,
        span: Span,
        mut take: impl FnMut(&SampleRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for (url, history) in &self.histories {
            let span = widened(span, history);
            for ((name, labels), series) in &history.series {
                let Some(window) = Window::of(series, span) else {
                    continue;
                };
                let row = SampleRow {
                    endpoint_url: url,
                    metric: name,
                    kind: series.kind,
                    unit: unit::infer(name, &series.description),
                    description: &series.description,
                    timestamp_ns: 0,
                    labels,
                    value: None,
                    sum: None,
                    count: None,
                    bucket: None,
                };
                rows_of(series, &window, &row, &mut take)?;
            }
        }
        Ok(())
    }
}

/// A span of time goes on until the last update: the final scrape comes after the last request.
fn widened(span: Span, history: &History) -> Span {
    let Span::Between(start, end) = span else {
        return span;
    };
    let updates = history.fetches.iter().filter(|fetch| !fetch.is_duplicate);
    let last = updates.map(|fetch| fetch.at).max();
    Span::Between(start, last.map_or(end, |last| last.max(end)))
}

fn rows_of<'a, E>(
    series: &'a Series,
    window: &Window,
    row: &SampleRow<'a>,
    take: &mut impl FnMut(&SampleRow<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let Some(&first) = window.reference.iter().chain(&window.inside).next() else {
        return Ok(());
    };
    let grown = |values: &[f64], place: usize| {
        let (from, to) = (values.get(first)?, values.get(place)?);
        Some((to - from).max(0.0))
    };
    for &place in &window.inside {
        let mut row = SampleRow {
            timestamp_ns: series.times.get(place).copied().unwrap_or(0),
            ..row.clone()
        };
        match &series.samples {
            Samples::Values(values) => {
                row.value = match series.kind {
                    MetricKind::Counter => grown(values, place),
                    _ => values.get(place).copied(),
                };
                take(&row)?;
            }
            Samples::Histograms(all) => {
                row.sum = grown(&all.sums, place);
                row.count = grown(&all.counts, place);
                let (Some(from), Some(to)) = (all.buckets.get(first), all.buckets.get(place))
                else {
                    continue;
                };
                for ((le, from), to) in all.les.iter().zip(from).zip(to) {
                    row.bucket = Some((le, (to - from).max(0.0)));
                    take(&row)?;
                }
            }
        }
    }
    Ok(())
}

fn of_fetches(fetches: &[Fetch]) -> ServerMetricsEndpointInfo {
    let all = fetches.iter().map(|fetch| fetch.at);
    let mut updates: Vec<EpochNanos> = fetches
        .iter()
        .filter(|fetch| !fetch.is_duplicate)
        .map(|fetch| fetch.at)
        .collect();
    updates.sort_unstable();
    let mut gaps: Vec<f64> = updates
        .windows(2)
        .map(|pair| (pair[1] - pair[0]) as f64)
        .collect();
    gaps.sort_by(f64::total_cmp);
    let (first, last) = (updates.first().copied(), updates.last().copied());
    let duration_seconds = match (first, last) {
        (Some(first), Some(last)) => (last - first) as f64 / 1e9,
        _ => 0.0,
    };
    let latency: u64 = fetches.iter().map(|fetch| fetch.latency_ns).sum();
    ServerMetricsEndpointInfo {
        total_fetches: fetches.len() as u64,
        first_fetch_ns: all.clone().min().unwrap_or(0),
        last_fetch_ns: all.max().unwrap_or(0),
        avg_fetch_latency_ms: latency as f64 / fetches.len().max(1) as f64 / 1e6,
        unique_updates: updates.len() as u64,
        first_update_ns: first.unwrap_or(0),
        last_update_ns: last.unwrap_or(0),
        duration_seconds,
        avg_update_interval_ms: match gaps.len() {
            0 => 0.0,
            gaps => duration_seconds * 1e3 / gaps as f64,
        },
        median_update_interval_ms: (!gaps.is_empty()).then(|| percentile(&gaps, 50.0) / 1e6),
    }
}

/// The line of a scrape. Metrics that only hold facts in their labels (`…_info`) are left out.
pub(crate) fn line(url: &str, scrape: &Scrape) -> ServerMetricsRecord {
    let phase = scrape.phase.as_deref();
    let kept = scrape.page.metrics.iter();
    let kept = kept.filter(|metric| !metric.name.ends_with("_info"));
    ServerMetricsRecord {
        endpoint_url: url.to_owned(),
        timestamp_ns: scrape.at,
        endpoint_latency_ns: scrape.latency_ns,
        metrics: kept
            .map(|metric| {
                let samples = metric.readings.iter();
                let samples = samples.map(|(labels, reading)| sample(labels, reading));
                (metric.name.clone(), samples.collect())
            })
            .collect(),
        request_sent_ns: Some(scrape.sent),
        first_byte_ns: Some(scrape.at),
        benchmark_phase: phase.map(|phase| phase.kind().to_owned()),
        phase_index: phase.map(|phase| phase.index),
        profiling_index: phase.and_then(|phase| phase.profiling_index),
        phase_name: phase.map(|phase| phase.name.clone()),
        phase_kind: phase.map(|phase| phase.kind().to_owned()),
    }
}

fn sample(labels: &Labels, reading: &Reading) -> ServerMetricSample {
    let labels = (!labels.is_empty()).then(|| labels.iter().cloned().collect());
    match reading {
        Reading::Value(value) => ServerMetricSample {
            labels,
            value: Some(*value),
            ..ServerMetricSample::default()
        },
        Reading::Histogram(histogram) => ServerMetricSample {
            labels,
            value: None,
            buckets: Some(histogram.buckets.iter().cloned().collect()),
            sum: Some(histogram.sum),
            count: Some(histogram.count),
        },
    }
}

/// Labels as a text that sorts as the reference sorts them.
pub fn label_text(labels: Option<&IndexMap<String, String>>) -> String {
    let labels = labels.into_iter().flatten();
    let each: Vec<String> = labels
        .map(|(name, value)| format!("'{name}': '{value}'"))
        .collect();
    if each.is_empty() {
        return String::new();
    }
    format!("{{{}}}", each.join(", "))
}

/// How tables name an address, see [`address::display`].
pub fn endpoint_name(url: &str) -> String {
    address::display(url)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::history::tests::{history, scrape};
    use Stamp::{Outside, Profiling};

    fn collected() -> Collected {
        let page = |running: i64, tokens: i64| {
            format!(
                "# TYPE run gauge\nrun {running}\n# TYPE tok_tokens_total counter\ntok_tokens_total{{m=\"a\"}} {tokens}\n"
            )
        };
        let pages = [page(0, 5), page(2, 9), page(4, 25)];
        let one = history(&[
            (10, Outside, &pages[0]),
            (20, Profiling, &pages[1]),
            (40, Profiling, &pages[2]),
        ]);
        Collected {
            histories: [("http://b/metrics", one.clone()), ("http://a/metrics", one)]
                .map(|(url, history)| (url.to_owned(), history))
                .into(),
            ..Collected::default()
        }
    }

    #[test]
    fn metrics_are_sorted_by_name_and_series_by_address() {
        let collected = collected();
        let span = collected.span(Profiling, 0, 0);
        assert_eq!(span, Span::Stamped(Profiling));
        let metrics = collected.metrics(span, None);
        assert_eq!(metrics.keys().collect::<Vec<_>>(), ["run", "tok_tokens"]);
        assert_eq!(metrics["tok_tokens"].unit.as_deref(), Some("tokens"));
        let urls: Vec<_> = metrics["run"]
            .series
            .iter()
            .map(|series| &series.endpoint_url)
            .collect();
        let expected = ["http://a/metrics", "http://b/metrics"].map(|url| Some(url.to_owned()));
        assert_eq!(urls, expected.iter().collect::<Vec<_>>());
        let total = metrics["tok_tokens"].series[0]
            .stats
            .as_ref()
            .unwrap()
            .total;
        assert_eq!(total, Some(20.0));
    }

    #[test]
    fn without_stamped_scrapes_time_decides_up_to_the_last_update() {
        let collected = collected();
        let span = collected.span(Stamp::Warmup, 15, 30);
        assert_eq!(span, Span::Between(15, 30));
        let metrics = collected.metrics(span, None);
        let stats = metrics["run"].series[0].stats.as_ref().unwrap();
        assert_eq!((stats.min, stats.max), (Some(2.0), Some(4.0)));
    }

    #[test]
    fn rows_count_from_the_reference() {
        let mut rows = Vec::new();
        let collected = collected();
        let never: Result<(), ()> = collected.for_each_row(Span::Stamped(Profiling), |row| {
            rows.push((
                row.endpoint_url.to_owned(),
                row.metric.to_owned(),
                row.timestamp_ns,
                row.value,
            ));
            Ok(())
        });
        assert_eq!(never, Ok(()));
        let of_b = |metric: &str, at, value| {
            (
                "http://b/metrics".to_owned(),
                metric.to_owned(),
                at,
                Some(value),
            )
        };
        assert_eq!(
            rows[..4],
            [
                of_b("run", 20, 2.0),
                of_b("run", 40, 4.0),
                of_b("tok_tokens", 20, 4.0),
                of_b("tok_tokens", 40, 20.0),
            ]
        );
    }

    #[test]
    fn a_line_has_the_samples_as_the_server_shows_them() {
        let page = "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 8\nh_sum 0.5\nh_count 8\nx_info{v=\"1\"} 1\ng{a=\"b\"} 105\n";
        let record = line("http://h/metrics", &scrape(10, Profiling, page));
        assert_eq!(
            serde_json::to_value(record).unwrap(),
            json!({
                "endpoint_url": "http://h/metrics", "timestamp_ns": 10, "endpoint_latency_ns": 2,
                "metrics": {
                    "h": [{"buckets": {"+Inf": 8.0}, "sum": 0.5, "count": 8.0}],
                    "g": [{"labels": {"a": "b"}, "value": 105.0}],
                },
                "request_sent_ns": 9, "first_byte_ns": 10, "benchmark_phase": "profiling",
                "phase_index": 0, "profiling_index": 0, "phase_name": "p", "phase_kind": "profiling",
            })
        );
    }

    #[test]
    fn intervals_are_those_between_updates() {
        let fetch = |at, is_duplicate| Fetch {
            at,
            latency_ns: 3_000_000,
            is_duplicate,
        };
        let fetches = [
            fetch(1_000_000, false),
            fetch(2_000_000, true),
            fetch(4_000_000, false),
            fetch(9_000_000, false),
        ];
        let info = of_fetches(&fetches);
        assert_eq!((info.total_fetches, info.unique_updates), (4, 3));
        assert_eq!(info.avg_fetch_latency_ms, 3.0);
        assert_eq!(info.avg_update_interval_ms, 4.0);
        assert_eq!(info.median_update_interval_ms, Some(4.0));
    }
}
