//! Starts the I/O threads and carries out phases on them.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;

use aiperf_clock::{MILLISECOND, Nanos, monotonic_now};
use aiperf_schedule::PhasePlan;
use aiperf_transport::{Target, TransportOptions};
use thiserror::Error;
use tokio::sync::{mpsc as async_mpsc, watch};

use crate::ahead::Ahead;
use crate::counters::PhaseCounts;
use crate::exchange::ExchangeSink;
use crate::first_content::FirstContent;
use crate::headers::HeaderPlan;
use crate::io_thread::{self, PhaseOrder};
use crate::job::Jobs;
use crate::phase_state::{PhaseState, SendingComplete};
use crate::priority::IoPriority;
use crate::request::ConnectionReuse;
use crate::running::RunningPhase;
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
    /// Which priority the threads ask for.
    pub io_priority: IoPriority,
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
    /// For how much of the phase it had real-time priority.
    pub realtime: Nanos,
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
    /// When it had nothing more to send.
    pub sending_complete: SendingComplete,
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
    latest: Option<Arc<PhaseState>>,
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
            latest: None,
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
        observe: impl FnMut(&PhaseState),
    ) -> Result<PhaseOutcome, EngineError> {
        self.begin(plan)?.finish(observe)
    }

    /// Begins a phase when all before it are over.
    ///
    /// # Errors
    /// A thread was lost.
    pub fn begin(&mut self, plan: PhasePlan) -> Result<RunningPhase, EngineError> {
        self.begin_after(plan, None)
    }

    /// Begins a phase while the one before, which has sent everything, waits for its last answers.
    /// What is under way there counts against the limits here.
    ///
    /// # Errors
    /// A thread was lost.
    pub fn follow(
        &mut self,
        before: &RunningPhase,
        plan: PhasePlan,
    ) -> Result<RunningPhase, EngineError> {
        self.begin_after(plan, Some(&before.phase))
    }

    fn begin_after(
        &mut self,
        plan: PhasePlan,
        before: Option<&PhaseState>,
    ) -> Result<RunningPhase, EngineError> {
        let first_session = self.latest.as_ref().map_or(0, |latest| {
            latest.first_session + latest.counts().sessions_started
        });
        let mut phase = PhaseState::new(self.phases_run, plan, self.orders.len(), first_session);
        if let Some(ahead) = &self.ahead {
            ahead.begin(&phase);
        }
        if let Some(before) = before {
            phase.follow(before);
        }
        phase.start = monotonic_now() + HEAD_START;
        let phase = Arc::new(phase);
        self.phases_run += 1;
        self.latest = Some(Arc::clone(&phase));
        let (told, events) = mpsc::channel();
        for order in &self.orders {
            let order_sent = order.send(PhaseOrder {
                phase: Arc::clone(&phase),
                events: told.clone(),
            });
            order_sent.map_err(|_| EngineError::ThreadLost)?;
        }
        Ok(RunningPhase::new(
            phase,
            events,
            self.orders.len(),
            self.cancel_handle(),
        ))
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
