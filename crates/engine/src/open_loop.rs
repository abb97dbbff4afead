//! Open loop: arrivals at their own times.
//!
//! Each arrival is used by the oldest session of this thread that waits for its next turn, else it
//! starts a new session. When this program was late by more than it may catch up, the rest of the
//! schedule moves back: a burst of everything that was missed would measure something else.

use std::rc::Rc;
use std::sync::Arc;

use aiperf_clock::{Nanos, monotonic_now};
use aiperf_schedule::{ArrivalProcess, Overflow};
use tokio::task::JoinSet;

use crate::io_thread::IoThread;
use crate::phase_state::{PhaseState, Places, SessionTicket};
use crate::session::{self, Arrival, FirstRequest, Pace, SessionPlan};

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
    let deadline = phase.sending_deadline();
    let mut shift = 0;
    for (index, offset) in process.share(thread.index as u64, thread.thread_count as u64) {
        let mut due = phase.start + offset + shift;
        if deadline.is_some_and(|deadline| due >= deadline) {
            break;
        }
        if is_indexed && phase.session_at(index, due).is_none() {
            break;
        }
        let now = monotonic_now();
        if due + thread.max_catch_up < now {
            let late = now - due;
            phase.note_reanchor(late);
            shift += late;
            due = now;
        }
        if !phase.sleep_until(&thread.timer, due).await {
            break;
        }
        // Finished sessions leave the set here, not only at the end.
        while tasks.try_join_next().is_some() {}

        if let Some(permit) = next_waiting(thread) {
            if !phase.may_send_more(due) {
                break;
            }
            // The session may have been dropped in between; then the arrival is lost with it.
            let _ = permit.send(Arrival { intended: due });
            continue;
        }
        let places = match overflow {
            Overflow::Queue => None,
            Overflow::Drop => match phase.try_take_places() {
                Some(places) => Some(places),
                None => {
                    phase.note_lost_arrival();
                    continue;
                }
            },
        };
        let ticket = if is_indexed {
            phase.session_at(index, due)
        } else {
            phase.take_session(due)
        };
        let Some(ticket) = ticket else {
            drop(places);
            // Sessions that may still send a turn keep the schedule going.
            if tasks.is_empty() || !phase.may_send_more(due) {
                break;
            }
            continue;
        };
        let (thread, phase) = (Rc::clone(thread), Arc::clone(phase));
        tasks.spawn_local(begin(thread, phase, ticket, due, places));
    }
    // Sessions that wait for an arrival learn that none will come.
    thread.continuations.borrow_mut().clear();
}

/// Plays a session that an arrival has started, after waiting for its places if it has none yet.
async fn begin(
    thread: Rc<IoThread>,
    phase: Arc<PhaseState>,
    ticket: SessionTicket,
    due: Nanos,
    places: Option<Places>,
) {
    let places = match places {
        Some(places) => places,
        None => {
            let places = Places {
                session: phase.take_session_place().await,
                prefill: phase.take_prefill_place().await,
            };
            if phase.sending_is_over(monotonic_now()) {
                return phase.note_lost_arrival();
            }
            places
        }
    };
    let _until_the_end = places.session;
    let plan = SessionPlan {
        session: ticket.session,
        conversation: thread.workload.conversation_of(ticket.session),
        turns: usize::MAX,
        correlation_id: thread.next_id().into(),
        pace: Pace::Arrivals { intended: due },
        first: Some(FirstRequest {
            index: ticket.request,
            prefill: places.prefill,
        }),
    };
    session::play(thread, phase, plan).await;
}

fn next_waiting(thread: &IoThread) -> Option<tokio::sync::oneshot::Sender<Arrival>> {
    let mut waiting = thread.continuations.borrow_mut();
    while let Some(permit) = waiting.pop_front() {
        if !permit.is_closed() {
            return Some(permit);
        }
    }
    None
}
