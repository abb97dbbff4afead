//! Figures while a run goes on: what the summary will say, as far as it is known, at a price that
//! does not depend on the number of records.
//!
//! Counts, sums and extremes are exact. Percentiles come from a [`LiveSketch`], and mean and standard
//! deviation are added up in floating point, so each [`MetricResult`] carries an `approximation`.
//! Results of a finished run never come from here: those are [`crate::summarise`]'s.

mod sketch;

use std::sync::Arc;

use crate::active::ActiveMetrics;
use crate::aggregate::{Window, derived_results, result};
use crate::metric::{Fold, Kind, Metric, ValueType};
use crate::record::RecordValues;
use crate::result::{ConsoleGroup, MetricResult, PERCENTILES, Statistics};
use crate::value::Value;
pub use sketch::LiveSketch;

/// Said of every figure of a run that is not over.
const SO_FAR: &str = "of the records so far; percentiles are within 0.4 % of values that occurred";

/// Metrics of which figures are kept though no table shows them: the block of statistics in the log
/// does.
const LOGGED: [&str; 2] = ["total_isl", "total_osl"];

/// Whether a metric is for everybody to see while a run goes on.
pub fn is_shown_live(metric: &Metric) -> bool {
    let visibility = metric.visibility();
    metric.group != ConsoleGroup::None
        && !visibility.error_only
        && !visibility.internal
        && !visibility.experimental
}

/// Running figures of the records that one recorder has seen.
#[derive(Debug, Clone)]
pub struct LiveFigures {
    active: Arc<ActiveMetrics>,
    parts: Vec<Part>,
    records: u64,
}

/// What is kept of one metric.
#[derive(Debug, Clone)]
struct Part {
    slot: u16,
    is_int: bool,
    count: u64,
    sum: f64,
    mean: f64,
    /// Sum of the squared distances from the mean.
    distances: f64,
    min: f64,
    max: f64,
    /// Absent where only the sum or an extreme is of use.
    sketch: Option<LiveSketch>,
}

impl LiveFigures {
    /// No records yet. Kept are the metrics that are shown, and those that they follow from; lists
    /// are left out.
    pub fn new(active: Arc<ActiveMetrics>) -> Self {
        let parts = wanted_slots(&active)
            .into_iter()
            .map(|slot| Part::new(slot, active.metric(slot)))
            .collect();
        Self {
            active,
            parts,
            records: 0,
        }
    }

    /// Adds a finished record; the price is a few nanoseconds for each metric that it has.
    pub fn add(&mut self, values: &RecordValues) {
        self.records += 1;
        for part in &mut self.parts {
            let value = values.values.get(usize::from(part.slot)).copied();
            if let Some(number) = value.flatten().and_then(Value::as_f64) {
                part.add(number);
            }
        }
    }

    /// Adds what another recorder of the same run has seen.
    pub fn merge(&mut self, other: &Self) {
        self.records += other.records;
        for (own, more) in self.parts.iter_mut().zip(&other.parts) {
            own.merge(more);
        }
    }

    /// Number of records, failed ones included.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The figures so far, of every metric that has any, in catalog order. Rates divide by the time
    /// from the first request to the last answer.
    pub fn results(&self) -> Vec<MetricResult> {
        let mut totals: Vec<Option<Value>> = vec![None; self.active.metrics().len()];
        let mut results = Vec::new();
        for part in self.parts.iter().filter(|part| part.count > 0) {
            let metric = self.active.metric(part.slot);
            let total = part.total(metric);
            totals[usize::from(part.slot)] = Some(total);
            let statistics = match metric.kind {
                Kind::Aggregate(_) => total.as_f64().map(Statistics::scalar),
                _ => part.statistics(),
            };
            results.extend(statistics.map(|statistics| result(metric, statistics)));
        }
        let window = Window {
            length_ns: None,
            replaces_benchmark_duration: false,
            phases: None,
        };
        results.extend(derived_results(&self.active, &mut totals, window));
        for result in &mut results {
            result.approximation = Some(SO_FAR);
        }
        results
    }
}

impl Part {
    fn new(slot: u16, metric: &Metric) -> Self {
        Self {
            slot,
            is_int: metric.value_type == ValueType::Int,
            count: 0,
            sum: 0.0,
            mean: 0.0,
            distances: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            sketch: (metric.kind == Kind::Record && is_shown_live(metric))
                .then(LiveSketch::default),
        }
    }

