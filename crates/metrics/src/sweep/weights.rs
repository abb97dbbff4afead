//! Time-weighted statistics of pieces of a curve, in two looks and little memory.
//!
//! The first look at all pieces gives mean and extremes, and how much time falls into each of many
//! narrow ranges of values. That tells the ranges in which the percentiles lie. The second look
//! keeps the pieces in those ranges alone, finds the percentiles among them exactly, and adds up the
//! squares for the deviation. Both looks see the same pieces, so the statistics of the whole window
//! and of the time in which the curve's mask is set come from the same ranges.

use super::walk::Pieces;
use crate::result::{PERCENTILES, Statistics};

/// The percentiles of a curve; rarer ones say nothing about a few thousand steps.
const CURVE_PERCENTILES: [u8; 4] = [50, 90, 95, 99];
/// Percentiles of the whole and of the active time.
const TARGETS: usize = 2 * CURVE_PERCENTILES.len();
/// A range is what values share in sign, exponent and the first bits of the mantissa.
const MANTISSA_BITS: u32 = 13;
const RANGE_SHIFT: u32 = f64::MANTISSA_DIGITS - 1 - MANTISSA_BITS;
const RANGES_PER_EXPONENT: usize = 1 << MANTISSA_BITS;
/// No value is in this range.
const NO_RANGE: u32 = u32::MAX;
/// Pieces that are kept of a range before those of one value are put together.
const KEPT: usize = 1024;

/// Values are not negative, so their bits are in their order.
#[inline]
fn range_of(value: f64) -> u32 {
    (value.to_bits() >> RANGE_SHIFT) as u32
}

/// Something of the whole window, and of the time in which the mask is set.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Both<T> {
    pub(super) whole: T,
    pub(super) active: T,
}

/// The first look.
#[derive(Debug, Default)]
pub(super) struct FirstLook {
    sums: Both<Sums>,
    /// While the mask is not set, and while it is.
    times: [Times; 2],
}

#[derive(Debug, Clone, Copy)]
struct Sums {
    length: f64,
    area: f64,
    min: f64,
    max: f64,
}

/// Time by exponent, then by range; most exponents never occur.
#[derive(Debug, Default)]
struct Times(Vec<Option<Box<[f64; RANGES_PER_EXPONENT]>>>);

/// What the first look found, and where the second has to look.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Found(Both<FoundOf>);

#[derive(Debug, Clone, Copy)]
struct FoundOf {
    length: f64,
    avg: f64,
    min: f64,
    max: f64,
    /// Per percentile: its range, and the time of all values below that.
    targets: [(u32, f64); CURVE_PERCENTILES.len()],
}

/// The second look.
#[derive(Debug)]
pub(super) struct SecondLook {
    found: Found,
    squares: Both<f64>,
    /// The ranges of all targets, each once.
    ranges: [u32; TARGETS],
    /// By range: what lies in it while the mask is not set, and while it is.
    kept: [[Kept; 2]; TARGETS],
}

#[derive(Debug, Clone, Copy)]
struct Piece {
    value: f64,
    duration: f64,
}

/// The pieces in one range.
#[derive(Debug, Default)]
struct Kept {
    pieces: Vec<Piece>,
    /// With so many pieces those of one value are put together.
    limit: usize,
}

impl Default for Sums {
    fn default() -> Self {
        Self {
            length: 0.0,
            area: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }
}

impl Default for FoundOf {
    fn default() -> Self {
        Self {
            length: 0.0,
            avg: 0.0,
            min: 0.0,
            max: 0.0,
            targets: [(NO_RANGE, 0.0); CURVE_PERCENTILES.len()],
        }
    }
}

impl Sums {
    fn extend(&mut self, min: f64, max: f64) {
        self.min = self.min.min(min);
        self.max = self.max.max(max);
    }

