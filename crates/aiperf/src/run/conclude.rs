//! From what was recorded to figures, files, the report on the console, and an exit code.

mod accounting;
mod notices;
pub(crate) mod present;

use std::collections::BTreeMap;

use aiperf_engine::PhaseOutcome;
use aiperf_export::ready_marker::ReadyMarker;
use aiperf_export::summarize::write_run;
use aiperf_export::{
    ErrorCount, OutputFile, PhaseTotals, RequestCounts, RunReport, RunState, WriteOutcome, assemble,
};
use aiperf_record::{ErrorTally, SelfCheck, Verdict, judge};
use aiperf_schedule::PhaseKind;
use aiperf_telemetry::Collected;
use anyhow::Result;

use super::execute::Executed;
use super::prepare::Prepared;
use super::server_metrics;
use crate::exit::Exit;
use present::Presentation;

const CANCELLED: &str = "Run cancelled before all records were processed.";

/// A run that is over, with all its files.
pub(crate) struct Concluded {
    pub(crate) exit: Exit,
    pub(crate) report: RunReport,
    pub(crate) state: RunState,
    pub(crate) folder: std::path::PathBuf,
}

pub(crate) fn conclude(
    prepared: &Prepared,
    executed: &Executed,
    server_metrics: Option<&Collected>,
) -> Result<Concluded> {
    let measured: Vec<&PhaseOutcome> = executed
        .outcomes
        .iter()
        .filter(|outcome| outcome.plan.kind == PhaseKind::Profiling)
        .collect();
    let check = judge(
        &measured,
        &executed.recorded.client,
        &executed.backlog,
        executed.recorded.cpu,
    );
    let state = final_state(prepared, executed, &measured, &check);
    let report = assemble::report(&state, &executed.recorded.columns, &totals(executed));
    notices::before_the_files(prepared, executed, &report);

    let mut outcome = write_files(prepared, executed, &state, &report);
    if let Some(collected) = server_metrics {
        server_metrics::write(prepared, collected, &state, &mut outcome);
    }
    present::add_earlier_files(&mut outcome, &state, &prepared.folder);
    notices::after_the_files(prepared, executed, &outcome);
    let mut failed_exporters = outcome.failed_exporters();
    failed_exporters.extend(executed.record_failure.clone());
    if !report.all_failed() && report.counts.total() > 0 {
        ReadyMarker::new(report.was_cancelled, failed_exporters.clone()).write(&prepared.folder)?;
    }
    let has_results = present::print(&Presentation {
        report: &report,
        console: state.export_options().console,
        written: &outcome.written,
        degraded: &failed_exporters,
    });

    let has_failed =
        !has_results || !failed_exporters.is_empty() || executed.too_many_failures.is_some();
    let is_limited = check.verdict == Verdict::ClientLimited;
    let exit = if has_failed {
        Exit::Failure
    } else if is_limited && prepared.config.runtime.fail_on_client_limit {
        Exit::ClientLimited
    } else {
        Exit::Success
    };
    Ok(Concluded {
        exit,
        report,
        state,
        folder: prepared.folder.clone(),
    })
}

/// Everything that is known beside the records.
fn final_state(
    prepared: &Prepared,
    executed: &Executed,
    measured: &[&PhaseOutcome],
    check: &SelfCheck,
) -> RunState {
    let gave_up =
        executed.too_many_failures.is_some() && executed.was_cut_short(prepared.phases.len());
    let was_cancelled = executed.was_cancelled || executed.record_failure.is_some() || gave_up;
    RunState {
        is_finished: true,
        was_cancelled,
        incomplete_reason: was_cancelled.then(|| CANCELLED.to_owned()),
        extra: accounting::extra_members(executed, measured, check),
        self_check: Some(accounting::self_check_view(check)),
        ..executed.state.clone()
    }
}

fn totals(executed: &Executed) -> BTreeMap<u16, PhaseTotals> {
    let recorded = &executed.recorded;
    let both = recorded.counts.iter().zip(&recorded.errors);
    // Phases that were planned and never begun have no records.
    let begun = both.take(executed.outcomes.len());
    let of_phase = |(&(successful, failed), errors): (&(u64, u64), &ErrorTally)| PhaseTotals {
        counts: RequestCounts { successful, failed },
        errors: error_counts(errors),
        seen: None,
    };
    (0..).zip(begun.map(of_phase)).collect()
}

fn error_counts(tally: &ErrorTally) -> Vec<ErrorCount> {
    tally
        .in_order()
        .into_iter()
        .map(|error| ErrorCount {
            code: error.failure.code,
            kind: error.failure.kind,
            message: error.failure.message,
            cause: error.failure.cause,
            cause_chain: error.failure.cause_chain,
            details: None,
            count: error.count,
        })
        .collect()
}

fn write_files(
    prepared: &Prepared,
    executed: &Executed,
    state: &RunState,
    report: &RunReport,
) -> WriteOutcome {
    let active = executed.recorded.columns.active();
    let mut outcome = write_run(report, state, active, &prepared.folder);
    let path = prepared
        .folder
        .join(state.files.names.name(OutputFile::RunState));
    let written = state.write(&prepared.folder);
    outcome.note(OutputFile::RunState, path, written);
    outcome
}
