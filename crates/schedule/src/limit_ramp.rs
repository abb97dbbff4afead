//! A limit that grows from 1 to its full value in single steps.

use crate::time::Nanos;

/// How many may be under way at once, as a function of the time since the phase started: sessions
/// for `--concurrency`, requests before their first token for `--prefill-concurrency`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitRamp {
    limit: u32,
    duration: Nanos,
}

impl LimitRamp {
    /// A limit that holds from the start.
    pub fn steady(limit: u32) -> Self {
        Self::over(limit, 0)
    }

    /// A limit that is 1 at the start and `limit` after `duration`.
    pub fn over(limit: u32, duration: Nanos) -> Self {
        Self { limit, duration }
    }

    /// The full limit.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// How long it takes to the full limit.
    pub fn duration(&self) -> Nanos {
        if self.limit > 1 { self.duration } else { 0 }
    }

    /// The limit this long after the start of the phase.
    pub fn at(&self, elapsed: Nanos) -> u32 {
        if elapsed >= self.duration() {
            return self.limit;
        }
        let steps = u128::from(elapsed) * u128::from(self.limit - 1) / u128::from(self.duration);
        // Less than `limit - 1`, because less than the whole duration has passed.
        1 + steps as u32
    }

    /// When the limit becomes `value`: `duration * (value - 1) / (limit - 1)`, rounded up to a
    /// whole nanosecond, so that [`at`](Self::at) agrees. Values above the limit are never reached.
    pub fn reached_at(&self, value: u32) -> Option<Nanos> {
        if value > self.limit {
            return None;
        }
        if value <= 1 || self.duration() == 0 {
            return Some(0);
        }
        let time = (u128::from(self.duration) * u128::from(value - 1))
            .div_ceil(u128::from(self.limit - 1));
        // At most the duration, because the value is at most the limit.
        Some(time as Nanos)
    }

    /// The changes after the start, in order: when, and the new limit.
    pub fn steps(&self) -> impl Iterator<Item = (Nanos, u32)> + use<> {
        let ramp = *self;
        let last = if ramp.duration() == 0 { 1 } else { ramp.limit };
        (2..=last).filter_map(move |value| Some((ramp.reached_at(value)?, value)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_ramp_climbs_in_equal_steps() {
        let ramp = LimitRamp::over(4, 600_000_000);
        let steps: Vec<_> = ramp.steps().collect();
        assert_eq!(
            steps,
            [(200_000_000, 2), (400_000_000, 3), (600_000_000, 4)]
        );
        for (elapsed, limit) in [
            (0, 1),
            (199_999_999, 1),
            (200_000_000, 2),
            (399_999_999, 2),
            (400_000_000, 3),
            (600_000_000, 4),
            (Nanos::MAX, 4),
        ] {
            assert_eq!(ramp.at(elapsed), limit, "after {elapsed} ns");
        }
        assert_eq!(ramp.reached_at(1), Some(0));
        assert_eq!(ramp.reached_at(5), None);
    }

    #[test]
    fn without_a_ramp_the_limit_holds_from_the_start() {
        for ramp in [LimitRamp::steady(8), LimitRamp::over(8, 0)] {
            assert_eq!(ramp.at(0), 8);
            assert_eq!(ramp.reached_at(8), Some(0));
            assert_eq!(ramp.steps().count(), 0);
        }
    }

    #[test]
    fn a_ramp_to_one_has_nothing_to_climb() {
        let ramp = LimitRamp::over(1, 1_000);
        assert_eq!(ramp.at(0), 1);
        assert_eq!(ramp.steps().count(), 0);
    }

    proptest! {
        #[test]
        fn a_step_is_the_first_instant_of_its_value(
            limit in 2..100_000u32,
            duration in 1_000_000..Nanos::MAX,
            value in 2..100_000u32,
        ) {
            let ramp = LimitRamp::over(limit, duration);
            match ramp.reached_at(value) {
                None => prop_assert!(value > limit),
                Some(time) => {
                    prop_assert_eq!(ramp.at(time), value);
                    prop_assert_eq!(ramp.at(time - 1), value - 1);
                }
            }
        }
    }
}
