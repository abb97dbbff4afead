//! Exact statistics of a set of values.

use crate::columns::Numbers;
use crate::result::{PERCENTILES, Statistics};
use crate::value::Value;

/// Values in ascending order, with their sum: exact where they are integers.
#[derive(Debug)]
pub(crate) struct Sorted {
    values: Vec<f64>,
    total: Value,
}

impl Sorted {
    /// Sorts the values. What is not finite is no value.
    pub(crate) fn new(numbers: Numbers) -> Self {
        match numbers {
            Numbers::Ints(mut ints) => {
                ints.sort_unstable();
                let sum: i128 = ints.iter().copied().map(i128::from).sum();
                let total = i64::try_from(sum).map_or(Value::Float(sum as f64), Value::Int);
                Self {
                    values: ints.into_iter().map(|int| int as f64).collect(),
                    total,
                }
            }
            Numbers::Floats(mut floats) => {
                floats.retain(|float| float.is_finite());
                floats.sort_unstable_by(f64::total_cmp);
                // Summed in ascending order: the result does not depend on the order of records.
                let total = Value::Float(floats.iter().sum());
                Self {
                    values: floats,
                    total,
                }
            }
        }
    }

    /// The sum, or `None` without a value.
    pub(crate) fn total(&self) -> Option<Value> {
        (!self.values.is_empty()).then_some(self.total)
    }

    /// The sorted values.
    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    /// All statistics, or `None` without a value.
    pub(crate) fn statistics(&self) -> Option<Statistics> {
        let (&min, &max) = (self.values.first()?, self.values.last()?);
        let count = self.values.len();
        let sum = self.total.as_f64()?;
        let avg = sum / count as f64;
        let squares: f64 = self.values.iter().map(|value| (value - avg).powi(2)).sum();
        Some(Statistics {
            avg: Some(avg),
            percentiles: PERCENTILES.map(|q| Some(percentile(&self.values, q))),
            min: Some(min),
            max: Some(max),
            std: Some((squares / count as f64).sqrt()),
            count: Some(count as u64),
            sum: Some(sum),
        })
    }
}

/// The `q`th percentile of ascending `values`, of which there is at least one: linear between the
/// two nearest ranks (Hyndman and Fan's type 7, the default of numpy).
fn percentile(values: &[f64], q: u8) -> f64 {
    let last = values.len() - 1;
    let position = f64::from(q) / 100.0 * last as f64;
    let low = (position.floor() as usize).min(last);
    let high = (low + 1).min(last);
    let fraction = position - low as f64;
    // Rounding must not carry the result past its upper neighbour.
    (values[low] + fraction * (values[high] - values[low])).min(values[high])
}

/// Statistics of the valid values and one infinite value per failed record: what a latency looks
/// like to someone who counts failures as never answered. `None` without a valid value.
///
/// Percentiles are those of the nearest rank, halves to the even one, because there is nothing
/// between a value and infinity. What would be infinite is absent.
pub(crate) fn failure_inflated(valid: &[f64], failed: usize) -> Option<Statistics> {
    let &min = valid.first()?;
    let count = valid.len() + failed;
    let percentiles = PERCENTILES.map(|q| {
        let position = f64::from(q) / 100.0 * (count - 1) as f64;
        valid.get(position.round_ties_even() as usize).copied()
    });
    let count = Some(count as u64);
    Some(Statistics {
        percentiles,
        min: Some(min),
        count,
        ..Statistics::default()
    })
}

