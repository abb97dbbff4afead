//! The plan of one phase.

use std::sync::Arc;

use crate::arrivals::ArrivalProcess;
use crate::cancellation::Cancellation;
use crate::fixed_schedule::FixedSchedule;
use crate::limit_ramp::LimitRamp;
use crate::stop::StopRules;
use crate::user_centric::UserCentricPlan;

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
        slots: LimitRamp,
    },
    /// Open loop: requests arrive at their own times, whatever the server does.
    OpenLoop {
        /// When.
        process: ArrivalProcess,
        /// At most this many sessions at a time.
        session_cap: Option<LimitRamp>,
        /// What becomes of an arrival that finds no place.
        overflow: Overflow,
    },
    /// Open loop: users who come and go, each with turns at a fixed distance.
    UserCentric {
        /// Who, and when.
        plan: UserCentricPlan,
        /// At most this many users at a time; others wait.
        session_cap: Option<LimitRamp>,
    },
    /// Open loop: the times of a trace.
    FixedSchedule {
        /// When which conversation begins.
        schedule: Arc<FixedSchedule>,
        /// At most this many conversations at a time; others wait.
        session_cap: Option<LimitRamp>,
    },
}

/// What becomes of an arrival that finds the limit reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Overflow {
    /// It is lost, and counted.
    #[default]
    Drop,
    /// It waits for a place; its latency from the intended time includes the waiting.
    Queue,
}

impl Arrivals {
    /// Whether arrivals have intended times of their own.
    pub fn is_open_loop(&self) -> bool {
        !matches!(self, Self::ClosedLoop { .. })
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
    /// At most this many requests before their first token.
    pub prefill_limit: Option<LimitRamp>,
    /// Which requests are given up on purpose.
    pub cancellation: Option<Cancellation>,
}

impl PhasePlan {
    /// A phase without a prefill limit in which no request is given up.
    pub fn new(
        name: impl Into<String>,
        kind: PhaseKind,
        arrivals: Arrivals,
        stop: StopRules,
    ) -> Self {
        Self {
            name: name.into(),
            kind,
            arrivals,
            stop,
            prefill_limit: None,
            cancellation: None,
        }
    }
}
