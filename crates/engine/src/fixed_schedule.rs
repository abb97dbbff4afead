//! The conversations of a trace, each begun at its own time.

use std::rc::Rc;
use std::sync::Arc;

use aiperf_schedule::FixedSchedule;
use tokio::task::JoinSet;

use crate::correlation::CorrelationId;
use crate::io_thread::IoThread;
use crate::phase_state::PhaseState;
use crate::session::{self, Pace, SessionPlan};

/// Plays this thread's share of the schedule. What is late is sent at once; nothing is left out.
pub(crate) async fn send_all(
    thread: &Rc<IoThread>,
    phase: &Arc<PhaseState>,
    schedule: &Arc<FixedSchedule>,
    tasks: &mut JoinSet<()>,
) {
    for (position, start) in schedule.share(thread.index, thread.thread_count) {
        let due = phase.start.saturating_add(start.due);
        if !phase.may_start_session(position, due) {
            return;
        }
        if !phase.sleep_until(&thread.timer, due).await {
            return;
        }
        while tasks.try_join_next().is_some() {}
        let Some(conversation) = thread.workload.conversations.get(start.conversation) else {
            continue;
        };
        let plan = SessionPlan {
            session: phase.first_session + position,
            position,
            conversation: start.conversation,
            turns: usize::MAX,
            correlation_id: CorrelationId::Scheduled(Arc::clone(&conversation.id)),
            pace: Pace::Scheduled {
                schedule: Arc::clone(schedule),
                due,
            },
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
