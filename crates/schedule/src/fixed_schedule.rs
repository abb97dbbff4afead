//! Fixed schedule: a trace is replayed at the times that it was recorded at.
//!
//! Nothing is skipped and nothing is compressed: what is late is sent at once.

use thiserror::Error;

use crate::stop::StopRules;
use crate::time::{Nanos, from_milliseconds};

/// The user's wishes about the trace's time line, in milliseconds of the trace.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ScheduleOptions {
    /// Whether the earliest first turn is sent at once; `None` if the user did not say.
    pub auto_offset: Option<bool>,
    /// What is before this is left out.
    pub start_offset_ms: Option<f64>,
    /// What is after this is left out.
    pub end_offset_ms: Option<f64>,
}

/// Which time of the trace is the start of the phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ZeroPoint {
    /// The earliest first turn.
    EarliestTurn,
    /// This one, in milliseconds of the trace.
    At(f64),
}

/// When one turn is to be sent, as the trace says.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TurnTiming {
    /// Its own time, in milliseconds of the trace.
    pub timestamp_ms: Option<f64>,
    /// How long after the answer to the turn before it.
    pub delay_ms: Option<f64>,
}

/// Why a trace cannot be replayed.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum FixedScheduleError {
    /// Two zero points.
    #[error(
        "`--fixed-schedule-auto-offset` and `--fixed-schedule-start-offset` both set where the schedule begins; give one of them"
    )]
    TwoZeroPoints,
    /// A window of no length.
    #[error(
        "`--fixed-schedule-start-offset` ({start_ms} ms) is after `--fixed-schedule-end-offset` ({end_ms} ms)"
    )]
    EmptyWindow {
        /// Where the window begins.
        start_ms: f64,
        /// Where it ends.
        end_ms: f64,
    },
    /// A conversation that has no time.
    #[error(
        "the first turn of conversation `{conversation}` has no timestamp, and `--fixed-schedule` needs one for each conversation"
    )]
    NoTimestamp {
        /// Its id.
        conversation: String,
    },
    /// A dataset with no conversation in it.
    #[error(
        "no conversation is left to replay; `--fixed-schedule-start-offset` and `--fixed-schedule-end-offset` may leave out all of them"
    )]
    Nothing,
}

impl ScheduleOptions {
    /// Which time of the trace is the start of the phase. An end offset has no part in it.
    ///
    /// # Errors
    /// The options contradict each other.
    pub fn zero_point(&self) -> Result<ZeroPoint, FixedScheduleError> {
        if let (Some(start_ms), Some(end_ms)) = (self.start_offset_ms, self.end_offset_ms)
            && start_ms > end_ms
        {
            return Err(FixedScheduleError::EmptyWindow { start_ms, end_ms });
        }
        match (self.auto_offset, self.start_offset_ms) {
            (Some(true), Some(_)) => Err(FixedScheduleError::TwoZeroPoints),
            (_, Some(start)) => Ok(ZeroPoint::At(start)),
            (Some(false), None) => Ok(ZeroPoint::At(0.0)),
            (_, None) => Ok(ZeroPoint::EarliestTurn),
        }
    }

    /// Whether what happened at this time of the trace is replayed. Both ends are inside.
    pub fn contains(&self, timestamp_ms: f64) -> bool {
        self.start_offset_ms
            .is_none_or(|start| timestamp_ms >= start)
            && self.end_offset_ms.is_none_or(|end| timestamp_ms <= end)
    }
}

/// The start of one conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduledStart {
    /// Its position in the dataset.
    pub conversation: usize,
    /// When its first turn is due, as an offset from the start of the phase.
    pub due: Nanos,
}

/// When a later turn may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaterTurn {
    /// At this offset from the start of the phase, if the answer before it has arrived by then.
    At(Nanos),
    /// So long after the answer to the turn before.
    After(Nanos),
    /// As soon as the turn before is answered.
    AtOnce,
}

impl LaterTurn {
    /// When the turn is due, given when the answer before it had arrived; offsets from the start of
    /// the phase.
    pub fn due(self, answered: Nanos) -> Nanos {
        match self {
            Self::At(due) => due.max(answered),
            Self::After(delay) => answered.saturating_add(delay),
            Self::AtOnce => answered,
        }
    }
}

