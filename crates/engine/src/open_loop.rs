//! Open loop: arrivals at their own times.
//!
//! Each arrival is used by the session that waits for its next turn for longest, else it starts a
//! new session. When this program was late by more than it may catch up, the rest of the schedule
//! moves back, for all threads: a burst of everything that was missed would measure something else.

use std::rc::Rc;
use std::sync::Arc;

use aiperf_clock::{Nanos, monotonic_now};
use aiperf_schedule::{ArrivalProcess, Overflow};
use tokio::task::JoinSet;

use crate::continuations::Arrival;
use crate::io_thread::IoThread;
use crate::phase_state::{PhaseState, Places, SessionTicket, TooLate};
use crate::session::{self, FirstRequest, Pace, SessionPlan};

/// Sends this thread's share of the arrivals until the phase has nothing more to send.
pub(crate) async fn send_all(
    thread: &Rc<IoThread>,
    phase: &Arc<PhaseState>,
    process: &ArrivalProcess,
    overflow: Overflow,
    tasks: &mut JoinSet<()>,
) {
    // Without turns that wait and without arrivals that are lost, arrival i is request i is session
    // i, whichever thread comes first.
    let loses_none = !phase.is_limited() || overflow == Overflow::Queue;
    let is_indexed = loses_none && thread.workload.is_single_turn();
    let _schedule = phase.continuations.schedule();
    for (index, offset) in process.share(thread.index as u64, thread.thread_count as u64) {
        if is_indexed && phase.session_at(index, phase.start).is_none() {
            break;
        }
        let Some(due) = until_due(thread, phase, offset).await else {
            break;
        };
        // Finished sessions leave the set here, not only at the end.
        while tasks.try_join_next().is_some() {}

        if let Some(permit) = phase.continuations.next() {
            // The session may have been dropped in between; then the arrival is lost with it.
            let _ = permit.send(Arrival { intended: due });
            continue;
        }
        let places = match overflow {
            Overflow::Queue => None,
            Overflow::Drop => match phase.try_take_places() {
                Some(places) => Some(places),
                None => {
                    // An arrival that nobody is left to use is not lost.
                    if phase.begins_sessions() {
                        phase.counters.arrival_lost();
                    }
                    continue;
                }
            },
        };
        let ticket = if is_indexed {
            phase.session_at(index, due)
        } else {
            phase.take_session(due)
        };
        // Without one, sessions that are not over keep the schedule going.
        if let Some(ticket) = ticket {
            let (thread, phase) = (Rc::clone(thread), Arc::clone(phase));
            tasks.spawn_local(async move {
                begin(thread, &phase, ticket, due, places).await;
                phase.note_session_over();
            });
        }
    }
}

/// Waits for an arrival and returns when it was due; `None` if it is not to be sent.
async fn until_due(thread: &IoThread, phase: &PhaseState, offset: Nanos) -> Option<Nanos> {
    loop {
        let mut shift = phase.counters.schedule_shift();
        let mut due = phase.start.saturating_add(offset).saturating_add(shift);
        if phase.is_after_duration(due) {
            return None;
        }
        let now = monotonic_now();
        if due.saturating_add(thread.max_catch_up) < now {
            let late = now - due;
            if !phase.counters.move_schedule(shift, late) {
                continue;
            }
            (shift, due) = (shift + late, now);
        }
        if !phase.sleep_until(&thread.timer, due).await {
            return None;
        }
        // Another thread may have moved the schedule in the meantime.
        if phase.counters.schedule_shift() == shift {
            return Some(due);
        }
    }
}

/// Plays a session that an arrival has started, after waiting for its places if it has none yet.
async fn begin(
    thread: Rc<IoThread>,
    phase: &Arc<PhaseState>,
    ticket: SessionTicket,
    due: Nanos,
    places: Option<Places>,
) {
    let places = match places {
        Some(places) => places,
        None => match wait_for_places(phase).await {
            Ok(places) => places,
            Err(TooLate) => return,
        },
    };
    let _until_the_end = places.session;
    let plan = SessionPlan {
        session: ticket.session,
        position: ticket.session - phase.first_session,
        conversation: thread.workload.conversation_of(ticket.session),
        turns: usize::MAX,
        correlation_id: thread.next_id().into(),
        pace: Pace::Arrivals { intended: due },
        first: Some(FirstRequest {
            index: ticket.request,
            prefill: places.prefill,
        }),
    };
    session::play(thread, Arc::clone(phase), plan).await;
}

/// Waits for the places of an arrival. One that waits in vain, or is still waiting when the phase is
/// cut off, is lost.
async fn wait_for_places(phase: &PhaseState) -> Result<Places, TooLate> {
    struct Waiting<'a>(Option<&'a PhaseState>);
    impl Drop for Waiting<'_> {
        fn drop(&mut self) {
            if let Some(phase) = self.0 {
                phase.counters.arrival_lost();
            }
        }
    }
    let mut waiting = Waiting(Some(phase));
    let places = phase.take_places().await?;
    waiting.0 = None;
    Ok(places)
}
