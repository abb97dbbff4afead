//! Places that are taken and given back, shared by all threads of a phase.

use std::sync::Arc;

use aiperf_clock::Nanos;
use aiperf_clock::precise::PreciseTimer;
use aiperf_schedule::LimitRamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A limit that may grow. Who waits for a place gets it in the order of asking.
#[derive(Debug)]
pub(crate) struct Slots {
    places: Arc<Semaphore>,
    ramp: LimitRamp,
}

/// One place; given back when dropped.
pub(crate) type Slot = OwnedSemaphorePermit;

impl Slots {
    pub(crate) fn new(ramp: LimitRamp) -> Self {
        Self {
            places: Arc::new(Semaphore::new(ramp.at(0) as usize)),
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

    /// Opens further places as the limit grows. One thread does this for all.
    pub(crate) async fn grow(&self, timer: &PreciseTimer, phase_start: Nanos) {
        let mut open = self.ramp.at(0);
        for (at, limit) in self.ramp.steps() {
            timer.sleep_until(phase_start + at).await;
            self.places.add_permits((limit - open) as usize);
            open = limit;
        }
    }
}
