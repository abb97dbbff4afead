//! A limit on connections in use.

use aiperf_clock::monotonic_now;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::exchange::ConnectionFacts;

/// How many connections may be in use at a time. Who finds none free waits, first come, first served;
/// the wait is reported ([`ConnectionFacts::pool_wait`]).
#[derive(Debug)]
pub struct ConnectionLimit(Semaphore);

impl ConnectionLimit {
    /// A limit that any number of threads can share.
    pub fn new(connections: usize) -> Self {
        Self(Semaphore::new(connections.min(Semaphore::MAX_PERMITS)))
    }

    /// Leave to use a connection; nothing where the semaphore is closed, which it never is.
    pub(crate) async fn enter(&self, facts: &mut ConnectionFacts) -> Option<SemaphorePermit<'_>> {
        if let Ok(permit) = self.0.try_acquire() {
            return Some(permit);
        }
        let start = monotonic_now();
        let permit = self.0.acquire().await.ok();
        facts.waited(start, monotonic_now());
        permit
    }
}
