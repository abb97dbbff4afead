//! One session: the turns of a conversation, one after the other.

use std::rc::Rc;
use std::sync::Arc;

use aiperf_clock::{Nanos, monotonic_now};
use aiperf_schedule::{FixedSchedule, LaterTurn, TurnTiming, UserCentricPlan};
use aiperf_transport::StickyConnection;
use bytes::Bytes;

use crate::correlation::CorrelationId;
use crate::exchange::Exchange;
use crate::io_thread::IoThread;
use crate::phase_state::{PhaseState, TurnPlace};
use crate::request::{self, RequestPlan};
use crate::slots::Slot;
use crate::workload::{PlannedTurn, Playing, TurnBody};

/// What a session plays, and when.
pub(crate) struct SessionPlan {
    /// Its number in the run, which decides what it plays.
    pub(crate) session: u64,
    /// Which session of the phase it is in the order in which they begin: decides on the server.
    pub(crate) position: u64,
    pub(crate) conversation: usize,
    /// At most so many turns of the conversation.
    pub(crate) turns: usize,
    pub(crate) correlation_id: CorrelationId,
    pub(crate) pace: Pace,
    /// What the first turn has already; it gets the rest when it is due.
    pub(crate) first: Option<FirstRequest>,
}

/// What whoever starts a session has taken for its first request.
pub(crate) struct FirstRequest {
    /// Its number in the phase.
    pub(crate) index: u64,
    /// Its place before the first token, where that is limited.
    pub(crate) prefill: Option<Slot>,
}

/// How the turns of a session get their turn. Times are instants, not offsets.
pub(crate) enum Pace {
    /// As soon as their delay is over.
    Free {
        /// When the slot that plays this session became free.
        slot_free_since: Nanos,
    },
    /// With the next arrival of the thread's schedule, after their delay.
    Arrivals {
        /// When the first turn was due.
        intended: Nanos,
    },
    /// At a fixed distance from the turn before.
    UserCentric {
        plan: UserCentricPlan,
        /// When the first turn is due.
        due: Nanos,
    },
    /// At the times of a trace.
    Scheduled {
        schedule: Arc<FixedSchedule>,
        /// When the first turn is due.
        due: Nanos,
    },
}

/// What a request needs before it is sent.
struct Permission {
    index: u64,
    intended: Option<Nanos>,
    prefill: Option<Slot>,
}

/// Plays a session to its end, or as far as the phase lets it.
pub(crate) async fn play(thread: Rc<IoThread>, phase: Arc<PhaseState>, plan: SessionPlan) {
    let SessionPlan {
        session,
        position,
        conversation: index,
        turns,
        correlation_id,
        pace,
        mut first,
    } = plan;
    let mut end = SessionEnd {
        phase: &phase,
        is_in_last_turn: false,
        is_complete: false,
    };
    let workload = Arc::clone(&thread.workload);
    let Some(conversation) = workload.conversations.get(index) else {
        return;
    };
    let turns = &conversation.turns[..turns.min(conversation.turns.len())];
    let playing = Playing {
        session,
        conversation: index,
        phase: phase.plan.kind,
    };
    let target = ((phase.first_session + position) % thread.target_count) as usize;
    let mut sticky = StickyConnection::default();
    let mut earlier: Vec<Exchange> = Vec::new();
    let (mut last_due, mut answered_at) = (0, 0);

    for (turn, planned) in turns.iter().enumerate() {
        // Before the permission: what composing takes must not make the request late.
        let ready = match workload.shared_body(planned, playing.phase) {
            Some(body) => {
                if turn == 0 {
                    thread.reach_ahead(session);
                }
                Some(body.clone())
            }
            None if turn == 0 => thread.take_ahead(session),
            None => None,
        };
        let body = match ready {
            Some(body) => body,
            None => match compose(&thread, playing, turn, &mut earlier).await {
                Some(body) => body,
                None => return,
            },
        };
        let permission = match first.take() {
            Some(FirstRequest { index, prefill }) => Permission {
                index,
                prefill,
                intended: pace.first_due(),
            },
            None => {
                let due = match pace.first_due() {
                    Some(due) if turn == 0 => Some(due),
                    _ => {
                        let due = pace.later_due(&phase, planned, last_due, answered_at);
                        wait_for_turn(&thread, &phase, &pace, due).await
                    }
                };
                let Some(due) = due else { return };
                let is_planned = !matches!(pace, Pace::Free { .. });
                match permission(&phase, due, answered_at, is_planned).await {
                    Some(permission) => permission,
                    None => return,
                }
            }
        };
        last_due = permission.intended.unwrap_or(0);
        let place = TurnPlace {
            is_first: turn == 0,
            is_last: turn + 1 == turns.len(),
        };
        end.is_in_last_turn = place.is_last;
        let plan = RequestPlan {
            request_index: permission.index,
            session,
            conversation: index,
            turn,
            place,
            target,
            correlation_id: correlation_id.clone(),
            intended: permission.intended,
            slot_free_since: match pace {
                Pace::Free { slot_free_since } if turn == 0 => Some(slot_free_since),
                _ => None,
            },
            prefill: permission.prefill,
            body,
        };
        let exchange = request::send(&thread, &phase, plan, &mut sticky).await;
        answered_at = monotonic_now();
        let is_needed_later = turns[turn + 1..]
            .iter()
            .any(|later| later.body == TurnBody::AfterReplies);
        if is_needed_later {
            earlier.push(exchange.clone());
        }
        thread.sink.accept(exchange);
    }
    end.is_complete = true;
}