/// The time line of a trace, laid on that of the phase.
#[derive(Debug, Clone, PartialEq)]
pub struct FixedSchedule {
    zero_ms: f64,
    starts: Vec<ScheduledStart>,
}

impl FixedSchedule {
    /// A schedule of conversations, given as (id, time of the first turn in milliseconds), in the
    /// order of the dataset. What lies before the zero point is due at the start of the phase.
    ///
    /// # Errors
    /// A conversation has no time, or there is none at all.
    pub fn new<'a>(
        first_turns: impl IntoIterator<Item = (&'a str, Option<f64>)>,
        zero: ZeroPoint,
    ) -> Result<Self, FixedScheduleError> {
        Self::of(first_turns, zero, |_| true)
    }

    /// A schedule of the conversations that begin within the window that the user wants.
    ///
    /// # Errors
    /// The wishes contradict each other, a conversation has no time, or none begins in the window.
    pub fn within<'a>(
        first_turns: impl IntoIterator<Item = (&'a str, Option<f64>)>,
        wishes: &ScheduleOptions,
    ) -> Result<Self, FixedScheduleError> {
        let zero = wishes.zero_point()?;
        Self::of(first_turns, zero, |timestamp| wishes.contains(timestamp))
    }

    fn of<'a>(
        first_turns: impl IntoIterator<Item = (&'a str, Option<f64>)>,
        zero: ZeroPoint,
        is_replayed: impl Fn(f64) -> bool,
    ) -> Result<Self, FixedScheduleError> {
        let mut times = Vec::new();
        for (conversation, (id, timestamp)) in first_turns.into_iter().enumerate() {
            let timestamp = timestamp.filter(|time| time.is_finite()).ok_or_else(|| {
                FixedScheduleError::NoTimestamp {
                    conversation: id.to_owned(),
                }
            })?;
            if is_replayed(timestamp) {
                times.push((timestamp, conversation));
            }
        }
        // Equal times keep the order of the dataset.
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        let earliest = times.first().ok_or(FixedScheduleError::Nothing)?.0;
        let zero_ms = match zero {
            ZeroPoint::EarliestTurn => earliest,
            ZeroPoint::At(zero) => zero,
        };
        let starts = times
            .into_iter()
            .map(|(timestamp, conversation)| ScheduledStart {
                conversation,
                due: from_milliseconds(timestamp - zero_ms),
            })
            .collect();
        Ok(Self { zero_ms, starts })
    }

    /// The time of the trace, in milliseconds, at which the phase starts.
    pub fn zero_ms(&self) -> f64 {
        self.zero_ms
    }

    /// All conversations in the order of their first turns; session `n` of the phase plays the
    /// `n`-th.
    pub fn starts(&self) -> &[ScheduledStart] {
        &self.starts
    }

