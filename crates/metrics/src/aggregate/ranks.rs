//! Which of very many integers stands at a rank, without sorting or copying them.

use crate::columns::View;

/// Ranges of values that are counted at a time: their counters fit into a core's own cache.
const RANGE_BITS: u32 = 14;
/// A range with more keys is divided once more before its keys are looked at one by one.
const MANY: u64 = 1 << 14;
/// Keys that are added at a time.
pub(super) const BLOCK: usize = 1024;
/// The sum of a block of keys no larger than this fits into 63 bits.
const SUMMABLE: i64 = i64::MAX / BLOCK as i64;
/// Of a range in which no wanted rank lies.
const NO_CELL: u16 = u16::MAX;

/// Integers that can be read as often as needed.
#[derive(Debug)]
pub(super) enum Keys<'a> {
    Owned(Vec<i64>),
    /// Those that a metric has in some rows, which are not copied.
    Kept {
        view: &'a View<'a>,
        rows: &'a [u32],
        slot: u16,
    },
}

/// Number, sum and extremes of some integers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) count: usize,
    pub(super) sum: i128,
    pub(super) min: i64,
    pub(super) max: i64,
}

impl Extent {
    /// Adds at most [`BLOCK`] keys.
    fn add(&mut self, keys: &[i64]) {
        let (mut min, mut max, mut sum) = (i64::MAX, i64::MIN, 0_i64);
        for &key in keys {
            min = min.min(key);
            max = max.max(key);
            sum = sum.wrapping_add(key);
        }
        // So many keys of this size cannot have overflown.
        let fits = !keys.is_empty() && -SUMMABLE <= min && max <= SUMMABLE;
        self.sum += if fits {
            i128::from(sum)
        } else {
            keys.iter().copied().map(i128::from).sum()
        };
        self.count += keys.len();
        self.min = self.min.min(min);
        self.max = self.max.max(max);
    }
}

impl Keys<'_> {
    pub(super) fn for_each_block(&self, mut take: impl FnMut(&[i64])) {
        match self {
            Self::Owned(keys) => take(keys),
            Self::Kept { view, rows, slot } => view.for_each_block(rows, *slot, take),
        }
    }

    pub(super) fn extent(&self) -> Extent {
        let mut extent = Extent {
            count: 0,
            sum: 0,
            min: i64::MAX,
            max: i64::MIN,
        };
        self.for_each_block(|block| {
            for some in block.chunks(BLOCK) {
                extent.add(some);
            }
        });
        extent
    }

    /// The keys at ascending `ranks`, all below their number.
    ///
    /// Keys are counted by range of values, which tells the ranges with wanted ranks; where many
    /// keys share such a range, it is divided and counted again. Only the keys of the ranges found
    /// are copied and sorted.
    pub(super) fn at_ranks(&self, extent: &Extent, ranks: &[usize]) -> Vec<i64> {
        if extent.count == 0 {
            return Vec::new();
        }
        if extent.min == extent.max {
            return vec![extent.min; ranks.len()];
        }
        let grid = Grid::over(extent.min, extent.max);
        let mut counts = vec![0; grid.ranges()];
        self.for_each_block(|block| {
            for &key in block {
                counts[grid.range_of(key)] += 1;
            }
        });
        let mut cells = Cells::new(&grid, &counts, ranks);
        if cells.list.iter().any(|cell| cell.is_divided()) {
            self.for_each_block(|block| cells.for_each_wanted(block, Cell::count));
        }
        let places = cells.places();
        self.for_each_block(|block| cells.for_each_wanted(block, Cell::keep));
        for cell in &mut cells.list {
            cell.members.sort_unstable();
        }
        let at = |place: &Place| match *place {
            Place::Known(key) => Some(key),
            Place::Member { cell, rank } => {
                let members = &cells.list[cell].members;
                members.get(rank).or(members.last()).copied()
            }
        };
        places.iter().filter_map(at).collect()
    }
}

