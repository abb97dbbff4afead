//! Closed loop: slots that play one session after the other.

use std::rc::Rc;
use std::sync::Arc;

use aiperf_clock::{Nanos, monotonic_now};
use aiperf_schedule::LimitRamp;
use tokio::task::JoinSet;

use crate::io_thread::IoThread;
use crate::phase_state::PhaseState;
use crate::session::{self, FirstRequest, Pace, SessionPlan};

/// Starts this thread's share of the slots; they end when the phase has nothing more to send.
pub(crate) fn start(
    thread: &Rc<IoThread>,
    phase: &Arc<PhaseState>,
    slots: LimitRamp,
    tasks: &mut JoinSet<()>,
) {
    // The n-th slot opens when the limit has grown to n.
    let openings = slots.openings().skip(thread.index);
    for opens_at in openings.step_by(thread.thread_count) {
        tasks.spawn_local(slot(
            Rc::clone(thread),
            Arc::clone(phase),
            phase.start + opens_at,
        ));
    }
}

async fn slot(thread: Rc<IoThread>, phase: Arc<PhaseState>, opens_at: Nanos) {
    if !phase.sleep_until_session(&thread.timer, opens_at).await {
        return;
    }
    let Some((_until_the_end, mut free_since)) = phase.take_slot(opens_at).await else {
        return;
    };
    loop {
        let Ok(prefill) = phase.take_prefill_place().await else {
            return;
        };
        if prefill.is_some() {
            // Before it has that place, the slot is not empty for want of anything from here.
            free_since = free_since.max(monotonic_now());
        }
        let Some(ticket) = phase.take_session(monotonic_now()) else {
            return;
        };
        let plan = SessionPlan {
            session: ticket.session,
            position: ticket.session - phase.first_session,
            conversation: thread.workload.conversation_of(ticket.session),
            turns: usize::MAX,
            correlation_id: thread.next_id().into(),
            pace: Pace::Free {
                slot_free_since: free_since,
            },
            first: Some(FirstRequest {
                index: ticket.request,
                prefill,
            }),
        };
        session::play(Rc::clone(&thread), Arc::clone(&phase), plan).await;
        free_since = monotonic_now();
    }
}
