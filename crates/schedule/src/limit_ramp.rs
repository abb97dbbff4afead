//! A limit that grows from 1 to its full value.

use crate::ramp_curve::{RampCurve, poisson_steps};
use crate::time::Nanos;

/// How many may be under way at once, as a function of the time since the phase started: sessions
/// for `--concurrency`, requests before their first token for `--prefill-concurrency`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitRamp {
    limit: u32,
    duration: Nanos,
    curve: RampCurve,
}

impl LimitRamp {
    /// A limit that holds from the start.
    pub fn steady(limit: u32) -> Self {
        Self::over(limit, 0)
    }

    /// A limit that is 1 at the start and `limit` after `duration`, on a line between.
    pub fn over(limit: u32, duration: Nanos) -> Self {
        Self {
            limit,
            duration,
            curve: RampCurve::Linear,
        }
    }

    /// The same on another curve.
    #[must_use]
    pub fn on(self, curve: RampCurve) -> Self {
        Self { curve, ..self }
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
        match self.curve {
            RampCurve::Linear => self.on_line(elapsed),
            RampCurve::Exponential => self.on_square(elapsed),
            RampCurve::Poisson(_) => {
                let steps = self.steps().take_while(|(at, _)| *at <= elapsed);
                steps.last().map_or(1, |(_, limit)| limit)
            }
        }
    }

    /// The changes after the start, in order: when, and the new limit. Every change of the limit is
    /// at the first nanosecond at which [`at`](Self::at) has the new value.
    pub fn steps(&self) -> Box<dyn Iterator<Item = (Nanos, u32)>> {
        let ramp = *self;
        if ramp.duration() == 0 {
            return Box::new(std::iter::empty());
        }
        match ramp.curve {
            RampCurve::Linear => {
                Box::new((2..=ramp.limit).map(move |value| (ramp.line_reaches(value), value)))
            }
            RampCurve::Exponential => {
                Box::new((2..=ramp.limit).map(move |value| (ramp.square_reaches(value), value)))
            }
            RampCurve::Poisson(draws) => {
                let steps = poisson_steps(f64::from(ramp.limit - 1), draws);
                let count = steps.len() as u64;
                let changes = steps.into_iter().zip(1..).map(move |(share, step)| {
                    let climbed = u64::from(ramp.limit - 1) * step / count;
                    // At most the duration and at most the limit.
                    let at = (share * ramp.duration as f64).ceil() as Nanos;
                    (at.min(ramp.duration), 1 + climbed as u32)
                });
                let mut reached = 1;
                Box::new(changes.filter(move |(_, value)| {
                    let climbs = *value > reached;
                    reached = *value;
                    climbs
                }))
            }
        }
    }

    /// When each of the places opens, in order: as many as the full limit.
    pub fn openings(&self) -> impl Iterator<Item = Nanos> + use<> {
        let ramp = *self;
        let mut open = ramp.at(0).min(ramp.limit);
        let at_once = (0..open).map(|_| 0);
        at_once.chain(ramp.steps().flat_map(move |(at, limit)| {
            let more = limit.saturating_sub(open);
            open = open.max(limit);
            std::iter::repeat_n(at, more as usize)
        }))
    }

    fn on_line(&self, elapsed: Nanos) -> u32 {
        let steps = u128::from(elapsed) * u128::from(self.limit - 1) / u128::from(self.duration);
        // Less than `limit - 1`, because less than the whole duration has passed.
        1 + steps as u32
    }

    /// `duration * (value - 1) / (limit - 1)`, rounded up.
    fn line_reaches(&self, value: u32) -> Nanos {
        let time = (u128::from(self.duration) * u128::from(value - 1))
            .div_ceil(u128::from(self.limit - 1));
        // At most the duration, because the value is at most the limit.
        time as Nanos
    }

    fn on_square(&self, elapsed: Nanos) -> u32 {
        let share = elapsed as f64 / self.duration as f64;
        let climbed = share * share * f64::from(self.limit - 1);
        1 + (climbed as u32).min(self.limit - 2)
    }

