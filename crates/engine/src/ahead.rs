//! First bodies of sessions, made a little before they are needed.
//!
//! Where bodies are made on demand, a session that begins at its time has none yet, and making one
//! would make it late. Which sessions come next is known, so threads of their own stay a few hundred
//! bodies ahead.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use aiperf_schedule::Arrivals;
use bytes::Bytes;

use crate::phase_state::PhaseState;
use crate::workload::Workload;

/// How many sessions ahead.
const DEPTH: u64 = 256;
/// How long a phase waits for its first bodies before it starts with what there is.
const PATIENCE: Duration = Duration::from_secs(1);
const THREADS: usize = 2;

/// Bodies of the sessions that come next.
pub(crate) struct Ahead {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    workload: Arc<Workload>,
    state: Mutex<State>,
    /// Something is to be made, or nothing more ever.
    work: Condvar,
    /// Something was made.
    made: Condvar,
}

#[derive(Default)]
struct State {
    /// The conversation that a session of this phase plays.
    conversation_of: Option<ConversationOf>,
    /// The session whose body is made next, and the one before which to stop.
    next: u64,
    wanted: u64,
    ready: HashMap<u64, Bytes>,
    /// Sessions that did not wait for their bodies.
    gone: HashSet<u64>,
    is_closed: bool,
}

type ConversationOf = Arc<dyn Fn(u64) -> Option<usize> + Send + Sync>;

impl Ahead {
    /// Starts the threads; `None` where all bodies are there or depend on replies.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(workload: &Arc<Workload>) -> std::io::Result<Option<Self>> {
        if !workload.is_made_on_demand() {
            return Ok(None);
        }
        let shared = Arc::new(Shared {
            workload: Arc::clone(workload),
            state: Mutex::default(),
            work: Condvar::new(),
            made: Condvar::new(),
        });
        let threads = (0..THREADS)
            .map(|_| {
                let shared = Arc::clone(&shared);
                std::thread::Builder::new()
                    .name("composer".to_owned())
                    .spawn(move || shared.make_bodies())
            })
            .collect::<Result<_, _>>()?;
        Ok(Some(Self { shared, threads }))
    }

    /// Turns to the sessions of a phase and waits for the first bodies, but not for long.
    pub(crate) fn begin(&self, phase: &PhaseState) {
        let first = phase.first_session;
        let conversation_of: ConversationOf = match &phase.plan.arrivals {
            Arrivals::FixedSchedule { schedule, .. } => {
                let schedule = Arc::clone(schedule);
                Arc::new(move |session| {
                    let position = usize::try_from(session - first).ok()?;
                    Some(schedule.starts().get(position)?.conversation)
                })
            }
            _ => {
                let workload = Arc::clone(&self.shared.workload);
                Arc::new(move |session| Some(workload.conversation_of(session)))
            }
        };
        let sessions = phase.most_sessions().unwrap_or(DEPTH).min(DEPTH);
        let mut state = self.shared.lock();
        *state = State {
            conversation_of: Some(conversation_of),
            next: first,
            wanted: first + sessions,
            ..State::default()
        };
        self.shared.work.notify_all();
        let is_behind = |state: &mut State| (state.ready.len() as u64) < sessions;
        let waiting = self
            .shared
            .made
            .wait_timeout_while(state, PATIENCE, is_behind);
        drop(waiting);
    }

    /// The first body of a session, if it is there.
    pub(crate) fn take(&self, session: u64) -> Option<Bytes> {
        let mut state = self.shared.lock();
        let wanted = session.saturating_add(DEPTH);
        if wanted > state.wanted {
            state.wanted = wanted;
            self.shared.work.notify_one();
        }
        let body = state.ready.remove(&session);
        if body.is_none() {
            state.gone.insert(session);
        }
        body
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn make_bodies(&self) {
        let mut state = self.lock();
        loop {
            if state.is_closed {
                return;
            }
            let (session, conversation_of) = match &state.conversation_of {
                Some(conversation_of) if state.next < state.wanted => {
                    (state.next, Arc::clone(conversation_of))
                }
                _ => {
                    state = self
                        .work
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
            };
            state.next += 1;
            if state.gone.remove(&session) {
                continue;
            }
            drop(state);
            // A body that cannot be made is made again by its session, which reports why.
            let body = conversation_of(session)
                .and_then(|conversation| self.workload.first_body(conversation).ok());
            state = self.lock();
            let is_same_phase = state
                .conversation_of
                .as_ref()
                .is_some_and(|current| Arc::ptr_eq(current, &conversation_of));
            if is_same_phase && !state.gone.remove(&session) {
                state.ready.extend(body.map(|body| (session, body)));
            }
            self.made.notify_all();
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.work.notify_all();
        for thread in self.threads.drain(..) {
            // A panic of that thread has been reported on standard error by the runtime.
            let _ = thread.join();
        }
    }
}