    fn found(&self, times: &[&Times]) -> FoundOf {
        if self.length <= 0.0 {
            return FoundOf::default();
        }
        let mut targets = [(NO_RANGE, 0.0); CURVE_PERCENTILES.len()];
        let mut wanted = CURVE_PERCENTILES.iter().zip(&mut targets).peekable();
        let mut covered = 0.0;
        let exponents = times.iter().map(|times| times.0.len()).max().unwrap_or(0);
        for exponent in 0..exponents {
            let of_exponent = times.iter().filter_map(|times| times.of(exponent));
            if of_exponent.clone().next().is_none() {
                continue;
            }
            for offset in 0..RANGES_PER_EXPONENT {
                let time: f64 = of_exponent.clone().map(|times| times[offset]).sum();
                if time <= 0.0 {
                    continue;
                }
                let below = covered;
                covered += time;
                let is_reached = |q: u8| covered / self.length >= f64::from(q) / 100.0;
                while let Some((_, target)) = wanted.next_if(|(q, _)| is_reached(**q)) {
                    *target = ((exponent * RANGES_PER_EXPONENT + offset) as u32, below);
                }
            }
        }
        // Rounding may leave the last percentile a hair above everything.
        for (_, target) in wanted {
            *target = (range_of(self.max), self.length);
        }
        FoundOf {
            length: self.length,
            avg: self.area / self.length,
            min: self.min,
            max: self.max,
            targets,
        }
    }
}

impl Times {
    #[inline]
    fn add(&mut self, value: f64, duration: f64) {
        let range = range_of(value) as usize;
        let exponent = range / RANGES_PER_EXPONENT;
        if !matches!(self.0.get(exponent), Some(Some(_))) {
            self.make(exponent);
        }
        if let Some(Some(times)) = self.0.get_mut(exponent) {
            times[range % RANGES_PER_EXPONENT] += duration;
        }
    }

    #[cold]
    fn make(&mut self, exponent: usize) {
        if exponent >= self.0.len() {
            self.0.resize_with(exponent + 1, || None);
        }
        // From the heap at once: most of it stays untouched.
        let times = vec![0.0; RANGES_PER_EXPONENT].into_boxed_slice();
        self.0[exponent] = times.try_into().ok();
    }

    fn of(&self, exponent: usize) -> Option<&[f64; RANGES_PER_EXPONENT]> {
        self.0.get(exponent)?.as_deref()
    }
}

impl FirstLook {
    pub(super) fn add(&mut self, pieces: Pieces<'_>, is_active: bool) {
        let Both {
            mut whole,
            mut active,
        } = self.sums;
        let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
        let times = &mut self.times[usize::from(is_active)];
        // The sums of one do not wait for those of the other.
        for (value, duration) in pieces.iter() {
            let area = value * duration;
            whole.length += duration;
            active.length += duration;
            whole.area += area;
            active.area += area;
            min = if value < min { value } else { min };
            max = if value > max { value } else { max };
            times.add(value, duration);
        }
        whole.extend(min, max);
        self.sums.whole = whole;
        if is_active {
            active.extend(min, max);
            self.sums.active = active;
        }
    }

    pub(super) fn finish(&self) -> Found {
        let [inactive, active] = &self.times;
        Found(Both {
            whole: self.sums.whole.found(&[inactive, active]),
            active: self.sums.active.found(&[active]),
        })
    }
}

impl Default for SecondLook {
    fn default() -> Self {
        Self::new(Found::default())
    }
}

impl SecondLook {
    pub(super) fn new(found: Found) -> Self {
        let mut ranges = [NO_RANGE; TARGETS];
        let targets = found.0.whole.targets.iter().chain(&found.0.active.targets);
        let mut used = 0;
        for &(range, _) in targets {
            if range != NO_RANGE && !ranges[..used].contains(&range) {
                ranges[used] = range;
                used += 1;
            }
        }
        Self {
            found,
            squares: Both::default(),
            ranges,
            kept: Default::default(),
        }
    }

    pub(super) fn add(&mut self, pieces: Pieces<'_>, is_active: bool) {
        let averages = (self.found.0.whole.avg, self.found.0.active.avg);
        let Both {
            mut whole,
            mut active,
        } = self.squares;
        let ranges = self.ranges;
        for (value, duration) in pieces.iter() {
            let deviations = (value - averages.0, value - averages.1);
            whole += duration * deviations.0 * deviations.0;
            active += duration * deviations.1 * deviations.1;
            let range = range_of(value);
            // Without a branch for each: nearly no piece is in any.
            let is_in = |any: bool, target: &u32| any | (*target == range);
            if ranges.iter().fold(false, is_in) {
                self.keep(range, Piece { value, duration }, is_active);
            }
        }
        self.squares.whole = whole;
        if is_active {
            self.squares.active = active;
        }
    }

    #[cold]
    fn keep(&mut self, range: u32, piece: Piece, is_active: bool) {
        let index = self.ranges.iter().position(|&target| target == range);
        if let Some(index) = index {
            self.kept[index][usize::from(is_active)].push(piece);
        }
    }

