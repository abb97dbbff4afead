//! How far a phase is, and how long it will take.

use crate::stop::StopRules;
use crate::time::{Nanos, SECOND};

/// What a phase has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Requests that came to an end of their own.
    pub requests: u64,
    /// Sessions that were played to their last turn.
    pub sessions: u64,
    /// Time since the start of the phase.
    pub elapsed: Nanos,
    /// Whether the phase is over.
    pub is_complete: bool,
}

impl Done {
    /// Percent, 0 to 100, by the rule that is furthest; `None` if no rule bounds the phase.
    pub fn percent(&self, stop: &StopRules) -> Option<f64> {
        if self.is_complete {
            return Some(100.0);
        }
        [
            percent_of(self.requests, stop.requests),
            percent_of(self.elapsed, stop.duration),
            percent_of(self.sessions, stop.sessions),
        ]
        .into_iter()
        .flatten()
        .reduce(f64::max)
    }

    /// Requests per second so far; `None` before the first has ended.
    pub fn requests_per_second(&self) -> Option<f64> {
        per_second(self.requests, self.elapsed)
    }

    /// Seconds until the phase stops sending, if it goes on as it did; `None` as long as there is
    /// nothing to tell it from.
    pub fn seconds_left(&self, stop: &StopRules) -> Option<f64> {
        let percent = self.percent(stop)?;
        (self.requests > 0)
            .then(|| seconds_left(percent, self.elapsed))
            .flatten()
    }
}

/// How many were done in a second; `None` before the first.
pub fn per_second(done: u64, elapsed: Nanos) -> Option<f64> {
    (done > 0 && elapsed > 0).then(|| done as f64 / (elapsed as f64 / SECOND))
}

/// Seconds that are left if the rest takes as long as `percent` did; `None` at the very beginning.
pub fn seconds_left(percent: f64, elapsed: Nanos) -> Option<f64> {
    (percent > 0.0).then(|| (100.0 - percent) / percent * (elapsed as f64 / SECOND))
}

/// Percent of the records that were made: of the requests that have ended, once their number is
/// final, before that of those that are to be sent. `None` if neither is known.
pub fn records_percent(
    records: u64,
    final_completed: Option<u64>,
    requests: Option<u64>,
) -> Option<f64> {
    percent_of(records, final_completed).or_else(|| percent_of(records, requests))
}

/// Percent of what was sent that has come back, completed or cancelled: how far a grace period is.
pub fn drain_percent(sent: u64, returned: u64) -> Option<f64> {
    percent_of(returned, Some(sent))
}

/// Percent of a grace period that is over: of its time, or, where that has no end, of what was sent
/// and has come back.
pub fn grace_percent(elapsed: Nanos, grace: Option<Nanos>, sent: u64, returned: u64) -> f64 {
    percent_of(elapsed, grace)
        .or_else(|| drain_percent(sent, returned))
        .unwrap_or(100.0)
}

/// Percent of the records that are failures; 0 where there are none.
pub fn failed_percent(failed: u64, records: u64) -> f64 {
    percent_of(failed, Some(records)).unwrap_or(0.0)
}

fn percent_of(done: u64, all: Option<u64>) -> Option<f64> {
    let all = all.filter(|&all| all > 0)?;
    Some((done as f64 / all as f64 * 100.0).min(100.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Nanos = 1_000_000_000;

    fn done(requests: u64, sessions: u64, elapsed: Nanos) -> Done {
        Done {
            requests,
            sessions,
            elapsed,
            is_complete: false,
        }
    }

    fn rules(requests: Option<u64>, sessions: Option<u64>, duration: Option<Nanos>) -> StopRules {
        StopRules {
            requests,
            sessions,
            duration,
            grace: None,
        }
    }

    #[test]
    fn the_rule_that_is_furthest_tells_the_progress() {
        for (done, rules, percent) in [
            (done(120, 0, S), rules(Some(500), None, None), Some(24.0)),
            (done(5, 2, S), rules(None, Some(8), None), Some(25.0)),
            (done(5, 0, S), rules(None, None, Some(4 * S)), Some(25.0)),
            (
                done(5, 2, S),
                rules(Some(50), Some(8), Some(2 * S)),
                Some(50.0),
            ),
            (
                done(5, 0, 9 * S),
                rules(None, None, Some(2 * S)),
                Some(100.0),
            ),
            (done(5, 0, S), rules(None, None, None), None),
        ] {
            assert_eq!(done.percent(&rules), percent, "{done:?} {rules:?}");
        }
        let over = Done {
            is_complete: true,
            ..done(3, 0, S)
        };
        assert_eq!(over.percent(&rules(Some(500), None, None)), Some(100.0));
    }

    #[test]
    fn the_time_left_follows_from_progress_and_time() {
        let hundred = rules(Some(100), None, None);
        assert_eq!(done(25, 0, 3 * S).seconds_left(&hundred), Some(9.0));
        assert_eq!(done(100, 0, 3 * S).seconds_left(&hundred), Some(0.0));
        assert_eq!(done(0, 0, 3 * S).seconds_left(&hundred), None);
        assert_eq!(done(5, 0, 3 * S).seconds_left(&StopRules::default()), None);
        assert_eq!(done(30, 0, 3 * S).requests_per_second(), Some(10.0));
        assert_eq!(done(0, 0, 3 * S).requests_per_second(), None);
        assert_eq!(done(3, 0, 0).requests_per_second(), None);
    }

    #[test]
    fn records_are_measured_by_what_has_ended_once_that_is_final() {
        assert_eq!(records_percent(5, Some(10), Some(20)), Some(50.0));
        assert_eq!(records_percent(5, None, Some(20)), Some(25.0));
        assert_eq!(records_percent(5, None, None), None);
    }

    #[test]
    fn a_grace_period_is_as_far_as_answers_have_come_back() {
        assert_eq!(drain_percent(8, 6), Some(75.0));
        assert_eq!(drain_percent(0, 0), None);
    }

    #[test]
    fn a_grace_period_is_measured_by_time_or_by_what_has_come_back() {
        for (elapsed, grace, sent, returned, percent) in [
            (S, Some(4 * S), 8, 6, 25.0),
            (5 * S, Some(4 * S), 8, 6, 100.0),
            // Endless, and of no length at all.
            (S, None, 8, 6, 75.0),
            (S, Some(0), 8, 6, 75.0),
            (S, None, 0, 0, 100.0),
        ] {
            assert_eq!(grace_percent(elapsed, grace, sent, returned), percent);
        }
    }

    #[test]
    fn rates_and_shares_of_nothing_are_told_from_zero() {
        assert_eq!(per_second(30, 3 * S), Some(10.0));
        assert_eq!(per_second(0, 3 * S), None);
        assert_eq!(per_second(3, 0), None);
        assert_eq!(seconds_left(20.0, 2 * S), Some(8.0));
        assert_eq!(seconds_left(0.0, 2 * S), None);
        assert_eq!(failed_percent(1, 8), 12.5);
        assert_eq!(failed_percent(0, 0), 0.0);
    }
}