/// Converts statistics to another unit, and drops what is not finite.
pub(crate) fn converted(statistics: Statistics, factor: Option<f64>) -> Statistics {
    let convert = |value: Option<f64>| {
        value
            .map(|value| factor.map_or(value, |factor| value * factor))
            .filter(|value| value.is_finite())
    };
    Statistics {
        avg: convert(statistics.avg),
        percentiles: statistics.percentiles.map(convert),
        min: convert(statistics.min),
        max: convert(statistics.max),
        std: convert(statistics.std),
        count: statistics.count,
        sum: convert(statistics.sum),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(ints: &[i64]) -> Statistics {
        Sorted::new(Numbers::Ints(ints.to_vec()))
            .statistics()
            .unwrap()
    }

    #[test]
    fn statistics_of_a_known_sample() {
        let statistics = of(&[10, 1, 3, 2, 4]);
        let expected = [1.04, 1.2, 1.4, 2.0, 3.0, 4.0, 7.6, 8.8, 9.76];
        for (percentile, expected) in statistics.percentiles.iter().zip(expected) {
            assert!(
                (percentile.unwrap() - expected).abs() < 1e-12,
                "{percentile:?} {expected}"
            );
        }
        assert_eq!(statistics.avg, Some(4.0));
        assert_eq!(statistics.std, Some(3.162_277_660_168_379_5));
        assert_eq!((statistics.min, statistics.max), (Some(1.0), Some(10.0)));
        assert_eq!((statistics.count, statistics.sum), (Some(5), Some(20.0)));
    }

    #[test]
    fn one_value_is_every_percentile_and_has_no_spread() {
        let statistics = of(&[42]);
        assert_eq!(statistics.percentiles, [Some(42.0); 9]);
        assert_eq!(statistics.std, Some(0.0));
    }

    #[test]
    fn nothing_has_no_statistics() {
        assert_eq!(Sorted::new(Numbers::Ints(Vec::new())).statistics(), None);
        assert_eq!(
            Sorted::new(Numbers::Floats(vec![f64::NAN])).statistics(),
            None
        );
    }

    #[test]
    fn the_sum_of_wall_clock_times_is_exact_before_it_is_rounded_once() {
        let epoch = 1_795_300_057_468_009_857_i64;
        let statistics = of(&[epoch, -epoch + 1, 1]);
        assert_eq!(statistics.sum, Some(2.0));
    }

    #[test]
    fn failures_push_percentiles_towards_infinity_which_is_absent() {
        let valid = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let inflated = failure_inflated(&valid, 2).unwrap();
        assert_eq!(
            inflated.percentile(50),
            Some(5.0),
            "index 3.5 goes to the even 4"
        );
        assert_eq!(inflated.percentile(75), Some(6.0));
        for q in [90, 95, 99] {
            assert_eq!(inflated.percentile(q), None);
        }
        assert_eq!((inflated.count, inflated.min), (Some(8), Some(1.0)));
        let absent = [inflated.avg, inflated.max, inflated.std, inflated.sum];
        assert_eq!(absent, [None; 4]);
        assert_eq!(failure_inflated(&[], 2), None);
    }

    #[test]
    fn a_conversion_that_overflows_leaves_the_statistic_out() {
        let statistics = Statistics::scalar(f64::MAX);
        assert_eq!(converted(statistics, Some(1000.0)).avg, None);
    }

    proptest! {
        #[test]
        fn percentiles_ascend_between_the_smallest_and_the_largest_value(
            floats in proptest::collection::vec(-1e12..1e12_f64, 1..300)
        ) {
            let statistics = Sorted::new(Numbers::Floats(floats)).statistics().unwrap();
            let mut previous = statistics.min.unwrap();
            for percentile in statistics.percentiles {
                let percentile = percentile.unwrap();
                prop_assert!(percentile >= previous);
                previous = percentile;
            }
            prop_assert!(previous <= statistics.max.unwrap());
        }

        #[test]
        fn statistics_do_not_depend_on_the_order_of_values(
            mut floats in proptest::collection::vec(-1e12..1e12_f64, 1..300)
        ) {
            let forwards = Sorted::new(Numbers::Floats(floats.clone())).statistics();
            floats.reverse();
            prop_assert_eq!(forwards, Sorted::new(Numbers::Floats(floats)).statistics());
        }
    }
}
