//! How long a token takes: distributions of the time to first token and the inter-token latency.

use aiperf_clock::{MILLISECOND, Nanos};
use rand::Rng;
use rand_distr::{Distribution as _, Exp, LogNormal, Normal, Uniform};
use serde::{Deserialize, Serialize};

use crate::error::MockError;

/// The law that delays follow. All have the mean that the option names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Distribution {
    /// Always the mean. Takes no jitter.
    Constant,
    /// Normal, draws below zero counted as zero (which lifts the mean when the jitter is large).
    Normal,
    /// Log-normal: never negative, with a tail to the right as real servers have.
    #[default]
    Lognormal,
    /// Exponential: memoryless. Its coefficient of variation is always 1, so it takes no jitter.
    Exponential,
    /// Uniform around the mean. Its coefficient of variation cannot exceed 1/√3 ≈ 0.577.
    Uniform,
}

/// A law with its parameters worked out, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Delay {
    Fixed(Nanos),
    Normal(Normal<f64>),
    Lognormal(LogNormal<f64>),
    Exponential(Exp<f64>),
    Uniform(Uniform<f64>),
}

impl Delay {
    /// `mean_ms` in milliseconds and `jitter` as coefficient of variation, under these two option
    /// names in messages.
    pub(crate) fn new(
        distribution: Distribution,
        (mean_name, mean_ms): (&'static str, f64),
        (jitter_name, jitter): (&'static str, f64),
    ) -> Result<Self, MockError> {
        let invalid = |option, reason: &str| MockError::InvalidOption {
            option,
            reason: reason.to_owned(),
        };
        let not_below_zero = "must be a number that is not below 0";
        if !(mean_ms.is_finite() && mean_ms >= 0.0) {
            return Err(invalid(mean_name, not_below_zero));
        }
        if !(jitter.is_finite() && jitter >= 0.0) {
            return Err(invalid(jitter_name, not_below_zero));
        }
        if jitter > 0.0 {
            match distribution {
                Distribution::Constant => {
                    return Err(invalid(
                        jitter_name,
                        "has no effect with the `constant` distribution; choose another one",
                    ));
                }
                Distribution::Exponential => {
                    return Err(invalid(
                        jitter_name,
                        "has no effect with the `exponential` distribution, which always varies \
                         by 1; choose `lognormal` for another jitter",
                    ));
                }
                Distribution::Uniform if jitter > 3f64.sqrt().recip() => {
                    return Err(invalid(
                        jitter_name,
                        "cannot exceed 0.577 with the `uniform` distribution, or delays would be \
                         negative",
                    ));
                }
                _ => {}
            }
        }
        let mean = mean_ms * MILLISECOND as f64;
        let fixed = Self::Fixed(mean.round() as Nanos);
        if mean == 0.0 || (jitter == 0.0 && distribution != Distribution::Exponential) {
            return Ok(fixed);
        }
        // The parameters are finite and positive by the checks above, so no constructor fails.
        Ok(match distribution {
            Distribution::Constant => fixed,
            Distribution::Normal => Normal::new(mean, jitter * mean).map_or(fixed, Self::Normal),
            Distribution::Lognormal => {
                LogNormal::from_mean_cv(mean, jitter).map_or(fixed, Self::Lognormal)
            }
            Distribution::Exponential => Exp::new(mean.recip()).map_or(fixed, Self::Exponential),
            Distribution::Uniform => {
                let half_width = mean * jitter * 3f64.sqrt();
                Uniform::new_inclusive(mean - half_width, mean + half_width)
                    .map_or(fixed, Self::Uniform)
            }
        })
    }

    /// Whether every draw is zero.
    pub(crate) fn is_zero(&self) -> bool {
        matches!(self, Self::Fixed(0))
    }

    /// One draw, in nanoseconds, never negative.
    pub(crate) fn draw<R: Rng>(&self, random: &mut R) -> f64 {
        let drawn = match self {
            Self::Fixed(nanos) => return *nanos as f64,
            Self::Normal(law) => law.sample(random),
            Self::Lognormal(law) => law.sample(random),
            Self::Exponential(law) => law.sample(random),
            Self::Uniform(law) => law.sample(random),
        };
        drawn.max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use aiperf_random::RootSeed;

    use super::*;

    fn delay(distribution: Distribution, mean: f64, jitter: f64) -> Result<Delay, MockError> {
        Delay::new(distribution, ("ttft_ms", mean), ("ttft_jitter", jitter))
    }

    #[test]
    fn every_law_keeps_its_mean_and_its_coefficient_of_variation() {
        for (distribution, jitter, expected_variation) in [
            (Distribution::Constant, 0.0, 0.0),
            (Distribution::Normal, 0.2, 0.2),
            (Distribution::Lognormal, 0.5, 0.5),
            (Distribution::Exponential, 0.0, 1.0),
            (Distribution::Uniform, 0.4, 0.4),
        ] {
            let delay = delay(distribution, 2.0, jitter).unwrap();
            let mut random = RootSeed::fixed(5).stream("delay").at(0);
            let count = 40_000;
            let draws: Vec<f64> = (0..count).map(|_| delay.draw(&mut random)).collect();
            let mean = draws.iter().sum::<f64>() / f64::from(count);
            let variance =
                draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / f64::from(count);
            let variation = variance.sqrt() / mean;
            // The widest of these has a standard error of 1/sqrt(40,000) = 0.5 % of the mean.
            assert!(
                (mean / 2e6 - 1.0).abs() < 0.02,
                "{distribution:?}: mean {mean}"
            );
            assert!(
                (variation - expected_variation).abs() < 0.03,
                "{distribution:?}: variation {variation}"
            );
        }
    }

    #[test]
    fn no_draw_is_negative() {
        let delay = delay(Distribution::Normal, 1.0, 3.0).unwrap();
        let mut random = RootSeed::fixed(5).stream("delay").at(0);
        assert!((0..10_000).all(|_| delay.draw(&mut random) >= 0.0));
    }

    #[test]
    fn values_that_mean_nothing_are_refused_by_the_option_s_name() {
        for (distribution, mean, jitter, message) in [
            (
                Distribution::Constant,
                -1.0,
                0.0,
                "`ttft_ms` must be a number",
            ),
            (
                Distribution::Constant,
                f64::NAN,
                0.0,
                "`ttft_ms` must be a number",
            ),
            (
                Distribution::Lognormal,
                1.0,
                f64::INFINITY,
                "`ttft_jitter` must be a number",
            ),
            (
                Distribution::Constant,
                1.0,
                0.1,
                "`ttft_jitter` has no effect with the `constant`",
            ),
            (
                Distribution::Exponential,
                1.0,
                1.0,
                "`ttft_jitter` has no effect",
            ),
            (
                Distribution::Uniform,
                1.0,
                0.6,
                "`ttft_jitter` cannot exceed 0.577",
            ),
        ] {
            let error = delay(distribution, mean, jitter).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }

    #[test]
    fn a_mean_of_zero_is_always_zero() {
        for distribution in [Distribution::Lognormal, Distribution::Exponential] {
            assert!(delay(distribution, 0.0, 0.0).unwrap().is_zero());
        }
    }
}