    /// `duration * √((value - 1) / (limit - 1))`, moved to where [`on_square`](Self::on_square)
    /// changes.
    fn square_reaches(&self, value: u32) -> Nanos {
        if value == self.limit {
            return self.duration;
        }
        let share = f64::from(value - 1) / f64::from(self.limit - 1);
        let mut at = (self.duration as f64 * share.sqrt()) as Nanos;
        while self.at(at) < value {
            at += 1;
        }
        while at > 0 && self.at(at - 1) >= value {
            at -= 1;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use aiperf_random::RootSeed;
    use proptest::prelude::*;

    use super::*;
    use crate::ramp_curve::RampShape;

    const MS: Nanos = 1_000_000;

    fn curve(shape: RampShape) -> RampCurve {
        shape.curve(RootSeed::fixed(7).stream("timing.ramp.poisson"))
    }

    #[test]
    fn a_ramp_climbs_in_equal_steps() {
        let ramp = LimitRamp::over(4, 600 * MS);
        let steps: Vec<_> = ramp.steps().collect();
        assert_eq!(steps, [(200 * MS, 2), (400 * MS, 3), (600 * MS, 4)]);
        for (elapsed, limit) in [
            (0, 1),
            (200 * MS - 1, 1),
            (200 * MS, 2),
            (400 * MS - 1, 2),
            (400 * MS, 3),
            (600 * MS, 4),
            (Nanos::MAX, 4),
        ] {
            assert_eq!(ramp.at(elapsed), limit, "after {elapsed} ns");
        }
        let openings: Vec<_> = ramp.openings().collect();
        assert_eq!(openings, [0, 200 * MS, 400 * MS, 600 * MS]);
    }

    #[test]
    fn an_exponential_ramp_climbs_with_the_square_of_time() {
        let ramp = LimitRamp::over(5, 1_000 * MS).on(RampCurve::Exponential);
        // sqrt(1/4), sqrt(2/4), sqrt(3/4) of a second.
        let steps: Vec<_> = ramp.steps().collect();
        let expected = [
            (500 * MS, 2),
            (707_106_782, 3),
            (866_025_404, 4),
            (1_000 * MS, 5),
        ];
        assert_eq!(steps, expected);
        assert_eq!(
            (ramp.at(0), ramp.at(499 * MS), ramp.at(Nanos::MAX)),
            (1, 1, 5)
        );
        let openings: Vec<_> = ramp.openings().collect();
        assert_eq!(openings[..2], [0, 500 * MS]);
        assert_eq!(openings.len(), 5);
    }

    #[test]
    fn a_poisson_ramp_climbs_at_random_and_is_done_in_time() {
        for limit in [2, 3, 50, 5_000] {
            let ramp = LimitRamp::over(limit, 1_000 * MS).on(curve(RampShape::Poisson));
            let steps: Vec<_> = ramp.steps().collect();
            assert!(
                steps
                    .windows(2)
                    .all(|pair| pair[0].0 <= pair[1].0 && pair[0].1 < pair[1].1)
            );
            assert_eq!(steps.last(), Some(&(1_000 * MS, limit)));
            assert_eq!(ramp.openings().count(), limit as usize);
            for (at, value) in steps {
                assert!(ramp.at(at) >= value && (at == 0 || ramp.at(at - 1) <= value));
            }
        }
        // Half way, half of the climb is done; the standard deviation is below sqrt(5000)/2.
        let ramp = LimitRamp::over(5_001, 1_000 * MS).on(curve(RampShape::Poisson));
        let half = f64::from(ramp.at(500 * MS));
        assert!((half - 2_500.0).abs() < 4.0 * 36.0, "{half}");
    }

    #[test]
    fn without_a_ramp_the_limit_holds_from_the_start() {
        for shape in [
            RampShape::Linear,
            RampShape::Exponential,
            RampShape::Poisson,
        ] {
            for ramp in [LimitRamp::steady(8), LimitRamp::over(8, 0)] {
                let ramp = ramp.on(curve(shape));
                assert_eq!(ramp.at(0), 8);
                assert_eq!(ramp.steps().count(), 0);
                assert!(ramp.openings().eq([0; 8]));
            }
        }
    }

    #[test]
    fn a_ramp_to_one_has_nothing_to_climb() {
        for shape in [
            RampShape::Linear,
            RampShape::Exponential,
            RampShape::Poisson,
        ] {
            let ramp = LimitRamp::over(1, 1_000).on(curve(shape));
            assert_eq!(ramp.at(0), 1);
            assert_eq!(ramp.steps().count(), 0);
            assert!(ramp.openings().eq([0]));
        }
    }

    proptest! {
        #[test]
        fn a_step_is_the_first_instant_of_its_value(
            limit in 2..2_000u32,
            duration in 1_000_000..3_600_000_000_000u64,
            is_square in any::<bool>(),
            pick in any::<prop::sample::Index>(),
        ) {
            let shape = if is_square { RampShape::Exponential } else { RampShape::Linear };
            let ramp = LimitRamp::over(limit, duration).on(curve(shape));
            let steps: Vec<_> = ramp.steps().collect();
            prop_assert_eq!(steps.len() as u32, limit - 1);
            let (time, value) = *pick.get(&steps);
            prop_assert_eq!(ramp.at(time), value);
            prop_assert_eq!(ramp.at(time - 1), value - 1);
        }
    }
}
