//! Time-weighted statistics of pieces of a curve, in two looks and little memory.
//!
//! The first look at all pieces gives mean and extremes, and how much time falls into each of many
//! narrow ranges of values. That tells the ranges in which the percentiles lie. The second look
//! keeps the pieces in those ranges alone, finds the percentiles among them exactly, and adds up the
//! squares for the deviation.

use crate::result::{PERCENTILES, Statistics};

/// The percentiles of a curve; rarer ones say nothing about a few thousand steps.
const CURVE_PERCENTILES: [u8; 4] = [50, 90, 95, 99];
/// A range is what values share in sign, exponent and the first bits of the mantissa.
const MANTISSA_BITS: u32 = 12;
const RANGE_SHIFT: u32 = f64::MANTISSA_DIGITS - 1 - MANTISSA_BITS;
const RANGES_PER_EXPONENT: usize = 1 << MANTISSA_BITS;

/// Values are not negative, so their bits are in their order.
fn range_of(value: f64) -> usize {
    (value.to_bits() >> RANGE_SHIFT) as usize
}

/// The first look.
#[derive(Debug)]
pub(super) struct FirstLook {
    length: f64,
    area: f64,
    min: f64,
    max: f64,
    /// Time by exponent, then by range; most exponents never occur.
    ranges: Vec<Option<Box<[f64]>>>,
}

/// What the first look found, and where the second has to look.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Found {
    length: f64,
    avg: f64,
    min: f64,
    max: f64,
    /// Per percentile: its range, and the time of all values below that.
    targets: [(usize, f64); CURVE_PERCENTILES.len()],
}

/// The second look.
#[derive(Debug, Default)]
pub(super) struct SecondLook {
    found: Found,
    squares: f64,
    /// Value and duration of the pieces in the range of each percentile; of percentiles with one
    /// range the first has them.
    pieces: [Vec<(f64, f64)>; CURVE_PERCENTILES.len()],
}

impl Default for FirstLook {
    fn default() -> Self {
        Self {
            length: 0.0,
            area: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            ranges: Vec::new(),
        }
    }
}

impl FirstLook {
    pub(super) fn add(&mut self, value: f64, duration: f64) {
        self.length += duration;
        self.area += value * duration;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        let range = range_of(value);
        let exponent = range / RANGES_PER_EXPONENT;
        if exponent >= self.ranges.len() {
            self.ranges.resize(exponent + 1, None);
        }
        let times = self.ranges[exponent]
            .get_or_insert_with(|| vec![0.0; RANGES_PER_EXPONENT].into_boxed_slice());
        times[range % RANGES_PER_EXPONENT] += duration;
    }

    pub(super) fn finish(&self) -> Found {
        if self.length <= 0.0 {
            return Found::default();
        }
        let mut targets = [(0, 0.0); CURVE_PERCENTILES.len()];
        let mut wanted = CURVE_PERCENTILES.iter().zip(&mut targets).peekable();
        let mut covered = 0.0;
        for (exponent, times) in self.ranges.iter().enumerate() {
            let Some(times) = times else { continue };
            for (offset, &time) in times.iter().enumerate().filter(|(_, time)| **time > 0.0) {
                let below = covered;
                covered += time;
                let is_reached = |q: u8| covered / self.length >= f64::from(q) / 100.0;
                while let Some((_, target)) = wanted.next_if(|(q, _)| is_reached(**q)) {
                    *target = (exponent * RANGES_PER_EXPONENT + offset, below);
                }
            }
        }
        // Rounding may leave the last percentile a hair above everything.
        for (_, target) in wanted {
            *target = (range_of(self.max), self.length);
        }
        Found {
            length: self.length,
            avg: self.area / self.length,
            min: self.min,
            max: self.max,
            targets,
        }
    }
}