    /// Mean and distances by Welford's method.
    fn add(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.count += 1;
        self.sum += value;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        if let Some(sketch) = &mut self.sketch {
            let from_mean = value - self.mean;
            self.mean += from_mean / self.count as f64;
            self.distances += from_mean * (value - self.mean);
            sketch.add(value);
        }
    }

    /// Two means by the method of Chan, Golub and LeVeque.
    fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        let (own, more) = (self.count as f64, other.count as f64);
        let apart = other.mean - self.mean;
        self.mean += apart * more / (own + more);
        self.distances += other.distances + apart * apart * own * more / (own + more);
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        if let (Some(own), Some(more)) = (&mut self.sketch, &other.sketch) {
            own.merge(more);
        }
    }

    /// What derived metrics know this one by.
    fn total(&self, metric: &Metric) -> Value {
        let total = match metric.kind {
            Kind::Aggregate(Fold::Minimum) => self.min,
            Kind::Aggregate(Fold::Maximum) => self.max,
            _ => self.sum,
        };
        if self.is_int {
            Value::Int(total as i64)
        } else {
            Value::Float(total)
        }
    }

    /// `None` where no distribution is kept.
    fn statistics(&self) -> Option<Statistics> {
        let sketch = self.sketch.as_ref()?;
        let at = |percent: u8| {
            let near = sketch.percentile(percent, self.is_int)?;
            Some(near.clamp(self.min, self.max))
        };
        Some(Statistics {
            avg: Some(self.mean),
            percentiles: PERCENTILES.map(at),
            min: Some(self.min),
            max: Some(self.max),
            std: Some((self.distances / self.count as f64).max(0.0).sqrt()),
            count: Some(self.count),
            sum: Some(self.sum),
        })
    }
}

