//! The phases, one after the other.

use std::sync::{Arc, OnceLock};

use aiperf_config::profile::Ui;
use aiperf_engine::{CancelHandle, Engine, ExchangeSink, PhaseCounts, PhaseOutcome};
use aiperf_export::RunState;
use aiperf_record::{Backlog, BacklogFacts, Recorded, Recorder, RecorderSettings};
use aiperf_schedule::{FailureThreshold, PhaseKind, PhasePlan};
use anyhow::{Context, Result};

use super::hooks;
use super::logging::NOTICE;
use super::prepare::Prepared;
use super::progress::Progress;
use super::run_state::LiveState;
use super::signals::Interrupts;

/// Waiting exchanges may hold this much memory before they go to disk.
const BACKLOG_BYTES: usize = 64 * 1024 * 1024;

/// What came of the phases.
pub(crate) struct Executed {
    pub(crate) outcomes: Vec<PhaseOutcome>,
    pub(crate) recorded: Recorded,
    pub(crate) backlog: BacklogFacts,
    pub(crate) was_cancelled: bool,
    /// Failed and all records when the run was ended because too many failed.
    pub(crate) too_many_failures: Option<(u64, u64)>,
    /// What is known beside the records; the phases are final.
    pub(crate) state: RunState,
    /// Why records could not be written to the end.
    pub(crate) record_failure: Option<String>,
}

pub(crate) fn execute(prepared: &Prepared, interrupts: &Interrupts) -> Result<Executed> {
    let backlog = Backlog::new(BACKLOG_BYTES);
    let mut settings = prepared
        .recorder
        .take()
        .context("the run was started twice")?;
    let too_many_failures = failure_watch(prepared, &mut settings);
    let recorder = Recorder::start(settings, backlog.clone(), prepared.recorder_ids.clone())?;
    let sink: Arc<dyn ExchangeSink> = Arc::new(backlog.clone());
    let mut engine = Engine::start(prepared.engine.clone(), &prepared.workload, &sink)?;
    let cancel = engine.cancel_handle();
    interrupts.attach(cancel.clone());
    let _ = too_many_failures.cancel.set(cancel.clone());
    let mut profiler = hooks::profiler(&prepared.config, &prepared.environment)?;
    let mut progress = Progress::new(prepared.config.runtime.ui == Ui::Simple);
    let mut state = LiveState::begin(&prepared.state, &prepared.folder, prepared.clock)?;

    let mut outcomes = Vec::with_capacity(prepared.phases.len());
    for (index, plan) in prepared.phases.iter().enumerate() {
        let mut profiler = profiler
            .as_mut()
            .filter(|_| plan.kind == PhaseKind::Profiling);
        if let Some(profiler) = &mut profiler {
            interrupts.while_waiting(|is_cancelled| profiler.phase_begins(is_cancelled))?;
        }
        announce(index, plan);
        state.phase_begins(plan);
        let outcome = engine.run_phase(plan.clone(), |phase| {
            progress.observe(phase);
            state.phase_runs(phase.start);
            // Without a place for records there is no point in going on.
            if recorder.failure().is_some() && !cancel.is_cancelled() {
                cancel.cancel();
            }
        })?;
        progress.finish();
        state.phase_ends(&outcome);
        conclude(&outcome);
        if let Some(profiler) = &mut profiler {
            profiler.phase_ends();
        }
        let is_over = outcome.was_cancelled;
        outcomes.push(outcome);
        if is_over {
            break;
        }
    }
    drop(engine);
    let record_failure = recorder.failure();
    let recorded = recorder.finish()?;
    Ok(Executed {
        outcomes,
        recorded,
        backlog: backlog.facts(),
        was_cancelled: interrupts.was_asked(),
        state: state.into_state(),
        too_many_failures: too_many_failures.found.get().copied(),
        record_failure,
    })
}

/// Ends the run when too many requests have failed.
#[derive(Default)]
struct FailureWatch {
    cancel: OnceLock<CancelHandle>,
    /// Failed and all records, when that was.
    found: OnceLock<(u64, u64)>,
}

fn failure_watch(prepared: &Prepared, settings: &mut RecorderSettings) -> Arc<FailureWatch> {
    let watch = Arc::new(FailureWatch::default());
    let profiling = &prepared.config.profiling;
    let Some(share) = profiling.failed_request_threshold else {
        return watch;
    };
    let concurrency = profiling.arrivals.concurrency();
    let concurrency = concurrency.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX));
    let threshold = FailureThreshold::new(share, concurrency);
    let measured: Vec<bool> = settings
        .phases
        .iter()
        .map(|phase| phase.is_profiling)
        .collect();
    let own = Arc::clone(&watch);
    settings.on_record = Some(Arc::new(move |phase, failed, all| {
        if measured[phase]
            && threshold.is_exceeded(failed, all)
            && own.found.set((failed, all)).is_ok()
            && let Some(cancel) = own.cancel.get()
        {
            cancel.cancel();
        }
    }));
    watch
}

fn announce(index: usize, plan: &PhasePlan) {
    let name = &plan.name;
    let kind = plan.kind.name();
    let measured = if plan.kind == PhaseKind::Profiling {
        " | profiling_index=0"
    } else {
        ""
    };
    let target = [
        plan.stop.requests.map(|count| format!("{count} requests")),
        plan.stop.sessions.map(|count| format!("{count} sessions")),
        plan.stop
            .duration
            .map(|length| format!("{:.1} s", length as f64 / 1e9)),
    ];
    let target = target
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" or ");
    tracing::info!(
        target: NOTICE,
        "Phase {name} ({kind}) started | phase_index={index}{measured} | target: {target}"
    );
}

fn conclude(outcome: &PhaseOutcome) {
    let name = &outcome.plan.name;
    let kind = outcome.plan.kind.name();
    let PhaseCounts {
        completed,
        cancelled,
        failed,
        sessions_completed,
        sessions_cancelled,
        ..
    } = outcome.counts;
    let elapsed = (outcome.times.end - outcome.times.start) as f64 / 1e9;
    let grace = if outcome.hit_drain_deadline() {
        " | grace_period_timeout=True"
    } else {
        ""
    };
    let ended = if outcome.was_cancelled {
        " | was_cancelled=True"
    } else {
        ""
    };
    tracing::info!(
        target: NOTICE,
        "Phase {name} ({kind}) complete | completed={completed}, cancelled={cancelled}, \
         errors={failed} | sessions: completed={sessions_completed}, \
         cancelled={sessions_cancelled} | elapsed={elapsed:.2}s{grace}{ended}"
    );
    let lost = outcome.counts.arrivals_lost;
    if lost > 0 {
        tracing::warn!("{lost} arrivals found all sessions in use and were not sent");
    }
    let PhaseCounts { waits, waited, .. } = outcome.counts;
    if waits > 0 {
        let seconds = waited as f64 / 1e9;
        tracing::warn!(
            "{waits} requests were due and waited for a place, {seconds:.2} s altogether"
        );
    }
}
