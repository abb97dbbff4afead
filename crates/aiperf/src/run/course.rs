//! The phases in their order. One that is seamless begins while those before it wait for answers.

use aiperf_control::ServerProfiler;
use aiperf_engine::{CancelHandle, Engine, PhaseOutcome, PhaseState, RunningPhase};
use aiperf_export::RunState;
use aiperf_record::Recorder;
use aiperf_schedule::{PhaseKind, PhasePlan};
use anyhow::Result;

use super::display::Display;
use super::phase_log::PhaseLog;
use super::prepare::Prepared;
use super::run_state::LiveState;
use super::server_metrics;
use super::signals::Interrupts;

/// A run that goes from phase to phase.
pub(crate) struct Course<'a> {
    pub(crate) prepared: &'a Prepared,
    pub(crate) interrupts: &'a Interrupts,
    pub(crate) recorder: &'a Recorder,
    pub(crate) cancel: CancelHandle,
    pub(crate) profiler: Option<ServerProfiler>,
    pub(crate) display: Display,
    pub(crate) state: LiveState,
    /// Phases that were begun and are not over, the newest last.
    pub(crate) under_way: Vec<UnderWay>,
    /// Of phases that are over, by their place in the run.
    pub(crate) outcomes: Vec<(usize, PhaseOutcome)>,
}

/// A phase that is not over.
pub(crate) struct UnderWay {
    index: usize,
    running: RunningPhase,
    log: PhaseLog,
}

impl Course<'_> {
    /// Carries out all phases, or those before the run was cancelled.
    pub(crate) fn run(&mut self, engine: &mut Engine) -> Result<()> {
        let result = self.run_in_order(engine);
        if result.is_err() {
            // What is still under way is not waited for.
            self.cancel.cancel();
        }
        result
    }

    fn run_in_order(&mut self, engine: &mut Engine) -> Result<()> {
        let phases = &self.prepared.config.phases;
        for index in 0..phases.len() {
            self.begin(index, engine)?;
            let next_is_seamless = phases.get(index + 1).is_some_and(|next| next.seamless);
            if next_is_seamless {
                self.until_sending_complete()?;
            } else {
                self.until_all_are_over()?;
            }
            if self.cancel.is_cancelled() {
                break;
            }
        }
        self.until_all_are_over()
    }

    /// What came of the phases, in order, and what is known beside the records.
    pub(crate) fn finish(mut self) -> (Vec<PhaseOutcome>, RunState) {
        self.outcomes.sort_by_key(|(index, _)| *index);
        let outcomes = self.outcomes.into_iter().map(|(_, outcome)| outcome);
        (outcomes.collect(), self.state.into_state())
    }

    fn begin(&mut self, index: usize, engine: &mut Engine) -> Result<()> {
        let phases = &self.prepared.phases;
        let plan = &phases[index];
        if let Some(profiler) = self.profiler.as_mut().filter(|_| is_measured(plan)) {
            self.interrupts
                .while_waiting(|is_cancelled| profiler.phase_begins(is_cancelled))?;
        }
        let before = phases[..index].iter().filter(|plan| is_measured(plan));
        let profiling_index = is_measured(plan).then(|| before.count());
        let interval = self.prepared.environment.warmup_log_interval;
        self.tell_server_metrics(index, profiling_index, plan);
        let log = PhaseLog::begin(index, profiling_index, plan, interval);
        self.display.phase_begins(index, profiling_index, plan);
        self.state.phase_begins(plan);
        let running = match self.under_way.last() {
            Some(before) => engine.follow(&before.running, plan.clone())?,
            None => engine.begin(plan.clone())?,
        };
        self.under_way.push(UnderWay {
            index,
            running,
            log,
        });
        Ok(())
    }

    /// Scrapes belong to the phase from here on. The server is seen once before its first request,
    /// unless it follows another without a pause.
    fn tell_server_metrics(&self, index: usize, profiling_index: Option<usize>, plan: &PhasePlan) {
        if let Some(collector) = &self.prepared.server_metrics {
            let phase = server_metrics::stamp(index, profiling_index, plan);
            collector.phase_begins(phase, self.under_way.is_empty());
        }
    }

    /// Returns when the newest phase has sent everything.
    fn until_sending_complete(&mut self) -> Result<()> {
        let Some(mut newest) = self.under_way.pop() else {
            return Ok(());
        };
        let UnderWay {
            index,
            running,
            log,
        } = &mut newest;
        running.until_sending_complete(|phase| {
            log.observe(phase);
            self.attend(*index, phase);
        })?;
        log.observe(running.state());
        self.under_way.push(newest);
        Ok(())
    }

    fn until_all_are_over(&mut self) -> Result<()> {
        while let Some(newest) = self.under_way.pop() {
            let UnderWay {
                index,
                running,
                mut log,
            } = newest;
            let outcome = running.finish(|phase| {
                log.observe(phase);
                self.attend(index, phase);
            })?;
            self.end(index, &log, outcome);
        }
        Ok(())
    }

    /// What is done a few times per second.
    fn attend(&mut self, index: usize, phase: &PhaseState) {
        self.display.observe(index, phase, self.recorder);
        self.state.phase_runs(index, phase.start);
        self.end_those_that_are_over();
        // Without a place for records there is no point in going on.
        if self.recorder.failure().is_some() && !self.cancel.is_cancelled() {
            self.cancel.cancel();
        }
    }

    /// Ends earlier phases that got their last answers.
    fn end_those_that_are_over(&mut self) {
        let mut waiting = Vec::new();
        for mut phase in std::mem::take(&mut self.under_way) {
            if !phase.running.is_over() {
                phase.log.observe(phase.running.state());
                self.display
                    .observe(phase.index, phase.running.state(), self.recorder);
                waiting.push(phase);
                continue;
            }
            // Where a thread was lost, whoever waits for the newest phase is told as well.
            if let Ok(outcome) = phase.running.finish(|_| {}) {
                self.end(phase.index, &phase.log, outcome);
            }
        }
        self.under_way = waiting;
    }

    fn end(&mut self, index: usize, log: &PhaseLog, outcome: PhaseOutcome) {
        self.display.phase_ends(index, &outcome, self.recorder);
        self.state.phase_ends(index, &outcome);
        if let Some(collector) = &self.prepared.server_metrics {
            collector.phase_ends(u32::try_from(index).unwrap_or(u32::MAX));
        }
        log.end(&outcome);
        if let Some(profiler) = self
            .profiler
            .as_mut()
            .filter(|_| is_measured(&outcome.plan))
        {
            profiler.phase_ends();
        }
        self.outcomes.push((index, outcome));
    }
}

fn is_measured(plan: &PhasePlan) -> bool {
    plan.kind == PhaseKind::Profiling
}
