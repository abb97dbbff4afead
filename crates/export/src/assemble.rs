//! The report of a run from its state, its values and its counts: the same way for a run that has
//! just ended and for one whose lines were read again.

use std::collections::BTreeMap;

use aiperf_metrics::{
    Bounds, Columns, ConsoleGroup, InjectedLatencies, Injections, MetricResult, PhaseWindow,
    summarise_with, timeslices_with,
};

use crate::run_state::{PhaseState, RunState};
use crate::{ErrorCount, PhaseKind, PhaseReport, RequestCounts, RunReport};

/// What the records of a phase add up to, beside their metrics.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PhaseTotals {
    /// Requests by outcome.
    pub counts: RequestCounts,
    /// Failures by kind, in order of their first occurrence.
    pub errors: Vec<ErrorCount>,
    /// What the phase is, where the state does not know it.
    pub seen: Option<SeenPhase>,
}

/// A phase as its records show it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenPhase {
    /// Its name, where records say it.
    pub name: Option<String>,
    /// Whether it is measured.
    pub kind: PhaseKind,
    /// The first decision to send, or first start; nanoseconds since the epoch.
    pub first_ns: u64,
    /// The last end of a request.
    pub last_ns: u64,
}

/// The report. `totals` are those of each phase, by its index.
pub fn report(
    state: &RunState,
    columns: &Columns,
    totals: &BTreeMap<u16, PhaseTotals>,
) -> RunReport {
    let injections = Injections {
        latencies: InjectedLatencies::All,
        network_rtt_ns: state.network_rtt_ns,
    };
    let results_of = |windows: &[PhaseWindow]| {
        if windows.is_empty() {
            return Vec::new();
        }
        let mut results = summarise_with(columns, windows, injections);
        place_effective_latency(&mut results, state.is_open_loop);
        results
    };
    let mut phases = Vec::new();
    let mut windows = Vec::new();
    let mut measured = 0;
    for (index, planned, own) in all_phases(state, totals) {
        let (mut report, window) = phase_report(index, planned, own, measured);
        measured += u32::from(report.kind == PhaseKind::Profiling);
        report.results = results_of(&[window]);
        windows.push(window);
        phases.push(report);
    }
    let of_kind = |kind: PhaseKind| -> Vec<PhaseWindow> {
        let both = phases.iter().zip(&windows);
        both.filter(|(phase, _)| phase.kind == kind)
            .map(|(_, window)| *window)
            .collect()
    };
    let (profiling, warmup) = (of_kind(PhaseKind::Profiling), of_kind(PhaseKind::Warmup));
    let measured = || {
        phases
            .iter()
            .filter(|phase| phase.kind == PhaseKind::Profiling)
    };
    let mut errors = Vec::new();
    for error in measured().flat_map(|phase| &phase.errors) {
        merge_error(&mut errors, error);
    }
    let slices = state
        .files
        .slice_duration_ns
        .map(|length_ns| timeslices_with(columns, &profiling, length_ns, state.network_rtt_ns));
    let indices: Vec<u16> = profiling.iter().map(|window| window.phase).collect();
    RunReport {
        aiperf_version: state.aiperf_version.clone(),
        metrics_title: state.metrics_title.clone(),
        run_info: state.run_info.clone(),
        results: results_of(&profiling),
        warmup_results: (!warmup.is_empty()).then(|| results_of(&warmup)),
        errors,
        input_config: state.input_config.clone(),
        was_cancelled: state.was_cancelled,
        incomplete_reason: state.incomplete_reason.clone(),
        start_ns: measured().next().map_or(0, |phase| phase.start_ns),
        end_ns: measured().next_back().map_or(0, |phase| phase.end_ns),
        counts: RequestCounts {
            successful: measured().map(|phase| phase.counts.successful).sum(),
            failed: measured().map(|phase| phase.counts.failed).sum(),
        },
        timeslices: slices.unwrap_or_default(),
        extra: state.extra.clone(),
        self_check: state.self_check.clone(),
        acceptance_histogram: columns.acceptance_histogram(&indices),
        tls_verification_off: state.tls_verification_off,
        phases,
    }
}

