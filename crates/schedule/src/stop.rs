//! When a phase stops sending, and how long it waits for what is under way.
//!
//! Rules only: who counts, and with which atomics, is the engine's affair.

use crate::time::Nanos;

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
    /// The offset from the phase start at which what is under way is cut off: also if another rule
    /// than the duration ended sending.
    pub fn drain_deadline(&self) -> Option<Nanos> {
        self.duration?.checked_add(self.grace?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drain_deadline_counts_from_the_phase_start() {
        for (requests, duration, grace, deadline) in [
            (None, Some(10), Some(5), Some(15)),
            (Some(1), Some(10), Some(5), Some(15)),
            (None, Some(10), Some(0), Some(10)),
            // Infinite grace; too long to count; no duration.
            (None, Some(10), None, None),
            (None, Some(10), Some(Nanos::MAX), None),
            (Some(1), None, Some(5), None),
        ] {
            let rules = StopRules {
                requests,
                sessions: None,
                duration,
                grace,
            };
            assert_eq!(rules.drain_deadline(), deadline, "{rules:?}");
        }
    }
}
