//! The queue between sending and recording.
//!
//! I/O threads put finished exchanges in and go on at once; recorder threads take them out. If
//! recording falls behind, the queue does not push back: beyond a memory limit a spiller thread
//! writes exchanges to a temporary file, and recorders read them from there when they have time.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use aiperf_engine::{Exchange, ExchangeSink};
use crossbeam_channel::{Receiver, Sender, bounded, select, unbounded};

use crate::spill::Spill;

/// How long a waiting recorder sleeps before it looks at the spilled exchanges again.
const IDLE_WAIT: Duration = Duration::from_millis(200);

/// What the queue went through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BacklogFacts {
    /// Exchanges that went through.
    pub accepted: u64,
    /// The most exchanges that waited at once, spilled ones included.
    pub peak_waiting: u64,
    /// The most bytes that waiting exchanges held in memory.
    pub peak_bytes: usize,
    /// Exchanges that were written to disk in between.
    pub spilled: u64,
}

/// The queue. Cloning gives another handle to the same one.
#[derive(Clone)]
pub struct Backlog {
    shared: Arc<Shared>,
}

struct Shared {
    sender: Sender<Exchange>,
    receiver: Receiver<Exchange>,
    /// Dropped by [`Backlog::close`]; the receiving end tells everybody.
    open: Mutex<Option<Sender<()>>>,
    closed: Receiver<()>,
    limit: usize,
    bytes: AtomicUsize,
    peak_bytes: AtomicUsize,
    waiting: AtomicU64,
    peak_waiting: AtomicU64,
    accepted: AtomicU64,
    spilled: AtomicU64,
    spill: Mutex<Spill>,
    spiller: Mutex<Option<JoinHandle<()>>>,
    is_spilling: AtomicBool,
    wake_spiller: Sender<()>,
}

impl Backlog {
    /// A queue whose waiting exchanges hold at most about `limit` bytes of memory.
    pub fn new(limit: usize) -> Self {
        let (sender, receiver) = unbounded();
        let (open, closed) = bounded(0);
        let (wake_spiller, woken) = bounded(1);
        let shared = Arc::new(Shared {
            sender,
            receiver,
            open: Mutex::new(Some(open)),
            closed,
            limit,
            bytes: AtomicUsize::new(0),
            peak_bytes: AtomicUsize::new(0),
            waiting: AtomicU64::new(0),
            peak_waiting: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            spilled: AtomicU64::new(0),
            spill: Mutex::new(Spill::default()),
            spiller: Mutex::new(None),
            is_spilling: AtomicBool::new(false),
            wake_spiller,
        });
        let weak = Arc::downgrade(&shared);
        let closed = shared.closed.clone();
        let spiller = std::thread::Builder::new()
            .name("spiller".to_owned())
            .spawn(move || {
                loop {
                    select! {
                        recv(woken) -> _ => {
                            let Some(shared) = weak.upgrade() else { return };
                            shared.spill_down_to(shared.limit / 2);
                            shared.is_spilling.store(false, Relaxed);
                        }
                        recv(closed) -> _ => return,
                    }
                }
            });
        match spiller {
            Ok(handle) => *lock(&shared.spiller) = Some(handle),
            Err(error) => {
                tracing::warn!(
                    "no thread for spilling ({error}); waiting exchanges stay in memory"
                );
            }
        }
        Self { shared }
    }

    /// The next exchange, if one is there.
    pub fn try_next(&self) -> Option<Exchange> {
        let shared = &self.shared;
        if let Ok(exchange) = shared.receiver.try_recv() {
            return Some(shared.left_memory(exchange));
        }
        let exchange = lock(&shared.spill).take()?;
        shared.waiting.fetch_sub(1, Relaxed);
        Some(exchange)
    }

    /// The next exchange; waits for one. `None` when the queue is closed and empty.
    pub fn wait_next(&self) -> Option<Exchange> {
        let shared = &self.shared;
        loop {
            if let Some(exchange) = self.try_next() {
                return Some(exchange);
            }
            select! {
                recv(shared.receiver) -> exchange => {
                    if let Ok(exchange) = exchange {
                        return Some(shared.left_memory(exchange));
                    }
                }
                recv(shared.closed) -> _ => {
                    // Nothing is added any more: what is not there now never comes, except from
                    // the spiller, which holds the lock while it moves something.
                    let spill = lock(&shared.spill);
                    if shared.receiver.is_empty() && spill.is_empty() {
                        return None;
                    }
                }
                default(IDLE_WAIT) => {}
            }
        }
    }

