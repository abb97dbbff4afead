//! What numbers are drawn from: lengths, turns, pauses, sizes.

use std::sync::Arc;

use aiperf_random::Generator;
use rand::Rng;
use rand_distr::StandardNormal;

use crate::lengths::{Normal, to_positive};

/// A random law, perhaps with bounds. Draws beyond a bound become the bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Law {
    shape: Shape,
    min: Option<f64>,
    max: Option<f64>,
}

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    /// Draws below zero are repeated.
    Normal(Normal),
    LogNormal {
        mean: f64,
        median: f64,
    },
    Mixture(Arc<[(Law, f64)]>),
    Points(Arc<[(f64, f64)]>),
}

impl Law {
    /// Always the same value.
    pub fn fixed(value: f64) -> Self {
        Normal::fixed(value).into()
    }

    /// A normal law whose draws below zero are repeated; no deviation makes every draw the mean.
    pub fn normal(mean: f64, stddev: f64) -> Self {
        Normal { mean, stddev }.into()
    }

    /// A log-normal law: `exp(N(ln median, √(2 ln(mean / median))))`, which has this mean and this
    /// median. Both are above 0; a median that is not below the mean makes every draw the mean.
    pub fn log_normal(mean: f64, median: f64) -> Self {
        if median >= mean {
            return Self::fixed(mean);
        }
        Shape::LogNormal { mean, median }.into()
    }

    /// A draw of one of these laws, chosen by weight. Weights are not negative; where all are zero
    /// the last law is chosen.
    pub fn mixture(parts: Vec<(Self, f64)>) -> Self {
        Shape::Mixture(parts.into()).into()
    }

    /// One of these values, chosen by weight. Weights are above 0.
    pub fn points(points: Vec<(f64, f64)>) -> Self {
        Shape::Points(points.into()).into()
    }

    /// The same law with draws moved to the nearest of these bounds.
    #[must_use]
    pub fn within(self, min: Option<f64>, max: Option<f64>) -> Self {
        match self.plain() {
            Some(fixed) if fixed.stddev <= 0.0 => Self::fixed(moved(fixed.mean, min, max)),
            _ => Self { min, max, ..self },
        }
    }

    /// The normal law that this is, if it is one without bounds: all that flags can ask for.
    pub fn plain(&self) -> Option<Normal> {
        match self.shape {
            Shape::Normal(normal) if self.min.is_none() && self.max.is_none() => Some(normal),
            _ => None,
        }
    }

    /// The expected value of a draw before bounds and rounding.
    pub fn mean(&self) -> f64 {
        match &self.shape {
            Shape::Normal(normal) => normal.mean,
            Shape::LogNormal { mean, .. } => *mean,
            Shape::Mixture(parts) => weighted_mean(parts, Self::mean),
            Shape::Points(points) => weighted_mean(points, |value| *value),
        }
    }

    /// Whether all draws are the same.
    pub fn is_fixed(&self) -> bool {
        self.plain().is_some_and(|normal| normal.stddev <= 0.0)
    }

    /// Parameters of a plain law without their fraction, as the reference takes them. Of any other
    /// law the draws are rounded, not the parameters.
    #[must_use]
    pub fn truncated(&self) -> Self {
        match self.plain() {
            Some(normal) => normal.truncated().into(),
            None => self.clone(),
        }
    }

    /// A whole number, at least 1: a draw rounded up. A fixed value is rounded half to even.
    pub fn positive_integer(&self, generator: &mut Generator) -> u32 {
        match self.plain() {
            Some(normal) => normal.positive_integer(generator),
            None => to_positive(self.draw(generator).ceil()),
        }
    }

    /// A draw that is not below `lowest`.
    pub(crate) fn at_least(&self, lowest: f64, generator: &mut Generator) -> f64 {
        match self.plain() {
            Some(normal) => normal.at_least(lowest, generator),
            None => self.draw(generator).max(lowest),
        }
    }

