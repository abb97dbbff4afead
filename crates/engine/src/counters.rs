//! What a phase has sent, and what became of it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use aiperf_clock::Nanos;

/// The counters at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PhaseCounts {
    /// Requests whose sending was begun.
    pub sent: u64,
    /// Requests that came to an end of their own: an answer, an error, a timeout.
    pub completed: u64,
    /// Of those, requests that failed on the wire or with a status outside 2xx.
    pub failed: u64,
    /// Requests that were cut off by the end of the phase.
    pub cancelled: u64,
    /// Sessions whose first request was sent.
    pub sessions_started: u64,
    /// Sessions that were played to their last turn.
    pub sessions_completed: u64,
    /// Sessions of which a request was cut off. One whose next turn was not sent because the phase
    /// sends no more is neither completed nor cancelled.
    pub sessions_cancelled: u64,
    /// Open loop with a cap: arrivals that found no place and were not sent.
    pub arrivals_lost: u64,
    /// How often the schedule was moved because this program was late by more than it may catch up.
    pub reanchors: u64,
    /// By how much altogether.
    pub reanchored_time: Nanos,
    /// Requests that were due and had to wait for a place.
    pub waits: u64,
    /// How long they waited altogether.
    pub waited: Nanos,
}

impl PhaseCounts {
    /// Requests on their way.
    pub fn in_flight(&self) -> u64 {
        self.sent.saturating_sub(self.completed + self.cancelled)
    }
}

/// The counters as all threads share them. Each is exact; two of them are not read at one instant.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    sent: AtomicU64,
    completed: AtomicU64,
    failed: AtomicU64,
    cancelled: AtomicU64,
    sessions_started: AtomicU64,
    sessions_completed: AtomicU64,
    sessions_cancelled: AtomicU64,
    arrivals_lost: AtomicU64,
    reanchors: AtomicU64,
    reanchored_time: AtomicU64,
    waits: AtomicU64,
    waited: AtomicU64,
}

impl Counters {
    /// The counters now.
    pub(crate) fn now(&self) -> PhaseCounts {
        // The ends before the beginnings: what is on its way is never less than nothing.
        let completed = self.completed.load(Relaxed);
        let cancelled = self.cancelled.load(Relaxed);
        PhaseCounts {
            sent: self.sent.load(Relaxed),
            completed,
            failed: self.failed.load(Relaxed),
            cancelled,
            sessions_started: self.sessions_started.load(Relaxed),
            sessions_completed: self.sessions_completed.load(Relaxed),
            sessions_cancelled: self.sessions_cancelled.load(Relaxed),
            arrivals_lost: self.arrivals_lost.load(Relaxed),
            reanchors: self.reanchors.load(Relaxed),
            reanchored_time: self.reanchored_time.load(Relaxed),
            waits: self.waits.load(Relaxed),
            waited: self.waited.load(Relaxed),
        }
    }

    /// Counts a request whose sending begins; returns how many there are with it.
    pub(crate) fn sent(&self, is_first_of_session: bool) -> u64 {
        if is_first_of_session {
            self.sessions_started.fetch_add(1, Relaxed);
        }
        self.sent.fetch_add(1, Relaxed) + 1
    }

    pub(crate) fn completed(&self, is_failure: bool) {
        self.completed.fetch_add(1, Relaxed);
        if is_failure {
            self.failed.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn cancelled(&self) {
        self.cancelled.fetch_add(1, Relaxed);
    }

    pub(crate) fn session_completed(&self) {
        self.sessions_completed.fetch_add(1, Relaxed);
    }

    pub(crate) fn session_cancelled(&self) {
        self.sessions_cancelled.fetch_add(1, Relaxed);
    }

    pub(crate) fn arrival_lost(&self) {
        self.arrivals_lost.fetch_add(1, Relaxed);
    }

    pub(crate) fn waited_for_a_place(&self, length: Nanos) {
        self.waits.fetch_add(1, Relaxed);
        self.waited.fetch_add(length, Relaxed);
    }

    /// By how much the schedule of an open loop has moved back.
    pub(crate) fn schedule_shift(&self) -> Nanos {
        self.reanchored_time.load(Relaxed)
    }

    /// Moves a schedule that has moved by `shift` back by `late` more; `false` if another thread
    /// was faster.
    pub(crate) fn move_schedule(&self, shift: Nanos, late: Nanos) -> bool {
        let moved = self.reanchored_time.compare_exchange(
            shift,
            shift.saturating_add(late),
            Relaxed,
            Relaxed,
        );
        if moved.is_ok() {
            self.reanchors.fetch_add(1, Relaxed);
        }
        moved.is_ok()
    }
}
