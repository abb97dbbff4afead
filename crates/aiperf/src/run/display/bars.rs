//! One progress bar at a time on standard error, below the lines of the log.

use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aiperf_clock::Nanos;
use aiperf_ui::bars::Bar;
use aiperf_ui::figures::grouped;
use aiperf_ui::{PhaseProgress, Snapshot};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::super::console;

pub(super) struct Bars {
    least_step: f64,
    drawn: Option<(Bar, ProgressBar)>,
    /// Before and behind the bar; read when it is drawn, so that a change of all is drawn once.
    texts: Arc<Mutex<(String, String)>>,
}

impl Bars {
    /// A bar that has moved by less than `least_step` percent is not drawn again.
    pub(super) fn new(least_step: f64) -> Self {
        Self {
            least_step,
            drawn: None,
            texts: Arc::default(),
        }
    }

    /// Draws the bar of the phase that was begun last, if it has moved.
    pub(super) fn show(&mut self, snapshot: &Snapshot) {
        let bar = snapshot
            .current()
            .and_then(|phase| Some((phase, Bar::of(phase, snapshot.now)?)));
        let Some((phase, bar)) = bar else {
            return self.clear();
        };
        let is_drawn = |(drawn, _): &(Bar, ProgressBar)| !bar.differs_from(drawn, self.least_step);
        if self.drawn.as_ref().is_some_and(is_drawn) {
            return;
        }
        let is_another = |(drawn, _): &(Bar, ProgressBar)| drawn.label != bar.label;
        if self.drawn.as_ref().is_some_and(is_another) {
            self.clear();
        }
        *lock(&self.texts) = (prefix(&bar), message(phase, &bar, snapshot.now));
        let line = match self.drawn.take() {
            Some((_, line)) => line,
            None => {
                let line = line(&bar, &self.texts);
                console::show_bar(line.clone());
                line
            }
        };
        line.update(|state| {
            state.set_len(bar.of);
            state.set_pos(bar.done);
        });
        self.drawn = Some((bar, line));
    }

    /// Removes the bar.
    fn clear(&mut self) {
        if let Some((_, line)) = self.drawn.take() {
            console::show_lines();
            line.finish_and_clear();
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.clear();
    }
}

/// As wide as the terminal.
fn line(bar: &Bar, texts: &Arc<Mutex<(String, String)>>) -> ProgressBar {
    let template = format!("{{head}} |{{wide_bar:.{}}}| {{tail}}", bar.color);
    let (before, behind) = (Arc::clone(texts), Arc::clone(texts));
    let style = ProgressStyle::with_template(&template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("head", move |_: &ProgressState, out: &mut dyn Write| {
            // Writing to a string cannot fail.
            let _ = out.write_str(&lock(&before).0);
        })
        .with_key("tail", move |_: &ProgressState, out: &mut dyn Write| {
            let _ = out.write_str(&lock(&behind).1);
        });
    let line = ProgressBar::with_draw_target(Some(bar.of), ProgressDrawTarget::stderr());
    line.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
    line
}

fn lock(texts: &Mutex<(String, String)>) -> MutexGuard<'_, (String, String)> {
    texts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What stands before the bar.
fn prefix(bar: &Bar) -> String {
    if bar.is_counted {
        format!("{}: {}/{}", bar.label, bar.done, bar.of)
    } else {
        bar.label.to_owned() + ":"
    }
}

/// What stands behind it.
fn message(phase: &PhaseProgress, bar: &Bar, now: Nanos) -> String {
    let percent = bar.percent();
    let left = match bar.label {
        "Processing Records" => phase.records_seconds_left(now),
        _ if phase.is_in_grace() => phase.grace_seconds_left(now),
        _ => phase.requests_seconds_left(now),
    };
    let left = left.map_or("?".to_owned(), clock);
    let passed = clock(phase.records_elapsed(now) as f64 / 1e9);
    let mut message = format!("{percent:>3.0}% [{passed}<{left}]");
    if phase.requests_end.is_none() {
        let rate = phase.requests_per_second(now);
        let rate = rate.map(|rate| format!(" {}/s,", grouped(rate, 1)));
        message += &format!(
            "{} {} in flight, {} failed",
            rate.unwrap_or_default(),
            phase.in_flight(),
            phase.counts.failed
        );
    }
    message
}

/// `MM:SS`, from an hour on `H:MM:SS`.
fn clock(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use aiperf_schedule::{PhaseKind, StopRules};
    use aiperf_ui::Counts;

    use super::*;

    const SECOND: Nanos = 1_000_000_000;

    fn phase(stop: StopRules) -> PhaseProgress {
        PhaseProgress {
            index: 0,
            profiling_index: Some(0),
            name: "profiling".to_owned(),
            kind: PhaseKind::Profiling,
            stop,
            start: 0,
            sending_end: None,
            requests_end: None,
            records_end: None,
            grace_timed_out: false,
            was_cancelled: false,
            counts: Counts {
                sent: 24,
                completed: 20,
                failed: 1,
                ..Counts::default()
            },
            valid_records: 15,
            failed_records: 1,
        }
    }

    fn texts(phase: &PhaseProgress, now: Nanos) -> String {
        let bar = Bar::of(phase, now).unwrap();
        format!("{} |…| {}", prefix(&bar), message(phase, &bar, now))
    }

    #[test]
    fn a_bar_tells_how_far_a_phase_is_how_fast_and_how_long_it_will_take() {
        let counted = phase(StopRules {
            requests: Some(150),
            ..StopRules::default()
        });
        assert_eq!(
            texts(&counted, 2 * SECOND),
            "Profiling: 20/150 |…|  13% [00:02<00:13] 10.0/s, 4 in flight, 1 failed"
        );
        let timed = phase(StopRules {
            duration: Some(7_200 * SECOND),
            ..StopRules::default()
        });
        assert_eq!(
            texts(&timed, 1_800 * SECOND),
            "Profiling: |…|  25% [30:00<1:30:00] 0.0/s, 4 in flight, 1 failed"
        );
        let over = PhaseProgress {
            requests_end: Some(2 * SECOND),
            ..counted
        };
        assert_eq!(
            texts(&over, 4 * SECOND),
            "Processing Records: 16/20 |…|  80% [00:04<00:01]"
        );
    }
}
