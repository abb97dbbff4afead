//! How a limit or a rate climbs from its first value to its last.

use aiperf_random::{Generator, Stream};
use rand::Rng;
use rand_distr::Exp1;

/// More steps than this make no visible difference to a line; a Poisson ramp has no more.
const MOST_STEPS: f64 = 65_536.0;

/// The kind of curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum RampShape {
    /// Equal climbs in equal times.
    #[default]
    Linear,
    /// Slow at first: after a share `s` of the time, `s²` of the climb is done.
    Exponential,
    /// Steps of equal height at the instants of a Poisson process.
    Poisson,
}

impl RampShape {
    /// The curve, with what random steps are drawn from.
    pub fn curve(self, draws: Stream) -> RampCurve {
        match self {
            Self::Linear => RampCurve::Linear,
            Self::Exponential => RampCurve::Exponential,
            Self::Poisson => RampCurve::Poisson(draws),
        }
    }
}

/// A curve that is a function of time alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RampCurve {
    /// See [`RampShape::Linear`].
    #[default]
    Linear,
    /// See [`RampShape::Exponential`].
    Exponential,
    /// See [`RampShape::Poisson`]; the steps follow from the stream.
    Poisson(Stream),
}

/// When the steps of a Poisson ramp happen, as shares of its length: increasing, the last is 1.
///
/// Gaps are exponential with `climb` steps expected, drawn until the length is used up; then all
/// are stretched so that the last step ends the ramp, as the reference defines the curve.
pub(crate) fn poisson_steps(climb: f64, draws: Stream) -> Vec<f64> {
    let expected = climb.clamp(f64::MIN_POSITIVE, MOST_STEPS);
    let mut generator: Generator = draws.at(0);
    let mut steps = Vec::new();
    let mut passed = 0.0;
    while passed < 1.0 {
        passed += generator.sample::<f64, _>(Exp1) / expected;
        steps.push(passed);
    }
    for step in &mut steps {
        *step = (*step / passed).min(1.0);
    }
    steps
}

#[cfg(test)]
mod tests {
    use aiperf_random::RootSeed;

    use super::*;
    use crate::test_statistics::{critical, kolmogorov_smirnov};

    fn steps(climb: f64, seed: u64) -> Vec<f64> {
        poisson_steps(climb, RootSeed::fixed(seed).stream("timing.ramp.poisson"))
    }

    #[test]
    fn steps_rise_and_the_last_ends_the_ramp() {
        for climb in [1e-9, 0.3, 1.0, 7.0, 1_000.0, 1e12] {
            let steps = steps(climb, 3);
            assert!(steps.windows(2).all(|pair| pair[0] <= pair[1]), "{climb}");
            assert_eq!(steps.last(), Some(&1.0), "{climb}");
        }
        assert!(steps(1e12, 3).len() < 70_000);
    }

    #[test]
    fn there_are_as_many_steps_as_a_poisson_process_has_and_one_that_ends_it() {
        let runs = 2_000;
        let counts: Vec<f64> = (0..runs)
            .map(|seed| steps(50.0, seed).len() as f64)
            .collect();
        let mean = counts.iter().sum::<f64>() / f64::from(runs as u32);
        let variance = counts
            .iter()
            .map(|count| (count - mean).powi(2))
            .sum::<f64>()
            / (f64::from(runs as u32) - 1.0);
        // Standard errors: of the mean sqrt(50/2000) = 0.16, of the variance 50 * sqrt(2/2000) = 1.6.
        assert!((mean - 51.0).abs() < 0.65, "mean {mean}");
        assert!((variance - 50.0).abs() < 6.5, "variance {variance}");
    }

    #[test]
    fn gaps_between_steps_are_exponential() {
        // Stretching makes gaps depend on each other a little; one long ramp hides it.
        let steps = steps(20_000.0, 11);
        let mean = 1.0 / steps.len() as f64;
        let gaps: Vec<f64> = steps.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let count = gaps.len();
        let distance = kolmogorov_smirnov(gaps, |gap| 1.0 - (-gap / mean).exp());
        assert!(distance < critical(count), "{distance}");
    }

    #[test]
    fn one_seed_has_one_ramp() {
        assert_eq!(steps(9.0, 5), steps(9.0, 5));
        assert_ne!(steps(9.0, 5), steps(9.0, 6));
    }
}