    /// Tells that nothing more will be accepted.
    pub fn close(&self) {
        lock(&self.shared.open).take();
        if let Some(spiller) = lock(&self.shared.spiller).take() {
            // A panic of that thread has been reported on standard error by the runtime.
            let _ = spiller.join();
        }
    }

    /// Exchanges that wait now.
    pub fn waiting(&self) -> u64 {
        self.shared.waiting.load(Relaxed)
    }

    /// What the queue went through so far.
    pub fn facts(&self) -> BacklogFacts {
        BacklogFacts {
            accepted: self.shared.accepted.load(Relaxed),
            peak_waiting: self.shared.peak_waiting.load(Relaxed),
            peak_bytes: self.shared.peak_bytes.load(Relaxed),
            spilled: self.shared.spilled.load(Relaxed),
        }
    }
}

impl ExchangeSink for Backlog {
    fn accept(&self, exchange: Exchange) {
        let shared = &self.shared;
        let size = exchange.memory();
        let bytes = shared.bytes.fetch_add(size, Relaxed) + size;
        shared.peak_bytes.fetch_max(bytes, Relaxed);
        let waiting = shared.waiting.fetch_add(1, Relaxed) + 1;
        shared.peak_waiting.fetch_max(waiting, Relaxed);
        shared.accepted.fetch_add(1, Relaxed);
        // The receiving end lives as long as this one.
        let _ = shared.sender.send(exchange);
        if bytes > shared.limit && !shared.is_spilling.swap(true, Relaxed) {
            let _ = shared.wake_spiller.try_send(());
        }
    }
}

impl Shared {
    fn left_memory(&self, exchange: Exchange) -> Exchange {
        self.bytes.fetch_sub(exchange.memory(), Relaxed);
        self.waiting.fetch_sub(1, Relaxed);
        exchange
    }

    fn spill_down_to(&self, target: usize) {
        while self.bytes.load(Relaxed) > target {
            // Held from before the exchange leaves the queue until it is in the file, so that a
            // recorder never sees it in neither place.
            let mut spill = lock(&self.spill);
            let Ok(exchange) = self.receiver.try_recv() else {
                return;
            };
            let size = exchange.memory();
            if let Err(error) = spill.put(&exchange) {
                tracing::warn!("cannot spill to disk ({error}); waiting exchanges stay in memory");
                let _ = self.sender.send(exchange);
                return;
            }
            self.bytes.fetch_sub(size, Relaxed);
            self.spilled.fetch_add(1, Relaxed);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use uuid::Uuid;

    use super::*;

    fn exchange(index: u64, body: usize) -> Exchange {
        Exchange {
            phase: 0,
            request_index: index,
            conversation: 0,
            turn: 0,
            worker: 0,
            target: 0,
            request_id: Uuid::from_u128(index.into()),
            correlation_id: aiperf_engine::CorrelationId::Random(0),
            session: 0,
            intended: Some(1),
            issued: 2,
            slot_empty: None,
            body: Bytes::from_static(b"{}"),
            job_failure: None,
            http: aiperf_transport::HttpExchange {
                received: aiperf_transport::Received::from_iter([(&vec![b'x'; body][..], 1)]),
                ..aiperf_transport::HttpExchange::default()
            },
        }
    }

    fn drain(backlog: &Backlog) -> Vec<u64> {
        let mut indices: Vec<u64> = std::iter::from_fn(|| backlog.wait_next())
            .map(|exchange| exchange.request_index)
            .collect();
        indices.sort_unstable();
        indices
    }

    #[test]
    fn everything_that_was_accepted_comes_out_before_the_end() {
        let backlog = Backlog::new(usize::MAX);
        (0..100).for_each(|index| backlog.accept(exchange(index, 10)));
        backlog.close();
        assert_eq!(drain(&backlog), (0..100).collect::<Vec<_>>());
        assert_eq!(backlog.facts().spilled, 0);
        assert_eq!(backlog.waiting(), 0);
    }

    #[test]
    fn beyond_the_limit_exchanges_go_to_disk_and_come_back_whole() {
        let backlog = Backlog::new(200_000);
        (0..500).for_each(|index| backlog.accept(exchange(index, 10_000)));
        // The spiller works beside; wait until it has brought memory below the limit.
        while backlog.shared.bytes.load(Relaxed) > 200_000 {
            std::thread::yield_now();
        }
        backlog.close();
        assert_eq!(drain(&backlog), (0..500).collect::<Vec<_>>());
        assert!(backlog.facts().spilled > 300);
    }
}
