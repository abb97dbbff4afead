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
        (self.requests > 0 && self.elapsed > 0)
            .then(|| self.requests as f64 / (self.elapsed as f64 / SECOND))
    }

    /// Seconds until the phase stops sending, if it goes on as it did; `None` as long as there is
    /// nothing to tell it from.
    pub fn seconds_left(&self, stop: &StopRules) -> Option<f64> {
        let percent = self.percent(stop)?;
        (self.requests > 0 && percent > 0.0)
            .then(|| (100.0 - percent) / percent * (self.elapsed as f64 / SECOND))
    }
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
        assert_eq!(drain_percent(8, 6), Some(75.0));
        assert_eq!(drain_percent(0, 0), None);
    }
}
