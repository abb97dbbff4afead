//! What the log says of a phase: that it begins, how a warmup goes on, that nothing more is sent, and
//! how it ended. The words are the reference's, because scripts look for them.

use aiperf_clock::{Nanos, monotonic_now};
use aiperf_engine::{PhaseCounts, PhaseOutcome, PhaseState, SendingComplete};
use aiperf_schedule::{PhaseKind, PhasePlan, StopRules};

use super::logging::NOTICE;

/// The log of one phase.
pub(crate) struct PhaseLog {
    /// How every line begins.
    subject: String,
    is_sending: bool,
    /// How often a warmup tells how far it is, and when it does so next.
    heartbeat: Option<(Nanos, Nanos)>,
}

impl PhaseLog {
    /// Says that the phase begins: the `index`-th of the run and, if it is measured, the
    /// `profiling_index`-th of those. A warmup tells how far it is each `warmup_interval`, unless
    /// that is zero.
    pub(crate) fn begin(
        index: usize,
        profiling_index: Option<usize>,
        plan: &PhasePlan,
        warmup_interval: Nanos,
    ) -> Self {
        let has_heartbeat = plan.kind == PhaseKind::Warmup && warmup_interval > 0;
        let log = Self {
            subject: format!("Phase {} ({})", plan.name, plan.kind.name()),
            is_sending: true,
            heartbeat: has_heartbeat.then(|| (warmup_interval, monotonic_now() + warmup_interval)),
        };
        let mut parts = vec![format!("phase_index={index}")];
        parts.extend(profiling_index.map(|index| format!("profiling_index={index}")));
        parts.extend(target(&plan.stop).map(|target| format!("target: {target}")));
        log.notice("started", &parts);
        log
    }

    /// To be called a few times per second while the phase runs.
    pub(crate) fn observe(&mut self, phase: &PhaseState) {
        self.tell_warmup(phase);
        if let Some(complete) = phase.sending_complete().filter(|_| self.is_sending) {
            self.is_sending = false;
            self.notice("sending complete", &sending_complete(&complete));
        }
    }

    /// Says how the phase ended, and what was odd about it.
    pub(crate) fn end(&self, outcome: &PhaseOutcome) {
        self.notice("complete", &complete(outcome));
        let PhaseCounts {
            arrivals_lost,
            waits,
            waited,
            ..
        } = outcome.counts;
        if arrivals_lost > 0 {
            tracing::warn!("{arrivals_lost} arrivals found all sessions in use and were not sent");
        }
        if waits > 0 {
            let seconds = waited as f64 / 1e9;
            tracing::warn!(
                "{waits} requests were due and waited for a place, {seconds:.2} s altogether"
            );
        }
    }

    fn tell_warmup(&mut self, phase: &PhaseState) {
        let now = monotonic_now();
        let Some((interval, next)) = self.heartbeat.filter(|&(_, next)| now >= next) else {
            return;
        };
        self.heartbeat = Some((interval, next.max(now) + interval));
        let counts = phase.counts();
        let returned = counts.completed + counts.cancelled;
        let of = phase.plan.stop.requests.map(|all| format!("/{all}"));
        tracing::info!(
            "Phase {} progress | returned={returned}{} | sent={} | in_flight={} | errors={} | \
             elapsed={:.1}s",
            phase.plan.kind.name(),
            of.unwrap_or_default(),
            counts.sent,
            counts.in_flight(),
            counts.failed,
            seconds(now.saturating_sub(phase.start))
        );
    }

    fn notice(&self, event: &str, parts: &[String]) {
        tracing::info!(target: NOTICE, "{} {event} | {}", self.subject, parts.join(" | "));
    }
}

/// What ends the phase, as far as that is known beforehand.
fn target(stop: &StopRules) -> Option<String> {
    let bounds = [
        stop.requests.map(|count| format!("{count} requests")),
        stop.duration
            .map(|length| format!("{:.1}s duration", seconds(length))),
        stop.sessions.map(|count| format!("{count} sessions")),
    ];
    let bounds: Vec<_> = bounds.into_iter().flatten().collect();
    (!bounds.is_empty()).then(|| bounds.join(", "))
}

fn sending_complete(complete: &SendingComplete) -> Vec<String> {
    let counts = &complete.counts;
    let mut parts = vec![
        format!(
            "sent={}, completed={}, in_flight={}",
            counts.sent,
            counts.completed,
            counts.in_flight()
        ),
        format!(
            "sessions: sent={}, completed={}",
            counts.sessions_started, counts.sessions_completed
        ),
    ];
    if complete.timed_out {
        parts.push("timeout_triggered=True".to_owned());
    }
    parts
}

fn complete(outcome: &PhaseOutcome) -> Vec<String> {
    let counts = &outcome.counts;
    let mut parts = vec![
        format!(
            "completed={}, cancelled={}, errors={}",
            counts.completed, counts.cancelled, counts.failed
        ),
        format!(
            "sessions: completed={}, cancelled={}",
            counts.sessions_completed, counts.sessions_cancelled
        ),
        format!(
            "elapsed={:.2}s",
            seconds(outcome.times.end - outcome.times.start)
        ),
    ];
    if outcome.hit_drain_deadline() {
        parts.push("grace_period_timeout=True".to_owned());
    }
    if outcome.was_cancelled {
        parts.push("was_cancelled=True".to_owned());
    }
    parts
}

fn seconds(length: Nanos) -> f64 {
    length as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Nanos = 1_000_000_000;

    #[test]
    fn the_bounds_of_a_phase_are_named_in_the_references_order() {
        for (requests, sessions, duration, expected) in [
            (Some(20), None, None, Some("20 requests")),
            (None, None, Some(3 * SECOND / 2), Some("1.5s duration")),
            (
                Some(3),
                Some(2),
                Some(SECOND),
                Some("3 requests, 1.0s duration, 2 sessions"),
            ),
            (None, None, None, None),
        ] {
            let stop = StopRules {
                requests,
                sessions,
                duration,
                grace: None,
            };
            assert_eq!(target(&stop).as_deref(), expected);
        }
    }

    #[test]
    fn the_end_of_sending_tells_what_is_under_way() {
        let counts = PhaseCounts {
            sent: 12,
            completed: 9,
            sessions_started: 12,
            sessions_completed: 9,
            ..PhaseCounts::default()
        };
        let told = |timed_out| {
            let complete = SendingComplete {
                at: 0,
                timed_out,
                counts,
            };
            sending_complete(&complete).join(" | ")
        };
        let line = "sent=12, completed=9, in_flight=3 | sessions: sent=12, completed=9";
        assert_eq!(told(false), line);
        assert_eq!(told(true), format!("{line} | timeout_triggered=True"));
    }
}
