//! What the threads of a phase share: the plan, who may send what, limits, and the end of sending.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use aiperf_clock::precise::PreciseTimer;
use aiperf_clock::{Nanos, monotonic_now};
use aiperf_schedule::{Arrivals, LimitRamp, PhasePlan};
use futures_util::future::join_all;
use tokio::sync::watch;

use crate::continuations::Continuations;
use crate::counters::{Counters, PhaseCounts};
use crate::slots::{Slot, Slots};

/// Live state of one phase. Threads touch it a few times per request.
#[derive(Debug)]
pub struct PhaseState {
    /// Position of the phase in the run.
    pub index: usize,
    /// The plan that is being carried out.
    pub plan: PhasePlan,
    /// When the phase starts.
    pub start: Nanos,
    /// The number of the first session: sessions are counted through the whole run, so that
    /// profiling goes on in the dataset where warmup stopped.
    pub first_session: u64,
    requests_taken: AtomicU64,
    sessions_taken: AtomicU64,
    /// Places for sessions, where the phase limits them.
    sessions: Option<Slots>,
    /// Places for requests before their first token, where the phase limits them.
    prefills: Option<Slots>,
    sending: watch::Sender<Sending>,
    /// Turns that wait for an arrival.
    pub(crate) continuations: Continuations,
    sessions_over: AtomicU64,
    /// Sessions whose last turn was sent; counted where their number bounds the phase.
    last_turns_sent: AtomicU64,
    pub(crate) counters: Counters,
    sending_complete: OnceLock<SendingComplete>,
    /// Wakes who waits for the end of sending.
    sends_nothing_more: watch::Sender<bool>,
}

/// The moment from which on a phase sends nothing and waits for what is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendingComplete {
    /// When that was.
    pub at: Nanos,
    /// Whether it was the duration that ended sending.
    pub timed_out: bool,
    /// The counters then.
    pub counts: PhaseCounts,
}

/// What is still to come: who waits to send something else waits in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sending {
    Everything,
    /// Later turns of sessions that have begun.
    NoMoreSessions,
    Nothing,
}

/// Places of a session and of its first request.
#[derive(Debug, Default)]
pub(crate) struct Places {
    pub(crate) session: Option<Slot>,
    pub(crate) prefill: Option<Slot>,
}

/// The duration was over when a place became free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLate;

/// Where a turn stands among those that its session plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TurnPlace {
    pub(crate) is_first: bool,
    pub(crate) is_last: bool,
}

/// Permission to start a session with its first request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionTicket {
    /// Number of the session in the run.
    pub(crate) session: u64,
    /// Number of its first request in the phase.
    pub(crate) request: u64,
}

impl PhaseState {
    /// A phase that `threads` threads carry out; its start is set when they are told.
    pub(crate) fn new(index: usize, plan: PhasePlan, threads: usize, first_session: u64) -> Self {
        let counter = || AtomicU64::new(0);
        let session_cap = match &plan.arrivals {
            // Its slots are tasks that play one session after the other, and open at their times.
            Arrivals::ClosedLoop { slots } => Some(LimitRamp::steady(slots.limit())),
            Arrivals::OpenLoop { session_cap, .. }
            | Arrivals::UserCentric { session_cap, .. }
            | Arrivals::FixedSchedule { session_cap, .. } => *session_cap,
        };
        Self {
            index,
            sessions: session_cap.map(Slots::new),
            prefills: plan.prefill_limit.map(Slots::new),
            plan,
            start: 0,
            first_session,
            requests_taken: counter(),
            sessions_taken: counter(),
            sending: watch::Sender::new(Sending::Everything),
            continuations: Continuations::new(threads),
            sessions_over: counter(),
            last_turns_sent: counter(),
            counters: Counters::default(),
            sending_complete: OnceLock::new(),
            sends_nothing_more: watch::Sender::new(false),
        }
    }

    /// Lets the limits count what is still under way in the phase before, which has sent
    /// everything. Only limits that both phases have.
    pub(crate) fn follow(&mut self, before: &Self) {
        let ramp = match &self.plan.arrivals {
            Arrivals::ClosedLoop { slots } => Some(*slots),
            Arrivals::OpenLoop { session_cap, .. }
            | Arrivals::UserCentric { session_cap, .. }
            | Arrivals::FixedSchedule { session_cap, .. } => *session_cap,
        };
        if let (Some(ramp), Some(before)) = (ramp, &before.sessions) {
            self.sessions = Some(Slots::after(ramp, before));
        }
        if let (Some(ramp), Some(before)) = (self.plan.prefill_limit, &before.prefills) {
            self.prefills = Some(Slots::after(ramp, before));
        }
    }

    /// Frees places that the phase before gives back; see [`PhaseState::follow`].
    pub(crate) async fn take_over(&self) {
        join_all(self.limits().map(Slots::take_over)).await;
    }

