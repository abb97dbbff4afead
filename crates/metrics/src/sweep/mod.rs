//! Concurrency and throughput as functions of time: what the server had to do at once.
//!
//! Of each record, S is its start, G its first token and E its last response part of any kind.
//! Prefill happens on [S, G), decoding on [G, E). With the arrival of every chunk known, decoding
//! follows the chunks instead of spreading evenly.

mod build;
mod changes;
mod cursor;
mod request;
mod state;
mod timeline;
mod walk;
mod weights;

use crate::result::{ConsoleGroup, MetricResult, Statistics, Visibility};
use crate::unit::Unit;
use state::{SHAPES, Shape};
use timeline::Timeline;
use walk::{Looks, Pieces, Span, walk};
use weights::{Both, FirstLook, Found, SecondLook};

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
    }
}

const fn active(
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
        group: ConsoleGroup::Active,
        explanation,
        shape,
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
        "decode throughput while anybody decodes",
    ),
    active(
        "active_prefill_throughput",
        "Active Prefill Throughput",
        Unit::TokensPerSecond,
        Shape::PrefillThroughput,
        "prefill throughput while anybody prefills",
    ),
    active(
        "active_decode_throughput_per_user",
        "Active Decode Throughput Per User",
        Unit::TokensPerSecondPerUser,
        Shape::DecodeThroughputPerUser,
        "decode throughput per user while anybody decodes",
    ),
    active(
        "active_prefill_throughput_per_user",
        "Active Prefill Throughput Per User",
        Unit::TokensPerSecondPerUser,
        Shape::PrefillThroughputPerUser,
        "prefill throughput per user while anybody prefills",
    ),
    active(
        "active_total_throughput",
        "Active Total Throughput",
        Unit::TokensPerSecond,
        Shape::TotalThroughput,
        "total throughput while any request runs",
    ),
];

/// Said of figures that lack the chunk times of some records.
const SPREAD: &str = "the tokens of a part of the answers are spread evenly over their time";

/// The curves of the records of a window's phases.
pub(crate) struct Curves<'a> {
    /// Times count from here.
    origin_epoch_ns: u64,
    timeline: Timeline<'a>,
    /// Some record had chunk times that are not kept.
    is_approximate: bool,
    /// Whether any record is valid: without one there is nothing but concurrency.
    has_valid: bool,
}

#[derive(Default)]
struct First {
    now: [FirstLook; SHAPES],
    found: Vec<[Found; SHAPES]>,
}

struct Second {
    found: std::vec::IntoIter<[Found; SHAPES]>,
    now: [SecondLook; SHAPES],
    statistics: Vec<[Both<Statistics>; SHAPES]>,
}

impl Looks for First {
    fn pieces(&mut self, shape: Shape, pieces: Pieces<'_>, is_active: bool) {
        self.now[shape as usize].add(pieces, is_active);
    }

    fn end_of_window(&mut self) {
        let done = std::mem::take(&mut self.now);
        self.found.push(done.map(|look| look.finish()));
    }
}

impl Second {
    fn new(first: First) -> Self {
        let mut second = Self {
            found: first.found.into_iter(),
            now: Default::default(),
            statistics: Vec::new(),
        };
        second.begin_window();
        second
    }

    fn begin_window(&mut self) {
        if let Some(found) = self.found.next() {
            self.now = found.map(SecondLook::new);
        }
    }
}

impl Looks for Second {
    fn pieces(&mut self, shape: Shape, pieces: Pieces<'_>, is_active: bool) {
        self.now[shape as usize].add(pieces, is_active);
    }

    fn end_of_window(&mut self) {
        let done = std::mem::take(&mut self.now);
        self.statistics.push(done.map(SecondLook::finish));
        self.begin_window();
    }
}

impl Curves<'_> {
    /// All figures over each of some windows in wall time, which ascend and do not overlap.
    pub(crate) fn results(&self, windows: &[(u64, u64)]) -> Vec<Vec<MetricResult>> {
        // Subtracted as integers: wall time in nanoseconds is too long for a float.
        let since_origin = |epoch_ns: u64| {
            let after = epoch_ns
                .cast_signed()
                .wrapping_sub(self.origin_epoch_ns.cast_signed());
            after as f64
        };
        let windows: Vec<Span> = windows
            .iter()
            .map(|&(start, end)| Span {
                start: since_origin(start),
                end: since_origin(end),
            })
            .collect();
        let first = walk(&self.timeline, &windows, First::default());
        let second = walk(&self.timeline, &windows, Second::new(first));
        let figures = second.statistics.iter();
        figures.map(|window| self.results_of(window)).collect()
    }

    /// From the first begin to the last end of a request, in wall time.
    pub(crate) fn extent(&self) -> (u64, u64) {
        let with_length = self.timeline.requests.iter();
        let with_length = with_length.filter(|request| request.end > request.start);
        let start = with_length.clone().map(|request| request.start).min();
        let end = with_length.map(|request| request.end).max();
        let epoch = |time: Option<u64>| self.origin_epoch_ns + time.unwrap_or(0);
        (epoch(start), epoch(end))
    }

    fn results_of(&self, window: &[Both<Statistics>; SHAPES]) -> Vec<MetricResult> {
        let shown = SWEEP_METRICS
            .iter()
            .filter(|metric| self.has_valid || metric.shape == Shape::Concurrency);
        shown
            .map(|metric| {
                let figures = &window[metric.shape as usize];
                let statistics = match metric.group {
                    ConsoleGroup::Active => figures.active,
                    _ => figures.whole,
                };
                self.result(metric, statistics)
            })
            .collect()
    }

    fn result(&self, metric: &SweepMetric, statistics: Statistics) -> MetricResult {
        let is_rate = !matches!(metric.unit, Unit::Requests | Unit::Tokens);
        let follows_chunks = matches!(
            metric.shape,
            Shape::DecodeThroughput | Shape::DecodeThroughputPerUser | Shape::TokensInFlight
        );
        MetricResult {
            tag: metric.tag.to_owned(),
            header: metric.header.to_owned(),
            unit: metric.unit.as_str(),
            group: metric.group,
            order: None,
            visibility: Visibility::default(),
            approximation: (self.is_approximate && follows_chunks).then_some(SPREAD),
            statistics: crate::aggregate::converted(statistics, is_rate.then_some(PER_SECOND)),
        }
    }
}