    /// The starts of one of `threads` threads, with the number of the session: every `threads`-th.
    pub fn share(
        &self,
        thread: usize,
        threads: usize,
    ) -> impl Iterator<Item = (u64, ScheduledStart)> + '_ {
        (0..)
            .zip(self.starts.iter().copied())
            .skip(thread)
            .step_by(threads)
    }

    /// When a turn after the first may be sent: its own time goes before a delay.
    pub fn later_turn(&self, timing: &TurnTiming) -> LaterTurn {
        match (timing.timestamp_ms, timing.delay_ms) {
            (Some(timestamp), _) => LaterTurn::At(from_milliseconds(timestamp - self.zero_ms)),
            (None, Some(delay)) => LaterTurn::After(from_milliseconds(delay)),
            (None, None) => LaterTurn::AtOnce,
        }
    }

    /// The phase's rules, bounded by the trace: it is played once, `total_turns` requests at most.
    pub fn bound(&self, rules: StopRules, total_turns: u64) -> StopRules {
        let lower =
            |rule: Option<u64>, bound: u64| Some(rule.map_or(bound, |rule| rule.min(bound)));
        StopRules {
            requests: lower(rules.requests, total_turns),
            sessions: lower(rules.sessions, self.starts.len() as u64),
            ..rules
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Nanos = 1_000_000;

    fn schedule(times: &[f64], zero: ZeroPoint) -> Vec<(usize, u64)> {
        let turns = times.iter().map(|&time| ("c", Some(time)));
        FixedSchedule::new(turns, zero)
            .unwrap()
            .starts()
            .iter()
            .map(|start| (start.conversation, start.due / MS))
            .collect()
    }

    #[test]
    fn a_trace_is_replayed_at_its_times() {
        // One conversation of three turns among four of one; its later turns have delays.
        let trace = [5000.0, 5100.0, 5100.0, 5300.0, 5600.0];
        let schedule = FixedSchedule::new(
            trace.iter().map(|&time| ("c", Some(time))),
            ScheduleOptions::default().zero_point().unwrap(),
        )
        .unwrap();
        assert_eq!(schedule.zero_ms(), 5000.0);
        let starts: Vec<_> = schedule
            .starts()
            .iter()
            .map(|start| (start.conversation, start.due / MS))
            .collect();
        assert_eq!(starts, [(0, 0), (1, 100), (2, 100), (3, 300), (4, 600)]);
        // The first turn of conversation 3 was answered after 352 ms, the second after 659 ms.
        for (delay_ms, answered, due) in [(250.0, 352, 602), (100.0, 659, 759)] {
            let turn = schedule.later_turn(&TurnTiming {
                delay_ms: Some(delay_ms),
                ..TurnTiming::default()
            });
            assert_eq!(turn.due(answered * MS), due * MS);
        }
    }

    #[test]
    fn a_later_turn_has_its_own_time_or_a_delay_or_follows_at_once() {
        let schedule = FixedSchedule::new([("a", Some(1000.0))], ZeroPoint::EarliestTurn).unwrap();
        let turn = |timestamp_ms, delay_ms| {
            schedule.later_turn(&TurnTiming {
                timestamp_ms,
                delay_ms,
            })
        };
        for (turn, answered, due) in [
            (turn(Some(1500.0), None), 100, 500),
            (turn(Some(1500.0), Some(9000.0)), 100, 500),
            // Its time has passed, or was before the phase.
            (turn(Some(1500.0), None), 700, 700),
            (turn(Some(10.0), None), 700, 700),
            (turn(None, Some(250.0)), 100, 350),
            (turn(None, Some(0.0)), 100, 100),
            (turn(None, None), 100, 100),
        ] {
            assert_eq!(turn.due(answered * MS), due * MS, "{turn:?}");
        }
    }

    #[test]
    fn the_zero_point_is_the_first_turn_the_start_offset_or_zero() {
        for (auto_offset, start_offset_ms, end_offset_ms, expected) in [
            (None, None, None, ZeroPoint::EarliestTurn),
            (Some(true), None, None, ZeroPoint::EarliestTurn),
            (Some(false), None, None, ZeroPoint::At(0.0)),
            (None, Some(2000.0), None, ZeroPoint::At(2000.0)),
            (Some(false), Some(2000.0), None, ZeroPoint::At(2000.0)),
            // An end offset alone changes nothing.
            (None, None, Some(9000.0), ZeroPoint::EarliestTurn),
            (None, Some(9000.0), Some(9000.0), ZeroPoint::At(9000.0)),
        ] {
            let options = ScheduleOptions {
                auto_offset,
                start_offset_ms,
                end_offset_ms,
            };
            assert_eq!(options.zero_point(), Ok(expected), "{options:?}");
        }
    }

    #[test]
    fn contradicting_options_are_refused() {
        let two = ScheduleOptions {
            auto_offset: Some(true),
            start_offset_ms: Some(0.0),
            end_offset_ms: None,
        };
        assert_eq!(two.zero_point(), Err(FixedScheduleError::TwoZeroPoints));
        let reversed = ScheduleOptions {
            auto_offset: None,
            start_offset_ms: Some(5.0),
            end_offset_ms: Some(4.0),
        };
        let complaint = reversed.zero_point().unwrap_err().to_string();
        assert_eq!(
            complaint,
            "`--fixed-schedule-start-offset` (5 ms) is after `--fixed-schedule-end-offset` (4 ms)"
        );
    }

    #[test]
    fn the_window_includes_both_ends() {
        let window = ScheduleOptions {
            auto_offset: None,
            start_offset_ms: Some(1000.0),
            end_offset_ms: Some(2000.0),
        };
        for (time, is_inside) in [
            (999.999, false),
            (1000.0, true),
            (2000.0, true),
            (2000.001, false),
        ] {
            assert_eq!(window.contains(time), is_inside, "{time}");
        }
        assert!(ScheduleOptions::default().contains(-1e12));
    }

    #[test]
    fn what_lies_before_the_zero_point_is_due_at_the_start() {
        let times = [3000.0, 500.0, 1000.5];
        assert_eq!(
            schedule(&times, ZeroPoint::At(1000.0)),
            [(1, 0), (2, 0), (0, 2000)]
        );
        assert_eq!(
            schedule(&times, ZeroPoint::At(0.0)),
            [(1, 500), (2, 1000), (0, 3000)]
        );
    }

    #[test]
    fn what_begins_outside_the_window_is_left_out() {
        let turns = || [5600.0, 5000.0, 5100.0, 5300.0].map(|time| ("c", Some(time)));
        for (start_offset_ms, end_offset_ms, expected) in [
            (None, None, &[(1, 0), (2, 100), (3, 300), (0, 600)][..]),
            (Some(5100.0), None, &[(2, 0), (3, 200), (0, 500)]),
            (Some(5050.0), Some(5300.0), &[(2, 50), (3, 250)]),
            // An end alone leaves the start at the earliest turn.
            (None, Some(5100.0), &[(1, 0), (2, 100)]),
        ] {
            let wishes = ScheduleOptions {
                auto_offset: None,
                start_offset_ms,
                end_offset_ms,
            };
            let schedule = FixedSchedule::within(turns(), &wishes).unwrap();
            let starts: Vec<_> = schedule
                .starts()
                .iter()
                .map(|start| (start.conversation, start.due / MS))
                .collect();
            assert_eq!(starts, expected, "{wishes:?}");
        }
        let nothing = ScheduleOptions {
            start_offset_ms: Some(6000.0),
            ..ScheduleOptions::default()
        };
        assert_eq!(
            FixedSchedule::within(turns(), &nothing),
            Err(FixedScheduleError::Nothing)
        );
    }

    #[test]
    fn epoch_times_keep_their_milliseconds() {
        let epoch = 1_763_769_600_123.0;
        assert_eq!(
            schedule(&[epoch, epoch + 7.0], ZeroPoint::EarliestTurn),
            [(0, 0), (1, 7)]
        );
    }

    #[test]
    fn a_conversation_without_a_time_is_refused_by_name() {
        let turns = [("one", Some(1.0)), ("two", None)];
        let error = FixedSchedule::new(turns, ZeroPoint::EarliestTurn).unwrap_err();
        assert!(error.to_string().contains("`two`"), "{error}");
        assert_eq!(
            FixedSchedule::new([], ZeroPoint::EarliestTurn),
            Err(FixedScheduleError::Nothing)
        );
    }

    #[test]
    fn the_trace_bounds_requests_and_sessions_and_the_user_may_bound_them_more() {
        let turns = [("a", Some(0.0)), ("b", Some(0.0))];
        let schedule = FixedSchedule::new(turns, ZeroPoint::EarliestTurn).unwrap();
        for (requests, sessions, bounded) in [
            (None, None, (5, 2)),
            (Some(3), None, (3, 2)),
            (Some(9), Some(1), (5, 1)),
        ] {
            let rules = StopRules {
                requests,
                sessions,
                duration: Some(7),
                grace: Some(1),
            };
            assert_eq!(
                schedule.bound(rules, 5),
                StopRules {
                    requests: Some(bounded.0),
                    sessions: Some(bounded.1),
                    ..rules
                }
            );
        }
    }

    #[test]
    fn threads_share_the_starts_without_gaps_or_doubles() {
        let times: Vec<_> = (0..11).map(|time| ("c", Some(f64::from(time)))).collect();
        let schedule = FixedSchedule::new(times, ZeroPoint::EarliestTurn).unwrap();
        for threads in [1, 2, 8, 20] {
            let mut parts: Vec<_> = (0..threads)
                .flat_map(|thread| schedule.share(thread, threads))
                .map(|(session, start)| (session, start.due))
                .collect();
            parts.sort_unstable();
            let whole: Vec<_> = (0..)
                .zip(schedule.starts())
                .map(|(n, s)| (n, s.due))
                .collect();
            assert_eq!(parts, whole);
        }
    }
}
