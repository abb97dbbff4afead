//! The phases, one after the other.

use std::sync::Arc;

use aiperf_config::profile::Ui;
use aiperf_engine::{Engine, ExchangeSink, PhaseCounts, PhaseOutcome};
use aiperf_record::{Backlog, BacklogFacts, Recorded, Recorder};
use aiperf_schedule::{FailureThreshold, PhaseKind, PhasePlan};
use anyhow::{Context, Result};

use super::hooks;
use super::logging::NOTICE;
use super::prepare::Prepared;
use super::progress::Progress;
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
    /// Why records could not be written to the end.
    pub(crate) record_failure: Option<String>,
}

pub(crate) fn execute(prepared: &Prepared, interrupts: &Interrupts) -> Result<Executed> {
    let backlog = Backlog::new(BACKLOG_BYTES);
    let settings = prepared
        .recorder
        .take()
        .context("the run was started twice")?;
    let recorder = Recorder::start(settings, backlog.clone(), prepared.recorder_ids.clone())?;
    let sink: Arc<dyn ExchangeSink> = Arc::new(backlog.clone());
    let mut engine = Engine::start(prepared.engine.clone(), &prepared.workload, &sink)?;
    let cancel = engine.cancel_handle();
    interrupts.attach(cancel.clone());
    let mut profiler = hooks::profiler(&prepared.config, &prepared.environment)?;
    let mut progress = Progress::new(prepared.config.runtime.ui == Ui::Simple);

    let mut too_many_failures = None;
    let mut outcomes = Vec::with_capacity(prepared.phases.len());
    for (index, plan) in prepared.phases.iter().enumerate() {
        let mut profiler = profiler
            .as_mut()
            .filter(|_| plan.kind == PhaseKind::Profiling);
        if let Some(profiler) = &mut profiler {
            interrupts.while_waiting(|is_cancelled| profiler.phase_begins(is_cancelled))?;
        }
        announce(index, plan);
        let threshold = (plan.kind == PhaseKind::Profiling)
            .then(|| failure_threshold(prepared))
            .flatten();
        let outcome = engine.run_phase(plan.clone(), |phase| {
            progress.observe(phase);
            let (valid, failed) = recorder.counts(index);
            if threshold.is_some_and(|limit| limit.is_exceeded(failed, valid + failed))
                && !cancel.is_cancelled()
            {
                too_many_failures = Some((failed, valid + failed));
                cancel.cancel();
            }
            // Without a place for records there is no point in going on.
            if recorder.failure().is_some() && !cancel.is_cancelled() {
                cancel.cancel();
            }
        })?;
        progress.finish();
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
        too_many_failures,
        record_failure,
    })
}

/// When the share of failed requests ends the run.
fn failure_threshold(prepared: &Prepared) -> Option<FailureThreshold> {
    let profiling = &prepared.config.profiling;
    let concurrency = profiling.arrivals.concurrency();
    let concurrency = concurrency.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX));
    profiling
        .failed_request_threshold
        .map(|share| FailureThreshold::new(share, concurrency))
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
