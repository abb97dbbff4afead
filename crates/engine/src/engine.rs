//! Starts the I/O threads and carries out phases on them.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use aiperf_clock::{MILLISECOND, Nanos, monotonic_now};
use aiperf_schedule::PhasePlan;
use aiperf_transport::{Target, TransportOptions};
use thiserror::Error;
use tokio::sync::{mpsc as async_mpsc, watch};

use crate::ahead::Ahead;
use crate::exchange::ExchangeSink;
use crate::first_content::FirstContent;
use crate::io_thread::{self, PhaseOrder};
use crate::job::Jobs;
use crate::phase_state::{PhaseCounts, PhaseState};
use crate::request::{ConnectionReuse, HeaderPlan};
use crate::workload::Workload;

/// How long before its start a phase is announced to the threads, so that all begin together.
const HEAD_START: Nanos = 2 * MILLISECOND;

/// What is the same for all requests of a run.
#[derive(Clone)]
pub struct EngineSettings {
    /// Number of I/O threads, at least 1.
    pub threads: usize,
    /// The URLs; sessions take them in turn.
    pub targets: Vec<Target>,
    /// Sockets and stamps.
    pub transport: TransportOptions,
    /// Header fields of every request.
    pub headers: HeaderPlan,
    /// Which connection a request goes over.
    pub connection_reuse: ConnectionReuse,
    /// From the start of a request to the end of its answer; `None` waits for ever.
    pub request_timeout: Option<Nanos>,
    /// How long a request that is to be given up after it was sent may take to be sent, where there
    /// is no timeout.
    pub send_timeout: Nanos,
    /// For endpoints whose first answer is only the beginning.
    pub jobs: Option<Arc<dyn Jobs>>,
    /// Recognises the first content of answers, for phases with a prefill limit.
    pub first_content: Option<Arc<dyn FirstContent>>,
    /// How late an arrival may be and still be sent together with the next ones.
    pub max_catch_up: Nanos,
}

/// The engine could not be started.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The system gave no thread.
    #[error("cannot start an I/O thread: {0}")]
    Thread(#[from] std::io::Error),
    /// A thread ended before its phase did.
    #[error("an I/O thread ended unexpectedly; what was recorded up to then is kept")]
    ThreadLost,
}

/// What one thread tells about a phase.
#[derive(Debug, Clone, Copy)]
pub struct ThreadReport {
    /// Which thread.
    pub thread: usize,
    /// When its last request had ended.
    pub ended_at: Nanos,
    /// How long the phase took for it.
    pub wall: Nanos,
    /// Processor time that it used.
    pub cpu: Nanos,
    /// Whether it was still busy at the drain deadline, be it with a pause of a session.
    pub hit_drain_deadline: bool,
    /// Whether arrivals were timed to better than a millisecond.
    pub is_timer_precise: bool,
    /// Connections that were made since the run began.
    pub connections_opened: u64,
    /// Of those, how many deliver kernel stamps.
    pub kernel_stamped_connections: u64,
    /// Connections that failed for want of file descriptors.
    pub out_of_descriptors: u64,
    /// Connections that failed for want of local ports.
    pub out_of_ports: u64,
    /// Requests that were sent a second time, because the kept connection was closed.
    pub repeated: u64,
}

/// The instants of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseTimes {
    /// When it started.
    pub start: Nanos,
    /// When the last request was sent.
    pub sending_end: Nanos,
    /// When the last request had ended, or the rest was cancelled.
    pub end: Nanos,
}

/// What came of a phase.
#[derive(Debug, Clone)]
pub struct PhaseOutcome {
    /// The plan that was carried out.
    pub plan: PhasePlan,
    /// Its instants.
    pub times: PhaseTimes,
    /// Its final counters.
    pub counts: PhaseCounts,
    /// One report per thread, in thread order.
    pub threads: Vec<ThreadReport>,
    /// Whether it was cancelled from outside.
    pub was_cancelled: bool,
}

impl PhaseOutcome {
    /// Whether requests were cut off at the end of the grace period.
    pub fn hit_drain_deadline(&self) -> bool {
        self.counts.cancelled > 0 && self.threads.iter().any(|thread| thread.hit_drain_deadline)
    }
}

