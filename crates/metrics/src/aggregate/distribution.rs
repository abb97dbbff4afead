//! Exact statistics of a set of values.

use super::exact_sum::ExactSum;
use super::ranks::{BLOCK, Extent, Keys};
use crate::columns::{Numbers, Sketch, View};
use crate::result::{PERCENTILES, Statistics};
use crate::value::Value;

/// Up to here sorting is cheaper than anything smarter.
const SORTED_BELOW: usize = 4096;
/// The sum of the squares of a block of distances below this fits into 63 bits.
const NEAR: u64 = 1 << 26;

/// Values of which the statistics are wanted.
#[derive(Debug)]
pub(crate) struct Sample<'a> {
    /// Integers in the order of the values: the values themselves, or bits of floats.
    keys: Keys<'a>,
    extent: Extent,
    is_sorted: bool,
    is_float: bool,
    total: Value,
    /// Values of which only this is known; then percentiles are not exact.
    sketch: Option<Sketch>,
}

impl<'a> Sample<'a> {
    /// What is not finite is no value.
    pub(crate) fn new(numbers: Numbers) -> Self {
        match numbers {
            Numbers::Ints(keys) => Self::of_ints(Keys::Owned(keys)),
            Numbers::Floats(floats) => {
                let mut sum = ExactSum::new();
                let mut keys = Vec::with_capacity(floats.len());
                for float in floats.into_iter().filter(|float| float.is_finite()) {
                    sum.add(float);
                    keys.push(key(float));
                }
                Self {
                    is_float: true,
                    total: Value::Float(sum.value()),
                    ..Self::of_ints(Keys::Owned(keys))
                }
            }
        }
    }

    /// The integers that a metric has in `rows`, elements of lists among them, without a copy.
    pub(crate) fn of_kept(view: &'a View<'a>, rows: &'a [u32], slot: u16) -> Self {
        Self::of_ints(Keys::Kept { view, rows, slot })
    }

    fn of_ints(mut keys: Keys<'a>) -> Self {
        let extent = keys.extent();
        let is_sorted = extent.count <= SORTED_BELOW;
        if is_sorted {
            let mut few = Vec::with_capacity(extent.count);
            keys.for_each_block(|block| few.extend_from_slice(block));
            few.sort_unstable();
            keys = Keys::Owned(few);
        }
        Self {
            keys,
            extent,
            is_sorted,
            is_float: false,
            total: int_or_float(extent.sum),
            sketch: None,
        }
    }

    /// Adds integers of which only a sketch is left.
    pub(crate) fn with_sketch(mut self, mut sketch: Sketch) -> Self {
        if sketch.count > 0 {
            let add = |block: &[i64]| block.iter().for_each(|&key| sketch.add(key));
            self.keys.for_each_block(add);
            self.total = int_or_float(sketch.sum);
            self.sketch = Some(sketch);
        }
        self
    }

    /// Number of values.
    pub(crate) fn count(&self) -> usize {
        match &self.sketch {
            Some(sketch) => sketch.count as usize,
            None => self.extent.count,
        }
    }

    /// Whether percentiles are only near.
    pub(crate) fn is_approximate(&self) -> bool {
        self.sketch.is_some()
    }

    /// The sum, or `None` without a value.
    pub(crate) fn total(&self) -> Option<Value> {
        (self.count() > 0).then_some(self.total)
    }

    /// The values at ascending ranks, counted from 0 and below the count.
    pub(crate) fn at_ranks(&self, ranks: &[usize]) -> Vec<f64> {
        match &self.sketch {
            Some(sketch) => sketch.at_ranks(ranks),
            None => self
                .keys_at_ranks(ranks)
                .into_iter()
                .map(|key| self.value(key))
                .collect(),
        }
    }

    fn keys_at_ranks(&self, ranks: &[usize]) -> Vec<i64> {
        match &self.keys {
            Keys::Owned(keys) if self.is_sorted => {
                let at = |&rank: &usize| keys.get(rank).copied();
                ranks.iter().filter_map(at).collect()
            }
            keys => keys.at_ranks(&self.extent, ranks),
        }
    }

