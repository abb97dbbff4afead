//! When a phase stops sending, and how long it waits for what is under way.
//!
//! Decisions only: who counts, and with which atomics, is the engine's affair.

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

/// The rule that ended sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StopReason {
    /// The last of the requests was sent.
    Requests,
    /// The last turn of the last session was sent.
    Sessions,
    /// The duration is over.
    Duration,
}

/// What a phase has sent so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SendCounts {
    /// All requests.
    pub requests_sent: u64,
    /// Sessions whose first request was sent. Branches of a conversation are no sessions.
    pub sessions_sent: u64,
    /// Requests of sessions, without those of branches.
    pub root_requests_sent: u64,
    /// Turns of all sessions that were started, sent or not.
    pub total_session_turns: u64,
}

impl SendCounts {
    /// After one more session's first request, of `turns` in all.
    #[must_use]
    pub fn after_first_turn(self, turns: u64) -> Self {
        Self {
            sessions_sent: self.sessions_sent + 1,
            total_session_turns: self.total_session_turns + turns,
            ..self.after_later_turn()
        }
    }

    /// After one more request of a session that was started before.
    #[must_use]
    pub fn after_later_turn(self) -> Self {
        Self {
            root_requests_sent: self.root_requests_sent + 1,
            ..self.after_branch_turn()
        }
    }

    /// After one more request of a branch.
    #[must_use]
    pub fn after_branch_turn(self) -> Self {
        Self {
            requests_sent: self.requests_sent + 1,
            ..self
        }
    }

    /// Turns of started sessions that were not sent yet.
    fn turns_left(&self) -> u64 {
        self.total_session_turns
            .saturating_sub(self.root_requests_sent)
    }
}

impl StopRules {
    /// The rule, if any, by which no request of a session may be sent any more. `due` is the offset
    /// from the phase start at which the next would be sent.
    pub fn reason_to_stop(&self, counts: &SendCounts, due: Nanos) -> Option<StopReason> {
        if self.requests_are_over(counts) {
            Some(StopReason::Requests)
        } else if self.sessions_are_over(counts) && counts.turns_left() == 0 {
            Some(StopReason::Sessions)
        } else if self.duration_is_over(due) {
            Some(StopReason::Duration)
        } else {
            None
        }
    }

    /// Whether a later turn of a session may be sent.
    pub fn allow_turn(&self, counts: &SendCounts, due: Nanos) -> bool {
        self.reason_to_stop(counts, due).is_none()
    }

    /// Whether a session may be started.
    pub fn allow_session(&self, counts: &SendCounts, due: Nanos) -> bool {
        !self.sessions_are_over(counts) && self.allow_turn(counts, due)
    }

    /// Whether a turn of a branch may be sent. The number of sessions does not bound branches: they
    /// belong to a session that is to be played to its end.
    pub fn allow_branch_turn(&self, counts: &SendCounts, due: Nanos) -> bool {
        !self.requests_are_over(counts) && !self.duration_is_over(due)
    }

    /// Whether the request that led to `counts` was the last: sending ends with it.
    pub fn is_final(&self, counts: &SendCounts) -> bool {
        self.reason_to_stop(counts, 0)
            .is_some_and(|reason| reason != StopReason::Duration)
    }

    /// The offset from the phase start at which sending ends, if anything is left to send by then.
    pub fn sending_deadline(&self) -> Option<Nanos> {
        self.duration
    }

    /// The offset from the phase start at which requests in flight are cancelled. It counts from the
    /// end of the duration, also if another rule ended sending before.
    pub fn drain_deadline(&self) -> Option<Nanos> {
        self.duration?.checked_add(self.grace?)
    }

    /// Whether requests in flight are to be cancelled now.
    pub fn drain_is_over(&self, elapsed: Nanos) -> bool {
        self.drain_deadline()
            .is_some_and(|deadline| elapsed >= deadline)
    }

    fn requests_are_over(&self, counts: &SendCounts) -> bool {
        self.requests
            .is_some_and(|limit| counts.requests_sent >= limit)
    }

    fn sessions_are_over(&self, counts: &SendCounts) -> bool {
        self.sessions
            .is_some_and(|limit| counts.sessions_sent >= limit)
    }

