//! One progress bar at a time on standard error.

use aiperf_engine::PhaseState;
use aiperf_schedule::PhaseKind;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows how far the run is; does nothing where nothing is to be drawn.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    is_on: bool,
    label: String,
}

impl Progress {
    pub(crate) fn new(is_on: bool) -> Self {
        Self {
            bar: None,
            is_on,
            label: String::new(),
        }
    }

    /// Called a few times per second while a phase runs.
    pub(crate) fn observe(&mut self, phase: &PhaseState) {
        if !self.is_on {
            return;
        }
        let (label, color) = match phase.plan.kind {
            PhaseKind::Warmup => ("Warmup", "yellow"),
            PhaseKind::Profiling => ("Profiling", "green"),
        };
        let counts = phase.counts();
        if self.label != label {
            self.finish();
            self.label = label.to_owned();
            let counted = phase.plan.stop.requests.is_some();
            let template = if counted {
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
            let length = phase.plan.stop.requests.unwrap_or(1_000);
            let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
            bar.set_style(style.progress_chars("██ "));
            bar.set_prefix(label);
            self.bar = Some(bar);
        }
        if let Some(bar) = &self.bar {
            let position = match phase.plan.stop.requests {
                Some(_) => counts.completed,
                None => (phase.progress().unwrap_or(0.0) * 1_000.0) as u64,
            };
            bar.set_position(position);
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
        self.label.clear();
    }
}
