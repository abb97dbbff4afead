//! What is known of a run at one moment. Whoever shows it derives everything from this.

use aiperf_metrics::MetricResult;
use aiperf_schedule::progress::{
    Done, failed_percent, grace_percent, per_second, records_percent, seconds_left,
};
use aiperf_schedule::{Nanos, PhaseKind, StopRules};

/// A run at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// The moment, on the clock of the phases' instants.
    pub now: Nanos,
    /// Phases that have begun, in their order.
    pub phases: Vec<PhaseProgress>,
    /// Figures of the measured phases so far.
    pub metrics: Vec<MetricResult>,
}

/// One phase that has begun.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseProgress {
    /// Its place in the run.
    pub index: usize,
    /// Its place among the measured phases, if it is one.
    pub profiling_index: Option<usize>,
    /// Its name in files.
    pub name: String,
    /// What it is for.
    pub kind: PhaseKind,
    /// What ends it.
    pub stop: StopRules,
    /// When it began.
    pub start: Nanos,
    /// Set when nothing more is sent.
    pub sending_end: Option<SendingEnd>,
    /// When the last answer had come.
    pub requests_end: Option<Nanos>,
    /// When the last record was made.
    pub records_end: Option<Nanos>,
    /// Whether requests were cut off because the grace period was over.
    pub grace_timed_out: bool,
    /// Whether the run was cancelled meanwhile.
    pub was_cancelled: bool,
    /// What was sent, and what became of it.
    pub counts: Counts,
    /// Records of successful requests.
    pub valid_records: u64,
    /// Records of failed requests.
    pub failed_records: u64,
}

/// The moment from which on nothing more was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendingEnd {
    /// When that was.
    pub at: Nanos,
    /// Whether it was the duration that ended sending.
    pub timed_out: bool,
}

/// Requests and sessions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests whose sending was begun.
    pub sent: u64,
    /// Requests that came to an end of their own.
    pub completed: u64,
    /// Of those, failed ones.
    pub failed: u64,
    /// Requests that were cut off.
    pub cancelled: u64,
    /// Sessions whose first request was sent.
    pub sessions_sent: u64,
    /// Sessions that were played to their end.
    pub sessions_completed: u64,
    /// Sessions that were cut off.
    pub sessions_cancelled: u64,
}

/// What a run does at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Warmup requests are sent.
    Warmup,
    /// Warmup requests are waited for after the duration.
    WarmupGrace,
    /// Measured requests are sent.
    Profiling,
    /// Measured requests are waited for after the duration.
    Grace,
    /// All answers are there; the last records are made.
    Records,
}

impl Stage {
    /// How it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Warmup => "Warmup",
            Self::WarmupGrace => "Warmup Grace",
            Self::Profiling => "Profiling",
            Self::Grace => "Grace Period",
            Self::Records => "Records",
        }
    }

    /// Whether it belongs to a warmup.
    pub fn is_warmup(self) -> bool {
        matches!(self, Self::Warmup | Self::WarmupGrace)
    }
}

impl Snapshot {
    /// The phase that was begun last.
    pub fn current(&self) -> Option<&PhaseProgress> {
        self.phases.last()
    }

    /// What the run does, and how far it is with that, in percent.
    pub fn stage(&self) -> Option<(Stage, Option<f64>)> {
        let phase = self.current()?;
        let stage = phase.stage();
        Some((stage, phase.stage_percent(stage, self.now)))
    }

    /// The figures of a metric.
    pub fn metric(&self, tag: &str) -> Option<&MetricResult> {
        self.metrics.iter().find(|metric| metric.tag == tag)
    }
}

impl PhaseProgress {
    /// What the phase does.
    pub fn stage(&self) -> Stage {
        let is_warmup = self.kind == PhaseKind::Warmup;
        if self.requests_end.is_some() && !is_warmup {
            return Stage::Records;
        }
        match (is_warmup, self.is_in_grace()) {
            (true, false) => Stage::Warmup,
            (true, true) => Stage::WarmupGrace,
            (false, false) => Stage::Profiling,
            (false, true) => Stage::Grace,
        }
    }

    /// How far the phase is with what it does, in percent.
    pub fn stage_percent(&self, stage: Stage, now: Nanos) -> Option<f64> {
        match stage {
            Stage::Warmup | Stage::Profiling => self.percent(now),
            Stage::WarmupGrace | Stage::Grace => Some(self.grace_percent(now)),
            Stage::Records => self.records_percent(),
        }
    }

    /// Whether the duration ended sending.
    pub fn has_timed_out(&self) -> bool {
        self.sending_end.is_some_and(|end| end.timed_out)
    }

    /// Whether answers are waited for after the duration.
    pub fn is_in_grace(&self) -> bool {
        self.has_timed_out() && self.requests_end.is_none()
    }

    /// Percent of the requests, by the rule that is furthest; `None` if nothing bounds the phase.
    pub fn percent(&self, now: Nanos) -> Option<f64> {
        if self.has_timed_out() {
            return Some(100.0);
        }
        self.done(now).percent(&self.stop)
    }

