//! A bar for each phase, and the figures of the one that goes on.

use aiperf_schedule::{Nanos, PhaseKind};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget as _};

use super::{bar, pane, placeholder, theme};
use crate::figures::{MISSING, count, elapsed, grouped, shortened, time_left};
use crate::model::{PhaseProgress, Snapshot};

const SPINNER: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/// How long one figure of the spinner stands.
const SPINS_EVERY: Nanos = 100_000_000;
/// Names of phases are cut at this.
const MOST_NAME: usize = 16;

pub(super) fn draw(buffer: &mut Buffer, area: Rect, snapshot: &Snapshot) {
    let inside = pane(buffer, area, "Profile Progress");
    let Some(current) = snapshot.current() else {
        return placeholder(buffer, inside, "Waiting for profile data...");
    };
    let rows = rows(current, snapshot.now);
    let stages = stages(snapshot);
    // The newest bars are the ones of interest, and figures come before bars.
    let room = usize::from(inside.height).saturating_sub(rows.len());
    let shown = &stages[stages.len() - stages.len().min(room.max(1))..];
    let mut lines = stage_lines(shown, inside.width, snapshot.now);
    if lines.len() + 1 + rows.len() <= usize::from(inside.height) {
        lines.push(Line::default());
    }
    lines.extend(rows.iter().map(Row::line));
    Paragraph::new(lines).render(inside, buffer);
}

/// One bar.
struct StageBar {
    name: String,
    percent: Option<f64>,
    is_warmup: bool,
    is_done: bool,
}

fn stages(snapshot: &Snapshot) -> Vec<StageBar> {
    let now = snapshot.now;
    let mut bars = Vec::new();
    for phase in &snapshot.phases {
        let is_warmup = phase.kind == PhaseKind::Warmup;
        let is_over = phase.requests_end.is_some();
        bars.push(StageBar {
            name: title(phase),
            percent: phase.percent(now),
            is_warmup,
            is_done: is_over || phase.has_timed_out(),
        });
        if phase.has_timed_out() {
            bars.push(StageBar {
                name: if is_warmup {
                    "Warmup Grace".to_owned()
                } else {
                    "Grace Period".to_owned()
                },
                percent: Some(phase.grace_percent(now)),
                is_warmup,
                is_done: is_over,
            });
        }
    }
    let measured = snapshot
        .current()
        .filter(|phase| phase.kind == PhaseKind::Profiling && phase.records() > 0);
    if let Some(phase) = measured {
        bars.push(StageBar {
            name: "Records".to_owned(),
            percent: phase.records_percent(),
            is_warmup: false,
            is_done: phase.records_end.is_some(),
        });
    }
    bars
}

/// A phase with the usual name is called as its stage is.
fn title(phase: &PhaseProgress) -> String {
    if phase.name != phase.kind.name() {
        return shortened(&phase.name, MOST_NAME);
    }
    match phase.kind {
        PhaseKind::Warmup => "Warmup".to_owned(),
        PhaseKind::Profiling => "Profiling".to_owned(),
    }
}

fn stage_lines(bars: &[StageBar], width: u16, now: Nanos) -> Vec<Line<'static>> {
    let names = bars.iter().map(|bar| bar.name.chars().count());
    let name_width = names.max().unwrap_or(0);
    // Spinner and spaces before the name; after the bar ` 100%`, and a space at the end.
    let taken = name_width as u16 + 4 + 6;
    let bar_width = width.saturating_sub(taken).min(60);
    let turn = usize::try_from(now / SPINS_EVERY).unwrap_or(0) % SPINNER.len();
    bars.iter()
        .map(|stage| {
            let style = if stage.is_done {
                theme::good()
            } else {
                theme::of_stage(stage.is_warmup)
            };
            let spinner = if stage.is_done { ' ' } else { SPINNER[turn] };
            let mut spans = vec![
                Span::styled(format!(" {spinner} "), style),
                Span::styled(
                    format!("{:<name_width$} ", stage.name),
                    if stage.is_done { style } else { theme::text() },
                ),
            ];
            spans.extend(bar(stage.percent.unwrap_or(0.0), bar_width, style));
            let percent = match stage.percent {
                // Only what is over is shown as whole.
                Some(percent) => format!("{:>4.0}%", percent.floor()),
                None => format!("{MISSING:>5}"),
            };
            spans.push(Span::styled(percent, style));
            Line::from(spans)
        })
        .collect()
}

