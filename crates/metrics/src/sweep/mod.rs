//! Concurrency and throughput as functions of time: what the server had to do at once.
//!
//! Of each record, S is its start, G its first token and E its last response part of any kind.
//! Prefill happens on [S, G), decoding on [G, E). With the arrival of every chunk known, decoding
//! follows the chunks instead of spreading evenly.

mod build;
mod curve;

use crate::result::{ConsoleGroup, MetricResult, Statistics, Visibility};
use crate::unit::Unit;
use curve::Curve;
pub(crate) use curve::Span;

/// Curves are built per nanosecond and reported per second.
const PER_SECOND: f64 = 1e9;

/// A figure of a window that belongs to no single record.
#[derive(Debug, Clone, Copy)]
pub struct SweepMetric {
    /// The name in files.
    pub tag: &'static str,
    /// The name in tables.
    pub header: &'static str,
    /// Its unit, inside and on display.
    pub unit: Unit,
    /// The console table that shows it.
    pub group: ConsoleGroup,
    /// The curve in words.
    pub explanation: &'static str,
    shape: Shape,
    mask: Option<Shape>,
}

/// The curves that the figures are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Concurrency,
    DecodeThroughput,
    PrefillThroughput,
    DecodeConcurrency,
    PrefillConcurrency,
    TotalThroughput,
    DecodeThroughputPerUser,
    PrefillThroughputPerUser,
    TokensInFlight,
}

const fn effective(
    tag: &'static str,
    header: &'static str,
    unit: Unit,
    shape: Shape,
    explanation: &'static str,
) -> SweepMetric {
    SweepMetric {
        tag,
        header,
        unit,
        group: ConsoleGroup::Effective,
        explanation,
        shape,
        mask: None,
    }
}

const fn active(
    tag: &'static str,
    header: &'static str,
    unit: Unit,
    shape: Shape,
    mask: Shape,
    explanation: &'static str,
) -> SweepMetric {
    let mask = Some(mask);
    SweepMetric {
        tag,
        header,
        unit,
        group: ConsoleGroup::Active,
        explanation,
        shape,
        mask,
    }
}

/// All figures of this family, in the order of results.
pub static SWEEP_METRICS: [SweepMetric; 14] = [
    effective(
        "effective_concurrency",
        "Effective Concurrency",
        Unit::Requests,
        Shape::Concurrency,
        "1 per record on [S, E), failed records included",
    ),
    effective(
        "effective_decode_throughput",
        "Effective Decode Throughput",
        Unit::TokensPerSecond,
        Shape::DecodeThroughput,
        "(OSL − 1) / (E − G) on [G, E); with chunk times, equal shares on every gap above 0",
    ),
    effective(
        "effective_prefill_throughput",
        "Effective Prefill Throughput",
        Unit::TokensPerSecond,
        Shape::PrefillThroughput,
        "ISL / (G − S) on [S, G)",
    ),
    effective(
        "effective_decode_concurrency",
        "Effective Decode Concurrency",
        Unit::Requests,
        Shape::DecodeConcurrency,
        "1 per record on [G, E)",
    ),
    effective(
        "effective_prefill_concurrency",
        "Effective Prefill Concurrency",
        Unit::Requests,
        Shape::PrefillConcurrency,
        "1 per record on [S, G)",
    ),
    effective(
        "effective_total_throughput",
        "Effective Total Throughput",
        Unit::TokensPerSecond,
        Shape::TotalThroughput,
        "prefill on [S, G) and evenly spread decoding on [G, E)",
    ),
    effective(
        "effective_decode_throughput_per_user",
        "Effective Decode Throughput Per User",
        Unit::TokensPerSecondPerUser,
        Shape::DecodeThroughputPerUser,
        "decode throughput / decode concurrency, 0 where nobody decodes",
    ),
    effective(
        "effective_prefill_throughput_per_user",
        "Effective Prefill Throughput Per User",
        Unit::TokensPerSecondPerUser,
        Shape::PrefillThroughputPerUser,
        "prefill throughput / prefill concurrency, 0 where nobody prefills",
    ),
    effective(
        "tokens_in_flight",
        "Tokens In Flight",
        Unit::Tokens,
        Shape::TokensInFlight,
        "ISL from S, OSL from G, both until E; with chunk times, output tokens as they arrive",
    ),
    active(
        "active_decode_throughput",
        "Active Decode Throughput",
        Unit::TokensPerSecond,
        Shape::DecodeThroughput,
        Shape::DecodeConcurrency,
        "decode throughput while anybody decodes",
    ),
    active(
        "active_prefill_throughput",
        "Active Prefill Throughput",
        Unit::TokensPerSecond,
        Shape::PrefillThroughput,
        Shape::PrefillConcurrency,
        "prefill throughput while anybody prefills",
    ),
    active(
        "active_decode_throughput_per_user",
        "Active Decode Throughput Per User",
        Unit::TokensPerSecondPerUser,
        Shape::DecodeThroughputPerUser,
        Shape::DecodeConcurrency,
        "decode throughput per user while anybody decodes",
    ),
    active(
        "active_prefill_throughput_per_user",
        "Active Prefill Throughput Per User",
        Unit::TokensPerSecondPerUser,
        Shape::PrefillThroughputPerUser,
        Shape::PrefillConcurrency,
        "prefill throughput per user while anybody prefills",
    ),
    active(
        "active_total_throughput",
        "Active Total Throughput",
        Unit::TokensPerSecond,
        Shape::TotalThroughput,
        Shape::Concurrency,
        "total throughput while any request runs",
    ),
];

