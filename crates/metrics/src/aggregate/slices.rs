//! Results of equal slices of time.

use super::window::{Window, window_results};
use super::{Bounds, PhaseWindow, network, rows_of};
use crate::columns::{Columns, View};
use crate::result::MetricResult;
use crate::sweep::Curves;

/// The results of the records that started within one slice.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeSlice {
    /// From when to when.
    pub bounds: Bounds,
    /// Whether the slice has its full length; the last one may end with the data.
    pub is_complete: bool,
    /// As those of the run, without what is defined for a run only.
    pub results: Vec<MetricResult>,
}

/// [`timeslices_with`], without network-adjusted latencies.
pub fn timeslices(columns: &Columns, phases: &[PhaseWindow], slice_ns: u64) -> Vec<TimeSlice> {
    timeslices_with(columns, phases, slice_ns, None)
}

/// Cuts the records of `phases` into slices of `slice_ns`, counted from the first start.
///
/// A record belongs to the slice in which it started. Slices in which none started are left out.
/// The curves are those of the whole run, so requests that started earlier count in them.
pub fn timeslices_with(
    columns: &Columns,
    phases: &[PhaseWindow],
    slice_ns: u64,
    network_rtt_ns: Option<f64>,
) -> Vec<TimeSlice> {
    let view = columns.view();
    let rows = rows_of(&view, phases);
    let Some(grid) = Grid::new(&view, &rows, slice_ns) else {
        return Vec::new();
    };
    let Some(curves) = Curves::new(&view, &rows) else {
        return Vec::new();
    };

    let mut by_slice = Vec::with_capacity(rows.len());
    let mut next = rows.iter();
    view.for_each_facts(&rows, |facts| {
        let slice = (facts.start_epoch_ns - grid.start) / slice_ns;
        by_slice.extend(next.next().map(|&row| (slice, row)));
    });
    by_slice.sort_unstable();
    let members: Vec<&[(u64, u32)]> = by_slice.chunk_by(|left, right| left.0 == right.0).collect();
    let windows: Vec<(u64, u64)> = members
        .iter()
        .map(|members| grid.slice(members[0].0).0)
        .map(|bounds| (bounds.start_epoch_ns, bounds.end_epoch_ns))
        .collect();
    let mut slices = Vec::with_capacity(members.len());
    for (members, curves) in members.into_iter().zip(curves.results(&windows)) {
        let slice_rows: Vec<u32> = members.iter().map(|(_, row)| *row).collect();
        let (bounds, is_complete) = grid.slice(members[0].0);
        let window = Window {
            length_ns: Some(bounds.length_ns()),
            replaces_benchmark_duration: false,
            phases: None,
        };
        let mut results = window_results(&view, &slice_rows, window);
        results.extend(curves);
        results.extend(network::results(&view, &slice_rows, network_rtt_ns));
        slices.push(TimeSlice {
            bounds,
            is_complete,
            results,
        });
    }
    slices
}

struct Grid {
    start: u64,
    end: u64,
    slice_ns: u64,
}

impl Grid {
    fn new(view: &View<'_>, rows: &[u32], slice_ns: u64) -> Option<Self> {
        let (mut start, mut end) = (u64::MAX, 0);
        view.for_each_facts(rows, |row| {
            start = start.min(row.start_epoch_ns);
            end = end.max(row.end_epoch_ns);
        });
        (slice_ns > 0 && !rows.is_empty()).then_some(Self {
            start,
            end,
            slice_ns,
        })
    }

    fn slice(&self, index: u64) -> (Bounds, bool) {
        let start_epoch_ns = self.start + index * self.slice_ns;
        let full_end = start_epoch_ns.saturating_add(self.slice_ns);
        let is_complete = full_end <= self.end;
        let end_epoch_ns = full_end.min(self.end);
        (
            Bounds {
                start_epoch_ns,
                end_epoch_ns,
            },
            is_complete,
        )
    }
}
