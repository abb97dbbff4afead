//! A waker that does not answer itself.
//!
//! hyper's connection future and its answer body talk through a channel, and each wakes the other.
//! Here one task polls both in turn, so such a wake only schedules the task a second time for
//! nothing: for every chunk of a stream. This waker passes on what comes from outside (a socket
//! became ready) and merely remembers what happens while the task is polling.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// How often a pass is repeated because something was woken during it, before the event loop gets
/// its turn. Progress needs two; a future that only asks to be polled again must not hold the loop.
const PASSES: usize = 3;

pub(crate) struct QuietWaker {
    shared: Arc<Shared>,
    waker: Waker,
}

#[derive(Default)]
struct Shared {
    outer: AtomicWaker,
    is_polling: AtomicBool,
    was_woken: AtomicBool,
}

impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.is_polling.load(Relaxed) {
            self.was_woken.store(true, Relaxed);
        } else {
            self.outer.wake();
        }
    }
}

impl QuietWaker {
    pub(crate) fn new() -> Self {
        let shared = Arc::new(Shared::default());
        Self {
            waker: Waker::from(Arc::clone(&shared)),
            shared,
        }
    }

    /// Calls `step` until it is ready, or until it is pending and nothing was woken meanwhile.
    pub(crate) fn poll<T>(
        &self,
        context: &mut Context<'_>,
        mut step: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let shared = &self.shared;
        shared.outer.register(context.waker());
        let mut inner = Context::from_waker(&self.waker);
        for _ in 0..PASSES {
            shared.was_woken.store(false, Relaxed);
            shared.is_polling.store(true, Relaxed);
            let result = step(&mut inner);
            shared.is_polling.store(false, Relaxed);
            if result.is_ready() {
                return result;
            }
            if !shared.was_woken.load(Relaxed) {
                return Poll::Pending;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    #[test]
    fn a_wake_during_the_poll_repeats_the_pass_and_does_not_reach_the_task() {
        let counter = Arc::new(Counter::default());
        let task = Waker::from(Arc::clone(&counter));
        let quiet = QuietWaker::new();
        let mut passes = 0;
        let result = quiet.poll(&mut Context::from_waker(&task), |context| {
            passes += 1;
            if passes == 1 {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(passes)
        });
        assert_eq!(result, Poll::Ready(2));
        assert_eq!(counter.0.load(Relaxed), 0);
    }

    #[test]
    fn a_wake_from_outside_reaches_the_task() {
        let counter = Arc::new(Counter::default());
        let task = Waker::from(Arc::clone(&counter));
        let quiet = QuietWaker::new();
        let mut stored = None;
        let result: Poll<()> = quiet.poll(&mut Context::from_waker(&task), |context| {
            stored = Some(context.waker().clone());
            Poll::Pending
        });
        assert!(result.is_pending());
        stored.unwrap().wake();
        assert_eq!(counter.0.load(Relaxed), 1);
    }

    #[test]
    fn a_future_that_only_asks_to_be_polled_again_gives_the_loop_its_turn() {
        let counter = Arc::new(Counter::default());
        let task = Waker::from(Arc::clone(&counter));
        let quiet = QuietWaker::new();
        let result: Poll<()> = quiet.poll(&mut Context::from_waker(&task), |context| {
            context.waker().wake_by_ref();
            Poll::Pending
        });
        assert!(result.is_pending());
        assert_eq!(counter.0.load(Relaxed), 1);
    }
}
