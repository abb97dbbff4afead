//! Which variations are best, and which are beaten by none.

use std::cmp::Ordering;

use aiperf_model::{BestConfiguration, BestConfigurations, Combination, SlaFilter};
use serde_json::{Map, Value};

const THROUGHPUT: (&str, &str) = ("request_throughput", "avg");
/// The first that all variations have is what latency means.
const LATENCIES: [(&str, &str); 2] = [("time_to_first_token", "p99"), ("request_latency", "p99")];

/// A variation with figures.
#[derive(Clone, Copy)]
pub(super) struct Candidate<'a>(&'a Combination);

impl<'a> Candidate<'a> {
    pub(super) fn of(combination: &'a Combination) -> Self {
        Self(combination)
    }

    /// Whether it keeps all limits; a figure that is missing keeps none.
    pub(super) fn keeps(&self, limits: &[SlaFilter]) -> bool {
        limits.iter().all(|limit| {
            let value = self.value_for_limit(&limit.metric_tag, &limit.stat);
            value.is_some_and(|value| match limit.op.as_str() {
                "lt" => value < limit.threshold,
                "le" => value <= limit.threshold,
                "gt" => value > limit.threshold,
                _ => value >= limit.threshold,
            })
        })
    }

    fn figure(&self, (tag, statistic): (&str, &str)) -> Option<(f64, &'a str)> {
        let value = self.0.figure(tag, statistic)?;
        Some((value, self.0.unit(tag, statistic)?))
    }

    /// The value that a limit is compared with: a statistic, or the mean where the metric has no
    /// other.
    fn value_for_limit(&self, tag: &str, statistic: &str) -> Option<f64> {
        let mean = || self.0.metrics.get(tag)?.mean;
        let found = self.0.figure(tag, statistic).or_else(mean);
        found.filter(|value| value.is_finite())
    }

    fn value(&self, wanted: (&str, &str)) -> Option<f64> {
        self.figure(wanted).map(|(value, _)| value)
    }
}

/// The variation with the highest throughput, and that with the lowest latency. The earlier of two
/// that are equal.
pub(super) fn configurations(candidates: &[Candidate]) -> BestConfigurations {
    let best = |wanted: (&str, &str), is_better: fn(f64, f64) -> bool| {
        let mut best: Option<(Candidate, f64, &str)> = None;
        for candidate in candidates {
            let (value, unit) = candidate.figure(wanted)?;
            if best.is_none_or(|(_, best, _)| is_better(value, best)) {
                best = Some((*candidate, value, unit));
            }
        }
        best.map(|(candidate, metric, unit)| BestConfiguration {
            parameters: candidate.0.parameters.clone(),
            metric,
            unit: unit.to_owned(),
        })
    };
    BestConfigurations {
        best_throughput: best(THROUGHPUT, |value, best| value > best),
        best_latency_p99: latency(candidates)
            .and_then(|latency| best(latency, |value, best| value < best)),
    }
}

/// The parameters of the variations that no other one beats: none is at least as good in throughput
/// and in latency, and better in one of them. Sorted by parameters.
pub(super) fn pareto_front(candidates: &[Candidate]) -> Vec<Map<String, Value>> {
    let Some(latency) = latency(candidates) else {
        return Vec::new();
    };
    let points: Option<Vec<(f64, f64)>> = candidates
        .iter()
        .map(|candidate| Some((candidate.value(THROUGHPUT)?, candidate.value(latency)?)))
        .collect();
    let points = points.unwrap_or_default();
    let beats = |one: &(f64, f64), other: &(f64, f64)| {
        one.0 >= other.0 && one.1 <= other.1 && (one.0 > other.0 || one.1 < other.1)
    };
    let unbeaten = candidates
        .iter()
        .zip(&points)
        .filter(|(_, point)| !points.iter().any(|other| beats(other, point)));
    let mut front: Vec<Map<String, Value>> = unbeaten
        .map(|(candidate, _)| candidate.0.parameters.clone())
        .collect();
    front.sort_by(compare_parameters);
    front
}

fn latency(candidates: &[Candidate]) -> Option<(&'static str, &'static str)> {
    let known_to_all = |wanted: &(&str, &str)| {
        candidates
            .iter()
            .all(|candidate| candidate.figure(*wanted).is_some())
    };
    LATENCIES.into_iter().find(known_to_all)
}

fn compare_parameters(one: &Map<String, Value>, other: &Map<String, Value>) -> Ordering {
    let sorted = |parameters: &Map<String, Value>| {
        let mut sorted: Vec<(String, Value)> = parameters.clone().into_iter().collect();
        sorted.sort_by(|left, right| left.0.cmp(&right.0));
        sorted
    };
    let (one, other) = (sorted(one), sorted(other));
    let differences = one.iter().zip(&other).map(|(left, right)| {
        let names = left.0.cmp(&right.0);
        names.then_with(|| compare_values(&left.1, &right.1))
    });
    let first = differences.into_iter().find(|order| order.is_ne());
    first.unwrap_or_else(|| one.len().cmp(&other.len()))
}

/// Numbers by size, all else by its text.
fn compare_values(one: &Value, other: &Value) -> Ordering {
    match (one.as_f64(), other.as_f64()) {
        (Some(left), Some(right)) => left.total_cmp(&right),
        _ => match (one.as_str(), other.as_str()) {
            (Some(left), Some(right)) => left.cmp(right),
            _ => one.to_string().cmp(&other.to_string()),
        },
    }
}
