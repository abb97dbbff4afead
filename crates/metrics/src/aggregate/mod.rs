//! From columns to the results of a window: a phase, several phases of one kind, or a time slice.
//!
//! Results come in a fixed order: record metrics and aggregates, lists, derived metrics, the
//! error-adjusted twins, the curves of [`crate::sweep`], the injected latencies; within each group
//! in catalog order.

mod distribution;
mod injected;
mod slices;
mod window;

use crate::columns::{Columns, View};
use crate::result::MetricResult;
use crate::sweep::Curves;
pub(crate) use distribution::converted;
pub use injected::{INJECTED_LATENCIES, InjectedLatencies, InjectedMetric};
pub use slices::{TimeSlice, timeslices};
use window::{Window, window_results};

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

/// The results of the records of `phases`, which are of one kind (warmup or profiling).
///
/// Rates divide by the length of the phase, from its begin to the return of its last request. Of
/// several phases the lengths add up, and replace the benchmark duration; the curves look at the
/// whole time from the first begin to the last end.
pub fn summarise(
    columns: &Columns,
    phases: &[PhaseWindow],
    injected: InjectedLatencies,
) -> Vec<MetricResult> {
    let view = columns.view();
    let rows = rows_of(&view, phases);
    let window = Window {
        length_ns: total_length_ns(phases),
        replaces_benchmark_duration: phases.len() > 1,
    };
    let mut results = window_results(&view, &rows, window);
    if let Some(curves) = Curves::new(&view, &rows) {
        results.extend(curves.results(whole_bounds(phases)));
    }
    results.extend(injected::results(&view, &rows, injected));
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