    fn duration_is_over(&self, due: Nanos) -> bool {
        self.duration.is_some_and(|duration| due >= duration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Nanos = 1_000_000_000;

    /// Plays sessions of `turns` turns, two at a time, one request every 100 ms, and says how many
    /// requests and sessions were sent until nothing more was allowed, and why.
    fn play(rules: StopRules, turns: u64) -> (u64, u64, StopReason) {
        let mut counts = SendCounts::default();
        let mut turns_left = [0u64; 2];
        for tick in 0.. {
            let due = tick * SECOND / 10;
            if let Some(reason) = rules.reason_to_stop(&counts, due) {
                return (counts.requests_sent, counts.sessions_sent, reason);
            }
            let slot = &mut turns_left[tick as usize % 2];
            if *slot > 0 {
                *slot -= 1;
                counts = counts.after_later_turn();
            } else if rules.allow_session(&counts, due) {
                *slot = turns - 1;
                counts = counts.after_first_turn(turns);
            } else {
                continue;
            }
            let next = rules.reason_to_stop(&counts, 0);
            assert_eq!(rules.is_final(&counts), next.is_some());
        }
        unreachable!("ticks have no end")
    }

    #[test]
    fn the_first_rule_that_fires_ends_sending() {
        use StopReason::{Duration, Requests, Sessions};
        let (none, second) = (None, Some(SECOND));
        for (requests, sessions, duration, turns, expected) in [
            (Some(10), none, none, 1, (10, 10, Requests)),
            // Sessions are cut short by the number of requests,
            (Some(5), none, none, 3, (5, 2, Requests)),
            // and played to their end by the number of sessions.
            (none, Some(3), none, 3, (9, 3, Sessions)),
            (none, Some(4), none, 1, (4, 4, Sessions)),
            (none, none, second, 1, (10, 10, Duration)),
            (none, none, second, 4, (10, 4, Duration)),
            // Together.
            (Some(5), Some(3), none, 3, (5, 2, Requests)),
            (Some(50), Some(3), none, 3, (9, 3, Sessions)),
            (Some(5), none, second, 1, (5, 5, Requests)),
            (Some(50), none, second, 1, (10, 10, Duration)),
            (none, Some(3), second, 1, (3, 3, Sessions)),
            (none, Some(30), second, 1, (10, 10, Duration)),
            (Some(8), Some(3), second, 3, (8, 3, Requests)),
            // The third session is alone and sends every other time: its last turn is too late.
            (Some(9), Some(3), second, 3, (8, 3, Duration)),
        ] {
            let rules = StopRules {
                requests,
                sessions,
                duration,
                grace: None,
            };
            assert_eq!(play(rules, turns), expected, "{rules:?}, {turns} turns");
        }
    }

    #[test]
    fn the_last_sessions_may_finish_but_none_may_start() {
        let rules = StopRules {
            sessions: Some(1),
            ..StopRules::default()
        };
        let started = SendCounts::default().after_first_turn(2);
        assert!(rules.allow_turn(&started, 0) && !rules.allow_session(&started, 0));
        assert!(!rules.is_final(&started));
        let ended = started.after_later_turn();
        assert!(!rules.allow_turn(&ended, 0) && rules.is_final(&ended));
    }

    #[test]
    fn branches_count_as_requests_and_not_as_turns_of_sessions() {
        let rules = StopRules {
            requests: Some(4),
            sessions: Some(1),
            ..StopRules::default()
        };
        let counts = SendCounts::default()
            .after_first_turn(2)
            .after_branch_turn();
        // Two requests were sent, and the session still has its second turn.
        assert_eq!(rules.reason_to_stop(&counts, 0), None);
        let over = counts.after_later_turn();
        assert_eq!(rules.reason_to_stop(&over, 0), Some(StopReason::Sessions));
        assert!(rules.allow_branch_turn(&over, 0));
        assert!(!rules.allow_branch_turn(&over.after_branch_turn(), 0));
    }

    #[test]
    fn the_end_of_the_duration_belongs_to_what_comes_after() {
        let rules = StopRules {
            duration: Some(SECOND),
            ..StopRules::default()
        };
        let counts = SendCounts::default();
        assert!(rules.allow_session(&counts, SECOND - 1));
        assert!(!rules.allow_session(&counts, SECOND));
        assert!(!rules.allow_turn(&counts, SECOND) && !rules.allow_branch_turn(&counts, SECOND));
        assert!(!rules.is_final(&counts));
    }

    #[test]
    fn the_drain_deadline_counts_from_the_phase_start() {
        let rules = |duration, grace| StopRules {
            duration,
            grace,
            ..StopRules::default()
        };
        for (duration, grace, deadline) in [
            (Some(10), Some(5), Some(15)),
            (Some(10), Some(0), Some(10)),
            // Infinite grace; too long to count; no duration.
            (Some(10), None, None),
            (Some(10), Some(Nanos::MAX), None),
            (None, Some(5), None),
        ] {
            let rules = rules(duration, grace);
            assert_eq!(rules.drain_deadline(), deadline);
            assert!(!rules.drain_is_over(deadline.unwrap_or(Nanos::MAX) - 1));
            assert_eq!(rules.drain_is_over(Nanos::MAX), deadline.is_some());
        }
    }
}
