//! One I/O thread: an event loop, its connections, its share of each phase.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc;

use aiperf_clock::precise::PreciseTimer;
use aiperf_clock::{Nanos, monotonic_now, thread_cpu_now};
use aiperf_random::Generator;
use aiperf_schedule::Arrivals;
use aiperf_transport::Transport;
use bytes::Bytes;
use futures_util::future::join_all;
use rand::{Rng, SeedableRng};
use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet, spawn_local};
use uuid::Uuid;

use crate::ahead::Ahead;
use crate::engine::{EngineSettings, ThreadReport};
use crate::exchange::ExchangeSink;
use crate::first_content::FirstContent;
use crate::headers::HeaderPlan;
use crate::job::Jobs;
use crate::phase_state::PhaseState;
use crate::priority::{self, Priority};
use crate::request::ConnectionReuse;
use crate::workload::Workload;
use crate::{closed_loop, fixed_schedule, open_loop, user_centric};

/// What one I/O thread has. Not `Send`.
pub(crate) struct IoThread {
    pub(crate) index: usize,
    pub(crate) thread_count: usize,
    pub(crate) transport: Transport,
    pub(crate) timer: PreciseTimer,
    pub(crate) workload: Arc<Workload>,
    pub(crate) ahead: Option<Arc<Ahead>>,
    pub(crate) sink: Arc<dyn ExchangeSink>,
    pub(crate) headers: HeaderPlan,
    pub(crate) connection_reuse: ConnectionReuse,
    pub(crate) request_timeout: Option<Nanos>,
    pub(crate) send_timeout: Nanos,
    pub(crate) jobs: Option<Arc<dyn Jobs>>,
    pub(crate) first_content: Option<Arc<dyn FirstContent>>,
    pub(crate) max_catch_up: Nanos,
    pub(crate) priority: Priority,
    pub(crate) target_count: u64,
    ids: RefCell<Generator>,
}

impl IoThread {
    /// The first body of a session, if it was made ahead.
    pub(crate) fn take_ahead(&self, session: u64) -> Option<Bytes> {
        self.ahead.as_ref()?.take(session)
    }

    /// A session begins that has its first body.
    pub(crate) fn reach_ahead(&self, session: u64) {
        if let Some(ahead) = &self.ahead {
            ahead.reach(session);
        }
    }

