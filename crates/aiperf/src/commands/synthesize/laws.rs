//! Draws from the laws.

use aiperf_random::Generator;
use rand::Rng as _;
use rand_distr::StandardNormal;

use super::settings::{Delays, LogNormal, NewTokens};

/// How often a draw outside the bounds is made anew before it is moved to the next bound.
const ATTEMPTS: usize = 100;

pub(super) fn log_normal(law: &LogNormal, random: &mut Generator) -> f64 {
    shifted(law, 0.0, random)
}

/// Tokens that a turn adds, at least 1.
pub(super) fn new_tokens(law: &NewTokens, random: &mut Generator) -> u64 {
    (shifted(&law.law, law.bias.ln(), random) as u64).max(1)
}

/// A draw whose logarithm is moved.
fn shifted(law: &LogNormal, shift: f64, random: &mut Generator) -> f64 {
    let mu = law.mu.unwrap_or_else(|| law.median.ln()) + shift;
    let sigma = law.sigma.unwrap_or_default();
    let (least, most) = (law.min.unwrap_or(0.0), law.max.unwrap_or(f64::INFINITY));
    let mut draw = || {
        let normal: f64 = random.sample(StandardNormal);
        (mu + sigma * normal).exp()
    };
    let mut value = draw();
    for _ in 0..ATTEMPTS {
        if (least..=most).contains(&value) {
            return value;
        }
        value = draw();
    }
    value.max(least).min(most)
}

/// Milliseconds before a turn, where `fullness` is the context before it as a share of the largest: in a
/// full one, agents and people are quicker.
pub(super) fn delay(law: &Delays, fullness: f64, random: &mut Generator) -> f64 {
    let is_agentic = random.random::<f64>() < law.agentic_fraction;
    let component = if is_agentic {
        &law.agentic_delay
    } else {
        &law.human_delay
    };
    let most = law.max.unwrap_or(f64::INFINITY);
    log_normal(component, random).min(most) * (1.0 - 0.8 * fullness).max(0.2)
}

/// Which of several is taken, the k-th with a probability in proportion to k^-alpha.
#[derive(Debug)]
pub(super) struct Zipf {
    cumulative: Vec<f64>,
}

impl Zipf {
    pub(super) fn new(count: u64, alpha: f64) -> Self {
        let weights = (1..=count).map(|rank| (rank as f64).powf(-alpha));
        let cumulative = weights.scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self {
            cumulative: cumulative.collect(),
        }
    }

    /// From 0.
    pub(super) fn draw(&self, random: &mut Generator) -> u64 {
        let total = self.cumulative.last().copied().unwrap_or_default();
        let point = random.random::<f64>() * total;
        let place = self.cumulative.partition_point(|sum| *sum <= point);
        place.min(self.cumulative.len().saturating_sub(1)) as u64
    }
}

#[cfg(test)]
mod tests {
    use aiperf_random::RootSeed;

    use super::*;

    fn law(mean: f64, median: f64, min: Option<f64>, max: Option<f64>) -> LogNormal {
        LogNormal {
            mu: Some(median.ln()),
            sigma: Some((2.0 * (mean / median).ln()).sqrt()),
            mean,
            median,
            min,
            max,
        }
    }

    fn draws(count: usize, draw: impl Fn(&mut Generator) -> f64) -> Vec<f64> {
        let mut random = RootSeed::fixed(1).stream("test").at(0);
        let mut values: Vec<f64> = (0..count).map(|_| draw(&mut random)).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    #[test]
    fn draws_have_the_median_and_mean_of_their_law() {
        let law = law(500.0, 300.0, None, None);
        let values = draws(40_000, |random| log_normal(&law, random));
        // Standard errors: of the median 1.25 * sigma * 300 / 200 = 1.9, of the mean 667 / 200 = 3.3.
        assert!((values[20_000] - 300.0).abs() < 10.0, "{}", values[20_000]);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        assert!((mean - 500.0).abs() < 17.0, "{mean}");
    }

    #[test]
    fn bounds_hold_and_do_not_gather_draws() {
        let bounded = law(500.0, 300.0, Some(100.0), Some(400.0));
        let values = draws(5_000, |random| log_normal(&bounded, random));
        assert!(values[0] >= 100.0 && values[4_999] <= 400.0);
        let at_bounds = values
            .iter()
            .filter(|value| [100.0, 400.0].contains(*value));
        assert_eq!(at_bounds.count(), 0);
        // A law that never comes there is moved.
        let constant = law(5.0, 5.0, Some(7.0), None);
        assert_eq!(draws(1, |random| log_normal(&constant, random)), [7.0]);
    }

    #[test]
    fn bias_multiplies_the_median() {
        let law = NewTokens {
            law: law(6_000.0, 6_000.0, None, None),
            bias: 1.1,
        };
        let value = draws(1, |random| new_tokens(&law, random) as f64)[0];
        assert!((value - 6_600.0).abs() <= 1.0, "{value}");
    }

    #[test]
    fn delays_are_a_mixture_that_shortens_as_the_context_fills() {
        let law = Delays {
            agentic_fraction: 0.7,
            agentic_delay: law(10.0, 10.0, None, None),
            human_delay: law(1_000.0, 1_000.0, None, None),
            max: Some(500.0),
        };
        let values = draws(10_000, |random| delay(&law, 0.0, random));
        let short = values.iter().filter(|value| **value < 11.0).count();
        // Standard error: sqrt(10000 * 0.7 * 0.3) = 46.
        assert!((6_800..7_200).contains(&short), "{short}");
        assert_eq!(values[9_999], 500.0);
        let full = draws(100, |random| delay(&law, 1.0, random));
        assert!((full[99] - 100.0).abs() < 1e-9, "{}", full[99]);
    }

    #[test]
    fn ranks_are_drawn_by_zipfs_law() {
        let zipf = Zipf::new(3, 1.0);
        let values = draws(11_000, |random| zipf.draw(random) as f64);
        let counts =
            [0.0, 1.0, 2.0].map(|rank| values.iter().filter(|value| **value == rank).count());
        for (count, expected) in counts.into_iter().zip([6_000, 3_000, 2_000]) {
            assert!(count.abs_diff(expected) < 250, "{counts:?}");
        }
        assert_eq!(
            draws(5, |random| Zipf::new(1, 0.6).draw(random) as f64),
            [0.0; 5]
        );
    }
}
