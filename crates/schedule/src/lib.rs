//! When to send.
//!
//! Pure: no clock, no thread, no socket. A phase's plan says how requests arrive ([`Arrivals`])
//! and when the phase is over ([`StopRules`]); the arrival times are a function of (seed, index),
//! so any number of threads can share one plan by taking every n-th index of the same sequence.

pub mod arrivals;
pub mod phase;

pub use arrivals::{ArrivalProcess, ArrivalTimes, Pattern};
pub use phase::{Arrivals, PhaseKind, PhasePlan, StopRules};
