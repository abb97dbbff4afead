//! Users who come and go at times of their own.
//!
//! Every thread knows all users; it plays those whose position in the order of starting is its own.

use std::rc::Rc;
use std::sync::Arc;

use aiperf_schedule::UserCentricPlan;
use tokio::task::JoinSet;

use crate::correlation::CorrelationId;
use crate::io_thread::IoThread;
use crate::phase_state::PhaseState;
use crate::session::{self, Pace, SessionPlan};

/// Sends this thread's share of the users until the phase has nothing more to send.
pub(crate) async fn send_all(
    thread: &Rc<IoThread>,
    phase: &Arc<PhaseState>,
    plan: UserCentricPlan,
    tasks: &mut JoinSet<()>,
) {
    let workload = Arc::clone(&thread.workload);
    let first_session = phase.first_session;
    let turns_of = |session: u64| {
        let conversation = workload.conversation_of(first_session + session);
        workload.conversations.turn_count(conversation) as u64
    };
    let threads = thread.thread_count as u64;
    for user in plan.users(turns_of) {
        let due = phase.start.saturating_add(user.start);
        if !phase.may_start_session(user.position, due) {
            return;
        }
        if user.position % threads != thread.index as u64 {
            continue;
        }
        if !phase.sleep_until(&thread.timer, due).await {
            return;
        }
        while tasks.try_join_next().is_some() {}
        let session = first_session + user.session;
        let plan = SessionPlan {
            session,
            position: user.position,
            conversation: workload.conversation_of(session),
            turns: usize::try_from(user.turns).unwrap_or(usize::MAX),
            correlation_id: CorrelationId::User(user.id),
            pace: Pace::UserCentric { plan, due },
            first: None,
        };
        let (thread, phase) = (Rc::clone(thread), Arc::clone(phase));
        tasks.spawn_local(async move {
            if let Ok(_until_the_end) = phase.take_session_place().await {
                session::play(thread, Arc::clone(&phase), plan).await;
            }
        });
    }
}
