//! The batch scheduler: tokens of all requests are produced in common steps, as on a server that
//! runs a limited number of requests at a time and reads long prompts over several steps.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use aiperf_clock::precise::PreciseTimer;
use aiperf_clock::{Clock, MILLISECOND, Nanos};
use tokio::sync::Notify;

use crate::error::MockError;
use crate::options::BatchOptions;

/// Where requests are entered. Dropping it stops the steps.
pub(crate) struct Batch {
    shared: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

struct Queue {
    waiting: Mutex<VecDeque<Arc<Slot>>>,
    /// Something was entered, or the steps are to stop.
    changed: Notify,
    is_stopping: AtomicBool,
}

/// A request in the batch.
struct Slot {
    /// Prompt tokens to be read before the first token.
    unread: u64,
    /// Tokens to be produced.
    wanted: u64,
    produced: AtomicU64,
    progress: Notify,
    is_abandoned: AtomicBool,
}

/// What a request holds while it is in the batch; dropping it leaves the batch.
pub(crate) struct Ticket(Arc<Slot>);

/// A request that is running, with what is left of its prompt.
struct Running {
    slot: Arc<Slot>,
    unread: u64,
}

impl Batch {
    pub(crate) fn start(options: BatchOptions) -> Result<Self, MockError> {
        let shared = Arc::new(Queue {
            waiting: Mutex::default(),
            changed: Notify::new(),
            is_stopping: AtomicBool::new(false),
        });
        let queue = Arc::clone(&shared);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(MockError::Thread)?;
        let thread = std::thread::Builder::new()
            .name("mock-batch".to_owned())
            .spawn(move || {
                tokio::task::LocalSet::new().block_on(&runtime, run(options, &queue));
            })
            .map_err(MockError::Thread)?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Enters a request with so many prompt tokens to read and tokens to produce.
    pub(crate) fn enter(&self, unread: u64, wanted: u64) -> Ticket {
        let slot = Arc::new(Slot {
            unread,
            wanted,
            produced: AtomicU64::new(0),
            progress: Notify::new(),
            is_abandoned: AtomicBool::new(false),
        });
        self.shared.lock().push_back(Arc::clone(&slot));
        self.shared.changed.notify_one();
        Ticket(slot)
    }

    /// Requests whose turn has not come.
    pub(crate) fn waiting(&self) -> u64 {
        self.shared.lock().len() as u64
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.shared.is_stopping.store(true, SeqCst);
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the batch scheduler of the mock server ended in a panic");
        }
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Slot>>> {
        // A queue is whole after every operation, even if a thread panicked between two of them.
        self.waiting
            .lock()
            .unwrap_or_else(|broken| broken.into_inner())
    }
}

impl Ticket {
    /// Waits until so many tokens were produced.
    pub(crate) async fn reach(&self, tokens: u64) {
        loop {
            let progress = self.0.progress.notified();
            if self.0.produced.load(SeqCst) >= tokens.min(self.0.wanted) {
                return;
            }
            progress.await;
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.is_abandoned.store(true, Relaxed);
    }
}

async fn run(options: BatchOptions, queue: &Queue) {
    let clock = Clock::start();
    let timer = PreciseTimer::start();
    let mut running: Vec<Running> = Vec::new();
    let mut step_end = clock.now();
    loop {
        while running.is_empty() && queue.lock().is_empty() {
            if queue.is_stopping.load(SeqCst) {
                return;
            }
            queue.changed.notified().await;
            step_end = clock.now();
        }
        if queue.is_stopping.load(SeqCst) {
            return;
        }
        admit(&mut running, &mut queue.lock(), options.max_requests);
        read_prompts(&mut running, options.prompt_tokens_per_step);
        let step_ms = options.step_ms + options.step_per_request_ms * running.len() as f64;
        step_end += (step_ms * MILLISECOND as f64) as Nanos;
        timer.sleep_until(step_end).await;
        produce(&mut running);
    }
}

/// Takes in requests from the front of the queue while there is room.
fn admit(running: &mut Vec<Running>, waiting: &mut VecDeque<Arc<Slot>>, room: u64) {
    running.retain(|request| !request.slot.is_abandoned.load(Relaxed));
    while (running.len() as u64) < room
        && let Some(slot) = waiting.pop_front()
    {
        if !slot.is_abandoned.load(Relaxed) {
            let unread = slot.unread;
            running.push(Running { slot, unread });
        }
    }
}

/// Reads on in the prompts, the earliest request first.
fn read_prompts(running: &mut [Running], mut budget: u64) {
    for request in running {
        let read = request.unread.min(budget);
        request.unread -= read;
        budget -= read;
    }
}

/// Gives a token to everyone whose prompt was read, and lets those go that have all of theirs.
fn produce(running: &mut Vec<Running>) {
    running.retain(|request| {
        if request.unread > 0 {
            return true;
        }
        let produced = request.slot.produced.fetch_add(1, SeqCst) + 1;
        request.slot.progress.notify_waiters();
        produced < request.slot.wanted
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(unread: u64, wanted: u64) -> Arc<Slot> {
        Arc::new(Slot {
            unread,
            wanted,
            produced: AtomicU64::new(0),
            progress: Notify::new(),
            is_abandoned: AtomicBool::new(false),
        })
    }

    #[test]
    fn steps_read_prompts_within_the_budget_and_give_one_token_to_each_that_is_read() {
        let slots = [slot(10, 2), slot(0, 3), slot(5, 1)];
        let mut waiting: VecDeque<_> = slots.iter().cloned().collect();
        let mut running = Vec::new();
        let mut produced = Vec::new();
        for _ in 0..5 {
            admit(&mut running, &mut waiting, 2);
            read_prompts(&mut running, 8);
            produce(&mut running);
            produced.push(slots.each_ref().map(|slot| slot.produced.load(SeqCst)));
        }
        assert_eq!(
            produced,
            [[0, 1, 0], [1, 2, 0], [2, 3, 0], [2, 3, 1], [2, 3, 1]]
        );
    }

    #[test]
    fn who_leaves_makes_room() {
        let (first, second) = (slot(0, 9), slot(0, 9));
        let mut waiting: VecDeque<_> = [first.clone(), second].into();
        let mut running = Vec::new();
        admit(&mut running, &mut waiting, 1);
        drop(Ticket(first));
        admit(&mut running, &mut waiting, 1);
        assert!(waiting.is_empty());
        assert_eq!(running.len(), 1);
    }
}