    /// Percent of the grace period, after the duration.
    pub fn grace_percent(&self, now: Nanos) -> f64 {
        let Some(end) = self.sending_end.filter(|_| self.requests_end.is_none()) else {
            return 100.0;
        };
        let elapsed = now.saturating_sub(end.at);
        grace_percent(elapsed, self.stop.grace, self.counts.sent, self.returned())
    }

    /// Percent of the records that were made; `None` as long as their number is not known.
    pub fn records_percent(&self) -> Option<f64> {
        if self.records_end.is_some() {
            return Some(100.0);
        }
        let final_completed = self.requests_end.map(|_| self.counts.completed);
        records_percent(self.records(), final_completed, self.stop.requests)
    }

    /// Requests that are on their way.
    pub fn in_flight(&self) -> u64 {
        self.counts.sent.saturating_sub(self.returned())
    }

    /// Requests that have come to an end of whatever kind.
    pub fn returned(&self) -> u64 {
        self.counts.completed + self.counts.cancelled
    }

    /// Records so far.
    pub fn records(&self) -> u64 {
        self.valid_records + self.failed_records
    }

    /// Percent of the records that are failures.
    pub fn failed_percent(&self) -> f64 {
        failed_percent(self.failed_records, self.records())
    }

    /// Requests that have ended, per second.
    pub fn requests_per_second(&self, now: Nanos) -> Option<f64> {
        per_second(self.counts.completed, self.requests_elapsed(now))
    }

    /// Records per second.
    pub fn records_per_second(&self, now: Nanos) -> Option<f64> {
        per_second(self.records(), self.records_elapsed(now))
    }

    /// Seconds until sending ends, if it goes on as it did.
    pub fn requests_seconds_left(&self, now: Nanos) -> Option<f64> {
        self.done(now).seconds_left(&self.stop)
    }

    /// Seconds until the last record, if it goes on as it did.
    pub fn records_seconds_left(&self, now: Nanos) -> Option<f64> {
        seconds_left(self.records_percent()?, self.records_elapsed(now))
    }

    /// Seconds until the grace period is over, where it has an end.
    pub fn grace_seconds_left(&self, now: Nanos) -> Option<f64> {
        let end = self.sending_end?.at.checked_add(self.stop.grace?)?;
        Some(end.saturating_sub(now) as f64 / 1e9)
    }

    /// From the begin to the last answer, or to now.
    pub fn requests_elapsed(&self, now: Nanos) -> Nanos {
        self.requests_end.unwrap_or(now).saturating_sub(self.start)
    }

    /// From the begin to the last record, or to now.
    pub fn records_elapsed(&self, now: Nanos) -> Nanos {
        self.records_end.unwrap_or(now).saturating_sub(self.start)
    }

    fn done(&self, now: Nanos) -> Done {
        Done {
            requests: self.counts.completed,
            sessions: self.counts.sessions_completed,
            elapsed: self.requests_elapsed(now),
            is_complete: self.requests_end.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_run::{S, phase};

    #[test]
    fn a_phase_sends_waits_and_is_recorded() {
        let mut phase = phase();
        let now = phase.start + 10 * S;
        let stage = |phase: &PhaseProgress| {
            let stage = phase.stage();
            (stage.name(), phase.stage_percent(stage, now))
        };
        assert_eq!(stage(&phase), ("Profiling", Some(25.0)));
        phase.sending_end = Some(SendingEnd {
            at: now - 3 * S,
            timed_out: true,
        });
        phase.stop.grace = Some(30 * S);
        assert_eq!(stage(&phase), ("Grace Period", Some(10.0)));
        assert_eq!(phase.grace_seconds_left(now), Some(27.0));
        assert_eq!(phase.percent(now), Some(100.0));
        phase.requests_end = Some(now - S);
        assert_eq!(stage(&phase), ("Records", Some(96.0)));
        phase.records_end = Some(now);
        assert_eq!(stage(&phase), ("Records", Some(100.0)));
        phase.kind = PhaseKind::Warmup;
        assert_eq!(stage(&phase), ("Warmup", Some(100.0)));
        phase.requests_end = None;
        assert_eq!(stage(&phase).0, "Warmup Grace");
    }

    #[test]
    fn figures_follow_from_counts_and_time() {
        let mut phase = phase();
        let now = phase.start + 10 * S;
        assert_eq!(phase.in_flight(), 10);
        assert_eq!(phase.requests_per_second(now), Some(10.0));
        assert_eq!(phase.records_per_second(now), Some(9.6));
        assert_eq!(phase.failed_percent(), 6.25);
        assert_eq!(phase.records_percent(), Some(24.0));
        assert_eq!(phase.requests_seconds_left(now), Some(30.0));
        // What is over does not change any more.
        phase.requests_end = Some(now);
        assert_eq!(phase.requests_per_second(now + 50 * S), Some(10.0));
        assert_eq!(phase.requests_seconds_left(now + 50 * S), Some(0.0));
        assert_eq!(phase.records_per_second(now + 10 * S), Some(4.8));
    }

    #[test]
    fn a_phase_that_nothing_bounds_has_no_percent() {
        let mut phase = phase();
        phase.stop = StopRules::default();
        let now = phase.start + S;
        assert_eq!(phase.percent(now), None);
        assert_eq!(phase.requests_seconds_left(now), None);
        assert_eq!(phase.requests_per_second(now), Some(100.0));
    }
}
