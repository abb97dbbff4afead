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
    /// Places that an earlier phase still holds beyond those that are open here.
    debt: AtomicU32,
    ramp: LimitRamp,
    earlier: Option<Earlier>,
}

/// Places of the phase before, which still waits for answers.
#[derive(Debug)]
struct Earlier {
    places: Arc<Semaphore>,
    held: u32,
}

/// One place; given back when dropped.
pub(crate) type Slot = OwnedSemaphorePermit;

impl Slots {
    pub(crate) fn new(ramp: LimitRamp) -> Self {
        Self::with_held(ramp, 0, None)
    }

    /// A limit that also counts what is still under way in a phase that has sent everything: its
    /// places become free here as they are given back there.
    pub(crate) fn after(ramp: LimitRamp, earlier: &Self) -> Self {
        let held = earlier.close();
        let places = Arc::clone(&earlier.places);
        Self::with_held(ramp, held, Some(Earlier { places, held }))
    }

    fn with_held(ramp: LimitRamp, held: u32, earlier: Option<Earlier>) -> Self {
        let open = ramp.at(0);
        Self {
            places: Arc::new(Semaphore::new(open.saturating_sub(held) as usize)),
            open: AtomicU32::new(open),
            debt: AtomicU32::new(held.saturating_sub(open)),
            ramp,
            earlier,
        }
    }

    /// Takes all free places away, for good; returns how many are not free.
    fn close(&self) -> u32 {
        let open = self.open.swap(u32::MAX, Relaxed);
        let debt = self.debt.swap(0, Relaxed);
        let free = self.places.forget_permits(Semaphore::MAX_PERMITS);
        open.saturating_add(debt)
            .saturating_sub(u32::try_from(free).unwrap_or(u32::MAX))
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
            self.give(limit.saturating_sub(open));
        }
    }

    /// Frees the places that the earlier phase gives back. One thread does this.
    pub(crate) async fn take_over(&self) {
        let Some(earlier) = &self.earlier else {
            return;
        };
        for _ in 0..earlier.held {
            let Ok(place) = earlier.places.acquire().await else {
                return;
            };
            place.forget();
            self.give(1);
        }
    }

    fn give(&self, places: u32) {
        let paid = self
            .debt
            .fetch_update(Relaxed, Relaxed, |debt| Some(debt.saturating_sub(places)))
            .map_or(0, |debt| debt.min(places));
        self.places.add_permits((places - paid) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(slots: &Slots) -> usize {
        slots.places.available_permits()
    }

    /// Lets `slots` take over what was given back.
    async fn take_over(slots: &Slots) {
        tokio::select! {
            biased;
            () = slots.take_over() => {}
            () = tokio::task::yield_now() => {}
        }
    }

    #[tokio::test]
    async fn what_an_earlier_phase_holds_counts_until_it_is_given_back() {
        let earlier = Slots::new(LimitRamp::steady(5));
        let mut held: Vec<_> = (0..3).filter_map(|_| earlier.try_take()).collect();
        let later = Slots::after(LimitRamp::steady(4), &earlier);
        assert_eq!((free(&earlier), free(&later)), (0, 1));
        let own = later.try_take();
        assert!(own.is_some() && later.try_take().is_none());
        held.pop();
        take_over(&later).await;
        assert_eq!(free(&later), 1);
    }

    #[tokio::test]
    async fn places_beyond_a_smaller_limit_are_given_back_first() {
        let earlier = Slots::new(LimitRamp::steady(5));
        let mut held: Vec<_> = (0..5).filter_map(|_| earlier.try_take()).collect();
        let later = Slots::after(LimitRamp::steady(2), &earlier);
        for expected in [0, 0, 0, 1, 2] {
            held.pop();
            // The loop of the one that takes over starts anew, and what it took stays taken.
            let place = earlier.try_take().unwrap();
            place.forget();
            later.give(1);
            assert_eq!(free(&later), expected);
        }
    }

    #[tokio::test]
    async fn a_third_phase_waits_for_both_before_it() {
        let first = Slots::new(LimitRamp::steady(3));
        let old = [first.try_take(), first.try_take()];
        let second = Slots::after(LimitRamp::steady(3), &first);
        let newer = second.try_take().unwrap();
        let third = Slots::after(LimitRamp::steady(3), &second);
        assert_eq!(free(&third), 0);
        drop(newer);
        take_over(&third).await;
        assert_eq!(free(&third), 1);
        drop(old);
        second.take_over().await;
        assert_eq!(free(&second), 2, "given on to whoever follows");
    }
}
