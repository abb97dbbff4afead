//! Sleeping until an instant, precisely.
//!
//! The async runtime's timer rounds up to whole milliseconds, which would bend a schedule of 5,000
//! requests per second or a mock server's 0.1 ms inter-token latency. [`PreciseTimer`] holds any
//! number of pending deadlines behind one `timerfd` with an absolute monotonic expiry, so a waking
//! is late only by what the kernel and the event loop need (tens of microseconds). On systems
//! without `timerfd` it falls back to the runtime's timer and says so by [`PreciseTimer::is_precise`].
//!
//! One timer belongs to one thread; it is not `Send`.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::{Nanos, monotonic_now};

/// Wakes tasks of one current-thread runtime at monotonic instants.
#[derive(Clone)]
pub struct PreciseTimer {
    shared: Rc<RefCell<Shared>>,
    precise: bool,
}

struct Shared {
    /// Pending deadlines, earliest first. The sequence number keeps equal deadlines in order.
    pending: BinaryHeap<Reverse<(Nanos, u64)>>,
    wakers: std::collections::HashMap<u64, Waker>,
    next_sequence: u64,
    alarm: Option<Rc<imp::Alarm>>,
}

impl Shared {
    /// Entries of sleeps that were dropped have no waker; they must not cause a waking, nor pile up.
    fn drop_abandoned(&mut self) {
        while let Some(&Reverse((_, sequence))) = self.pending.peek() {
            if self.wakers.contains_key(&sequence) {
                break;
            }
            self.pending.pop();
        }
    }
}

impl PreciseTimer {
    /// Starts the timer's driver on the current `LocalSet`.
    ///
    /// # Panics
    /// Outside a tokio `LocalSet`.
    pub fn start() -> Self {
        let alarm = imp::Alarm::new().map(Rc::new);
        let precise = alarm.is_some();
        let shared = Rc::new(RefCell::new(Shared {
            pending: BinaryHeap::new(),
            wakers: std::collections::HashMap::new(),
            next_sequence: 0,
            alarm: alarm.clone(),
        }));
        if let Some(alarm) = alarm {
            let driver = Rc::downgrade(&shared);
            tokio::task::spawn_local(async move {
                while alarm.expired().await {
                    let Some(shared) = driver.upgrade() else {
                        break;
                    };
                    fire_due(&shared);
                }
            });
        }
        Self { shared, precise }
    }

    /// Whether deadlines are kept to better than the runtime's millisecond.
    pub fn is_precise(&self) -> bool {
        self.precise
    }

    /// Completes at `deadline`; at once if that has passed.
    pub fn sleep_until(&self, deadline: Nanos) -> SleepUntil {
        SleepUntil {
            timer: self.clone(),
            deadline,
            state: State::New,
        }
    }
}

/// Wakes everything that is due and sets the alarm for what is next.
fn fire_due(shared: &Rc<RefCell<Shared>>) {
    let mut due = Vec::new();
    {
        let mut shared = shared.borrow_mut();
        let now = monotonic_now();
        while let Some(&Reverse((deadline, sequence))) = shared.pending.peek() {
            if deadline > now {
                break;
            }
            shared.pending.pop();
            due.extend(shared.wakers.remove(&sequence));
        }
        shared.drop_abandoned();
        if let (Some(&Reverse((next, _))), Some(alarm)) = (shared.pending.peek(), &shared.alarm) {
            alarm.set(next);
        }
    }
    due.into_iter().for_each(Waker::wake);
}

enum State {
    New,
    Waiting(u64),
    Fallback(Pin<Box<tokio::time::Sleep>>),
    Done,
}

/// The future of [`PreciseTimer::sleep_until`].
pub struct SleepUntil {
    timer: PreciseTimer,
    deadline: Nanos,
    state: State,
}

impl Future for SleepUntil {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let now = monotonic_now();
        if now >= self.deadline {
            self.leave();
            return Poll::Ready(());
        }
        let deadline = self.deadline;
        if let State::Fallback(sleep) = &mut self.state {
            return sleep.as_mut().poll(context);
        }
        if !self.timer.precise {
            let mut sleep = Box::pin(tokio::time::sleep(std::time::Duration::from_nanos(
                deadline - now,
            )));
            let poll = sleep.as_mut().poll(context);
            self.state = State::Fallback(sleep);
            return poll;
        }
        let shared = Rc::clone(&self.timer.shared);
        let mut shared = shared.borrow_mut();
        match self.state {
            State::Waiting(sequence) => {
                shared.wakers.insert(sequence, context.waker().clone());
            }
            _ => {
                let sequence = shared.next_sequence;
                shared.next_sequence += 1;
                let is_earliest = shared
                    .pending
                    .peek()
                    .is_none_or(|&Reverse((first, _))| deadline < first);
                shared.pending.push(Reverse((deadline, sequence)));
                shared.wakers.insert(sequence, context.waker().clone());
                if is_earliest && let Some(alarm) = &shared.alarm {
                    alarm.set(deadline);
                }
                self.state = State::Waiting(sequence);
            }
        }
        Poll::Pending
    }
}