    /// All zero if there was nothing.
    pub(super) fn finish(self) -> Both<Statistics> {
        let mut kept = self.kept;
        for kept in kept.as_flattened_mut() {
            kept.put_together();
        }
        let of = |range: u32, masks: &[usize]| -> Vec<Piece> {
            let index = self.ranges.iter().position(|&target| target == range);
            let of_range = index.map(|index| &kept[index]).into_iter();
            let lists = of_range.flat_map(|kept| masks.iter().map(|&mask| &kept[mask].pieces));
            let mut pieces: Vec<Piece> = lists.flatten().copied().collect();
            in_order(&mut pieces);
            pieces
        };
        Both {
            whole: statistics(&self.found.0.whole, self.squares.whole, |range| {
                of(range, &[0, 1])
            }),
            active: statistics(&self.found.0.active, self.squares.active, |range| {
                of(range, &[1])
            }),
        }
    }
}

impl Kept {
    fn push(&mut self, piece: Piece) {
        match self.pieces.last_mut() {
            Some(last) if last.value == piece.value => last.duration += piece.duration,
            _ => {
                if self.pieces.len() >= self.limit.max(KEPT) {
                    self.put_together();
                    self.limit = 2 * self.pieces.len();
                }
                self.pieces.push(piece);
            }
        }
    }

    /// One piece for each value: a curve of whole numbers has few.
    fn put_together(&mut self) {
        in_order(&mut self.pieces);
        self.pieces.dedup_by(|next, kept| {
            let is_same = next.value == kept.value;
            if is_same {
                kept.duration += next.duration;
            }
            is_same
        });
    }
}

fn in_order(pieces: &mut [Piece]) {
    pieces.sort_unstable_by(|left, right| {
        left.value
            .total_cmp(&right.value)
            .then(left.duration.total_cmp(&right.duration))
    });
}

fn statistics(found: &FoundOf, squares: f64, pieces_in: impl Fn(u32) -> Vec<Piece>) -> Statistics {
    let length = found.length;
    let mut percentiles = [None; PERCENTILES.len()];
    for (q, (range, below)) in CURVE_PERCENTILES.into_iter().zip(found.targets) {
        let pieces = pieces_in(range);
        let mut covered = below;
        let reached = pieces.iter().find(|piece| {
            covered += piece.duration;
            covered / length >= f64::from(q) / 100.0
        });
        let value = reached.or(pieces.last()).map_or(0.0, |piece| piece.value);
        if let Some(index) = PERCENTILES.iter().position(|&known| known == q) {
            percentiles[index] = Some(value);
        }
    }
    let std = if length > 0.0 {
        (squares / length).sqrt()
    } else {
        0.0
    };
    Statistics {
        avg: Some(found.avg),
        percentiles,
        min: Some(found.min),
        max: Some(found.max),
        std: Some(std),
        ..Statistics::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn each(pieces: &[(f64, f64)], mut take: impl FnMut(usize, Pieces<'_>)) {
        for (index, (value, duration)) in pieces.iter().enumerate() {
            let (values, durations) = (&[*value], &[*duration]);
            take(index, Pieces { values, durations });
        }
    }

    fn both(pieces: &[(f64, f64)], is_active: impl Fn(usize) -> bool) -> Both<Statistics> {
        let mut first = FirstLook::default();
        each(pieces, |index, piece| first.add(piece, is_active(index)));
        let mut second = SecondLook::new(first.finish());
        each(pieces, |index, piece| second.add(piece, is_active(index)));
        second.finish()
    }

    fn statistics(pieces: &[(f64, f64)]) -> Statistics {
        both(pieces, |_| false).whole
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

    #[test]
    fn a_curve_of_few_values_keeps_few_pieces() {
        let values: Vec<f64> = (0..100_000)
            .map(|index| f64::from(4999 + index % 2))
            .collect();
        let durations: Vec<f64> = (0..100_000).map(|index| f64::from(1 + index % 3)).collect();
        let pieces = Pieces {
            values: &values,
            durations: &durations,
        };
        let mut first = FirstLook::default();
        first.add(pieces, true);
        let mut second = SecondLook::new(first.finish());
        second.add(pieces, true);
        let kept: usize = second
            .kept
            .as_flattened()
            .iter()
            .map(|kept| kept.pieces.len())
            .sum();
        assert!(kept <= 2 * TARGETS * KEPT, "{kept}");
        assert_eq!(second.finish().active.percentile(99), Some(5000.0));
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
            let Both { whole: found, active } = both(&weighted, |index| index % 3 == 0);
            let every_third: Vec<_> = weighted.iter().step_by(3).copied().collect();
            let expected = statistics(&every_third);
            prop_assert_eq!(active.percentiles, expected.percentiles);
            prop_assert_eq!((active.avg, active.std), (expected.avg, expected.std));
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
