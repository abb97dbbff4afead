//! How numbers of tokens, turns and milliseconds are drawn.

use aiperf_random::Generator;
use rand::Rng;
use rand_distr::StandardNormal;

/// Draws below the lower bound are repeated this often before the mean is taken instead.
const MAXIMUM_DRAWS: usize = 10_000;

/// A normal distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normal {
    /// Expected value, before draws below zero are repeated.
    pub mean: f64,
    /// Standard deviation; zero or less makes every draw the mean.
    pub stddev: f64,
}

impl Normal {
    /// Always the same value.
    pub fn fixed(mean: f64) -> Self {
        Self { mean, stddev: 0.0 }
    }

    /// Both parameters without their fraction, as the reference takes them.
    pub fn truncated(self) -> Self {
        Self {
            mean: self.mean.trunc(),
            stddev: self.stddev.trunc(),
        }
    }

    /// A whole number, at least 1: the mean rounded half to even without deviation, else a draw
    /// that is not negative, rounded up.
    pub fn positive_integer(self, generator: &mut Generator) -> u32 {
        if self.stddev <= 0.0 {
            return to_positive(self.mean.round_ties_even());
        }
        for _ in 0..MAXIMUM_DRAWS {
            let draw = self.mean + self.stddev * generator.sample::<f64, _>(StandardNormal);
            if draw >= 0.0 {
                return to_positive(draw.ceil());
            }
        }
        tracing::warn!(
            "no draw of a normal distribution with mean {} was positive",
            self.mean
        );
        to_positive(self.mean.ceil())
    }

    /// A draw that is not below `lowest`.
    pub(crate) fn at_least(self, lowest: f64, generator: &mut Generator) -> f64 {
        if self.stddev > 0.0 {
            for _ in 0..MAXIMUM_DRAWS {
                let draw = self.mean + self.stddev * generator.sample::<f64, _>(StandardNormal);
                if draw >= lowest {
                    return draw;
                }
            }
        }
        self.mean.max(lowest)
    }
}

/// The conversion saturates at both ends.
pub(crate) fn to_positive(value: f64) -> u32 {
    (value as u32).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aiperf_random::RootSeed;

    fn draws(distribution: Normal, count: usize) -> Vec<f64> {
        let mut generator = RootSeed::fixed(5).stream("lengths").at(0);
        (0..count)
            .map(|_| f64::from(distribution.positive_integer(&mut generator)))
            .collect()
    }

    #[test]
    fn without_deviation_the_mean_is_rounded_half_to_even_and_at_least_one() {
        for (mean, expected) in [
            (550.0, 550.0),
            (2.5, 2.0),
            (3.5, 4.0),
            (0.0, 1.0),
            (-7.0, 1.0),
            (0.4, 1.0),
        ] {
            assert_eq!(draws(Normal::fixed(mean), 3), [expected; 3], "{mean}");
        }
    }

    #[test]
    fn draws_have_the_mean_and_deviation_of_the_distribution() {
        let values = draws(
            Normal {
                mean: 500.0,
                stddev: 50.0,
            },
            20_000,
        );
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>()
            / (values.len() - 1) as f64;
        // Rounding up adds half a token. Standard error of the mean: 50 / sqrt(20000) = 0.35.
        assert!((mean - 500.5).abs() < 1.8, "mean {mean}");
        assert!(
            (variance.sqrt() - 50.0).abs() < 1.3,
            "deviation {}",
            variance.sqrt()
        );
        let within_one = values
            .iter()
            .filter(|value| (**value - 500.5).abs() < 50.0)
            .count();
        let share = within_one as f64 / values.len() as f64;
        assert!(
            (share - 0.683).abs() < 0.02,
            "share within one deviation {share}"
        );
    }

    #[test]
    fn draws_below_zero_are_repeated_not_cut() {
        let values = draws(
            Normal {
                mean: 10.0,
                stddev: 20.0,
            },
            20_000,
        );
        assert!(values.iter().all(|value| *value >= 1.0));
        // Cutting would put the mass below zero, 31 %, on 1; repeating leaves about 2.6 % there.
        let ones = values.iter().filter(|value| **value == 1.0).count() as f64 / 20_000.0;
        assert!(ones < 0.05, "share of ones {ones}");
    }

    #[test]
    fn extreme_parameters_give_values_in_range() {
        for distribution in [
            Normal::fixed(f64::NAN),
            Normal::fixed(1e300),
            Normal {
                mean: -1e9,
                stddev: 1.0,
            },
            Normal {
                mean: 1.0,
                stddev: f64::INFINITY,
            },
        ] {
            assert!(draws(distribution, 2).iter().all(|value| *value >= 1.0));
        }
    }
}
