//! A phase that the I/O threads carry out.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use aiperf_clock::monotonic_now;

use crate::engine::{CancelHandle, EngineError, PhaseOutcome, PhaseTimes, ThreadReport};
use crate::io_thread::PhaseEvent;
use crate::phase_state::PhaseState;

/// How often the live state is shown.
const SHOWN_EVERY: Duration = Duration::from_millis(100);

/// A phase that is being carried out.
pub struct RunningPhase {
    pub(crate) phase: Arc<PhaseState>,
    events: Receiver<PhaseEvent>,
    /// Of the threads that are done.
    reports: Vec<ThreadReport>,
    threads: usize,
    has_sent_everything: bool,
    cancel: CancelHandle,
}

impl RunningPhase {
    pub(crate) fn new(
        phase: Arc<PhaseState>,
        events: Receiver<PhaseEvent>,
        threads: usize,
        cancel: CancelHandle,
    ) -> Self {
        Self {
            phase,
            events,
            reports: Vec::with_capacity(threads),
            threads,
            has_sent_everything: false,
            cancel,
        }
    }

    /// The live state.
    pub fn state(&self) -> &PhaseState {
        &self.phase
    }

    /// Returns when nothing more is to be sent, which may be long before the last answer. `observe`
    /// is called a few times per second with the live state.
    ///
    /// # Errors
    /// A thread was lost.
    pub fn until_sending_complete(
        &mut self,
        observe: impl FnMut(&PhaseState),
    ) -> Result<(), EngineError> {
        self.wait(observe, |running| running.has_sent_everything)
    }

    /// Returns when all requests have ended. `observe` is called a few times per second with the
    /// live state.
    ///
    /// # Errors
    /// A thread was lost.
    pub fn finish(
        mut self,
        mut observe: impl FnMut(&PhaseState),
    ) -> Result<PhaseOutcome, EngineError> {
        self.wait(&mut observe, |_| false)?;
        let outcome = self.outcome();
        observe(&self.phase);
        Ok(outcome)
    }

    /// Whether all requests have ended; then [`RunningPhase::finish`] returns at once.
    pub fn is_over(&mut self) -> bool {
        loop {
            match self.events.try_recv() {
                Ok(event) => self.note(event),
                Err(TryRecvError::Empty) => return self.reports.len() == self.threads,
                // A thread was lost, and `finish` says so.
                Err(TryRecvError::Disconnected) => return true,
            }
        }
    }

    fn wait(
        &mut self,
        mut observe: impl FnMut(&PhaseState),
        is_enough: impl Fn(&Self) -> bool,
    ) -> Result<(), EngineError> {
        while self.reports.len() < self.threads && !is_enough(self) {
            match self.events.recv_timeout(SHOWN_EVERY) {
                Ok(event) => self.note(event),
                Err(RecvTimeoutError::Timeout) => {
                    self.phase.note_time(monotonic_now());
                    observe(&self.phase);
                }
                Err(RecvTimeoutError::Disconnected) => return Err(EngineError::ThreadLost),
            }
        }
        Ok(())
    }

    fn note(&mut self, event: PhaseEvent) {
        match event {
            PhaseEvent::SendingComplete => self.has_sent_everything = true,
            PhaseEvent::ThreadDone(report) => self.reports.push(report),
        }
    }

    fn outcome(&mut self) -> PhaseOutcome {
        self.reports.sort_by_key(|report| report.thread);
        let start = self.phase.start;
        let ends = self.reports.iter().map(|report| report.ended_at);
        let end = ends.max().unwrap_or(start).max(start);
        let was_cancelled = self.cancel.is_cancelled();
        let sending_complete = self.phase.sending_was_complete(end, was_cancelled);
        PhaseOutcome {
            plan: self.phase.plan.clone(),
            times: PhaseTimes { start, end },
            sending_complete,
            counts: self.phase.counts(),
            threads: std::mem::take(&mut self.reports),
            was_cancelled,
        }
    }
}