    fn draw(&self, generator: &mut Generator) -> f64 {
        let draw = match &self.shape {
            Shape::Normal(normal) => normal.at_least(0.0, generator),
            Shape::LogNormal { mean, median } => {
                let sigma = (2.0 * (mean / median).ln()).sqrt();
                (median.ln() + sigma * generator.sample::<f64, _>(StandardNormal)).exp()
            }
            Shape::Mixture(parts) => {
                chosen(parts, generator).map_or(0.0, |(law, _)| law.draw(generator))
            }
            Shape::Points(points) => chosen(points, generator).map_or(0.0, |(value, _)| *value),
        };
        moved(draw, self.min, self.max)
    }
}

impl From<Normal> for Law {
    fn from(normal: Normal) -> Self {
        Shape::Normal(normal).into()
    }
}

impl From<Shape> for Law {
    fn from(shape: Shape) -> Self {
        Self {
            shape,
            min: None,
            max: None,
        }
    }
}

fn moved(value: f64, min: Option<f64>, max: Option<f64>) -> f64 {
    let value = min.map_or(value, |min| value.max(min));
    max.map_or(value, |max| value.min(max))
}

fn total<T>(items: &[(T, f64)]) -> f64 {
    items.iter().map(|(_, weight)| weight).sum()
}

fn chosen<'a, T>(items: &'a [(T, f64)], generator: &mut Generator) -> Option<&'a (T, f64)> {
    let point = generator.random::<f64>() * total(items);
    let mut cumulative = 0.0;
    let hit = items.iter().find(|(_, weight)| {
        cumulative += weight;
        point < cumulative
    });
    // Rounding may leave the last sum a hair below the total.
    hit.or(items.last())
}

fn weighted_mean<T>(items: &[(T, f64)], value: impl Fn(&T) -> f64) -> f64 {
    let total = total(items);
    if total <= 0.0 {
        return items.last().map_or(0.0, |(item, _)| value(item));
    }
    let sum: f64 = items
        .iter()
        .map(|(item, weight)| value(item) * weight)
        .sum();
    sum / total
}

#[cfg(test)]
mod tests {
    use aiperf_random::RootSeed;

    use super::*;

    const COUNT: usize = 20_000;

    fn draws(law: &Law) -> Vec<f64> {
        let mut generator = RootSeed::fixed(17).stream("law").at(0);
        (0..COUNT).map(|_| law.draw(&mut generator)).collect()
    }

    /// The largest distance between the draws' distribution and `cumulative`; where that jumps, only
    /// the ends of the jump count.
    fn distance(law: &Law, cumulative: impl Fn(f64) -> f64) -> f64 {
        let mut values = draws(law);
        values.sort_by(f64::total_cmp);
        let count = values.len() as f64;
        let mut largest: f64 = 0.0;
        for (rank, value) in values.iter().enumerate() {
            let is_last_of_its_value = values.get(rank + 1) != Some(value);
            if is_last_of_its_value {
                let seen = (rank + 1) as f64 / count;
                largest = largest.max((cumulative(*value) - seen).abs());
            }
        }
        largest
    }

    /// The critical value of the Kolmogorov-Smirnov statistic at the 0.1 % level.
    fn critical() -> f64 {
        1.95 / (COUNT as f64).sqrt()
    }

