//! What is kept of list elements when there is no room for the elements themselves.

/// Values below this have a bucket each; above, a bucket spans 2⁻¹⁰ of its values.
const EXACT_BELOW: u64 = 2048;
const MANTISSA_BITS: u32 = 10;

/// Counts of values in narrow buckets. Number, sum, squares and extremes are exact; what is read
/// from the buckets is within 2⁻¹¹ (0.05 %) of a value that occurred.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sketch {
    counts: Vec<u64>,
    pub(crate) count: u64,
    pub(crate) sum: i128,
    /// Saturating.
    pub(crate) squares: u128,
    pub(crate) min: i64,
    pub(crate) max: i64,
}

impl Sketch {
    /// Adds a value; a negative one counts as 0, which no gap is.
    pub(crate) fn add(&mut self, value: i64) {
        let value = value.max(0);
        self.min = if self.count == 0 {
            value
        } else {
            self.min.min(value)
        };
        self.max = self.max.max(value);
        self.count += 1;
        self.sum += i128::from(value);
        let magnitude = value.unsigned_abs();
        self.squares = self
            .squares
            .saturating_add(u128::from(magnitude) * u128::from(magnitude));
        let bucket = bucket_of(magnitude);
        if bucket >= self.counts.len() {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
    }

    /// Adds what another one has seen.
    pub(crate) fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.min = if self.count == 0 {
            other.min
        } else {
            self.min.min(other.min)
        };
        self.max = self.max.max(other.max);
        self.count += other.count;
        self.sum += other.sum;
        self.squares = self.squares.saturating_add(other.squares);
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (own, more) in self.counts.iter_mut().zip(&other.counts) {
            *own += more;
        }
    }

    /// About the value of each of the ascending `ranks`, counted from 0.
    pub(crate) fn at_ranks(&self, ranks: &[usize]) -> Vec<f64> {
        let mut found = Vec::with_capacity(ranks.len());
        let mut covered = 0;
        for (bucket, &count) in self.counts.iter().enumerate() {
            covered += count;
            while found.len() < ranks.len() && (ranks[found.len()] as u64) < covered {
                let middle = middle_of(bucket);
                found.push(middle.clamp(self.min as f64, self.max as f64));
            }
        }
        found.resize(ranks.len(), self.max as f64);
        found
    }
}

fn bucket_of(value: u64) -> usize {
    if value < EXACT_BELOW {
        return value as usize;
    }
    let shift = value.ilog2() - MANTISSA_BITS;
    // The leading bit of the shifted value is always set, so each power of two has 1024 buckets.
    ((shift as usize) << MANTISSA_BITS) + (value >> shift) as usize
}

fn middle_of(bucket: usize) -> f64 {
    let bucket = bucket as u64;
    if bucket < EXACT_BELOW {
        return bucket as f64;
    }
    let shift = (bucket >> MANTISSA_BITS) - 1;
    let leading = bucket - (shift << MANTISSA_BITS);
    ((leading as f64) + 0.5) * (shift as f64).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_rank_is_within_half_a_thousandth(
            mut values in proptest::collection::vec(prop_oneof![0..5000_i64, 0..1_000_000_000_000_i64], 1..200)
        ) {
            let mut sketch = Sketch::default();
            values.iter().for_each(|&value| sketch.add(value));
            values.sort_unstable();
            let ranks: Vec<usize> = (0..values.len()).collect();
            for (found, &value) in sketch.at_ranks(&ranks).iter().zip(&values) {
                prop_assert!((found - value as f64).abs() <= value as f64 / 2048.0, "{found} {value}");
            }
            prop_assert_eq!(sketch.sum, values.iter().copied().map(i128::from).sum::<i128>());
        }

        #[test]
        fn two_sketches_together_are_one_of_all(
            left in proptest::collection::vec(0..1_000_000_i64, 0..50),
            right in proptest::collection::vec(0..1_000_000_i64, 1..50),
        ) {
            let of = |values: &[i64]| {
                let mut sketch = Sketch::default();
                values.iter().for_each(|&value| sketch.add(value));
                sketch
            };
            let mut merged = of(&left);
            merged.merge(&of(&right));
            let whole = of(&[left, right].concat());
            prop_assert_eq!((merged.count, merged.sum, merged.min, merged.max),
                (whole.count, whole.sum, whole.min, whole.max));
            let ranks: Vec<usize> = (0..whole.count as usize).collect();
            prop_assert_eq!(merged.at_ranks(&ranks), whole.at_ranks(&ranks));
        }
    }
}
