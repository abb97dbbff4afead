//! The phases, one after the other.

use std::sync::{Arc, OnceLock};

use aiperf_engine::{CancelHandle, Engine, ExchangeSink, PhaseOutcome};
use aiperf_export::RunState;
use aiperf_record::{Backlog, BacklogFacts, Recorded, Recorder, RecorderSettings};
use aiperf_schedule::FailureThreshold;
use anyhow::{Context, Result};

use super::course::Course;
use super::display::{Display, DisplaySettings};
use super::hooks;
use super::prepare::Prepared;
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
    /// Failed and all records when too many had failed. The run was ended then, if it was not over.
    pub(crate) too_many_failures: Option<(u64, u64)>,
    /// What is known beside the records; the phases are final.
    pub(crate) state: RunState,
    /// Why records could not be written to the end.
    pub(crate) record_failure: Option<String>,
}

impl Executed {
    /// Whether something that the phases, so many of them, were to send was not sent, or its answer
    /// not waited for.
    pub(crate) fn was_cut_short(&self, planned: usize) -> bool {
        self.outcomes.len() < planned || self.outcomes.iter().any(was_cut_short)
    }
}

/// A phase that sent all it had to send was done with that before its last answer came.
fn was_cut_short(outcome: &PhaseOutcome) -> bool {
    let was_sending = outcome.sending_complete.at >= outcome.times.end;
    outcome.was_cancelled && (outcome.counts.cancelled > 0 || was_sending)
}

pub(crate) fn execute(prepared: &Prepared, interrupts: &Interrupts) -> Result<Executed> {
    let backlog = Backlog::new(BACKLOG_BYTES);
    let mut settings = prepared
        .recorder
        .take()
        .context("the run was started twice")?;
    let too_many_failures = failure_watch(prepared, &mut settings);
    let shown = DisplaySettings::new(&prepared.config.runtime, &prepared.environment.ui);
    settings.live = shown.live_records(&settings.metrics, prepared.recorder_ids.len());
    let live = settings.live.clone();
    let recorder = Recorder::start(settings, backlog.clone(), prepared.recorder_ids.clone())?;
    let sink: Arc<dyn ExchangeSink> = Arc::new(backlog.clone());
    let mut engine = Engine::start(prepared.engine.clone(), &prepared.workload, &sink)?;
    let cancel = engine.cancel_handle();
    interrupts.attach(cancel.clone());
    let _ = too_many_failures.cancel.set(cancel.clone());
    let mut course = Course {
        prepared,
        interrupts,
        recorder: &recorder,
        cancel,
        profiler: hooks::profiler(&prepared.config, &prepared.environment)?,
        display: Display::begin(&shown, live, interrupts),
        state: LiveState::begin(&prepared.state, &prepared.folder, prepared.clock)?,
        under_way: Vec::new(),
        outcomes: Vec::with_capacity(prepared.phases.len()),
    };
    course.run(&mut engine)?;
    course.display.watch_last_records(&recorder, &backlog);
    let (outcomes, state) = course.finish();
    drop(engine);
    let record_failure = recorder.failure();
    let recorded = recorder.finish()?;
    Ok(Executed {
        outcomes,
        recorded,
        backlog: backlog.facts(),
        was_cancelled: interrupts.was_asked(),
        state,
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
    // By phase; a warmup may fail as it likes.
    let phases = prepared.config.phases.iter();
    let thresholds: Vec<Option<FailureThreshold>> = phases
        .map(|phase| {
            let concurrency = phase.arrivals.concurrency();
            let concurrency = concurrency.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX));
            let share = phase.failed_request_threshold?;
            Some(FailureThreshold::new(share, concurrency))
        })
        .collect();
    if thresholds.iter().all(Option::is_none) {
        return watch;
    }
    let own = Arc::clone(&watch);
    settings.on_record = Some(Arc::new(move |phase, failed, all| {
        let threshold = thresholds.get(phase).and_then(Option::as_ref);
        if threshold.is_some_and(|threshold| threshold.is_exceeded(failed, all))
            && own.found.set((failed, all)).is_ok()
            && let Some(cancel) = own.cancel.get()
        {
            cancel.cancel();
        }
    }));
    watch
}
