//! Turns of open-loop sessions that are ready and wait for an arrival.
//!
//! All threads share them: an arrival goes to the turn that is ready for longest, whichever thread
//! plays its session. Otherwise the number of threads would decide how long turns wait.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aiperf_clock::Nanos;
use tokio::sync::oneshot;

/// The turn of an open-loop session to send its next request.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) intended: Nanos,
}

/// The waiting turns of a phase. Locked for a few instructions, in open loops of several turns only.
#[derive(Debug)]
pub(crate) struct Continuations(Mutex<State>);

#[derive(Debug)]
struct State {
    /// The one that is ready for longest first.
    waiting: VecDeque<oneshot::Sender<Arrival>>,
    /// How many threads still have arrivals to come.
    schedules: usize,
}

/// One thread's share of the schedule. When the last is dropped, whoever waits learns that no
/// arrival will come.
pub(crate) struct Schedule<'a>(&'a Continuations);

impl Continuations {
    /// For so many threads, each of which has its [`Schedule`].
    pub(crate) fn new(threads: usize) -> Self {
        Self(Mutex::new(State {
            waiting: VecDeque::new(),
            schedules: threads,
        }))
    }

    /// The calling thread's share of the schedule; once for each thread.
    pub(crate) fn schedule(&self) -> Schedule<'_> {
        Schedule(self)
    }

    /// Waits for an arrival; `None` if none will come.
    pub(crate) async fn wait(&self) -> Option<Arrival> {
        let arrival = {
            let mut state = self.lock();
            if state.schedules == 0 {
                return None;
            }
            let (permit, arrival) = oneshot::channel();
            state.waiting.push_back(permit);
            arrival
        };
        arrival.await.ok()
    }

    /// The turn that is ready for longest.
    pub(crate) fn next(&self) -> Option<oneshot::Sender<Arrival>> {
        let mut state = self.lock();
        while let Some(permit) = state.waiting.pop_front() {
            // A session that was cut off waits no more.
            if !permit.is_closed() {
                return Some(permit);
            }
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Schedule<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.schedules = state.schedules.saturating_sub(1);
        if state.schedules == 0 {
            state.waiting.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[test]
    fn the_turn_that_waits_for_longest_is_next() {
        let continuations = Continuations::new(1);
        let mut context = Context::from_waker(Waker::noop());
        let mut waits: Vec<_> = (0..3).map(|_| Box::pin(continuations.wait())).collect();
        for wait in &mut waits {
            assert!(wait.as_mut().poll(&mut context).is_pending());
        }
        drop(waits.remove(0));
        for (wait, intended) in waits.iter_mut().zip([5, 6]) {
            let permit = continuations.next().unwrap();
            permit.send(Arrival { intended }).unwrap();
            match wait.as_mut().poll(&mut context) {
                Poll::Ready(Some(arrival)) => assert_eq!(arrival.intended, intended),
                other => panic!("{other:?}"),
            }
        }
        assert!(continuations.next().is_none());
    }

    #[test]
    fn when_the_last_schedule_has_ended_nobody_waits() {
        let continuations = Continuations::new(2);
        let mut context = Context::from_waker(Waker::noop());
        let mut early = pin!(continuations.wait());
        drop(continuations.schedule());
        assert!(early.as_mut().poll(&mut context).is_pending());
        drop(continuations.schedule());
        assert!(matches!(early.poll(&mut context), Poll::Ready(None)));
        let late = pin!(continuations.wait());
        assert!(matches!(late.poll(&mut context), Poll::Ready(None)));
    }
}
