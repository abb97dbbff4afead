//! When to send.
//!
//! Pure: no clock, no thread, no socket, no file. Everything here is a function of what the user
//! asked for, of the seed and of an index, so any number of threads can carry out one plan by
//! taking every n-th index of the same sequence. Times are offsets from the start of the phase.
//!
//! - [`PhasePlan`]: one phase, put together; [`StopRules`]: when it is over.
//! - [`ArrivalProcess`]: open-loop arrivals, under a [`RateProfile`]: constant, ramp, or
//!   [`RateSeries`].
//! - [`LimitRamp`]: limits that grow, on a [`RampCurve`].
//! - [`UserCentricPlan`], [`FixedSchedule`]: sessions with times of their own.
//! - [`Cancellation`], [`FailureThreshold`]: giving up a request, or the run.
//! - [`progress`]: how far a phase is.

pub mod arrivals;
pub mod cancellation;
pub mod failure_threshold;
pub mod fixed_schedule;
pub mod limit_ramp;
pub mod phase;
pub mod progress;
pub mod ramp_curve;
pub mod rate_profile;
pub mod rate_series;
pub mod stop;
pub mod time;
pub mod user_centric;

#[cfg(test)]
mod test_statistics;

pub use arrivals::{ArrivalLookup, ArrivalProcess, ArrivalTimes, Pattern};
pub use cancellation::Cancellation;
pub use failure_threshold::FailureThreshold;
pub use fixed_schedule::{
    FixedSchedule, FixedScheduleError, LaterTurn, ScheduleOptions, ScheduledStart, TurnTiming,
    ZeroPoint,
};
pub use limit_ramp::LimitRamp;
pub use phase::{Arrivals, Overflow, PhaseKind, PhasePlan};
pub use ramp_curve::{RampCurve, RampShape};
pub use rate_profile::{RATE_RAMP_FIRST_STEP, RateProfile};
pub use rate_series::{RatePoint, RateSeries, RateSeriesError};
pub use stop::StopRules;
pub use time::Nanos;
pub use user_centric::{PlannedUser, UserCentricPlan, Users};
