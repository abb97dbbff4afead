//! One progress bar at a time on standard error.

use aiperf_engine::{PhaseCounts, PhaseState, SendingComplete};
use aiperf_schedule::PhaseKind;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows how far the run is; does nothing where nothing is to be drawn.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    is_on: bool,
    label: &'static str,
}

/// What a bar shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct View {
    label: &'static str,
    color: &'static str,
    done: u64,
    of: u64,
    /// Whether `done` counts requests, else it is a share in thousandths.
    is_counted: bool,
}

impl Progress {
    pub(crate) fn new(is_on: bool) -> Self {
        Self {
            bar: None,
            is_on,
            label: "",
        }
    }

    /// Called a few times per second while a phase runs.
    pub(crate) fn observe(&mut self, phase: &PhaseState) {
        if !self.is_on {
            return;
        }
        let counts = phase.counts();
        let share = phase.progress().unwrap_or(0.0);
        let plan = &phase.plan;
        let view = match phase.sending_complete() {
            Some(complete) if complete.timed_out => View::draining(plan.kind, &complete, &counts),
            _ => View::sending(plan.kind, plan.stop.requests, share, &counts),
        };
        if self.label != view.label {
            self.finish();
            self.label = view.label;
            self.bar = Some(view.bar());
        }
        if let Some(bar) = &self.bar {
            bar.set_position(view.done);
            bar.set_message(format!(
                "{} in flight, {} failed",
                counts.in_flight(),
                counts.failed
            ));
        }
    }

    /// Removes the bar.
    pub(crate) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        self.label = "";
    }
}

impl View {
    fn sending(kind: PhaseKind, requests: Option<u64>, share: f64, counts: &PhaseCounts) -> Self {
        let (label, color) = match kind {
            PhaseKind::Warmup => ("Warmup", "yellow"),
            PhaseKind::Profiling => ("Profiling", "green"),
        };
        let (done, of) = match requests {
            Some(requests) => (counts.completed, requests),
            None => ((share * 1_000.0) as u64, 1_000),
        };
        Self {
            label,
            color,
            done,
            of,
            is_counted: requests.is_some(),
        }
    }

    /// After the duration: what has come back of what was sent.
    fn draining(kind: PhaseKind, complete: &SendingComplete, counts: &PhaseCounts) -> Self {
        let (label, color) = match kind {
            PhaseKind::Warmup => ("Warmup Grace Period", "cyan"),
            PhaseKind::Profiling => ("Profiling Grace Period", "magenta"),
        };
        Self {
            label,
            color,
            done: counts.completed + counts.cancelled,
            of: complete.counts.sent,
            is_counted: true,
        }
    }

    fn bar(&self) -> ProgressBar {
        let color = self.color;
        let template = if self.is_counted {
            format!(
                "{{prefix}}: {{pos}}/{{len}} |{{bar:40.{color}}}| {{percent:>3}}% [{{elapsed_precise}}<{{eta_precise}}] {{msg}}"
            )
        } else {
            format!(
                "{{prefix}}: {{percent:>3}}% |{{bar:40.{color}}}| [{{elapsed_precise}}] {{msg}}"
            )
        };
        let style = ProgressStyle::with_template(&template)
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(self.of), ProgressDrawTarget::stderr());
        bar.set_style(style.progress_chars("██ "));
        bar.set_prefix(self.label);
        bar
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_counts_requests_if_their_number_is_known_and_what_is_left_after_the_duration() {
        let counts = PhaseCounts {
            sent: 12,
            completed: 9,
            cancelled: 1,
            ..PhaseCounts::default()
        };
        let complete = SendingComplete {
            at: 0,
            timed_out: true,
            counts,
        };
        let (warmup, profiling) = (PhaseKind::Warmup, PhaseKind::Profiling);
        let shown = |view: View| (view.label, view.done, view.of);
        for (view, expected) in [
            (
                View::sending(warmup, Some(20), 0.45, &counts),
                ("Warmup", 9, 20),
            ),
            (
                View::sending(profiling, None, 0.45, &counts),
                ("Profiling", 450, 1_000),
            ),
            (
                View::draining(profiling, &complete, &counts),
                ("Profiling Grace Period", 10, 12),
            ),
            (
                View::draining(warmup, &complete, &counts),
                ("Warmup Grace Period", 10, 12),
            ),
        ] {
            assert_eq!(shown(view), expected);
        }
    }
}
