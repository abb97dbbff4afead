//! One session: the turns of a conversation, one after the other.

use std::rc::Rc;
use std::sync::Arc;

use aiperf_clock::{Nanos, monotonic_now};
use aiperf_transport::StickyConnection;
use bytes::Bytes;
use tokio::sync::oneshot;

use crate::exchange::Exchange;
use crate::io_thread::IoThread;
use crate::phase_state::{PhaseState, SessionTicket};
use crate::request::{self, RequestPlan};

/// How the turns after the first get their turn.
pub(crate) enum Pace {
    /// As soon as their delay is over.
    Free {
        /// When the slot that plays this session became free.
        slot_free_since: Nanos,
    },
    /// With the next arrival of the thread's schedule.
    Arrivals {
        /// When the first turn was due.
        intended: Nanos,
    },
}

/// Permission to send a later turn of an open-loop session.
pub(crate) struct Arrival {
    pub(crate) request: u64,
    pub(crate) intended: Nanos,
}

/// Plays a session to its end, or as far as the phase lets it.
pub(crate) async fn play(
    thread: Rc<IoThread>,
    phase: Arc<PhaseState>,
    ticket: SessionTicket,
    pace: Pace,
) {
    let mut end = SessionEnd {
        phase: &phase,
        is_complete: false,
    };
    let workload = Arc::clone(&thread.workload);
    let index = workload.conversation_of(ticket.session);
    let conversation = &workload.conversations[index];
    let correlation_id = thread.next_id();
    let target = (ticket.session % thread.target_count) as usize;
    let mut sticky = StickyConnection::default();
    let mut earlier: Vec<Exchange> = Vec::new();
    let mut answered_at = 0;

    for (turn, planned) in conversation.turns.iter().enumerate() {
        // Before the permission: what composing takes must not make the request late.
        let body = match &planned.body {
            Some(body) => body.clone(),
            None => match compose(&thread, index, turn, &mut earlier).await {
                Some(body) => body,
                None => return,
            },
        };
        let not_before = answered_at + planned.delay;
        let Some((request_index, intended)) =
            permission(&thread, &phase, ticket, &pace, turn, not_before).await
        else {
            return;
        };
        let plan = RequestPlan {
            request_index,
            conversation: index,
            turn,
            target,
            correlation_id,
            intended,
            slot_free_since: match pace {
                Pace::Free { slot_free_since } if turn == 0 => Some(slot_free_since),
                _ => None,
            },
            body,
        };
        let exchange = request::send(&thread, &phase, plan, &mut sticky).await;
        answered_at = monotonic_now();
        let is_needed_later = conversation.turns[turn + 1..]
            .iter()
            .any(|later| later.body.is_none());
        if is_needed_later {
            earlier.push(exchange.clone());
        }
        thread.sink.accept(exchange);
    }
    end.is_complete = true;
}

/// Waits until a turn may be sent. The first turn has its permission already.
async fn permission(
    thread: &IoThread,
    phase: &PhaseState,
    ticket: SessionTicket,
    pace: &Pace,
    turn: usize,
    not_before: Nanos,
) -> Option<(u64, Option<Nanos>)> {
    let intended = match pace {
        Pace::Free { .. } => None,
        Pace::Arrivals { intended } => Some(*intended),
    };
    if turn == 0 {
        return Some((ticket.request, intended));
    }
    let until = phase
        .sending_deadline()
        .map_or(not_before, |end| not_before.min(end));
    thread.timer.sleep_until(until).await;
    match pace {
        Pace::Free { .. } => phase
            .take_request(monotonic_now())
            .map(|request| (request, None)),
        Pace::Arrivals { .. } => {
            let (permit, arrival) = oneshot::channel();
            thread.continuations.borrow_mut().push_back(permit);
            // An error means that the schedule has ended.
            let Arrival { request, intended } = arrival.await.ok()?;
            Some((request, Some(intended)))
        }
    }
}

/// Builds a body that depends on replies, away from the I/O thread: it reads whole answers.
async fn compose(
    thread: &IoThread,
    conversation: usize,
    turn: usize,
    earlier: &mut Vec<Exchange>,
) -> Option<Bytes> {
    let workload = Arc::clone(&thread.workload);
    let exchanges = std::mem::take(earlier);
    let composed = tokio::task::spawn_blocking(move || {
        let body = workload.composer.compose(conversation, turn, &exchanges);
        (exchanges, body)
    })
    .await;
    let (exchanges, body) = composed.ok()?;
    *earlier = exchanges;
    body.map_err(|reason| tracing::error!("session ended before turn {turn}: {reason}"))
        .ok()
}

/// Counts the session's end, also when it is cut off.
struct SessionEnd<'a> {
    phase: &'a PhaseState,
    is_complete: bool,
}

impl Drop for SessionEnd<'_> {
    fn drop(&mut self) {
        self.phase.note_session_end(self.is_complete);
    }
}