impl SleepUntil {
    fn leave(&mut self) {
        if let State::Waiting(sequence) = self.state {
            let mut shared = self.timer.shared.borrow_mut();
            shared.wakers.remove(&sequence);
            shared.drop_abandoned();
        }
        self.state = State::Done;
    }
}

impl Drop for SleepUntil {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(target_os = "linux")]
mod imp {
    use rustix::fd::OwnedFd;
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    use crate::{Nanos, SECOND};

    /// A `timerfd` that is readable once its absolute expiry has passed.
    pub(super) struct Alarm {
        descriptor: AsyncFd<OwnedFd>,
    }

    impl Alarm {
        pub(super) fn new() -> Option<Self> {
            let descriptor = timerfd_create(
                TimerfdClockId::Monotonic,
                TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
            )
            .ok()?;
            #[expect(
                deprecated,
                reason = "the successor is an unsafe function whose one condition, that the \
                          descriptor stays open, an owned descriptor meets by itself"
            )]
            let descriptor = AsyncFd::with_interest(descriptor, Interest::READABLE).ok()?;
            Some(Self { descriptor })
        }

        pub(super) fn set(&self, deadline: Nanos) {
            let expiry = Itimerspec {
                it_interval: Timespec {
                    tv_sec: 0,
                    tv_nsec: 0,
                },
                it_value: Timespec {
                    tv_sec: (deadline / SECOND) as i64,
                    // An all-zero expiry would disarm the timer.
                    tv_nsec: ((deadline % SECOND) as i64).max(1),
                },
            };
            // Fails only for a descriptor that is not a timer or a time out of range; neither can
            // happen, and a sleeper would then be woken by the next alarm.
            let _ = timerfd_settime(&self.descriptor, TimerfdTimerFlags::ABSTIME, &expiry);
        }

        /// Waits for the next expiry. `false` when the runtime is going away.
        pub(super) async fn expired(&self) -> bool {
            loop {
                let Ok(mut guard) = self.descriptor.readable().await else {
                    return false;
                };
                let read = guard.try_io(|descriptor| {
                    let mut count = [0u8; 8];
                    rustix::io::read(descriptor.get_ref(), &mut count).map_err(Into::into)
                });
                match read {
                    Ok(Ok(_)) => return true,
                    Ok(Err(_)) => return false,
                    Err(_would_block) => {}
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod imp {
    use crate::Nanos;

    /// Never made: without `timerfd` the runtime's timer is used.
    pub(super) struct Alarm;

    impl Alarm {
        pub(super) fn new() -> Option<Self> {
            None
        }

        pub(super) fn set(&self, _deadline: Nanos) {}

        pub(super) async fn expired(&self) -> bool {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_local_set<F: Future>(body: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, body)
    }

    #[test]
    fn no_sleep_ends_before_its_deadline_and_order_is_kept() {
        on_local_set(async {
            let timer = PreciseTimer::start();
            let order = Rc::new(RefCell::new(Vec::new()));
            let start = monotonic_now();
            let sleeps: Vec<_> = [700_000u64, 100_000, 400_000]
                .into_iter()
                .map(|offset| {
                    let (timer, order) = (timer.clone(), Rc::clone(&order));
                    tokio::task::spawn_local(async move {
                        timer.sleep_until(start + offset).await;
                        order.borrow_mut().push(offset);
                        monotonic_now() >= start + offset
                    })
                })
                .collect();
            for sleep in sleeps {
                assert!(sleep.await.unwrap(), "woken before the deadline");
            }
            assert_eq!(*order.borrow(), [100_000, 400_000, 700_000]);
        });
    }

    #[test]
    fn a_dropped_sleep_leaves_nothing_behind() {
        on_local_set(async {
            let timer = PreciseTimer::start();
            {
                let mut sleep = Box::pin(timer.sleep_until(monotonic_now() + 50_000_000_000));
                let waker = Waker::noop();
                assert!(
                    sleep
                        .as_mut()
                        .poll(&mut Context::from_waker(waker))
                        .is_pending()
                );
            }
            assert!(timer.shared.borrow().wakers.is_empty());
            timer.sleep_until(monotonic_now() + 200_000).await;
            assert!(timer.shared.borrow().pending.is_empty());
        });
    }
}