    /// A fresh random id. Ids are not part of the plan: two runs with one seed must not collide in
    /// a server's log.
    pub(crate) fn next_id(&self) -> Uuid {
        let bytes: [u8; 16] = self.ids.borrow_mut().random();
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// A phase to carry out, and where to report on it.
#[derive(Clone)]
pub(crate) struct PhaseOrder {
    pub(crate) phase: Arc<PhaseState>,
    pub(crate) events: mpsc::Sender<PhaseEvent>,
}

/// What a thread reports of a phase. The engine waits for it, and is gone only when the program ends.
#[derive(Clone, Copy)]
pub(crate) enum PhaseEvent {
    /// Nothing more is to be sent; every thread that is still busy may say so.
    SendingComplete,
    /// All that this thread had to do is done.
    ThreadDone(ThreadReport),
}

/// Carries out phases until there are no more orders. One may begin while those before it wait for
/// their last answers.
pub(crate) fn run(
    index: usize,
    settings: &EngineSettings,
    workload: Arc<Workload>,
    ahead: Option<Arc<Ahead>>,
    sink: Arc<dyn ExchangeSink>,
    mut orders: tokio::sync::mpsc::UnboundedReceiver<PhaseOrder>,
    cancelled: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // How many ready tasks run before sockets and timers are looked at again.
        .event_interval(31)
        .on_thread_start(priority::of_helpers())
        .build()?;
    LocalSet::new().block_on(&runtime, async move {
        let thread = Rc::new(IoThread {
            index,
            thread_count: settings.threads,
            transport: Transport::new(settings.targets.clone(), settings.transport.clone()),
            timer: PreciseTimer::start(),
            workload,
            ahead,
            sink,
            headers: settings.headers.clone(),
            connection_reuse: settings.connection_reuse,
            request_timeout: settings.request_timeout,
            send_timeout: settings.send_timeout,
            jobs: settings.jobs.clone(),
            first_content: settings.first_content.clone(),
            max_catch_up: settings.max_catch_up,
            priority: Priority::new(settings.io_priority),
            target_count: settings.targets.len() as u64,
            ids: RefCell::new(Generator::from_os_rng()),
        });
        let (mut phases, mut handing_over) = (JoinSet::new(), JoinSet::new());
        while let Some(order) = orders.recv().await {
            if index == 0 {
                let phase = Arc::clone(&order.phase);
                handing_over.spawn_local(async move { phase.take_over().await });
            }
            let (thread, cancelled) = (Rc::clone(&thread), cancelled.clone());
            phases.spawn_local(async move {
                let telling = spawn_local(tell_of_sending(Rc::clone(&thread), order.clone()));
                let report = carry_out(&thread, &order.phase, cancelled).await;
                telling.abort();
                let _ = order.events.send(PhaseEvent::ThreadDone(report));
            });
            while phases.try_join_next().is_some() {}
        }
        while phases.join_next().await.is_some() {}
    });
    Ok(())
}

/// Says that nothing more is to be sent. Only a thread that is not done yet can find that out first.
async fn tell_of_sending(thread: Rc<IoThread>, order: PhaseOrder) {
    order.phase.sending_is_complete(&thread.timer).await;
    let _ = order.events.send(PhaseEvent::SendingComplete);
}

async fn carry_out(
    thread: &Rc<IoThread>,
    phase: &Arc<PhaseState>,
    mut cancelled: watch::Receiver<bool>,
) -> ThreadReport {
    thread.timer.sleep_until(phase.start).await;
    let (wall_start, cpu_start) = (monotonic_now(), thread_cpu_now());
    let realtime_before = thread.priority.realtime(wall_start);
    let mut tasks = JoinSet::new();

    let sending_and_draining = async {
        match &phase.plan.arrivals {
            Arrivals::ClosedLoop { slots } => {
                closed_loop::start(thread, phase, *slots, &mut tasks);
            }
            Arrivals::OpenLoop {
                process, overflow, ..
            } => open_loop::send_all(thread, phase, process, *overflow, &mut tasks).await,
            Arrivals::UserCentric { plan, .. } => {
                user_centric::send_all(thread, phase, *plan, &mut tasks).await;
            }
            Arrivals::FixedSchedule { schedule, .. } => {
                fixed_schedule::send_all(thread, phase, schedule, &mut tasks).await;
            }
        }
        while tasks.join_next().await.is_some() {}
    };
    let deadline = async {
        match phase.plan.stop.drain_deadline() {
            Some(offset) => {
                thread
                    .timer
                    .sleep_until(phase.start.saturating_add(offset))
                    .await;
            }
            None => std::future::pending().await,
        }
    };
    let growing = async {
        let limits = phase.limits();
        join_all(limits.map(|limit| limit.grow(&thread.timer, phase.start))).await;
        std::future::pending::<()>().await;
    };
    let timed_out = Cell::new(false);
    tokio::select! {
        () = sending_and_draining => {}
        () = growing => {}
        never = thread.priority.adapt(&thread.timer) => match never {},
        () = deadline => timed_out.set(true),
        // An error means that nobody is left who could cancel.
        _ = cancelled.wait_for(|&is_cancelled| is_cancelled) => phase.end_sending(),
    }
    // Whatever is still running is dropped and counted as cancelled.
    tasks.shutdown().await;

    let ended_at = monotonic_now();
    let counters = thread.transport.counters();
    ThreadReport {
        thread: thread.index,
        ended_at,
        wall: ended_at - wall_start,
        cpu: thread_cpu_now() - cpu_start,
        realtime: thread.priority.realtime(ended_at) - realtime_before,
        hit_drain_deadline: timed_out.get(),
        is_timer_precise: thread.timer.is_precise(),
        connections_opened: counters.connections_opened.get(),
        kernel_stamped_connections: counters.kernel_stamped_connections.get(),
        out_of_descriptors: counters.out_of_descriptors.get(),
        out_of_ports: counters.out_of_ports.get(),
        repeated: counters.repeated.get(),
    }
}
