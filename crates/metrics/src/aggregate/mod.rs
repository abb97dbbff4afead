//! From columns to the results of a window: a phase, several phases of one kind, or a time slice.
//!
//! Results come in a fixed order: record metrics and aggregates, lists, derived metrics, the
//! error-adjusted twins, the curves of [`crate::sweep`], the injected latencies, the network-adjusted
//! latencies, the schedule lag; within each group in catalog order.

mod distribution;
mod exact_sum;
mod injected;
mod network;
mod ranks;
mod replay;
mod slices;
mod window;

use crate::columns::{Columns, View};
use crate::result::MetricResult;
use crate::sweep::Curves;
pub(crate) use distribution::converted;
pub use injected::{INJECTED_LATENCIES, InjectedLatencies, InjectedMetric};
pub use slices::{TimeSlice, timeslices, timeslices_with};
use window::window_results;
pub(crate) use window::{Window, derived_results, result};

/// A phase whose records are summarised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseWindow {
    /// The phase index that the records carry.
    pub phase: u16,
    /// When it began and when its last request returned; `None` if the scheduler did not say.
    pub bounds: Option<Bounds>,
}

/// A stretch of wall time in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// First instant.
    pub start_epoch_ns: u64,
    /// The instant after the last.
    pub end_epoch_ns: u64,
}

impl Bounds {
    /// The length in nanoseconds.
    pub fn length_ns(self) -> u64 {
        self.end_epoch_ns.saturating_sub(self.start_epoch_ns)
    }
}

/// What a summary holds beside what follows from the catalog and the curves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Injections {
    /// Latencies from the decision to send.
    pub latencies: InjectedLatencies,
    /// The round trip of the network in nanoseconds, where one was given or measured: latencies
    /// without it are reported too. 0 is none.
    pub network_rtt_ns: Option<f64>,
}

/// [`summarise_with`], without network-adjusted latencies.
pub fn summarise(
    columns: &Columns,
    phases: &[PhaseWindow],
    latencies: InjectedLatencies,
) -> Vec<MetricResult> {
    let injections = Injections {
        latencies,
        network_rtt_ns: None,
    };
    summarise_with(columns, phases, injections)
}

/// The results of the records of `phases`, which are of one kind (warmup or profiling).
///
/// Rates divide by the length of the phase, from its begin to the return of its last request. Of
/// several phases the lengths add up, and replace the benchmark duration; the curves look at the
/// whole time from the first begin to the last end.
pub fn summarise_with(
    columns: &Columns,
    phases: &[PhaseWindow],
    injections: Injections,
) -> Vec<MetricResult> {
    let view = columns.view();
    let rows = rows_of(&view, phases);
    let indices: Vec<u16> = phases.iter().map(|phase| phase.phase).collect();
    let window = Window {
        length_ns: total_length_ns(phases),
        replaces_benchmark_duration: phases.len() > 1,
        phases: Some(&indices),
    };
    let mut results = window_results(&view, &rows, window);
    if let Some(curves) = Curves::new(&view, &rows) {
        let bounds = whole_bounds(phases).unwrap_or_else(|| curves.extent());
        results.extend(curves.results(&[bounds]).into_iter().flatten());
    }
    results.extend(injected::results(&view, &rows, injections.latencies));
    results.extend(network::results(&view, &rows, injections.network_rtt_ns));
    results.extend(replay::results(&view, &rows));
    results
}

fn rows_of(view: &View<'_>, phases: &[PhaseWindow]) -> Vec<u32> {
    view.rows_where(|row| phases.iter().any(|phase| phase.phase == row.phase))
}

fn total_length_ns(phases: &[PhaseWindow]) -> Option<u64> {
    let lengths = phases
        .iter()
        .map(|phase| phase.bounds.map(Bounds::length_ns));
    lengths.sum::<Option<u64>>().filter(|_| !phases.is_empty())
}

fn whole_bounds(phases: &[PhaseWindow]) -> Option<(u64, u64)> {
    let bounds: Vec<Bounds> = phases
        .iter()
        .map(|phase| phase.bounds)
        .collect::<Option<_>>()?;
    let start = bounds.iter().map(|bounds| bounds.start_epoch_ns).min()?;
    let end = bounds.iter().map(|bounds| bounds.end_epoch_ns).max()?;
    Some((start, end))
}