/// The per-record metrics that are shown or logged, and those that the shown ones follow from.
fn wanted_slots(active: &ActiveMetrics) -> Vec<u16> {
    let mut wanted = vec![false; active.metrics().len()];
    for (metric, wanted) in active.metrics().iter().zip(&mut wanted) {
        *wanted = is_shown_live(metric) || LOGGED.contains(&metric.tag);
    }
    // Steps stand after those that they read, so that backwards one pass finds all.
    for step in active.window_steps.iter().rev() {
        if wanted[usize::from(step.slot)] {
            for &input in &step.inputs {
                if let Some(wanted) = wanted.get_mut(usize::from(input)) {
                    *wanted = true;
                }
            }
        }
    }
    (0u16..)
        .zip(active.metrics())
        .filter(|(slot, metric)| {
            wanted[usize::from(*slot)]
                && metric.kind != Kind::Derived
                && metric.value_type != ValueType::IntList
        })
        .map(|(slot, _)| slot)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Bounds, Columns, EndpointTraits, InjectedLatencies, PhaseWindow, RecordFacts, RunContext,
        compute_record, summarise,
    };

    fn chat() -> Arc<ActiveMetrics> {
        let context = RunContext {
            endpoint: EndpointTraits {
                produces_tokens: true,
                tokenizes_input: true,
                ..EndpointTraits::default()
            },
            streaming: true,
            ..RunContext::default()
        };
        Arc::new(ActiveMetrics::new(&context).unwrap())
    }

    /// A request every 10 ms; latencies from 20 ms on, in no order.
    fn run_of(records: u64, mut take: impl FnMut(u64, &RecordValues, &RecordFacts<'_>)) {
        let active = chat();
        let mut values = RecordValues::new(&active);
        for index in 0..records {
            let start = 1_000_000_000 + index * 10_000_000;
            let first = start + 5_000_000 + index * 7_919 % 1_000 * 1_000;
            let end = first + 15_000_000 + index * 104_729 % 1_000 * 40_000;
            let facts = RecordFacts {
                start_perf_ns: start,
                start_epoch_ns: 1_700_000_000_000_000_000 + start,
                content_perf_ns: &[first, end],
                first_output_perf_ns: Some(first),
                request_end_perf_ns: Some(end),
                end_perf_ns: Some(end),
                input_tokens: Some(32),
                output_tokens: Some(16 + index % 3),
                failed: index % 50 == 7,
                ..RecordFacts::default()
            };
            compute_record(&active, &facts, &mut values);
            take(index, &values, &facts);
        }
    }

    fn near(found: Option<f64>, expected: Option<f64>, within: f64, what: &str) {
        let (found, expected) = (found.unwrap(), expected.unwrap());
        assert!(
            (found - expected).abs() <= expected.abs() * within + 1e-9,
            "{what}: {found} is not near {expected}"
        );
    }

    #[test]
    fn figures_so_far_are_near_those_of_the_summary() {
        let active = chat();
        let mut columns = Columns::new(Arc::clone(&active));
        let mut live = [
            LiveFigures::new(Arc::clone(&active)),
            LiveFigures::new(Arc::clone(&active)),
        ];
        let mut last = 0;
        run_of(2_000, |index, values, facts| {
            columns.push(values, facts, 0);
            live[(index % 2) as usize].add(values);
            last = last.max(facts.request_end_epoch_ns());
        });
        let [mut all, other] = live;
        all.merge(&other);
        assert_eq!(all.records(), 2_000);
        let window = PhaseWindow {
            phase: 0,
            bounds: Some(Bounds {
                start_epoch_ns: 1_700_000_001_000_000_000,
                end_epoch_ns: last,
            }),
        };
        let exact = summarise(&columns, &[window], InjectedLatencies::None);
        let results = all.results();
        let of = |results: &[MetricResult], tag: &str| {
            let found = results.iter().find(|result| result.tag == tag);
            found.unwrap_or_else(|| panic!("no {tag}")).statistics
        };
        for tag in [
            "time_to_first_token",
            "request_latency",
            "inter_token_latency",
            "output_sequence_length",
            "output_token_throughput_per_user",
        ] {
            let (found, expected) = (of(&results, tag), of(&exact, tag));
            assert_eq!(found.count, expected.count, "{tag}");
            for (found, expected, what) in [
                (found.avg, expected.avg, "avg"),
                (found.min, expected.min, "min"),
                (found.max, expected.max, "max"),
                (found.std, expected.std, "std"),
                (found.sum, expected.sum, "sum"),
            ] {
                near(found, expected, 1e-6, &format!("{tag} {what}"));
            }
            for (index, percent) in PERCENTILES.iter().enumerate() {
                let (found, expected) = (found.percentiles[index], expected.percentiles[index]);
                near(found, expected, 0.004, &format!("{tag} p{percent}"));
            }
        }
        for tag in [
            "request_count",
            "request_throughput",
            "output_token_throughput",
        ] {
            let (found, expected) = (of(&results, tag).avg, of(&exact, tag).avg);
            near(found, expected, 1e-3, tag);
        }
        assert!(results.iter().all(|result| result.approximation.is_some()));
    }

    #[test]
    fn before_the_first_record_there_are_no_figures() {
        assert_eq!(LiveFigures::new(chat()).results(), []);
    }

    #[test]
    fn lengths_that_are_small_numbers_are_exact() {
        let mut live = LiveFigures::new(chat());
        run_of(300, |_, values, _| live.add(values));
        let results = live.results();
        let lengths = |tag: &str| {
            let found = results.iter().find(|result| result.tag == tag).unwrap();
            [50, 75, 99].map(|percent| found.statistics.percentile(percent).unwrap())
        };
        assert_eq!(lengths("input_sequence_length"), [32.0; 3]);
        assert_eq!(lengths("output_sequence_length"), [17.0, 18.0, 18.0]);
    }

    #[test]
    fn lists_and_metrics_that_nobody_sees_cost_nothing() {
        let active = chat();
        let kept: Vec<&str> = wanted_slots(&active)
            .into_iter()
            .map(|slot| active.metric(slot).tag)
            .collect();
        assert!(kept.contains(&"time_to_first_token"), "{kept:?}");
        // Nothing shows it, but the benchmark's duration follows from it.
        assert!(kept.contains(&"min_request_timestamp"), "{kept:?}");
        for unwanted in ["inter_chunk_latency", "http_req_blocked"] {
            assert!(!kept.contains(&unwanted), "{unwanted}");
        }
    }
}
