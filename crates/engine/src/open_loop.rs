//! Open loop: arrivals at their own times.
//!
//! Each arrival is used by the oldest session of this thread that waits for its next turn, else it
//! starts a new session. When this program was late by more than it may catch up, the rest of the
//! schedule moves back: a burst of everything that was missed would measure something else.

use std::rc::Rc;
use std::sync::Arc;

use aiperf_clock::monotonic_now;
use aiperf_schedule::ArrivalProcess;
use tokio::task::JoinSet;

use crate::io_thread::IoThread;
use crate::phase_state::PhaseState;
use crate::session::{self, Arrival, Pace};

/// Sends this thread's share of the arrivals until the phase has nothing more to send.
pub(crate) async fn send_all(
    thread: &Rc<IoThread>,
    phase: &Arc<PhaseState>,
    process: &ArrivalProcess,
    session_cap: Option<u32>,
    tasks: &mut JoinSet<()>,
) {
    // Without turns that wait and without a cap, arrival i is request i is session i, whichever
    // thread comes first.
    let is_indexed = session_cap.is_none() && thread.workload.is_single_turn();
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
        thread.timer.sleep_until(due).await;
        // Finished sessions leave the set here, not only at the end.
        while tasks.try_join_next().is_some() {}

        if let Some(permit) = next_waiting(thread) {
            let Some(request) = phase.take_request(due) else {
                break;
            };
            // The session may have been dropped in between; then the arrival is lost with it.
            let _ = permit.send(Arrival {
                request,
                intended: due,
            });
            continue;
        }
        if let Some(cap) = session_cap
            && !phase.try_open_session(cap)
        {
            phase.note_lost_arrival();
            continue;
        }
        let open = OpenSession {
            phase: Arc::clone(phase),
            is_capped: session_cap.is_some(),
        };
        let ticket = if is_indexed {
            phase.session_at(index, due)
        } else {
            phase.take_session(due)
        };
        let Some(ticket) = ticket else {
            drop(open);
            // Sessions that may still send a turn keep the schedule going.
            if tasks.is_empty() || !phase.may_send_more(due) {
                break;
            }
            continue;
        };
        let (thread, phase) = (Rc::clone(thread), Arc::clone(phase));
        tasks.spawn_local(async move {
            let _open = open;
            session::play(thread, phase, ticket, Pace::Arrivals { intended: due }).await;
        });
    }
    // Sessions that wait for an arrival learn that none will come.
    thread.continuations.borrow_mut().clear();
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

/// Holds a place under the session cap.
struct OpenSession {
    phase: Arc<PhaseState>,
    is_capped: bool,
}

impl Drop for OpenSession {
    fn drop(&mut self) {
        if self.is_capped {
            self.phase.close_session();
        }
    }
}