    /// The percentiles `percents`, ascending: linear between the two nearest ranks (Hyndman and
    /// Fan's type 7), in NumPy's arithmetic to the last bit. `None` without a value.
    pub(crate) fn percentiles(&self, percents: &[u8]) -> Option<Vec<f64>> {
        let last = self.count().checked_sub(1)?;
        let places: Vec<(usize, usize, f64)> = percents
            .iter()
            .map(|&q| {
                let position = last as f64 * (f64::from(q) / 100.0);
                let low = (position.floor() as usize).min(last);
                (low, (low + 1).min(last), position - low as f64)
            })
            .collect();
        let mut ranks: Vec<usize> = places
            .iter()
            .flat_map(|&(low, high, _)| [low, high])
            .collect();
        ranks.sort_unstable();
        ranks.dedup();
        let values = self.at_ranks(&ranks);
        let at = |rank: usize| {
            ranks
                .binary_search(&rank)
                .map_or(0.0, |index| values[index])
        };
        let between = |&(low, high, fraction): &(usize, usize, f64)| {
            interpolated(at(low), at(high), fraction)
        };
        Some(places.iter().map(between).collect())
    }

    /// All statistics, or `None` without a value.
    pub(crate) fn statistics(&self) -> Option<Statistics> {
        let count = self.count();
        let percentiles = self.percentiles(&PERCENTILES)?;
        let (min, max) = self.extremes()?;
        let sum = self.total.as_f64()?;
        let avg = sum / count as f64;
        Some(Statistics {
            avg: Some(avg),
            percentiles: std::array::from_fn(|index| percentiles.get(index).copied()),
            min: min.as_f64(),
            max: max.as_f64(),
            std: Some((self.squared_deviations(avg) / count as f64).sqrt()),
            count: Some(count as u64),
            sum: Some(sum),
        })
    }

    /// The smallest and the largest value, or `None` without a value.
    pub(crate) fn extremes(&self) -> Option<(Value, Value)> {
        let (min, max) = match &self.sketch {
            Some(sketch) => (sketch.min, sketch.max),
            None => (self.extent.min, self.extent.max),
        };
        let value = |key| {
            if self.is_float {
                Value::Float(float(key))
            } else {
                Value::Int(key)
            }
        };
        (self.count() > 0).then(|| (value(min), value(max)))
    }

    /// The sum of the squared distances from the mean, the same whatever the order of values.
    fn squared_deviations(&self, avg: f64) -> f64 {
        if let Some(sketch) = &self.sketch {
            let of_mean = avg * avg * sketch.count as f64;
            return (sketch.squares as f64 - of_mean).max(0.0);
        }
        if self.is_float {
            let mut squares = ExactSum::new();
            self.keys.for_each_block(|block| {
                for &key in block {
                    let square = (self.value(key) - avg).powi(2);
                    squares.add(if square.is_finite() { square } else { f64::MAX });
                }
            });
            return squares.value();
        }
        // Distances from the integer next to the mean; the rest is made good at the end.
        let near = avg.round() as i64;
        let squares = self.squares_around(near);
        let sum = self.extent.sum - i128::from(near) * self.extent.count as i128;
        (squares as f64 - (sum as f64).powi(2) / self.extent.count as f64).max(0.0)
    }

    /// The sum of the squared distances of integers from `near`; saturating.
    fn squares_around(&self, near: i64) -> i128 {
        let mut squares = 0_i128;
        let furthest = self
            .extent
            .min
            .abs_diff(near)
            .max(self.extent.max.abs_diff(near));
        if self.extent.min == self.extent.max {
            let distance = i128::from(self.extent.min) - i128::from(near);
            let square = distance.saturating_mul(distance);
            return square.saturating_mul(self.extent.count as i128);
        }
        if furthest < NEAR {
            self.keys.for_each_block(|block| {
                for some in block.chunks(BLOCK) {
                    let square = |&int: &i64| (int - near) * (int - near);
                    squares += i128::from(some.iter().map(square).sum::<i64>());
                }
            });
        } else {
            self.keys.for_each_block(|block| {
                for &int in block {
                    let distance = i128::from(int) - i128::from(near);
                    squares = squares.saturating_add(distance.saturating_mul(distance));
                }
            });
        }
        squares
    }

    fn value(&self, key: i64) -> f64 {
        if self.is_float {
            float(key)
        } else {
            key as f64
        }
    }
}

fn int_or_float(sum: i128) -> Value {
    i64::try_from(sum).map_or(Value::Float(sum as f64), Value::Int)
}