/// Equal ranges of values from a smallest one on.
#[derive(Debug, Clone, Copy)]
struct Grid {
    low: i64,
    /// The width of a range is two to this power.
    shift: u32,
    /// The last range with any value.
    last: usize,
}

impl Grid {
    fn over(low: i64, high: i64) -> Self {
        let span = high.wrapping_sub(low).cast_unsigned();
        let shift = (u64::BITS - span.leading_zeros()).saturating_sub(RANGE_BITS);
        Self {
            low,
            shift,
            last: (span >> shift) as usize,
        }
    }

    fn ranges(&self) -> usize {
        self.last + 1
    }

    #[inline]
    fn range_of(&self, key: i64) -> usize {
        let distance = key.wrapping_sub(self.low).cast_unsigned();
        (distance >> self.shift) as usize
    }

    /// The first value of a range, and the last that it could hold.
    fn bounds(&self, range: usize) -> (i64, i64) {
        let first = self.low.wrapping_add_unsigned((range as u64) << self.shift);
        let length = (1_u64 << self.shift) - 1;
        (
            first,
            first.checked_add_unsigned(length).unwrap_or(i64::MAX),
        )
    }
}

/// A range in which wanted ranks lie.
struct Cell {
    /// The ranks, counted from the begin of the cell.
    ranks: Vec<usize>,
    bounds: (i64, i64),
    /// Its parts, if it has many keys.
    parts: Option<Parts>,
    /// The keys among which the wanted ones are.
    members: Vec<i64>,
}

struct Parts {
    grid: Grid,
    counts: Vec<u64>,
    /// Parts whose keys are looked at one by one.
    wanted: Vec<bool>,
}

/// Where the key of a rank is found.
enum Place {
    Known(i64),
    Member { cell: usize, rank: usize },
}

impl Cell {
    fn is_divided(&self) -> bool {
        self.parts.is_some()
    }

    #[inline]
    fn count(&mut self, key: i64) {
        if let Some(parts) = &mut self.parts {
            parts.counts[parts.grid.range_of(key)] += 1;
        }
    }

    #[inline]
    fn keep(&mut self, key: i64) {
        let is_wanted = match &self.parts {
            Some(parts) => parts.wanted[parts.grid.range_of(key)],
            None => self.bounds.0 != self.bounds.1,
        };
        if is_wanted {
            self.members.push(key);
        }
    }

    /// Where the keys of its ranks are; marks the parts that have to be looked at.
    fn places(&mut self, cell: usize) -> Vec<Place> {
        let member = |rank| Place::Member { cell, rank };
        let Some(parts) = &mut self.parts else {
            let (first, last) = self.bounds;
            let is_one_value = first == last;
            let place = |&rank| {
                if is_one_value {
                    Place::Known(first)
                } else {
                    member(rank)
                }
            };
            return self.ranks.iter().map(place).collect();
        };
        let mut places = Vec::with_capacity(self.ranks.len());
        // Members are the keys of all wanted parts, in the order of parts.
        let mut kept_before = 0;
        let mut last_wanted = None;
        for (part, rank) in located(&parts.counts, &self.ranks) {
            let (first, last) = parts.grid.bounds(part);
            if first == last {
                places.push(Place::Known(first));
                continue;
            }
            if last_wanted != Some(part) {
                kept_before += last_wanted.map_or(0, |part: usize| parts.counts[part] as usize);
                last_wanted = Some(part);
                parts.wanted[part] = true;
            }
            places.push(member(kept_before + rank));
        }
        places
    }
}

/// The ranges with wanted ranks, and which range is which of them.
struct Cells {
    grid: Grid,
    of_range: Vec<u16>,
    list: Vec<Cell>,
}