    /// Returns when nothing more is to be sent.
    pub(crate) async fn sending_is_complete(&self, timer: &PreciseTimer) {
        let mut completion = self.sends_nothing_more.subscribe();
        let end = async {
            match self.sending_deadline() {
                Some(end) => timer.sleep_until(end).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // An error means that the phase is gone.
            _ = completion.wait_for(|is_complete| *is_complete) => {}
            () = end => self.note_time(monotonic_now()),
        }
    }

    /// The counters now.
    pub fn counts(&self) -> PhaseCounts {
        self.counters.now()
    }

    /// When sending was complete, if it is.
    pub fn sending_complete(&self) -> Option<SendingComplete> {
        self.sending_complete.get().copied()
    }

    /// How many sessions the phase has at most, where that is known.
    pub(crate) fn most_sessions(&self) -> Option<u64> {
        let stop = &self.plan.stop;
        stop.sessions.into_iter().chain(stop.requests).min()
    }

    /// Stops all sending.
    pub(crate) fn end_sending(&self) {
        self.narrow(Sending::Nothing);
    }

    fn narrow(&self, to: Sending) {
        self.sending.send_if_modified(|sending| {
            let narrows = *sending < to;
            if narrows {
                *sending = to;
            }
            narrows
        });
    }

    /// Sleeps until a turn is due; `false` as soon as no turn will be sent.
    pub(crate) async fn sleep_until(&self, timer: &PreciseTimer, due: Nanos) -> bool {
        self.sleep_unless(timer, due, Sending::Nothing).await
    }

    /// Sleeps until a session may begin; `false` as soon as none will.
    pub(crate) async fn sleep_until_session(&self, timer: &PreciseTimer, due: Nanos) -> bool {
        self.sleep_unless(timer, due, Sending::NoMoreSessions).await
    }

    async fn sleep_unless(&self, timer: &PreciseTimer, due: Nanos, end_of: Sending) -> bool {
        if *self.sending.borrow() >= end_of {
            return false;
        }
        let is_in_time = !self.is_after_duration(due);
        if is_in_time && due <= monotonic_now() {
            return true;
        }
        let end = self.sending_deadline().unwrap_or(Nanos::MAX);
        let mut sending = self.sending.subscribe();
        tokio::select! {
            () = timer.sleep_until(due.min(end)) => is_in_time,
            _ = sending.wait_for(|&sending| sending >= end_of) => false,
        }
    }

    /// Whether what is due at `due` is no longer to be sent. A closed loop sends now; an arrival
    /// that was due in time is sent even if it is a little late.
    pub(crate) fn sending_is_over(&self, due: Nanos) -> bool {
        *self.sending.borrow() == Sending::Nothing || self.is_after_duration(due)
    }

    /// Whether the duration is over at this instant.
    pub(crate) fn is_after_duration(&self, instant: Nanos) -> bool {
        self.sending_deadline().is_some_and(|end| instant >= end)
    }

    /// The instant at which the duration is over.
    pub(crate) fn sending_deadline(&self) -> Option<Nanos> {
        self.plan
            .stop
            .duration
            .map(|duration| self.start.saturating_add(duration))
    }

    /// Whether sessions may still begin; later turns of those that have begun are another matter.
    pub(crate) fn begins_sessions(&self) -> bool {
        *self.sending.borrow() == Sending::Everything
    }

    /// Whether the phase has any request left to send.
    pub(crate) fn may_send_more(&self, due: Nanos) -> bool {
        let taken = self.requests_taken.load(Relaxed);
        !self.sending_is_over(due) && self.plan.stop.requests.is_none_or(|limit| taken < limit)
    }

    /// Permission to send one more request, with its number; `None` when there is none to send.
    pub(crate) fn take_request(&self, due: Nanos) -> Option<u64> {
        if self.sending_is_over(due) {
            return None;
        }
        self.take(&self.requests_taken, self.plan.stop.requests)
    }

    /// Permission to start one more session.
    pub(crate) fn take_session(&self, due: Nanos) -> Option<SessionTicket> {
        if self.sending_is_over(due) {
            return None;
        }
        // The session first: a request number that was taken cannot be given back, another thread
        // may have taken the next. A session without a request means that no request is left.
        let limit = self.plan.stop.sessions;
        let session = take(&self.sessions_taken, limit);
        if is_used_up(session, limit) {
            self.narrow(Sending::NoMoreSessions);
        }
        let session = session?;
        let request = self.take(&self.requests_taken, self.plan.stop.requests)?;
        Some(SessionTicket {
            session: self.first_session + session,
            request,
        })
    }

    /// The next request number. When none is left, whoever has none has nothing to wait for.
    fn take(&self, counter: &AtomicU64, limit: Option<u64>) -> Option<u64> {
        let number = take(counter, limit);
        if is_used_up(number, limit) {
            self.end_sending();
        }
        number
    }

    /// Notes that a session which an arrival has started sends no more. After the last of them no
    /// arrival is of use.
    pub(crate) fn note_session_over(&self) {
        let over = self.sessions_over.fetch_add(1, Relaxed) + 1;
        if self.plan.stop.sessions == Some(over) {
            self.end_sending();
        }
    }

    /// Permission to start session `index` where every session is one request and none is skipped.
    pub(crate) fn session_at(&self, index: u64, due: Nanos) -> Option<SessionTicket> {
        let is_within = |limit: Option<u64>| limit.is_none_or(|limit| index < limit);
        let may_send = !self.sending_is_over(due)
            && is_within(self.plan.stop.requests)
            && is_within(self.plan.stop.sessions);
        may_send.then_some(SessionTicket {
            session: self.first_session + index,
            request: index,
        })
    }

    /// Permission to start session `index` of a plan that numbers its sessions itself. Its first
    /// request gets its number when it is sent.
    pub(crate) fn may_start_session(&self, index: u64, due: Nanos) -> bool {
        let sessions = self.plan.stop.sessions;
        sessions.is_none_or(|limit| index < limit) && self.may_send_more(due)
    }

    /// Whether an arrival may find no place.
    pub(crate) fn is_limited(&self) -> bool {
        self.sessions.is_some() || self.prefills.is_some()
    }

    /// How long after its sending a request is given up on purpose, if it is.
    pub(crate) fn cancel_after(&self, request: u64) -> Option<Nanos> {
        let cancellation = self.plan.cancellation.as_ref()?;
        cancellation.delay_of(self.plan.kind, request)
    }

    /// The limits of the phase, for the one that lets them grow.
    pub(crate) fn limits(&self) -> impl Iterator<Item = &Slots> {
        self.sessions.iter().chain(&self.prefills)
    }

    /// A place for a session and one for its first request, at once or not at all. Places that
    /// nobody limits are free.
    pub(crate) fn try_take_places(&self) -> Option<Places> {
        let take = |slots: &Option<Slots>| match slots {
            Some(slots) => slots.try_take().map(Some),
            None => Some(None),
        };
        Some(Places {
            session: take(&self.sessions)?,
            prefill: take(&self.prefills)?,
        })
    }

    /// Waits for a place for a session and one for its first request.
    pub(crate) async fn take_places(&self) -> Result<Places, TooLate> {
        Ok(Places {
            session: self.take_session_place().await?,
            prefill: self.take_prefill_place().await?,
        })
    }

    /// Waits for the place of a slot of a closed loop, which is free when the slot opens unless the
    /// phase before still holds it. Also tells since when it was free; `None` as soon as no session
    /// will begin.
    pub(crate) async fn take_slot(&self, opens_at: Nanos) -> Option<(Slot, Nanos)> {
        let slots = self.sessions.as_ref()?;
        if let Some(slot) = slots.try_take() {
            return Some((slot, opens_at));
        }
        let mut sending = self.sending.subscribe();
        tokio::select! {
            slot = slots.take() => Some((slot, monotonic_now())),
            _ = sending.wait_for(|&sending| sending >= Sending::NoMoreSessions) => None,
        }
    }

    /// Waits for a place for a session; none is needed where nothing limits them.
    pub(crate) async fn take_session_place(&self) -> Result<Option<Slot>, TooLate> {
        self.take_place(self.sessions.as_ref()).await
    }

    /// Waits for a place before the first token; none is needed where nothing limits them.
    pub(crate) async fn take_prefill_place(&self) -> Result<Option<Slot>, TooLate> {
        self.take_place(self.prefills.as_ref()).await
    }

    async fn take_place(&self, slots: Option<&Slots>) -> Result<Option<Slot>, TooLate> {
        let Some(slots) = slots else { return Ok(None) };
        if let Some(slot) = slots.try_take() {
            return Ok(Some(slot));
        }
        let since = monotonic_now();
        let slot = slots.take().await;
        let now = monotonic_now();
        if self.is_after_duration(now) {
            return Err(TooLate);
        }
        self.counters.waited_for_a_place(now - since);
        Ok(Some(slot))
    }

    /// Counts a request that is being sent, and notes if no other will follow it.
    pub(crate) fn note_sent(&self, at: Nanos, place: TurnPlace) {
        let sent = self.counters.sent(place.is_first);
        let stop = &self.plan.stop;
        let ends_sessions = place.is_last
            && stop
                .sessions
                .is_some_and(|sessions| self.last_turns_sent.fetch_add(1, Relaxed) + 1 == sessions);
        if ends_sessions || stop.requests == Some(sent) {
            self.complete_sending(at, false);
        }
    }

    /// Notes the end of sending if the duration is over at `now`; for the one who watches the clock.
    pub(crate) fn note_time(&self, now: Nanos) {
        if self.is_after_duration(now) {
            self.complete_sending(now, true);
        }
    }

    /// The end of sending, of a phase whose last thread was done at `end`: with nothing more to send
    /// before the duration was over, unless it was cancelled.
    pub(crate) fn sending_was_complete(&self, end: Nanos, was_cancelled: bool) -> SendingComplete {
        let timed_out = !was_cancelled && self.plan.stop.duration.is_some();
        self.complete_sending(end, timed_out)
    }

    /// Notes the end of sending, if nobody did before.
    fn complete_sending(&self, at: Nanos, timed_out: bool) -> SendingComplete {
        let complete = *self.sending_complete.get_or_init(|| SendingComplete {
            at,
            timed_out,
            counts: self.counts(),
        });
        self.sends_nothing_more.send_replace(true);
        complete
    }
}

/// Whether a number that was taken was the last below `limit`, or came too late.
fn is_used_up(taken: Option<u64>, limit: Option<u64>) -> bool {
    taken.is_none_or(|number| limit == Some(number + 1))
}

/// The next number below `limit`.
fn take(counter: &AtomicU64, limit: Option<u64>) -> Option<u64> {
    let number = counter.fetch_add(1, Relaxed);
    if limit.is_some_and(|limit| number >= limit) {
        counter.fetch_sub(1, Relaxed);
        return None;
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aiperf_schedule::{FixedSchedule, PhaseKind, StopRules, ZeroPoint};

    use std::sync::atomic::AtomicBool;

    use super::*;

    fn plan(stop: StopRules) -> PhasePlan {
        let slots = LimitRamp::steady(1);
        let arrivals = Arrivals::ClosedLoop { slots };
        PhasePlan::new("profiling", PhaseKind::Profiling, arrivals, stop)
    }

    fn state(stop: StopRules) -> PhaseState {
        PhaseState::new(0, plan(stop), 1, 100)
    }

    #[test]
    fn requests_are_numbered_without_gaps_up_to_the_limit() {
        let state = state(StopRules {
            requests: Some(3),
            ..StopRules::default()
        });
        let taken: Vec<_> = std::iter::repeat_with(|| state.take_request(state.start))
            .take(5)
            .collect();
        assert_eq!(taken, [Some(0), Some(1), Some(2), None, None]);
    }

    #[test]
    fn sessions_go_on_counting_from_the_phase_before() {
        let state = state(StopRules {
            sessions: Some(2),
            ..StopRules::default()
        });
        assert_eq!(
            state.take_session(state.start),
            Some(SessionTicket {
                session: 100,
                request: 0
            })
        );
        assert_eq!(
            state.take_session(state.start),
            Some(SessionTicket {
                session: 101,
                request: 1
            })
        );
        assert_eq!(state.take_session(state.start), None);
        // The refused session has not used up a request number.
        assert_eq!(state.take_request(state.start), Some(2));
    }

    #[test]
    fn a_refused_session_disturbs_no_request_number_of_another_thread() {
        let state = state(StopRules {
            sessions: Some(0),
            ..StopRules::default()
        });
        let is_done = AtomicBool::new(false);
        let taken: Vec<_> = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_done.load(Relaxed) {
                    assert_eq!(state.take_session(state.start), None);
                }
            });
            let taken = std::iter::repeat_with(|| state.take_request(state.start)).take(200_000);
            let taken = taken.collect();
            is_done.store(true, Relaxed);
            taken
        });
        assert!(taken.into_iter().eq((0..200_000).map(Some)));
    }

    #[test]
    fn a_session_that_finds_no_place_for_its_request_takes_none() {
        let mut plan = plan(StopRules::default());
        plan.arrivals = Arrivals::FixedSchedule {
            schedule: Arc::new(
                FixedSchedule::new([("c", Some(0.0))], ZeroPoint::EarliestTurn).unwrap(),
            ),
            session_cap: Some(LimitRamp::steady(2)),
        };
        plan.prefill_limit = Some(LimitRamp::steady(1));
        let state = PhaseState::new(0, plan, 1, 0);
        let first = state.try_take_places().unwrap();
        assert!(state.try_take_places().is_none());
        drop(first.prefill);
        let second = state.try_take_places().unwrap();
        drop(second.prefill);
        assert!(state.try_take_places().is_none(), "both sessions are open");
    }

    #[test]
    fn nothing_is_sent_after_the_duration() {
        let state = state(StopRules {
            duration: Some(0),
            ..StopRules::default()
        });
        assert_eq!(state.take_request(state.start), None);
        assert_eq!(state.session_at(0, state.start), None);
    }
}