impl Pace {
    /// When the first turn is due, where the plan says so.
    fn first_due(&self) -> Option<Nanos> {
        match self {
            Self::Free { .. } => None,
            Self::Arrivals { intended: due }
            | Self::UserCentric { due, .. }
            | Self::Scheduled { due, .. } => Some(*due),
        }
    }

    /// When a later turn may be sent at the earliest.
    fn later_due(
        &self,
        phase: &PhaseState,
        planned: &PlannedTurn,
        last_due: Nanos,
        answered_at: Nanos,
    ) -> Nanos {
        let offset = |instant: Nanos| instant.saturating_sub(phase.start);
        match self {
            Self::Free { .. } | Self::Arrivals { .. } => answered_at.saturating_add(planned.delay),
            Self::UserCentric { plan, .. } => phase
                .start
                .saturating_add(plan.next_turn(offset(last_due), offset(answered_at))),
            Self::Scheduled { schedule, .. } => {
                let timing = TurnTiming {
                    timestamp_ms: planned.timestamp_ms,
                    delay_ms: Some(planned.delay as f64 / 1e6),
                };
                match schedule.later_turn(&timing) {
                    // Its time in the trace stays what was intended, however late the answer came.
                    LaterTurn::At(due) => phase.start.saturating_add(due),
                    LaterTurn::After(_) | LaterTurn::AtOnce => {
                        answered_at.saturating_add(planned.delay)
                    }
                }
            }
        }
    }
}

/// Waits until a later turn is due and returns when that was; `None` if the phase sends no more.
async fn wait_for_turn(
    thread: &IoThread,
    phase: &PhaseState,
    pace: &Pace,
    due: Nanos,
) -> Option<Nanos> {
    if !phase.sleep_until(&thread.timer, due).await {
        return None;
    }
    if let Pace::Arrivals { .. } = pace {
        return Some(phase.continuations.wait().await?.intended);
    }
    Some(due)
}

/// A place and a number for a request that is due, or was before the answer that it waited for.
async fn permission(
    phase: &PhaseState,
    due: Nanos,
    answered_at: Nanos,
    is_planned: bool,
) -> Option<Permission> {
    let prefill = phase.take_prefill_place().await.ok()?;
    // What was ready before the end is sent even if this program is a little late.
    let at = if is_planned {
        due.max(answered_at)
    } else {
        monotonic_now()
    };
    Some(Permission {
        index: phase.take_request(at)?,
        intended: is_planned.then_some(due),
        prefill,
    })
}

/// Builds a body that depends on replies, away from the I/O thread: it reads whole answers.
async fn compose(
    thread: &IoThread,
    playing: Playing,
    turn: usize,
    earlier: &mut Vec<Exchange>,
) -> Option<Bytes> {
    let workload = Arc::clone(&thread.workload);
    let exchanges = std::mem::take(earlier);
    let composed = tokio::task::spawn_blocking(move || {
        let body = workload.composer.compose(playing, turn, &exchanges);
        (exchanges, body)
    })
    .await;
    let (exchanges, body) = composed.ok()?;
    *earlier = exchanges;
    body.map_err(|reason| tracing::error!("session ended before turn {turn}: {reason}"))
        .ok()
}

/// Counts the session's end. One that was cut off in its last turn was cancelled; one that was not
/// allowed to go on is counted as neither.
struct SessionEnd<'a> {
    phase: &'a PhaseState,
    is_in_last_turn: bool,
    is_complete: bool,
}

impl Drop for SessionEnd<'_> {
    fn drop(&mut self) {
        if self.is_complete {
            self.phase.counters.session_completed();
        } else if self.is_in_last_turn {
            self.phase.counters.session_cancelled();
        }
    }
}
