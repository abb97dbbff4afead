//! What is known of the run, for those who show it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aiperf_clock::Nanos;
use aiperf_engine::{PhaseCounts, PhaseOutcome, PhaseState};
use aiperf_metrics::MetricResult;
use aiperf_record::LiveRecords;
use aiperf_schedule::PhasePlan;
use aiperf_ui::{Counts, PhaseProgress, SendingEnd, Snapshot};

/// Written by the main thread, read by whoever draws.
pub(super) struct Board {
    phases: Mutex<Vec<PhaseProgress>>,
    live: Option<Arc<LiveRecords>>,
}

impl Board {
    /// Nothing has begun.
    pub(super) fn new(live: Option<Arc<LiveRecords>>) -> Self {
        Self {
            phases: Mutex::default(),
            live,
        }
    }

    pub(super) fn phase_begins(
        &self,
        index: usize,
        profiling_index: Option<usize>,
        plan: &PhasePlan,
    ) {
        self.lock().push(PhaseProgress {
            index,
            profiling_index,
            name: plan.name.clone(),
            kind: plan.kind,
            stop: plan.stop,
            start: aiperf_clock::monotonic_now(),
            sending_end: None,
            requests_end: None,
            records_end: None,
            grace_timed_out: false,
            was_cancelled: false,
            counts: Counts::default(),
            valid_records: 0,
            failed_records: 0,
        });
    }

    pub(super) fn phase_runs(&self, index: usize, state: &PhaseState) {
        self.change(index, |phase| {
            phase.start = state.start;
            phase.counts = counts(&state.counts());
            phase.sending_end = state.sending_complete().map(|complete| SendingEnd {
                at: complete.at,
                timed_out: complete.timed_out,
            });
        });
    }

    pub(super) fn phase_ends(&self, index: usize, outcome: &PhaseOutcome) {
        self.change(index, |phase| {
            phase.start = outcome.times.start;
            phase.counts = counts(&outcome.counts);
            phase.sending_end = Some(SendingEnd {
                at: outcome.sending_complete.at,
                timed_out: outcome.sending_complete.timed_out,
            });
            phase.requests_end = Some(outcome.times.end);
            phase.grace_timed_out = outcome.hit_drain_deadline();
            phase.was_cancelled = outcome.was_cancelled;
        });
    }

    /// Takes over how many valid and failed records of each phase there are.
    pub(super) fn note_records(&self, now: Nanos, counts: impl Fn(usize) -> (u64, u64)) {
        for phase in self.lock().iter_mut() {
            (phase.valid_records, phase.failed_records) = counts(phase.index);
            let is_complete =
                phase.requests_end.is_some() && phase.records() >= phase.counts.completed;
            if is_complete {
                phase.records_end.get_or_insert(now);
            }
        }
    }

    /// Everything but the figures.
    pub(super) fn snapshot(&self, now: Nanos) -> Snapshot {
        Snapshot {
            now,
            phases: self.lock().clone(),
            metrics: Vec::new(),
        }
    }

    /// How many measured records the figures are made of.
    pub(super) fn measured_records(&self) -> u64 {
        self.live.as_ref().map_or(0, |live| live.records())
    }

    /// The figures so far; takes a fraction of a millisecond.
    pub(super) fn metrics(&self) -> Vec<MetricResult> {
        self.live
            .as_ref()
            .map_or_else(Vec::new, |live| live.results())
    }

    fn change(&self, index: usize, change: impl FnOnce(&mut PhaseProgress)) {
        let mut phases = self.lock();
        if let Some(phase) = phases.iter_mut().find(|phase| phase.index == index) {
            change(phase);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<PhaseProgress>> {
        self.phases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn counts(counts: &PhaseCounts) -> Counts {
    Counts {
        sent: counts.sent,
        completed: counts.completed,
        failed: counts.failed,
        cancelled: counts.cancelled,
        sessions_sent: counts.sessions_started,
        sessions_completed: counts.sessions_completed,
        sessions_cancelled: counts.sessions_cancelled,
    }
}

#[cfg(test)]
mod tests {
    use aiperf_schedule::{Arrivals, LimitRamp, PhaseKind, StopRules};

    use super::*;

    #[test]
    fn records_are_complete_when_there_is_one_for_each_answer_of_a_phase_that_is_over() {
        let board = Board::new(None);
        let slots = LimitRamp::steady(1);
        let plan = PhasePlan::new(
            "profiling",
            PhaseKind::Profiling,
            Arrivals::ClosedLoop { slots },
            StopRules::default(),
        );
        board.phase_begins(3, Some(0), &plan);
        board.change(3, |phase| {
            phase.counts.completed = 5;
            phase.counts.cancelled = 2;
        });
        board.note_records(10, |index| (index as u64, 2));
        let phase = || board.snapshot(20).phases.remove(0);
        assert_eq!((phase().records(), phase().records_end), (5, None));
        board.change(3, |phase| phase.requests_end = Some(9));
        board.note_records(10, |_| (2, 2));
        assert_eq!(phase().records_end, None);
        board.note_records(11, |_| (3, 2));
        board.note_records(12, |_| (3, 2));
        assert_eq!(phase().records_end, Some(11));
        assert_eq!((board.measured_records(), board.metrics()), (0, Vec::new()));
    }
}
