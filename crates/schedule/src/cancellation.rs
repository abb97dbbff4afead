//! Which requests the client gives up, and when: `--request-cancellation-rate` and `-delay`.

use aiperf_random::{RootSeed, Stream};
use rand::Rng;

use crate::phase::PhaseKind;
use crate::time::Nanos;

/// Chooses requests to cancel, each by itself, as a function of the seed and the request's number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cancellation {
    /// The share of requests, 0 to 1.
    share: f64,
    delay: Nanos,
    stream: Stream,
}

impl Cancellation {
    /// Cancels `percent` of the requests, 0 to 100, each `delay` after it was sent in full.
    pub fn new(percent: f64, delay: Nanos, seed: RootSeed) -> Self {
        Self {
            share: percent / 100.0,
            delay,
            stream: seed.stream("timing.request.cancellation"),
        }
    }

    /// How long after its last byte was sent request `index` of a phase is given up; `None` if it
    /// is not. Requests of a warmup never are.
    pub fn delay_of(&self, kind: PhaseKind, index: u64) -> Option<Nanos> {
        if kind == PhaseKind::Warmup {
            return None;
        }
        let uniform: f64 = self.stream.at(index).random();
        (uniform < self.share).then_some(self.delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_statistics::critical;

    const DELAY: Nanos = 100_000_000;

    fn chosen(percent: f64, seed: u64, count: u64) -> Vec<u64> {
        let cancellation = Cancellation::new(percent, DELAY, RootSeed::fixed(seed));
        (0..count)
            .filter(|&index| cancellation.delay_of(PhaseKind::Profiling, index).is_some())
            .collect()
    }

    #[test]
    fn a_chosen_request_gets_the_delay() {
        let all = Cancellation::new(100.0, DELAY, RootSeed::fixed(7));
        let none = Cancellation::new(0.0, DELAY, RootSeed::fixed(7));
        for index in 0..1_000 {
            assert_eq!(all.delay_of(PhaseKind::Profiling, index), Some(DELAY));
            assert_eq!(none.delay_of(PhaseKind::Profiling, index), None);
        }
    }

    #[test]
    fn a_warmup_cancels_nothing() {
        let all = Cancellation::new(100.0, DELAY, RootSeed::fixed(7));
        assert!((0..100).all(|index| all.delay_of(PhaseKind::Warmup, index).is_none()));
    }

    #[test]
    fn the_choice_is_that_of_seed_and_index() {
        let forwards = chosen(25.0, 7, 200);
        let cancellation = Cancellation::new(25.0, DELAY, RootSeed::fixed(7));
        let mut backwards: Vec<u64> = (0..200)
            .rev()
            .filter(|&index| cancellation.delay_of(PhaseKind::Profiling, index).is_some())
            .collect();
        backwards.reverse();
        assert_eq!(forwards, backwards);
        assert_ne!(forwards, chosen(25.0, 8, 200));
    }

    #[test]
    fn every_share_of_requests_is_met() {
        // The draw is uniform: the Kolmogorov-Smirnov distance at every whole percent.
        let count = 20_000;
        for percent in 1..100 {
            let share = chosen(f64::from(percent), 7, count).len() as f64 / count as f64;
            let distance = (share - f64::from(percent) / 100.0).abs();
            assert!(distance < critical(count as usize), "{percent} %: {share}");
        }
    }

    #[test]
    fn a_higher_rate_keeps_the_requests_of_a_lower_one() {
        let few = chosen(10.0, 7, 1_000);
        let many = chosen(30.0, 7, 1_000);
        assert!(few.iter().all(|index| many.contains(index)) && few.len() < many.len());
    }

    #[test]
    fn cancelled_requests_are_spread_as_independent_choices_are() {
        // Gaps between choices of share p are geometric: P(gap > n) = (1 - p)^n.
        let chosen = chosen(20.0, 3, 50_000);
        let gaps: Vec<u64> = chosen.windows(2).map(|pair| pair[1] - pair[0]).collect();
        for length in 1..=20 {
            let longer = gaps.iter().filter(|&&gap| gap > length).count() as f64;
            let distance = (longer / gaps.len() as f64 - 0.8f64.powi(length as i32)).abs();
            assert!(
                distance < critical(gaps.len()),
                "longer than {length}: {distance}"
            );
        }
    }
}