/// The curves of the records of a window's phases.
#[derive(Debug)]
pub(crate) struct Curves {
    /// Times in the curves count from here.
    origin_epoch_ns: u64,
    concurrency: Curve,
    decode_throughput: Curve,
    prefill_throughput: Curve,
    decode_concurrency: Curve,
    prefill_concurrency: Curve,
    total_throughput: Curve,
    decode_throughput_per_user: Curve,
    prefill_throughput_per_user: Curve,
    tokens_in_flight: Curve,
}

impl Curves {
    /// All figures over a window in wall time, or from the first change to the last.
    pub(crate) fn results(&self, bounds: Option<(u64, u64)>) -> Vec<MetricResult> {
        // Subtracted as integers: wall time in nanoseconds is too long for a float.
        let since_origin = |epoch_ns: u64| {
            let after = epoch_ns
                .cast_signed()
                .wrapping_sub(self.origin_epoch_ns.cast_signed());
            after as f64
        };
        let window = match bounds {
            Some((start, end)) => Span {
                start: since_origin(start),
                end: since_origin(end),
            },
            None => self.concurrency.extent().unwrap_or(Span {
                start: 0.0,
                end: 0.0,
            }),
        };
        // A curve's figures with and without its mask come together, and are then put in order.
        let mut results = Vec::with_capacity(SWEEP_METRICS.len());
        let (whole, masked) = SWEEP_METRICS.split_at(
            SWEEP_METRICS
                .iter()
                .take_while(|metric| metric.mask.is_none())
                .count(),
        );
        let mut active = vec![None; masked.len()];
        for metric in whole {
            let curve = self.curve(metric.shape);
            let twin = masked.iter().position(|twin| twin.shape == metric.shape);
            let statistics = match twin.and_then(|twin| Some((twin, masked[twin].mask?))) {
                None => curve.statistics(window),
                Some((twin, mask)) => {
                    let (whole, active_part) = curve.statistics_with_mask(self.curve(mask), window);
                    active[twin] = Some(active_part);
                    whole
                }
            };
            results.push(result(metric, statistics));
        }
        for (metric, statistics) in masked.iter().zip(active) {
            results.extend(statistics.map(|statistics| result(metric, statistics)));
        }
        results
    }

    fn curve(&self, shape: Shape) -> &Curve {
        match shape {
            Shape::Concurrency => &self.concurrency,
            Shape::DecodeThroughput => &self.decode_throughput,
            Shape::PrefillThroughput => &self.prefill_throughput,
            Shape::DecodeConcurrency => &self.decode_concurrency,
            Shape::PrefillConcurrency => &self.prefill_concurrency,
            Shape::TotalThroughput => &self.total_throughput,
            Shape::DecodeThroughputPerUser => &self.decode_throughput_per_user,
            Shape::PrefillThroughputPerUser => &self.prefill_throughput_per_user,
            Shape::TokensInFlight => &self.tokens_in_flight,
        }
    }
}

fn result(metric: &SweepMetric, statistics: Statistics) -> MetricResult {
    let is_rate = !matches!(metric.unit, Unit::Requests | Unit::Tokens);
    MetricResult {
        tag: metric.tag.to_owned(),
        header: metric.header.to_owned(),
        unit: metric.unit.as_str(),
        group: metric.group,
        order: None,
        visibility: Visibility::default(),
        statistics: per_second(statistics, is_rate),
    }
}

fn per_second(statistics: Statistics, is_rate: bool) -> Statistics {
    crate::aggregate::converted(statistics, is_rate.then_some(PER_SECOND))
}