/// A figure with its name.
struct Row {
    key: &'static str,
    value: String,
    style: Style,
}

impl Row {
    fn new(key: &'static str, value: String) -> Self {
        Self {
            key,
            value,
            style: theme::value(),
        }
    }

    fn line(&self) -> Line<'static> {
        Line::from(vec![
            Span::styled(format!("{:>18} ", format!("{}:", self.key)), theme::key()),
            Span::styled(self.value.clone(), self.style),
        ])
    }
}

fn rows(phase: &PhaseProgress, now: Nanos) -> Vec<Row> {
    let is_running = phase.requests_end.is_none();
    let per_second = |rate: Option<f64>, what: &str| match rate {
        Some(rate) => format!("{} {what}/s", grouped(rate, 1)),
        None => MISSING.to_owned(),
    };
    let mut rows = vec![status(phase), Row::new("Progress", progress(phase, now))];
    if is_running {
        let in_flight = count(phase.in_flight());
        rows.push(Row::new(
            "Live Concurrency",
            format!("{in_flight} requests in flight"),
        ));
    }
    if phase.records() > 0 {
        rows.push(errors(phase));
    }
    rows.push(Row::new(
        "Request Rate",
        per_second(phase.requests_per_second(now), "requests"),
    ));
    if phase.records() > 0 {
        rows.push(Row::new(
            "Processing Rate",
            per_second(phase.records_per_second(now), "records"),
        ));
    }
    if is_running {
        rows.push(Row::new("Elapsed", elapsed(phase.requests_elapsed(now))));
        rows.push(if phase.is_in_grace() {
            Row::new("Grace Period", time_left(phase.grace_seconds_left(now)))
        } else {
            Row::new("ETA", time_left(phase.requests_seconds_left(now)))
        });
    } else {
        rows.push(Row::new("Elapsed", elapsed(phase.records_elapsed(now))));
        if phase.records_end.is_none() && phase.kind == PhaseKind::Profiling {
            rows.push(Row::new(
                "Records ETA",
                time_left(phase.records_seconds_left(now)),
            ));
        }
    }
    rows
}

fn status(phase: &PhaseProgress) -> Row {
    let (text, style) = match phase.requests_end {
        _ if phase.records_end.is_some() => ("Complete", theme::good()),
        Some(_) => ("Processing", theme::good()),
        None => (phase.stage().name(), theme::middling()),
    };
    Row {
        style,
        ..Row::new("Status", text.to_owned())
    }
}

fn progress(phase: &PhaseProgress, now: Nanos) -> String {
    let counts = &phase.counts;
    let of = |done: u64, all: u64, what: &str| {
        let percent = done as f64 / all.max(1) as f64 * 100.0;
        format!("{} / {} {what} ({percent:.1}%)", count(done), count(all))
    };
    let stop = &phase.stop;
    if phase.has_timed_out() {
        of(phase.returned(), counts.sent, "requests returned")
    } else if let Some(requests) = stop.requests {
        of(counts.completed, requests, "requests")
    } else if let Some(sessions) = stop.sessions {
        of(counts.sessions_completed, sessions, "user sessions")
    } else if let Some(duration) = stop.duration {
        let (done, all) = (phase.requests_elapsed(now).min(duration), duration);
        let percent = done as f64 / all.max(1) as f64 * 100.0;
        let seconds = |span: Nanos| span as f64 / 1e9;
        format!(
            "{:.1} / {} seconds ({percent:.1}%)",
            seconds(done),
            seconds(all)
        )
    } else {
        format!("{} requests", count(counts.completed))
    }
}

fn errors(phase: &PhaseProgress) -> Row {
    let percent = phase.failed_percent();
    let style = match percent {
        0.0 => theme::good(),
        percent if percent <= 10.0 => theme::middling(),
        _ => theme::bad(),
    };
    let (failed, records) = (count(phase.failed_records), count(phase.records()));
    Row {
        style,
        ..Row::new("Errors", format!("{failed} / {records} ({percent:.1}%)"))
    }
}