/// Bits of a float as an integer of the same order.
fn key(float: f64) -> i64 {
    let bits = float.to_bits().cast_signed();
    bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
}

fn float(key: i64) -> f64 {
    let bits = key ^ ((key >> 63).cast_unsigned() >> 1).cast_signed();
    f64::from_bits(bits.cast_unsigned())
}

/// NumPy's interpolation: from the nearer end, so that it never passes either.
fn interpolated(low: f64, high: f64, fraction: f64) -> f64 {
    let difference = high - low;
    if fraction >= 0.5 {
        high - difference * (1.0 - fraction)
    } else {
        low + difference * fraction
    }
}

/// Statistics of the valid values and one infinite value per failed record: what a latency looks
/// like to someone who counts failures as never answered. `None` without a valid value.
///
/// Percentiles are those of the nearest rank, halves to the even one, because there is nothing
/// between a value and infinity. What would be infinite is absent.
pub(crate) fn failure_inflated(valid: &Sample<'_>, failed: usize) -> Option<Statistics> {
    valid.count().checked_sub(1)?;
    let count = valid.count() + failed;
    let ranks = PERCENTILES.map(|q| {
        let position = f64::from(q) / 100.0 * (count - 1) as f64;
        position.round_ties_even() as usize
    });
    let finite: Vec<usize> = std::iter::once(0)
        .chain(ranks)
        .filter(|&rank| rank < valid.count())
        .collect();
    let values = valid.at_ranks(&finite);
    Some(Statistics {
        // The first rank is that of the smallest value.
        percentiles: std::array::from_fn(|index| values.get(index + 1).copied()),
        min: values.first().copied(),
        count: Some(count as u64),
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
        Sample::new(Numbers::Ints(ints.to_vec()))
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
        assert_eq!(Sample::new(Numbers::Ints(Vec::new())).statistics(), None);
        assert_eq!(
            Sample::new(Numbers::Floats(vec![f64::NAN])).statistics(),
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
        let sample = |ints: &[i64]| Sample::new(Numbers::Ints(ints.to_vec()));
        let inflated = failure_inflated(&sample(&[6, 1, 3, 2, 5, 4]), 2).unwrap();
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
        assert_eq!(failure_inflated(&sample(&[]), 2), None);
    }

    #[test]
    fn a_conversion_that_overflows_leaves_the_statistic_out() {
        let statistics = Statistics::scalar(f64::MAX);
        assert_eq!(converted(statistics, Some(1000.0)).avg, None);
    }

    /// Percentiles of samples as NumPy computes them; see `conformance/numpy_percentiles.py`.
    #[test]
    fn percentiles_are_those_of_numpy_to_the_last_bit() {
        let fixture = include_str!("../../tests/fixtures/numpy_percentiles.tsv");
        let mut samples = 0;
        for line in fixture.lines().filter(|line| !line.starts_with('#')) {
            let (values, expected) = line.split_once('\t').unwrap();
            let bits = |text: &str| f64::from_bits(u64::from_str_radix(text, 16).unwrap());
            let floats: Vec<f64> = values.split(' ').map(bits).collect();
            let expected: Vec<u64> = expected
                .split(' ')
                .map(|text| bits(text).to_bits())
                .collect();
            let found = Sample::new(Numbers::Floats(floats))
                .percentiles(&PERCENTILES)
                .unwrap();
            let found: Vec<u64> = found.into_iter().map(f64::to_bits).collect();
            assert_eq!(found, expected, "{values}");
            samples += 1;
        }
        assert!(samples >= 100, "{samples}");
    }

    proptest! {
        #[test]
        fn a_float_and_its_key_are_in_the_same_order(left in any::<f64>(), right in any::<f64>()) {
            prop_assert_eq!(key(left).cmp(&key(right)), left.total_cmp(&right));
            prop_assert_eq!(float(key(left)).to_bits(), left.to_bits());
        }

        #[test]
        fn percentiles_ascend_between_the_smallest_and_the_largest_value(
            floats in proptest::collection::vec(-1e12..1e12_f64, 1..300)
        ) {
            let statistics = Sample::new(Numbers::Floats(floats)).statistics().unwrap();
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
            let forwards = Sample::new(Numbers::Floats(floats.clone())).statistics();
            floats.reverse();
            prop_assert_eq!(forwards, Sample::new(Numbers::Floats(floats)).statistics());
        }
    }
}
