//! The one table of all metrics that are computed by formula. A family is a file; to add one,
//! write its rows and formulas and name it in `FAMILIES`.
//!
//! Figures that are not rows of this table because they follow from the shape of the whole run
//! (`adj_*`, `effective_*`, …) are listed in [`crate::aggregate`] and [`crate::sweep`].

mod counts;
mod goodput;
mod http;
mod latency;
mod lengths;
mod media;
mod mismatch;
mod network;
mod reasoning;
mod replay;
mod speculative_decoding;
mod usage;

use std::sync::LazyLock;

use crate::metric::Metric;

/// What a family's file needs.
mod prelude {
    pub(super) use crate::facts::RecordFacts;
    pub(super) use crate::flags::*;
    pub(super) use crate::metric::ValueType::{Float, Int, IntList};
    pub(super) use crate::metric::{Fold, Formula, Injection, Inputs, Metric, WindowInputs};
    pub(super) use crate::result::ConsoleGroup;
    pub(super) use crate::unit::Unit::*;
    pub(super) use crate::value::{Absence, Outcome, Value, elapsed, known, quotient};
}

/// A title for the reference page, and the rows.
type Family = (&'static str, &'static [Metric]);

/// The families, in the order in which results and files list their metrics.
pub(crate) static FAMILIES: [Family; 12] = [
    ("Latency and per-user rates", latency::LATENCY),
    ("Sequence lengths", lengths::LENGTHS),
    ("Counts, duration and throughput", counts::COUNTS),
    ("Goodput", goodput::GOODPUT_FAMILY),
    ("Server-reported usage", usage::USAGE),
    ("Requested length and usage differences", mismatch::MISMATCH),
    ("HTTP trace", http::HTTP),
    ("Reasoning and stream set-up", reasoning::REASONING_FAMILY),
    ("Image, audio and video", media::MEDIA),
    (
        "Speculative decoding",
        speculative_decoding::SPECULATIVE_DECODING,
    ),
    ("Network-adjusted latencies", network::NETWORK),
    ("Replay schedule", replay::REPLAY),
];

static ALL: LazyLock<Vec<&'static Metric>> =
    LazyLock::new(|| FAMILIES.iter().flat_map(|(_, rows)| rows.iter()).collect());

/// All metrics in catalog order.
pub fn catalog() -> &'static [&'static Metric] {
    &ALL
}

/// The metric named `tag`.
pub fn find(tag: &str) -> Option<&'static Metric> {
    ALL.iter().copied().find(|metric| metric.tag == tag)
}
