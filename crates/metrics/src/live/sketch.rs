//! Counts of values in buckets whose width is a fixed share of the value.

/// Bits of a float's fraction that tell buckets apart: 2⁷ buckets between a power of two and the
/// next, so that the middle of a bucket is within 2⁻⁸ (0.4 %) of every value in it.
const FRACTION_BITS: u32 = 7;
const SHIFT: u32 = f64::MANTISSA_DIGITS - 1 - FRACTION_BITS;

/// Percentiles of numbers that are not kept. Memory grows with the span of the values, 1 KiB for each
/// power of two, and not with their number. Negative numbers count as 0.
#[derive(Debug, Clone, Default)]
pub struct LiveSketch {
    /// The bucket of the first counter; meaningless without counters.
    first: usize,
    counts: Vec<u64>,
    zeros: u64,
    total: u64,
}

impl LiveSketch {
    /// Counts a finite number.
    pub fn add(&mut self, value: f64) {
        self.total += 1;
        if value < f64::MIN_POSITIVE {
            self.zeros += 1;
        } else {
            *self.counter(bucket_of(value)) += 1;
        }
    }

    /// Adds what another one has counted.
    pub fn merge(&mut self, other: &Self) {
        self.total += other.total;
        self.zeros += other.zeros;
        if let Some(last) = other.counts.len().checked_sub(1) {
            self.counter(other.first);
            self.counter(other.first + last);
            let from = other.first - self.first;
            for (own, more) in self.counts[from..].iter_mut().zip(&other.counts) {
                *own += more;
            }
        }
    }

    /// The percentile `percent`, linear between the two nearest ranks; `None` without a value.
    /// Integers below 2⁸ are exact.
    pub fn percentile(&self, percent: u8, is_int: bool) -> Option<f64> {
        let last = self.total.checked_sub(1)?;
        let position = last as f64 * (f64::from(percent) / 100.0);
        let low = self.at_rank(position.floor() as u64, is_int);
        let high = self.at_rank((position.ceil() as u64).min(last), is_int);
        Some(low + (high - low) * position.fract())
    }

    /// About the value at a rank, counted from 0.
    fn at_rank(&self, rank: u64, is_int: bool) -> f64 {
        let mut covered = self.zeros;
        if rank < covered {
            return 0.0;
        }
        for (index, count) in self.counts.iter().enumerate() {
            covered += count;
            if rank < covered {
                return representative(self.first + index, is_int);
            }
        }
        0.0
    }

    /// The counter of a bucket; there is one afterwards.
    fn counter(&mut self, bucket: usize) -> &mut u64 {
        if self.counts.is_empty() {
            self.first = bucket;
        }
        if bucket < self.first {
            let missing = self.first - bucket;
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = bucket;
        }
        let index = bucket - self.first;
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        &mut self.counts[index]
    }
}

/// The exponent and the first bits of the fraction: ascending with the value.
fn bucket_of(value: f64) -> usize {
    (value.to_bits() >> SHIFT) as usize
}

/// The middle of a bucket; of integers whose bucket has room for one only, that one.
fn representative(bucket: usize, is_int: bool) -> f64 {
    let edge = |bucket: usize| f64::from_bits((bucket as u64) << SHIFT);
    let (low, high) = (edge(bucket), edge(bucket + 1));
    if is_int && high - low <= 1.0 {
        return low.ceil();
    }
    low + (high - low) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[f64]) -> LiveSketch {
        let mut sketch = LiveSketch::default();
        values.iter().for_each(|&value| sketch.add(value));
        sketch
    }

    fn numbers() -> impl Strategy<Value = Vec<f64>> {
        let number = prop_oneof![Just(0.0), 1e-3..1.0, 0.0..5000.0, 1e6..1e12];
        proptest::collection::vec(number, 1..200)
    }

    proptest! {
        #[test]
        fn every_rank_is_within_four_thousandths(mut values in numbers()) {
            let sketch = of(&values);
            values.sort_unstable_by(f64::total_cmp);
            for (rank, &value) in values.iter().enumerate() {
                let found = sketch.at_rank(rank as u64, false);
                prop_assert!((found - value).abs() <= value / 256.0, "{found} {value}");
            }
        }

        #[test]
        fn two_sketches_together_are_one_of_all(left in numbers(), right in numbers()) {
            let mut merged = of(&left);
            merged.merge(&of(&right));
            let whole = of(&[left, right].concat());
            for percent in 0..=100 {
                prop_assert_eq!(merged.percentile(percent, false), whole.percentile(percent, false));
            }
        }

        #[test]
        fn small_integers_come_back(values in proptest::collection::vec(0..256_u16, 1..100)) {
            let mut values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let sketch = of(&values);
            values.sort_unstable_by(f64::total_cmp);
            for (rank, &value) in values.iter().enumerate() {
                prop_assert_eq!(sketch.at_rank(rank as u64, true), value);
            }
        }
    }

    #[test]
    fn percentiles_lie_between_the_nearest_ranks() {
        let sketch = of(&[10.0, 20.0]);
        assert_eq!(sketch.percentile(50, true), Some(15.0));
        assert_eq!(sketch.percentile(0, true), Some(10.0));
        assert_eq!(sketch.percentile(100, true), Some(20.0));
        assert_eq!(LiveSketch::default().percentile(50, true), None);
        // A negative number is less than all others.
        assert_eq!(of(&[-5.0, 20.0, 30.0]).percentile(0, true), Some(0.0));
    }
}
