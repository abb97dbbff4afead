//! The one bar of `--ui simple`.

use crate::model::{PhaseProgress, Stage};

/// What the bar shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// What is going on.
    pub label: &'static str,
    /// The name of an ANSI colour.
    pub color: &'static str,
    /// How much is done.
    pub done: u64,
    /// Of how much.
    pub of: u64,
    /// Whether `done` counts something, else it is a share in thousandths.
    pub is_counted: bool,
}

impl Bar {
    /// The bar of a phase at `now`; `None` after its last record, and where there is nothing to
    /// measure it by.
    pub fn of(phase: &PhaseProgress, now: aiperf_schedule::Nanos) -> Option<Self> {
        let counted = |label, color, done: u64, of| Self {
            label,
            color,
            done: done.min(of),
            of,
            is_counted: true,
        };
        let completed = phase.counts.completed;
        let sending = |label, color| match phase.stop.requests {
            Some(requests) => Some(counted(label, color, completed, requests)),
            None => Some(Self {
                label,
                color,
                done: (phase.percent(now)? * 10.0) as u64,
                of: 1_000,
                is_counted: false,
            }),
        };
        let draining = |label, color| {
            let sent = phase.counts.sent;
            Some(counted(label, color, phase.returned(), sent))
        };
        match phase.stage() {
            _ if phase.records_end.is_some() => None,
            Stage::Warmup => sending("Warmup", "yellow"),
            Stage::Profiling => sending("Profiling", "green"),
            Stage::WarmupGrace => draining("Warmup Grace Period", "cyan"),
            Stage::Grace => draining("Profiling Grace Period", "magenta"),
            Stage::Records => Some(counted(
                "Processing Records",
                "blue",
                phase.records(),
                completed,
            )),
        }
    }

    /// Percent, 0 to 100.
    pub fn percent(&self) -> f64 {
        if self.of == 0 {
            return 100.0;
        }
        self.done as f64 / self.of as f64 * 100.0
    }

    /// Whether it is worth drawing after `drawn`: another bar, the end, or further by `least`
    /// percent. Progress never goes backwards.
    pub fn differs_from(&self, drawn: &Self, least: f64) -> bool {
        let is_same = self.label == drawn.label && self.of == drawn.of;
        let further = self.percent() - drawn.percent();
        !is_same || further >= least || (further > 0.0 && self.done == self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SendingEnd;
    use crate::test_run::{S, phase, warmup};

    #[test]
    fn a_bar_counts_requests_then_what_is_left_then_records() {
        let mut phase = phase();
        let now = phase.start + 10 * S;
        let shown = |phase: &PhaseProgress| {
            let bar = Bar::of(phase, now)?;
            Some((bar.label, bar.done, bar.of))
        };
        assert_eq!(shown(&phase), Some(("Profiling", 100, 400)));
        phase.stop.requests = None;
        phase.stop.duration = Some(40 * S);
        assert_eq!(shown(&phase), Some(("Profiling", 250, 1_000)));
        phase.stop.duration = None;
        assert_eq!(shown(&phase), None);
        phase.sending_end = Some(SendingEnd {
            at: now,
            timed_out: true,
        });
        phase.counts.cancelled = 2;
        assert_eq!(shown(&phase), Some(("Profiling Grace Period", 102, 110)));
        phase.requests_end = Some(now);
        assert_eq!(shown(&phase), Some(("Processing Records", 96, 100)));
        phase.records_end = Some(now);
        assert_eq!(shown(&phase), None);
    }

    #[test]
    fn a_warmup_has_bars_of_its_own() {
        let mut phase = warmup();
        assert_eq!(Bar::of(&phase, 96 * S), None);
        (phase.requests_end, phase.records_end) = (None, None);
        let bar = Bar::of(&phase, 92 * S).unwrap();
        assert_eq!((bar.label, bar.color, bar.done), ("Warmup", "yellow", 20));
        phase.sending_end = Some(SendingEnd {
            at: 92 * S,
            timed_out: true,
        });
        let bar = Bar::of(&phase, 92 * S).unwrap();
        assert_eq!((bar.label, bar.color), ("Warmup Grace Period", "cyan"));
    }

    #[test]
    fn a_bar_is_drawn_again_when_it_has_moved_enough() {
        let drawn = Bar::of(&phase(), 110 * S).unwrap();
        let with = |done| Bar { done, ..drawn };
        for (bar, least, is_drawn) in [
            (with(103), 1.0, false),
            (with(104), 1.0, true),
            (with(101), 0.1, true),
            // Backwards, and unchanged.
            (with(90), 0.1, false),
            (with(100), 0.01, false),
            // The end counts whatever the step.
            (with(400), 100.0, true),
            (
                Bar {
                    label: "Processing Records",
                    ..drawn
                },
                100.0,
                true,
            ),
        ] {
            assert_eq!(bar.differs_from(&drawn, least), is_drawn, "{bar:?} {least}");
        }
    }
}