impl SecondLook {
    pub(super) fn new(found: Found) -> Self {
        Self {
            found,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, value: f64, duration: f64) {
        let deviation = value - self.found.avg;
        self.squares += duration * deviation * deviation;
        let range = range_of(value);
        let of_range = |target: &(usize, f64)| target.0 == range;
        if let Some(index) = self.found.targets.iter().position(of_range) {
            let pieces = &mut self.pieces[index];
            match pieces.last_mut() {
                Some((last, time)) if *last == value => *time += duration,
                _ => pieces.push((value, duration)),
            }
        }
    }

    /// All zero if there was nothing.
    pub(super) fn finish(&mut self) -> Statistics {
        let Found {
            length,
            avg,
            min,
            max,
            targets,
        } = self.found;
        for pieces in &mut self.pieces {
            pieces.sort_unstable_by(|left, right| {
                left.0.total_cmp(&right.0).then(left.1.total_cmp(&right.1))
            });
        }
        let mut percentiles = [None; PERCENTILES.len()];
        for (q, (range, below)) in CURVE_PERCENTILES.into_iter().zip(targets) {
            let first = targets.iter().position(|target| target.0 == range);
            let pieces = first.map_or(&[][..], |first| &self.pieces[first]);
            let mut covered = below;
            let reached = pieces.iter().find(|(_, duration)| {
                covered += duration;
                covered / length >= f64::from(q) / 100.0
            });
            let value = reached.or(pieces.last()).map_or(0.0, |(value, _)| *value);
            if let Some(index) = PERCENTILES.iter().position(|&known| known == q) {
                percentiles[index] = Some(value);
            }
        }
        let std = if length > 0.0 {
            (self.squares / length).sqrt()
        } else {
            0.0
        };
        Statistics {
            avg: Some(avg),
            percentiles,
            min: Some(min),
            max: Some(max),
            std: Some(std),
            ..Statistics::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn statistics(pieces: &[(f64, f64)]) -> Statistics {
        let mut first = FirstLook::default();
        pieces
            .iter()
            .for_each(|&(value, time)| first.add(value, time));
        let mut second = SecondLook::new(first.finish());
        pieces
            .iter()
            .for_each(|&(value, time)| second.add(value, time));
        second.finish()
    }

    #[test]
    fn nothing_gives_zeros() {
        let statistics = statistics(&[]);
        assert_eq!((statistics.avg, statistics.std), (Some(0.0), Some(0.0)));
        assert_eq!(statistics.percentile(99), Some(0.0));
        assert_eq!(statistics.percentile(75), None);
    }

    #[test]
    fn percentiles_are_values_that_occur_and_are_weighted_by_time() {
        let statistics = statistics(&[(3.0, 10.0), (0.0, 75.0), (1.0, 5.0), (2.0, 10.0)]);
        assert_eq!(statistics.percentile(50), Some(0.0));
        assert_eq!(statistics.percentile(90), Some(2.0));
        assert_eq!(statistics.percentile(95), Some(3.0));
        assert_eq!((statistics.min, statistics.max), (Some(0.0), Some(3.0)));
        assert_eq!(statistics.avg, Some(0.55));
    }

    proptest! {
        #[test]
        fn the_percentiles_of_two_looks_are_those_of_the_sorted_pieces(
            mut pieces in proptest::collection::vec(
                (prop_oneof![0.0..1e-6_f64, 0.9..1.1_f64, Just(1.0)], 1_u32..1000), 1..300,
            )
        ) {
            let weighted: Vec<_> =
                pieces.iter().map(|&(value, time)| (value, f64::from(time))).collect();
            let found = statistics(&weighted);
            pieces.sort_by(|left, right| left.0.total_cmp(&right.0));
            let total: u32 = pieces.iter().map(|piece| piece.1).sum();
            for q in CURVE_PERCENTILES {
                let mut covered = 0;
                let expected = pieces.iter().find(|piece| {
                    covered += piece.1;
                    f64::from(covered) / f64::from(total) >= f64::from(q) / 100.0
                });
                prop_assert_eq!(found.percentile(q), expected.map(|piece| piece.0));
            }
        }
    }
}
