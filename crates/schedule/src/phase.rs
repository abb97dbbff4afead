//! The plan of one phase.

use crate::arrivals::{ArrivalProcess, Nanos};

/// What a phase is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PhaseKind {
    /// Brings the server to temperature; never in the results.
    Warmup,
    /// What is measured.
    Profiling,
}

impl PhaseKind {
    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Warmup => "warmup",
            Self::Profiling => "profiling",
        }
    }
}

/// How requests arrive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Arrivals {
    /// Closed loop: this many sessions at a time, the next as soon as one ends.
    ClosedLoop {
        /// Sessions at a time.
        slots: u32,
    },
    /// Open loop: requests arrive at their own times, whatever the server does.
    OpenLoop {
        /// When.
        process: ArrivalProcess,
        /// At most this many sessions at a time; an arrival that finds no place is lost and
        /// counted.
        session_cap: Option<u32>,
    },
}

impl Arrivals {
    /// Whether arrivals have intended times of their own.
    pub fn is_open_loop(&self) -> bool {
        matches!(self, Self::OpenLoop { .. })
    }
}

/// When a phase stops sending; the first rule that fires counts.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StopRules {
    /// After this many requests.
    pub requests: Option<u64>,
    /// After this many sessions, each played to its last turn.
    pub sessions: Option<u64>,
    /// After this long.
    pub duration: Option<Nanos>,
    /// How long requests may go on after `duration`; `None` waits for all of them. Without a
    /// duration there is no deadline.
    pub grace: Option<Nanos>,
}

impl StopRules {
    /// The offset from the phase start at which requests in flight are cancelled.
    pub fn drain_deadline(&self) -> Option<Nanos> {
        self.duration?.checked_add(self.grace?)
    }
}

/// One phase of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct PhasePlan {
    /// Its name in files.
    pub name: String,
    /// What it is for.
    pub kind: PhaseKind,
    /// How requests arrive.
    pub arrivals: Arrivals,
    /// When it stops.
    pub stop: StopRules,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drain_deadline_counts_from_the_phase_start() {
        let rules = |duration, grace| StopRules {
            duration,
            grace,
            ..StopRules::default()
        };
        assert_eq!(rules(Some(10), Some(5)).drain_deadline(), Some(15));
        assert_eq!(rules(Some(10), None).drain_deadline(), None);
        assert_eq!(rules(None, Some(5)).drain_deadline(), None);
    }
}
