//! What a person sees while the run goes on: nothing, one bar, or the full screen.
//!
//! The main thread notes on the [`board`] what is known, a few times per second; whoever draws reads
//! it there. Nothing here is ever on the way of a request.

mod bars;
mod board;
mod dashboard;
pub(crate) mod screen;
mod stats;

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use aiperf_clock::monotonic_now;
use aiperf_config::profile::{RuntimeConfig, Ui};
use aiperf_engine::{PhaseOutcome, PhaseState};
use aiperf_metrics::ActiveMetrics;
use aiperf_record::{Backlog, LiveRecords, Recorder};
use aiperf_schedule::PhasePlan;

use super::environment::UiVariables;
use super::signals::Interrupts;
use bars::Bars;
use board::Board;
use dashboard::Dashboard;
use stats::{StatsLog, stats_interval};

/// How often it is asked whether the last records are made.
const LOOKS_EVERY: Duration = Duration::from_millis(20);

/// What is shown, and what is known.
pub(crate) struct Display {
    board: Arc<Board>,
    shown: Shown,
    stats: Option<StatsLog>,
}

enum Shown {
    Nothing,
    Bars(Bars),
    Dashboard(#[expect(dead_code, reason = "dropping it gives the terminal back")] Dashboard),
}

/// What is to be shown.
pub(crate) struct DisplaySettings {
    ui: Ui,
    stats_interval: Option<aiperf_clock::Nanos>,
    min_update_percent: f64,
}

impl DisplaySettings {
    pub(crate) fn new(runtime: &RuntimeConfig, variables: &UiVariables) -> Self {
        Self {
            ui: fitting(runtime.ui),
            stats_interval: stats_interval(runtime, variables),
            min_update_percent: variables.min_update_percent,
        }
    }

    /// Figures for the recorders to keep while the run goes on, if anybody shows them.
    pub(crate) fn live_records(
        &self,
        metrics: &Arc<ActiveMetrics>,
        recorders: usize,
    ) -> Option<Arc<LiveRecords>> {
        let is_shown = self.ui == Ui::Dashboard || self.stats_interval.is_some();
        is_shown.then(|| Arc::new(LiveRecords::new(Arc::clone(metrics), recorders)))
    }
}

/// A full screen needs a terminal that can have one.
fn fitting(ui: Ui) -> Ui {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let has_terminal = std::io::stdout().is_terminal() && !is_dumb && !is_in_background();
    if ui == Ui::Dashboard && !has_terminal {
        tracing::warn!(
            "the dashboard needs an interactive terminal; falling back to `--ui simple`"
        );
        return Ui::Simple;
    }
    ui
}

/// Whether the terminal is somebody else's at the moment: who takes it then is stopped.
#[cfg(unix)]
fn is_in_background() -> bool {
    let foreground = rustix::termios::tcgetpgrp(std::io::stdout());
    foreground.is_ok_and(|group| group != rustix::process::getpgrp())
}

#[cfg(not(unix))]
fn is_in_background() -> bool {
    false
}

impl Display {
    /// Starts to show something.
    pub(crate) fn begin(
        settings: &DisplaySettings,
        live: Option<Arc<LiveRecords>>,
        interrupts: &Interrupts,
    ) -> Self {
        let board = Arc::new(Board::new(live));
        let bars = || Shown::Bars(Bars::new(settings.min_update_percent));
        let shown = match settings.ui {
            Ui::None => Shown::Nothing,
            Ui::Simple => bars(),
            Ui::Dashboard => match Dashboard::begin(Arc::clone(&board), interrupts.clone()) {
                Ok(dashboard) => Shown::Dashboard(dashboard),
                Err(error) => {
                    tracing::warn!("no dashboard ({error}); falling back to `--ui simple`");
                    bars()
                }
            },
        };
        // The dashboard shows the same figures all the time.
        let interval = settings
            .stats_interval
            .filter(|_| !matches!(shown, Shown::Dashboard(_)));
        Self {
            board,
            shown,
            stats: interval.map(StatsLog::new),
        }
    }

    /// A phase begins.
    pub(crate) fn phase_begins(
        &mut self,
        index: usize,
        profiling_index: Option<usize>,
        plan: &PhasePlan,
    ) {
        self.board.phase_begins(index, profiling_index, plan);
    }

    /// To be called a few times per second while a phase goes on.
    pub(crate) fn observe(&mut self, index: usize, phase: &PhaseState, recorder: &Recorder) {
        self.board.phase_runs(index, phase);
        self.show(recorder);
    }

    /// A phase is over, but for its last records.
    pub(crate) fn phase_ends(&mut self, index: usize, outcome: &PhaseOutcome, recorder: &Recorder) {
        self.board.phase_ends(index, outcome);
        self.show(recorder);
    }

    /// Shows how the last records are made. Returns at once where nothing is shown.
    pub(crate) fn watch_last_records(&mut self, recorder: &Recorder, backlog: &Backlog) {
        if matches!(self.shown, Shown::Nothing) {
            return;
        }
        while backlog.waiting() > 0 {
            self.show(recorder);
            std::thread::sleep(LOOKS_EVERY);
        }
    }

    fn show(&mut self, recorder: &Recorder) {
        let now = monotonic_now();
        self.board.note_records(now, |phase| recorder.counts(phase));
        if let Shown::Bars(bars) = &mut self.shown {
            bars.show(&self.board.snapshot(now));
        }
        if let Some(stats) = &mut self.stats {
            stats.tell(&self.board, now);
        }
    }
}
