//! Places that are taken and given back, shared by all threads of a phase.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use aiperf_clock::Nanos;
use aiperf_clock::precise::PreciseTimer;
use aiperf_schedule::LimitRamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A limit that may grow. Who waits for a place gets it in the order of asking.
#[derive(Debug)]
pub(crate) struct Slots {
    places: Arc<Semaphore>,
    /// How many places there are by now, taken or not.
    open: AtomicU32,
    ramp: LimitRamp,
}

/// One place; given back when dropped.
pub(crate) type Slot = OwnedSemaphorePermit;

impl Slots {
    pub(crate) fn new(ramp: LimitRamp) -> Self {
        let open = ramp.at(0);
        Self {
            places: Arc::new(Semaphore::new(open as usize)),
            open: AtomicU32::new(open),
            ramp,
        }
    }

    /// A place, if one is free and nobody waits for it.
    pub(crate) fn try_take(&self) -> Option<Slot> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// Waits for a place.
    pub(crate) async fn take(&self) -> Slot {
        let place = Arc::clone(&self.places).acquire_owned().await;
        place.expect("nobody closes the places of a phase")
    }

    /// Opens further places as the limit grows. Every thread does this, whichever comes first: any
    /// of them may be done with the phase long before the others.
    pub(crate) async fn grow(&self, timer: &PreciseTimer, phase_start: Nanos) {
        for (at, limit) in self.ramp.steps() {
            timer.sleep_until(phase_start.saturating_add(at)).await;
            let open = self.open.fetch_max(limit, Relaxed);
            self.places.add_permits(limit.saturating_sub(open) as usize);
        }
    }
}
