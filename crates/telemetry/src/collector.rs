//! The thread that asks for metrics while a run goes on.
//!
//! It has an event loop of its own at ordinary priority. The run tells it when phases begin and end, and
//! gets at the end what was collected; nothing that happens here ends or fails a run.

mod scraper;

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use aiperf_clock::{Clock, Nanos, monotonic_now};
use aiperf_transport::TransportOptions;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};

use crate::document::Collected;
use crate::history::PhaseStamp;
use scraper::{Begun, Scraper};

/// How long the beginning of a phase may be held up by its first scrape, which should see the server
/// before the phase's requests. Pages take milliseconds; a server that needs longer is not waited for.
const LONGEST_HOLD: Duration = Duration::from_secs(1);

/// How often a wait looks whether the user has ended it.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// What is asked for, and how.
#[derive(Clone)]
pub struct CollectorSettings {
    /// Addresses, each once; see [`crate::metrics_urls`].
    pub urls: Vec<String>,
    /// TLS, address families and proxies.
    pub transport: TransportOptions,
    /// The run's clock.
    pub clock: Clock,
    /// Between two scrapes.
    pub interval: Duration,
    /// How long the first answer of an address may take.
    pub reachability_timeout: Duration,
    /// How long every later answer may take.
    pub scrape_timeout: Duration,
    /// Where each scrape is written, if it is.
    pub lines: Option<PathBuf>,
}

/// The collecting thread, as the run sees it.
pub struct Collector {
    commands: UnboundedSender<Command>,
    collected: Receiver<Collected>,
}

enum Command {
    PhaseBegins(PhaseStamp, Sender<()>),
    PhaseEnds(u32),
    /// Scrape once more at this instant, and stop.
    Finish(Nanos),
    /// Stop at once.
    Cancel,
}

impl Collector {
    /// Starts the thread, which at once looks who answers.
    ///
    /// # Errors
    /// The system has no thread.
    pub fn start(settings: CollectorSettings) -> std::io::Result<Self> {
        let (commands, receiver) = unbounded_channel();
        let (sender, collected) = channel();
        std::thread::Builder::new()
            .name("server-metrics".to_owned())
            .spawn(move || {
                if let Some(found) = collect(settings, receiver) {
                    // A run that failed no longer asks.
                    let _ = sender.send(found);
                }
            })?;
        Ok(Self {
            commands,
            collected,
        })
    }

    /// Scrapes are of this phase from now on. Returns when every address has shown what it shows
    /// before the phase, after a second at most; where `waits` is false, at once.
    pub fn phase_begins(&self, phase: PhaseStamp, waits: bool) {
        let (done, is_done) = channel();
        let is_told = self.commands.send(Command::PhaseBegins(phase, done));
        if waits && is_told.is_ok() {
            let _ = is_done.recv_timeout(LONGEST_HOLD);
        }
    }

    /// The last request of the phase with this position in the run has returned.
    pub fn phase_ends(&self, index: u32) {
        let _ = self.commands.send(Command::PhaseEnds(index));
    }

    /// Scrapes once more at instant `at` and hands over what was collected. Does not wait where no
    /// address answers, nor any longer than `is_cancelled` says.
    pub fn finish(&self, at: Nanos, is_cancelled: &dyn Fn() -> bool) -> Collected {
        let _ = self.commands.send(Command::Finish(at));
        let mut is_told_to_stop = false;
        loop {
            match self.collected.recv_timeout(CHECK_INTERVAL) {
                Ok(collected) => return collected,
                Err(RecvTimeoutError::Disconnected) => return Collected::default(),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if !is_told_to_stop && is_cancelled() {
                is_told_to_stop = true;
                let _ = self.commands.send(Command::Cancel);
            }
        }
    }
}

fn collect(settings: CollectorSettings, commands: UnboundedReceiver<Command>) -> Option<Collected> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::warn!("server metrics are not collected: {error}");
            return None;
        }
    };
    let tasks = LocalSet::new();
    let collected = tasks.block_on(&runtime, until_the_end(settings, commands));
    drop(tasks);
    // Looking up a name may hang on in its thread; dropping would wait for it.
    runtime.shutdown_background();
    Some(collected)
}

async fn until_the_end(
    settings: CollectorSettings,
    mut commands: UnboundedReceiver<Command>,
) -> Collected {
    let interval = settings.interval;
    let scraper = Rc::new(Scraper::new(settings));
    // Who does not answer holds nobody up: the others are asked meanwhile.
    let (looked, has_looked) = watch::channel(false);
    let own = Rc::clone(&scraper);
    spawn_local(async move {
        own.look_who_answers().await;
        let _ = looked.send(true);
    });
    let mut ticks: Option<Interval> = None;
    let mut end: Option<Nanos> = None;
    let mut of_phase_end: Option<Begun> = None;
    loop {
        tokio::select! {
            biased;
            command = commands.recv() => match command {
                Some(Command::PhaseBegins(phase, done)) => {
                    scraper.phase_begins(phase);
                    ticks.get_or_insert_with(|| every(interval));
                    let before = of_phase_end.take();
                    let own = Rc::clone(&scraper);
                    let mut has_looked = has_looked.clone();
                    spawn_local(async move {
                        let _ = has_looked.wait_for(|is_done| *is_done).await;
                        if let Some(begun) = before {
                            begun.all().await;
                        }
                        own.scrape_all().all().await;
                        // Whoever waited may have given up.
                        let _ = done.send(());
                    });
                }
                Some(Command::PhaseEnds(index)) => {
                    of_phase_end = Some(scraper.scrape_all());
                    scraper.phase_ends(index);
                }
                Some(Command::Finish(at)) => end = Some(at),
                Some(Command::Cancel) | None => break,
            },
            () = until(end, &scraper) => {
                tokio::select! {
                    () = scraper.scrape_finally(of_phase_end.take()) => {}
                    _ = commands.recv() => {}
                }
                break;
            }
            () = next(&mut ticks) => drop(scraper.scrape_all()),
        }
    }
    scraper.collected()
}

fn every(length: Duration) -> Interval {
    let mut ticks = interval(length);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    ticks.reset();
    ticks
}

async fn next(ticks: &mut Option<Interval>) {
    match ticks {
        Some(ticks) => {
            ticks.tick().await;
        }
        None => std::future::pending().await,
    }
}

/// The instant of the last scrape; at once where there is nobody to ask.
async fn until(end: Option<Nanos>, scraper: &Scraper) {
    match end {
        Some(_) if !scraper.has_anyone_to_ask() => {}
        Some(end) => sleep(Duration::from_nanos(end.saturating_sub(monotonic_now()))).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