impl Cells {
    fn new(grid: &Grid, counts: &[u64], ranks: &[usize]) -> Self {
        let mut cells = Self {
            grid: *grid,
            of_range: vec![NO_CELL; counts.len()],
            list: Vec::new(),
        };
        for (range, rank) in located(counts, ranks) {
            if cells.of_range[range] == NO_CELL {
                cells.of_range[range] = cells.list.len() as u16;
                cells.list.push(new_cell(grid, range, counts[range]));
            }
            if let Some(cell) = cells.list.last_mut() {
                cell.ranks.push(rank);
            }
        }
        cells
    }

    #[inline]
    fn for_each_wanted(&mut self, keys: &[i64], take: impl Fn(&mut Cell, i64)) {
        for &key in keys {
            let cell = self.of_range[self.grid.range_of(key)];
            if cell != NO_CELL {
                take(&mut self.list[usize::from(cell)], key);
            }
        }
    }

    fn places(&mut self) -> Vec<Place> {
        let cells = self.list.iter_mut().enumerate();
        cells.flat_map(|(index, cell)| cell.places(index)).collect()
    }
}

fn new_cell(grid: &Grid, range: usize, count: u64) -> Cell {
    let bounds = grid.bounds(range);
    let is_divided = count > MANY && bounds.0 != bounds.1;
    let parts = is_divided.then(|| {
        let grid = Grid::over(bounds.0, bounds.1);
        Parts {
            grid,
            counts: vec![0; grid.ranges()],
            wanted: vec![false; grid.ranges()],
        }
    });
    Cell {
        ranks: Vec::new(),
        bounds,
        parts,
        members: Vec::new(),
    }
}

/// In which range each of the ascending `ranks` lies, and at which rank there.
fn located<'a>(counts: &'a [u64], ranks: &'a [usize]) -> impl Iterator<Item = (usize, usize)> + 'a {
    let (mut range, mut below) = (0, 0);
    ranks.iter().map(move |&rank| {
        while range + 1 < counts.len() && below + counts[range] <= rank as u64 {
            below += counts[range];
            range += 1;
        }
        (range, rank - below as usize)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ranks_of_many_keys_are_found_without_sorting_them(
            seeds in proptest::collection::vec(prop_oneof![
                any::<i64>(), -3..3_i64, 1_000_000..1_400_000_i64, Just(7), Just(i64::MAX)], 1..80),
            spread in prop_oneof![Just(0_i64), Just(1), Just(7919)],
            count in prop_oneof![1..50_i64, Just(5000), Just(40_000)],
        ) {
            let mut keys: Vec<i64> = (0..count)
                .map(|index| seeds[index as usize % seeds.len()].wrapping_add(index * spread))
                .collect();
            let ranks: Vec<usize> = (0..keys.len()).step_by(97).collect();
            let owned = Keys::Owned(keys.clone());
            let found = owned.at_ranks(&owned.extent(), &ranks);
            keys.sort_unstable();
            let expected: Vec<i64> = ranks.iter().map(|&rank| keys[rank]).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn of_keys_that_crowd_in_few_ranges_few_are_copied() {
        // A million values within a ten-thousandth of the whole span.
        let mut keys: Vec<i64> = (0..1_000_000)
            .map(|index| index * 7919 % 1_000_003)
            .collect();
        keys.push(10_000_000_000);
        let ranks = [0, 10_000, 500_000, 990_000, 1_000_000];
        let owned = Keys::Owned(keys.clone());
        let extent = owned.extent();
        let found = owned.at_ranks(&extent, &ranks);
        keys.sort_unstable();
        assert_eq!(found, ranks.map(|rank| keys[rank]));

        let grid = Grid::over(extent.min, extent.max);
        let mut counts = vec![0; grid.ranges()];
        keys.iter().for_each(|&key| counts[grid.range_of(key)] += 1);
        let mut cells = Cells::new(&grid, &counts, &ranks);
        cells.for_each_wanted(&keys, Cell::count);
        cells.places();
        cells.for_each_wanted(&keys, Cell::keep);
        let copied: usize = cells.list.iter().map(|cell| cell.members.len()).sum();
        assert!(copied < 10_000, "{copied}");
    }
}