/// The I/O threads of a run. Dropping it ends them.
pub struct Engine {
    orders: Vec<async_mpsc::UnboundedSender<PhaseOrder>>,
    threads: Vec<JoinHandle<()>>,
    ahead: Option<Arc<Ahead>>,
    cancel: Arc<watch::Sender<bool>>,
    phases_run: usize,
    sessions_started: u64,
}

/// Cancels a run from any thread.
#[derive(Debug, Clone)]
pub struct CancelHandle(Arc<watch::Sender<bool>>);

impl CancelHandle {
    /// Stops sending and cuts off what is on its way.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    /// Whether that has happened.
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }
}

impl Engine {
    /// Starts the threads; nothing is sent yet.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(
        settings: EngineSettings,
        workload: &Arc<Workload>,
        sink: &Arc<dyn ExchangeSink>,
    ) -> Result<Self, EngineError> {
        let (cancel, cancelled) = watch::channel(false);
        let settings = Arc::new(settings);
        let mut engine = Self {
            orders: Vec::new(),
            threads: Vec::new(),
            ahead: Ahead::start(workload)?.map(Arc::new),
            cancel: Arc::new(cancel),
            phases_run: 0,
            sessions_started: 0,
        };
        for index in 0..settings.threads {
            let (order, orders) = async_mpsc::unbounded_channel();
            let settings = Arc::clone(&settings);
            let (workload, sink) = (Arc::clone(workload), Arc::clone(sink));
            let (cancelled, ahead) = (cancelled.clone(), engine.ahead.clone());
            let thread = std::thread::Builder::new()
                .name(format!("io-{index}"))
                .spawn(move || {
                    let run =
                        io_thread::run(index, &settings, workload, ahead, sink, orders, cancelled);
                    if let Err(error) = run {
                        tracing::error!(
                            "I/O thread {index} could not start its event loop: {error}"
                        );
                    }
                })?;
            engine.orders.push(order);
            engine.threads.push(thread);
        }
        Ok(engine)
    }

    /// What ends the run early.
    pub fn cancel_handle(&self) -> CancelHandle {
        CancelHandle(Arc::clone(&self.cancel))
    }

    /// Carries out one phase and returns when all of its requests have ended. `observe` is called
    /// a few times per second with the live state.
    ///
    /// # Errors
    /// A thread was lost.
    pub fn run_phase(
        &mut self,
        plan: PhasePlan,
        mut observe: impl FnMut(&PhaseState),
    ) -> Result<PhaseOutcome, EngineError> {
        let mut phase = PhaseState::new(
            self.phases_run,
            plan,
            self.orders.len(),
            self.sessions_started,
        );
        if let Some(ahead) = &self.ahead {
            ahead.begin(&phase);
        }
        let start = monotonic_now() + HEAD_START;
        phase.start = start;
        let phase = Arc::new(phase);
        self.phases_run += 1;
        let (done, reports) = mpsc::channel();
        for order in &self.orders {
            let order_sent = order.send(PhaseOrder {
                phase: Arc::clone(&phase),
                done: done.clone(),
            });
            order_sent.map_err(|_| EngineError::ThreadLost)?;
        }
        drop(done);

        let mut threads = Vec::with_capacity(self.orders.len());
        while threads.len() < self.orders.len() {
            match reports.recv_timeout(Duration::from_millis(100)) {
                Ok(report) => threads.push(report),
                Err(mpsc::RecvTimeoutError::Timeout) => observe(&phase),
                Err(mpsc::RecvTimeoutError::Disconnected) => return Err(EngineError::ThreadLost),
            }
        }
        observe(&phase);
        threads.sort_by_key(|report: &ThreadReport| report.thread);
        let end = threads
            .iter()
            .map(|report| report.ended_at)
            .max()
            .unwrap_or(start)
            .max(start);
        let counts = phase.counts();
        self.sessions_started += counts.sessions_started;
        Ok(PhaseOutcome {
            plan: phase.plan.clone(),
            times: PhaseTimes {
                start,
                sending_end: phase.sending_ended_at(),
                end,
            },
            counts,
            threads,
            was_cancelled: *self.cancel.borrow(),
        })
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.orders.clear();
        for thread in self.threads.drain(..) {
            // A panic of that thread has been reported on standard error by the runtime.
            let _ = thread.join();
        }
    }
}