    /// The standard normal distribution function; Abramowitz and Stegun, 7.1.26.
    fn phi(x: f64) -> f64 {
        let z = x.abs() / std::f64::consts::SQRT_2;
        let t = 1.0 / (1.0 + 0.327_591_1 * z);
        let series = t
            * (0.254_829_592
                + t * (-0.284_496_736
                    + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
        let tail = 0.5 * series * (-z * z).exp();
        if x > 0.0 { 1.0 - tail } else { tail }
    }

    fn log_normal(mean: f64, median: f64) -> impl Fn(f64) -> f64 {
        move |x| phi((x / median).ln() / (2.0 * (mean / median).ln()).sqrt())
    }

    /// A normal law whose draws below zero are repeated.
    fn positive_normal(mean: f64, stddev: f64) -> impl Fn(f64) -> f64 {
        move |x| {
            let below = phi(-mean / stddev);
            ((phi((x - mean) / stddev) - below) / (1.0 - below)).max(0.0)
        }
    }

    #[test]
    fn draws_of_each_law_are_distributed_like_it() {
        type Cumulative = Box<dyn Fn(f64) -> f64>;
        let cases: Vec<(Law, Cumulative)> = vec![
            (
                Law::normal(500.0, 50.0),
                Box::new(positive_normal(500.0, 50.0)),
            ),
            (
                Law::normal(10.0, 20.0),
                Box::new(positive_normal(10.0, 20.0)),
            ),
            (
                Law::log_normal(2_048.0, 1_800.0),
                Box::new(log_normal(2_048.0, 1_800.0)),
            ),
            (
                Law::log_normal(100.0, 5.0),
                Box::new(log_normal(100.0, 5.0)),
            ),
            (
                Law::mixture(vec![
                    (Law::normal(128.0, 20.0), 60.0),
                    (Law::log_normal(2_048.0, 1_800.0), 30.0),
                    (Law::normal(9_000.0, 5.0), 0.0),
                    (Law::normal(4_000.0, 100.0), 10.0),
                ]),
                Box::new(|x| {
                    0.6 * positive_normal(128.0, 20.0)(x)
                        + 0.3 * log_normal(2_048.0, 1_800.0)(x)
                        + 0.1 * positive_normal(4_000.0, 100.0)(x)
                }),
            ),
            (
                Law::points(vec![(512.0, 1.0), (128.0, 2.0), (2_048.0, 1.0)]),
                Box::new(|x| match x {
                    x if x >= 2_048.0 => 1.0,
                    x if x >= 512.0 => 0.75,
                    x if x >= 128.0 => 0.5,
                    _ => 0.0,
                }),
            ),
            (
                Law::log_normal(100.0, 50.0).within(Some(20.0), Some(200.0)),
                Box::new(|x| {
                    if x >= 200.0 {
                        1.0
                    } else {
                        log_normal(100.0, 50.0)(x)
                    }
                }),
            ),
        ];
        for (law, cumulative) in cases {
            let distance = distance(&law, cumulative);
            assert!(distance < critical(), "{law:?}: {distance}");
        }
    }

    #[test]
    fn a_log_normal_law_has_its_mean_and_its_median() {
        let mut values = draws(&Law::log_normal(300.0, 200.0));
        let mean = values.iter().sum::<f64>() / COUNT as f64;
        values.sort_by(f64::total_cmp);
        // The standard deviation is 300 * sqrt(e^{2 ln 1.5} - 1) = 335; its error here is 2.4.
        assert!((mean - 300.0).abs() < 10.0, "mean {mean}");
        let median = values[COUNT / 2];
        assert!((median - 200.0).abs() < 9.0, "median {median}");
    }

    /// What 100,000 draws of the reference's own sampler gave: mean, and the 10th, 50th, 90th and
    /// 99th percentiles.
    #[test]
    fn draws_have_the_percentiles_of_the_references_sampler() {
        let peaks = vec![
            (Law::normal(128.0, 20.0), 60.0),
            (Law::log_normal(2_048.0, 1_800.0), 40.0),
        ];
        let points = Law::points(vec![(128.0, 40.0), (512.0, 1.0)]).within(None, Some(500.0));
        let skewed = Law::log_normal(100.0, 50.0).within(Some(20.0), Some(200.0));
        for (law, expected) in [
            (
                Law::normal(500.0, 50.0),
                [499.79, 435.43, 499.83, 563.70, 616.62],
            ),
            (Law::normal(10.0, 20.0), [20.19, 3.76, 17.96, 39.55, 59.05]),
            (
                Law::log_normal(300.0, 200.0),
                [299.78, 62.93, 199.66, 637.25, 1_611.51],
            ),
            (
                Law::mixture(peaks),
                [895.38, 108.79, 147.25, 2_531.75, 4_868.70],
            ),
            (points, [136.86, 128.0, 128.0, 128.0, 500.0]),
            (skewed, [75.55, 20.0, 49.73, 200.0, 200.0]),
        ] {
            let mut values = draws(&law);
            values.sort_by(f64::total_cmp);
            let percentile = |percent: usize| values[COUNT * percent / 100];
            let mean = values.iter().sum::<f64>() / COUNT as f64;
            let seen = [
                mean,
                percentile(10),
                percentile(50),
                percentile(90),
                percentile(99),
            ];
            for (seen, expected) in seen.iter().zip(expected) {
                // The 99th percentile of 20,000 skewed draws errs by up to a twentieth.
                let tolerance = 0.09 * expected;
                assert!(
                    (seen - expected).abs() < tolerance,
                    "{law:?}: {seen} for {expected}"
                );
            }
        }
    }

    #[test]
    fn draws_beyond_a_bound_become_the_bound() {
        let law = Law::normal(100.0, 30.0).within(Some(90.0), Some(110.0));
        let values = draws(&law);
        let share = |bound: f64| {
            values.iter().filter(|value| **value == bound).count() as f64 / COUNT as f64
        };
        // A third of a deviation on either side: 0.3694 of the mass.
        assert!((share(90.0) - 0.3694).abs() < 0.015, "{}", share(90.0));
        assert!((share(110.0) - 0.3694).abs() < 0.015, "{}", share(110.0));
        assert!(values.iter().all(|value| (90.0..=110.0).contains(value)));
    }

    #[test]
    fn bounds_of_a_part_are_its_own() {
        let small = Law::normal(10.0, 50.0).within(None, Some(20.0));
        let law = Law::mixture(vec![(small, 1.0), (Law::fixed(100.0), 1.0)]);
        let values = draws(&law);
        assert!(values.iter().all(|value| *value <= 20.0 || *value == 100.0));
    }

    #[test]
    fn means_are_those_before_bounds() {
        for (law, mean) in [
            (Law::fixed(7.5), 7.5),
            (Law::fixed(7.5).within(Some(9.0), None), 9.0),
            (Law::normal(4.0, 9.0).within(Some(9.0), None), 4.0),
            (Law::log_normal(300.0, 200.0), 300.0),
            (Law::points(vec![(1.0, 1.0), (4.0, 2.0)]), 3.0),
            (
                Law::mixture(vec![(Law::fixed(1.0), 3.0), (Law::fixed(5.0), 1.0)]),
                2.0,
            ),
            (
                Law::mixture(vec![(Law::fixed(1.0), 0.0), (Law::fixed(5.0), 0.0)]),
                5.0,
            ),
        ] {
            assert_eq!(law.mean(), mean, "{law:?}");
        }
    }

    #[test]
    fn whole_numbers_are_draws_rounded_up_and_at_least_one() {
        let mut generator = RootSeed::fixed(3).stream("law").at(0);
        for (law, expected) in [
            (Law::fixed(2.5), 2),
            (Law::points(vec![(2.1, 1.0)]), 3),
            (Law::points(vec![(-4.0, 1.0)]), 1),
            (Law::points(vec![(1e300, 1.0)]), u32::MAX),
            (Law::log_normal(5.0, 5.0), 5),
        ] {
            assert_eq!(law.positive_integer(&mut generator), expected, "{law:?}");
        }
        // Of a plain law the parameters lose their fraction, of others the draws gain one.
        assert_eq!(Law::normal(5.9, 0.9).truncated(), Law::fixed(5.0));
        let bounded = Law::normal(5.9, 0.9).within(Some(1.0), None);
        assert_eq!(bounded.truncated(), bounded);
        assert!(Law::log_normal(5.0, 6.0).is_fixed() && !bounded.is_fixed());
    }

    #[test]
    fn a_plain_law_is_drawn_from_as_before() {
        let normal = Normal {
            mean: 500.0,
            stddev: 50.0,
        };
        let mut one = RootSeed::fixed(5).stream("lengths").at(0);
        let mut other = RootSeed::fixed(5).stream("lengths").at(0);
        for _ in 0..100 {
            assert_eq!(
                Law::from(normal).positive_integer(&mut one),
                normal.positive_integer(&mut other)
            );
        }
    }
}
