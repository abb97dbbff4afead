//! The plan of one phase.

use crate::arrivals::ArrivalProcess;
use crate::stop::StopRules;

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
#[derive(Debug, Clone, PartialEq)]
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