/// The phases that the state or the records know, by index.
fn all_phases<'a>(
    state: &'a RunState,
    totals: &'a BTreeMap<u16, PhaseTotals>,
) -> impl Iterator<Item = (u16, Option<&'a PhaseState>, Option<&'a PhaseTotals>)> {
    let begun = u16::try_from(state.phases.len()).unwrap_or(u16::MAX);
    let seen = totals.last_key_value();
    let seen = seen.map_or(0, |(index, _)| index.saturating_add(1));
    (0..begun.max(seen)).filter_map(|index| {
        let (planned, own) = (state.phases.get(usize::from(index)), totals.get(&index));
        (planned.is_some() || own.is_some()).then_some((index, planned, own))
    })
}

fn phase_report(
    index: u16,
    planned: Option<&PhaseState>,
    totals: Option<&PhaseTotals>,
    profiling_index: u32,
) -> (PhaseReport, PhaseWindow) {
    let seen = totals.and_then(|totals| totals.seen.as_ref());
    let kind = planned
        .map(|phase| phase.kind)
        .or(seen.map(|seen| seen.kind))
        .unwrap_or(PhaseKind::Profiling);
    let instant = |known: Option<i64>, seen: Option<u64>| {
        let seen = seen.and_then(|at| i64::try_from(at).ok());
        known.or(seen).unwrap_or(0)
    };
    let start_ns = instant(
        planned.and_then(|phase| phase.start_ns),
        seen.map(|seen| seen.first_ns),
    );
    let end_ns = instant(
        planned.and_then(|phase| phase.end_ns),
        seen.map(|seen| seen.last_ns),
    )
    .max(start_ns);
    let name = planned
        .map(|phase| phase.name.clone())
        .or_else(|| seen.and_then(|seen| seen.name.clone()));
    let report = PhaseReport {
        name: name.unwrap_or_else(|| kind.as_str().to_owned()),
        kind,
        phase_index: u32::from(index),
        profiling_index: (kind == PhaseKind::Profiling).then_some(profiling_index),
        start_ns,
        end_ns,
        counts: totals.map(|totals| totals.counts).unwrap_or_default(),
        errors: totals
            .map(|totals| totals.errors.clone())
            .unwrap_or_default(),
        results: Vec::new(),
        was_cancelled: planned.is_some_and(|phase| phase.was_cancelled),
    };
    let window = PhaseWindow {
        phase: index,
        bounds: Some(Bounds {
            start_epoch_ns: start_ns.max(0).cast_unsigned(),
            end_epoch_ns: end_ns.max(0).cast_unsigned(),
        }),
    };
    (report, window)
}

/// Adds a failure to those of the same code, type and message; returns their place.
pub(crate) fn merge_error(errors: &mut Vec<ErrorCount>, error: &ErrorCount) -> usize {
    let is_same = |known: &ErrorCount| {
        (known.code, &known.kind, &known.message) == (error.code, &error.kind, &error.message)
    };
    if let Some(place) = errors.iter().position(is_same) {
        errors[place].count += error.count;
        return place;
    }
    errors.push(error.clone());
    errors.len() - 1
}

/// The latency from the intended time stands beside the latency from the actual one, where there
/// are intended times. In a closed loop nothing is due before it can be sent, so it would only
/// repeat the request latency; the files keep it, because readers expect the key.
fn place_effective_latency(results: &mut [MetricResult], is_open_loop: bool) {
    const AFTER_REQUEST_LATENCY: u32 = 301;
    let found = results
        .iter_mut()
        .filter(|result| result.tag == "effective_latency");
    for result in found {
        result.group = if is_open_loop {
            ConsoleGroup::Default
        } else {
            ConsoleGroup::None
        };
        result.order = Some(AFTER_REQUEST_LATENCY);
    }
}
