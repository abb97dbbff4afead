//! Closed loop: slots that play one session after the other.

use std::rc::Rc;
use std::sync::Arc;

use aiperf_clock::monotonic_now;
use tokio::task::JoinSet;

use crate::io_thread::IoThread;
use crate::phase_state::PhaseState;
use crate::session::{self, Pace};

/// Starts this thread's share of `slots` slots; they end when the phase has nothing more to send.
pub(crate) fn start(
    thread: &Rc<IoThread>,
    phase: &Arc<PhaseState>,
    slots: u32,
    tasks: &mut JoinSet<()>,
) {
    let threads = thread.thread_count;
    let share = slots as usize / threads + usize::from(thread.index < slots as usize % threads);
    for _ in 0..share {
        tasks.spawn_local(slot(Rc::clone(thread), Arc::clone(phase)));
    }
}

async fn slot(thread: Rc<IoThread>, phase: Arc<PhaseState>) {
    let mut free_since = phase.start;
    while let Some(ticket) = phase.take_session(monotonic_now()) {
        let pace = Pace::Free {
            slot_free_since: free_since,
        };
        session::play(Rc::clone(&thread), Arc::clone(&phase), ticket, pace).await;
        free_since = monotonic_now();
    }
}
