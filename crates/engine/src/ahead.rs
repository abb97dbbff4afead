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
use crate::workload::{Playing, Workload};

/// How many sessions ahead.
const DEPTH: u64 = 256;
/// How long a phase waits for its first bodies before it starts with what there is.
const PATIENCE: Duration = Duration::from_millis(500);
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
    /// What a session of this phase plays.
    playing_of: Option<PlayingOf>,
    /// The session whose body is made next, and the one before which to stop.
    next: u64,
    wanted: u64,
    /// How many of this phase's sessions were dealt with.
    done: u64,
    ready: HashMap<u64, Bytes>,
    /// Sessions that did not wait for their bodies.
    gone: HashSet<u64>,
    is_closed: bool,
}

type PlayingOf = Arc<dyn Fn(u64) -> Option<Playing> + Send + Sync>;

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
        let kind = phase.plan.kind;
        let playing = move |session, conversation| Playing {
            session,
            conversation,
            phase: kind,
        };
        let playing_of: PlayingOf = match &phase.plan.arrivals {
            Arrivals::FixedSchedule { schedule, .. } => {
                let schedule = Arc::clone(schedule);
                Arc::new(move |session| {
                    let position = usize::try_from(session - first).ok()?;
                    let start = schedule.starts().get(position)?;
                    Some(playing(session, start.conversation))
                })
            }
            _ => {
                let workload = Arc::clone(&self.shared.workload);
                Arc::new(move |session| Some(playing(session, workload.conversation_of(session))))
            }
        };
        let sessions = phase.most_sessions().unwrap_or(DEPTH).min(DEPTH);
        let mut state = self.shared.lock();
        *state = State {
            playing_of: Some(playing_of),
            next: first,
            wanted: first + sessions,
            ..State::default()
        };
        self.shared.work.notify_all();
        let is_behind = |state: &mut State| state.done < sessions;
        let waiting = self
            .shared
            .made
            .wait_timeout_while(state, PATIENCE, is_behind);
        drop(waiting);
    }

    /// A session begins: the threads stay ahead of it, whether it needs a body of theirs or not.
    pub(crate) fn reach(&self, session: u64) {
        self.shared.lock().reach(session, &self.shared.work);
    }

    /// The first body of a session that begins, if it is there.
    pub(crate) fn take(&self, session: u64) -> Option<Bytes> {
        let mut state = self.shared.lock();
        state.reach(session, &self.shared.work);
        let body = state.ready.remove(&session);
        if body.is_none() {
            state.gone.insert(session);
        }
        body
    }
}

impl State {
    fn reach(&mut self, session: u64, work: &Condvar) {
        let wanted = session.saturating_add(DEPTH);
        if wanted > self.wanted {
            self.wanted = wanted;
            work.notify_one();
        }
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
            let (session, playing_of) = match &state.playing_of {
                Some(playing_of) if state.next < state.wanted => {
                    (state.next, Arc::clone(playing_of))
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
                state.done += 1;
                continue;
            }
            drop(state);
            let body =
                playing_of(session).and_then(|playing| self.workload.first_body_on_demand(playing));
            state = self.lock();
            let is_same_phase = state
                .playing_of
                .as_ref()
                .is_some_and(|current| Arc::ptr_eq(current, &playing_of));
            if is_same_phase {
                state.done += 1;
                if !state.gone.remove(&session) {
                    state.ready.extend(body.map(|body| (session, body)));
                }
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use aiperf_schedule::{LimitRamp, PhaseKind, PhasePlan, StopRules};

    use crate::exchange::Exchange;
    use crate::workload::{Compose, PlannedConversation, PlannedTurn, TurnBody};

    use super::*;

    /// Counts how often a body was made.
    #[derive(Default)]
    struct Counting(AtomicU64);

    impl Compose for Counting {
        fn compose(&self, playing: Playing, _: usize, _: &[Exchange]) -> Result<Bytes, String> {
            self.0.fetch_add(1, Relaxed);
            Ok(Bytes::from(playing.conversation.to_string()))
        }
    }

    /// `ready` conversations with bodies, then as many without; session n plays conversation n.
    fn workload(ready: usize) -> (Arc<Workload>, Arc<Counting>) {
        let counting = Arc::new(Counting::default());
        let conversation = |index: usize| PlannedConversation {
            id: index.to_string().into(),
            turns: vec![PlannedTurn {
                body: if index < ready {
                    TurnBody::Ready(Bytes::from_static(b"ready"))
                } else {
                    TurnBody::OnDemand
                },
                delay: 0,
                headers: None,
                timestamp_ms: None,
            }],
        };
        let workload = Workload {
            conversations: (0..2 * ready.max(1_000)).map(conversation).collect(),
            sampler: Box::new(|session| session as usize),
            composer: Arc::<Counting>::clone(&counting),
        };
        (Arc::new(workload), counting)
    }

    fn phase(requests: u64) -> PhaseState {
        let arrivals = Arrivals::ClosedLoop {
            slots: LimitRamp::steady(1),
        };
        let stop = StopRules {
            requests: Some(requests),
            ..StopRules::default()
        };
        let plan = PhasePlan::new("profiling", PhaseKind::Profiling, arrivals, stop);
        PhaseState::new(0, plan, 1, 0)
    }

    /// Waits until the threads have dealt with so many sessions.
    fn wait_for(ahead: &Ahead, done: u64) {
        let state = ahead.shared.lock();
        let patience = Duration::from_secs(60);
        let behind = |state: &mut State| state.done < done;
        let waited = ahead
            .shared
            .made
            .wait_timeout_while(state, patience, behind);
        assert!(!waited.unwrap().1.timed_out());
    }

    #[test]
    fn a_workload_with_all_its_bodies_needs_no_threads() {
        let (mut workload, _) = workload(1_000);
        let all = &mut Arc::get_mut(&mut workload).unwrap().conversations;
        *all = all.ready()[..1_000].to_vec().into();
        assert!(Ahead::start(&workload).unwrap().is_none());
    }

    #[test]
    fn the_first_bodies_are_there_when_a_phase_begins_and_each_is_made_once() {
        let (workload, made) = workload(0);
        let ahead = Ahead::start(&workload).unwrap().unwrap();
        ahead.begin(&phase(100));
        wait_for(&ahead, 100);
        assert_eq!(made.0.load(Relaxed), 100, "no more than the phase sends");
        for session in 0..100 {
            assert_eq!(ahead.take(session), Some(Bytes::from(session.to_string())));
        }
        assert_eq!(ahead.take(0), None, "it was taken");
    }

    #[test]
    fn sessions_that_have_their_bodies_lead_to_those_that_have_none() {
        let (workload, made) = workload(1_000);
        let ahead = Ahead::start(&workload).unwrap().unwrap();
        ahead.begin(&phase(2_000));
        for session in 0..1_000 {
            ahead.reach(session);
        }
        wait_for(&ahead, 999 + DEPTH);
        assert_eq!(ahead.shared.lock().ready.len() as u64, DEPTH - 1);
        assert_eq!(ahead.take(1_000), Some(Bytes::from_static(b"1000")));
        assert!(made.0.load(Relaxed) >= DEPTH - 1);
    }
}
