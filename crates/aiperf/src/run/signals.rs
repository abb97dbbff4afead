//! Ctrl-C and SIGTERM: the first ends the run in good order, the second at once.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};

use aiperf_engine::CancelHandle;
use tokio::sync::Notify;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::display::screen;
use crate::exit::Exit;

/// What a first signal does depends on how far the run is.
enum Stage {
    /// Nothing is worth keeping yet: the process ends.
    Preparing,
    /// A hook waits for the server; it looks at the flag.
    Waiting,
    /// A plan is between two of its runs, or prepares the next: what earlier ones measured is kept.
    BetweenRuns,
    /// Requests are being sent: they are cut off, and what was measured is written.
    Running(CancelHandle),
}

/// What the process knows of signals.
#[derive(Clone)]
pub(crate) struct Interrupts {
    stage: Arc<Mutex<Stage>>,
    was_asked: Arc<AtomicBool>,
    /// A key that stands for a signal: a terminal that is read key by key sends none.
    key: Arc<Notify>,
}

impl Interrupts {
    /// Watches for signals as long as the process lives.
    pub(crate) fn watch() -> Self {
        let interrupts = Self {
            stage: Arc::new(Mutex::new(Stage::Preparing)),
            was_asked: Arc::default(),
            key: Arc::default(),
        };
        let own = interrupts.clone();
        let watching = std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                match runtime {
                    Ok(runtime) => runtime.block_on(own.listen()),
                    Err(error) => tracing::warn!("signals are not watched: {error}"),
                }
            });
        if let Err(error) = watching {
            tracing::warn!("signals are not watched: {error}");
        }
        interrupts
    }

    /// Does what a signal does.
    pub(crate) fn interrupt(&self) {
        self.key.notify_one();
    }

    /// Whether a signal has asked for the end.
    pub(crate) fn was_asked(&self) -> bool {
        self.was_asked.load(SeqCst)
    }

    /// From now on a signal cancels the run.
    pub(crate) fn attach(&self, cancel: CancelHandle) {
        if self.was_asked() {
            cancel.cancel();
        }
        self.enter(Stage::Running(cancel));
    }

    /// From now on a signal ends the plan, which looks at the flag.
    pub(crate) fn between_runs(&self) {
        self.enter(Stage::BetweenRuns);
    }

    /// Waits; returns at once when a signal asks for the end.
    pub(crate) fn pause(&self, seconds: f64) {
        const LOOKS_EVERY: f64 = 0.05;
        let mut left = seconds;
        while left > 0.0 && !self.was_asked() {
            let moment = left.min(LOOKS_EVERY);
            std::thread::sleep(std::time::Duration::from_secs_f64(moment));
            left -= moment;
        }
    }

    /// Does something that may take long and asks now and then whether it should go on.
    pub(crate) fn while_waiting<T>(&self, work: impl FnOnce(&dyn Fn() -> bool) -> T) -> T {
        let before = self.enter(Stage::Waiting);
        let running = match &before {
            Stage::Running(cancel) => Some(cancel.clone()),
            Stage::Preparing | Stage::Waiting | Stage::BetweenRuns => None,
        };
        let result = work(&|| self.was_asked());
        self.enter(before);
        // A signal that the work did not live to see is for the run that goes on.
        if let Some(cancel) = running.filter(|_| self.was_asked()) {
            cancel.cancel();
        }
        result
    }

    fn enter(&self, stage: Stage) -> Stage {
        let mut current = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut current, stage)
    }

    async fn listen(self) {
        // Made once: a signal between two waits must not be missed.
        let mut signals = Signals::new();
        self.next(&mut signals).await;
        self.was_asked.store(true, SeqCst);
        // What follows is told on the terminal as it was.
        screen::leave();
        match &*self.stage.lock().unwrap_or_else(PoisonError::into_inner) {
            Stage::Preparing => crate::end_process(Exit::Interrupted),
            Stage::Waiting => {}
            Stage::BetweenRuns => panel(
                "Cancellation in Progress",
                "No further run is begun. What earlier runs measured is kept. Press Ctrl+C again to quit \
                 at once.",
            ),
            Stage::Running(cancel) => {
                cancel.cancel();
                panel(
                    "Cancellation in Progress",
                    "The benchmark is being cancelled. Requests on their way are dropped; what was \
                     measured is\nbeing written. Press Ctrl+C again to quit at once and lose what \
                     is not yet on disk.",
                );
            }
        }
        self.next(&mut signals).await;
        screen::leave();
        panel(
            "Force Quit",
            "Stopped at once. Only files that were already written remain.",
        );
        crate::end_process(Exit::Killed);
    }

    async fn next(&self, signals: &mut Signals) {
        tokio::select! {
            () = signals.next() => {}
            () = self.key.notified() => {}
        }
    }
}

/// Completes when the process is asked to end.
pub(crate) async fn next_signal() {
    Signals::new().next().await;
}

#[cfg(unix)]
struct Signals(Option<(Signal, Signal)>);

#[cfg(unix)]
impl Signals {
    fn new() -> Self {
        let interrupt = signal(SignalKind::interrupt()).ok();
        let terminate = signal(SignalKind::terminate()).ok();
        Self(interrupt.zip(terminate))
    }

    async fn next(&mut self) {
        match &mut self.0 {
            Some((interrupt, terminate)) => {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            }
            None => std::future::pending().await,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Self {
        Self
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Shows a panel on standard error. Nobody may be reading there, and a writer that waits for a
/// reader would not hear the next signal, so the writing is given a moment on a thread of its own.
fn panel(title: &str, text: &str) {
    const MOMENT: std::time::Duration = std::time::Duration::from_millis(200);
    let panel = aiperf_export::console::notice_panel(title, text);
    let (written, is_written) = std::sync::mpsc::channel();
    let writing = std::thread::Builder::new().spawn(move || {
        let _ = std::io::stderr().lock().write_all(panel.as_bytes());
        let _ = written.send(());
    });
    if writing.is_ok() {
        let _ = is_written.recv_timeout(MOMENT);
    }
}
