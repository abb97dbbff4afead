//! Columns of integers, each as narrow as its values allow, none inexact.

use std::ops::Range;

/// A finished column: the smallest value, and every value's distance from it in as few bytes as
/// the largest distance needs. A constant column needs none.
#[derive(Debug, Clone, Default)]
pub(crate) struct PackedColumn {
    base: i64,
    width: u8,
    present: Presence,
    bytes: Box<[u8]>,
}

/// Bytes after the last word, so that eight can be read from the begin of every one.
const PADDING: usize = 8;
/// What a constant column reads from.
const NO_BYTES: [u8; PADDING] = [0; PADDING];
/// Values that are unpacked at a time.
const BLOCK: usize = 1024;

/// The words of a column, read at random.
#[derive(Debug, Clone, Copy)]
struct Words<'a> {
    base: i64,
    width: usize,
    mask: u64,
    bytes: &'a [u8],
}

impl Words<'_> {
    #[inline]
    fn at(&self, row: usize) -> i64 {
        let from = row * self.width;
        let word = self.bytes[from..].first_chunk::<PADDING>();
        let delta = word.map_or(0, |bytes| u64::from_le_bytes(*bytes) & self.mask);
        self.base.wrapping_add_unsigned(delta)
    }

    /// Appends the words of some rows.
    fn append(&self, rows: Range<usize>, list: &mut Vec<i64>) {
        match self.width {
            0 => list.extend(std::iter::repeat_n(self.base, rows.len())),
            1 => self.append_words::<1>(rows, list),
            2 => self.append_words::<2>(rows, list),
            3 => self.append_words::<3>(rows, list),
            4 => self.append_words::<4>(rows, list),
            5 => self.append_words::<5>(rows, list),
            6 => self.append_words::<6>(rows, list),
            7 => self.append_words::<7>(rows, list),
            _ => self.append_words::<8>(rows, list),
        }
    }

    fn append_words<const WIDTH: usize>(&self, rows: Range<usize>, list: &mut Vec<i64>) {
        let (words, _) = self.bytes[rows.start * WIDTH..rows.end * WIDTH].as_chunks::<WIDTH>();
        list.extend(words.iter().map(|word| {
            let mut delta = [0; PADDING];
            delta[..WIDTH].copy_from_slice(word);
            self.base.wrapping_add_unsigned(u64::from_le_bytes(delta))
        }));
    }
}

/// The elements of one list, in order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Elements<'a> {
    words: Words<'a>,
    next: usize,
    end: usize,
}

impl Iterator for Elements<'_> {
    type Item = i64;

    #[inline]
    fn next(&mut self) -> Option<i64> {
        if self.next == self.end {
            return None;
        }
        let element = self.words.at(self.next);
        self.next += 1;
        Some(element)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.end - self.next, Some(self.end - self.next))
    }
}

/// Which rows have a value.
#[derive(Debug, Clone, Default)]
enum Presence {
    #[default]
    None,
    All,
    Some(Box<[u64]>),
}

impl PackedColumn {
    /// Packs `values`.
    pub(crate) fn pack(values: &[Option<i64>]) -> Self {
        let smallest = values.iter().flatten().min();
        let largest = values.iter().flatten().max();
        let (Some(&base), Some(&largest)) = (smallest, largest) else {
            return Self::default();
        };
        let deltas = values
            .iter()
            .map(|value| value.map_or(0, |value| distance(base, value)));
        let (width, bytes) = packed_bytes(deltas, distance(base, largest));
        let present = Presence::of(values);
        Self {
            base,
            width,
            present,
            bytes,
        }
    }

    /// Packs values that are all there.
    pub(crate) fn pack_all(values: &[i64]) -> Self {
        let (Some(&base), Some(&largest)) = (values.iter().min(), values.iter().max()) else {
            return Self::default();
        };
        let deltas = values.iter().map(|&value| distance(base, value));
        let (width, bytes) = packed_bytes(deltas, distance(base, largest));
        Self {
            base,
            width,
            present: Presence::All,
            bytes,
        }
    }

    /// The value of `row`, which must be one of the packed rows.
    pub(crate) fn get(&self, row: usize) -> Option<i64> {
        let has_value = match &self.present {
            Presence::None => false,
            Presence::All => true,
            Presence::Some(bits) => bits[row / 64] >> (row % 64) & 1 == 1,
        };
        has_value.then(|| self.words().at(row))
    }

    /// Hands over the values of the rows from `start` to `end`, in pieces that stay in the cache;
    /// rows without a value are left out.
    pub(crate) fn for_each_block(
        &self,
        start: usize,
        end: usize,
        buffer: &mut Vec<i64>,
        mut take: impl FnMut(&[i64]),
    ) {
        let words = self.words();
        for from in (start..end).step_by(BLOCK) {
            let rows = from..end.min(from + BLOCK);
            buffer.clear();
            match &self.present {
                Presence::None => return,
                Presence::All => words.append(rows, buffer),
                Presence::Some(bits) => {
                    let is_present = |row: &usize| bits[row / 64] >> (row % 64) & 1 == 1;
                    buffer.extend(rows.filter(is_present).map(|row| words.at(row)));
                }
            }
            take(buffer);
        }
    }

    /// The words, whether they stand for a value or not.
    fn words(&self) -> Words<'_> {
        let width = usize::from(self.width);
        let bits = u32::from(self.width) * u8::BITS;
        Words {
            base: self.base,
            width,
            mask: u64::MAX.checked_shr(u64::BITS - bits).unwrap_or(0),
            bytes: if width == 0 { &NO_BYTES } else { &self.bytes },
        }
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        let bits = match &self.present {
            Presence::Some(bits) => bits.len() * 8,
            Presence::None | Presence::All => 0,
        };
        bits + self.bytes.len()
    }
}

impl Presence {
    fn of(values: &[Option<i64>]) -> Self {
        if values.iter().all(Option::is_some) {
            return Self::All;
        }
        let mut bits = vec![0; values.len().div_ceil(64)];
        for (row, value) in values.iter().enumerate() {
            bits[row / 64] |= u64::from(value.is_some()) << (row % 64);
        }
        Self::Some(bits.into_boxed_slice())
    }
}

/// A column of lists: all elements in one packed column, and where each row's end.
#[derive(Debug, Clone, Default)]
pub(crate) struct PackedLists {
    ends: PackedColumn,
    elements: PackedColumn,
}

impl PackedLists {
    /// Packs `elements`; row *i* has those from `ends[i - 1]` to `ends[i]`.
    pub(crate) fn pack(ends: &[i64], elements: &[i64]) -> Self {
        Self {
            ends: PackedColumn::pack_all(ends),
            elements: PackedColumn::pack_all(elements),
        }
    }

    /// The elements of `row`.
    pub(crate) fn elements_of(&self, row: usize) -> Elements<'_> {
        Elements {
            words: self.elements.words(),
            next: self.begin_of(row),
            end: self.begin_of(row + 1),
        }
    }

    /// Hands over the elements of the rows from `start` to `end`, in pieces that stay in the cache.
    pub(crate) fn for_each_block(
        &self,
        start: usize,
        end: usize,
        buffer: &mut Vec<i64>,
        take: impl FnMut(&[i64]),
    ) {
        let (first, last) = (self.begin_of(start), self.begin_of(end));
        self.elements.for_each_block(first, last, buffer, take);
    }

    /// Where the elements of `row` begin, which is where those of the row before end.
    fn begin_of(&self, row: usize) -> usize {
        let end = row.checked_sub(1).and_then(|before| self.ends.get(before));
        end.and_then(|end| usize::try_from(end).ok()).unwrap_or(0)
    }

    /// Whether any row has elements.
    pub(crate) fn has_elements(&self) -> bool {
        matches!(self.elements.present, Presence::All)
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.ends.heap_bytes() + self.elements.heap_bytes()
    }
}

/// `to - from`, which may be more than an `i64` can hold.
fn distance(from: i64, to: i64) -> u64 {
    to.wrapping_sub(from).cast_unsigned()
}

/// The bytes of each of `deltas`, as many as the largest needs, and that number.
fn packed_bytes(deltas: impl ExactSizeIterator<Item = u64>, largest: u64) -> (u8, Box<[u8]>) {
    let width = bytes_for(largest);
    if width == 0 {
        return (0, Box::default());
    }
    let mut bytes = vec![0; deltas.len() * usize::from(width) + PADDING];
    for (index, delta) in deltas.enumerate() {
        // The upper bytes are 0, and where the next one goes.
        let from = index * usize::from(width);
        bytes[from..from + PADDING].copy_from_slice(&delta.to_le_bytes());
    }
    (width, bytes.into_boxed_slice())
}

fn bytes_for(value: u64) -> u8 {
    let bits = u64::BITS - value.leading_zeros();
    u8::try_from(bits.div_ceil(8)).unwrap_or(8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_constant_column_takes_no_room() {
        let column = PackedColumn::pack(&[Some(7); 1000]);
        assert_eq!(column.heap_bytes(), 0);
        assert_eq!(column.get(999), Some(7));
    }

    #[test]
    fn gaps_below_sixteen_milliseconds_take_three_bytes() {
        let gaps: Vec<i64> = (0..1000).map(|index| 9_000_000 + index * 7_000).collect();
        assert_eq!(PackedColumn::pack_all(&gaps).heap_bytes(), 3000 + PADDING);
    }

    #[test]
    fn lists_come_back_row_by_row() {
        let lists = PackedLists::pack(&[2, 2, 5], &[1, 2, 3, 4, 5]);
        let row = |row| {
            let mut all = Vec::new();
            lists.for_each_block(row, row + 1, &mut Vec::new(), |block| all.extend(block));
            assert_eq!(lists.elements_of(row).collect::<Vec<i64>>(), all);
            all
        };
        assert_eq!(
            (row(0), row(1), row(2)),
            (vec![1, 2], vec![], vec![3, 4, 5])
        );
    }

    proptest! {
        #[test]
        fn every_value_comes_back_exactly(
            values in proptest::collection::vec(
                proptest::option::of(prop_oneof![
                    any::<i64>(),
                    0..70_000_i64,
                    Just(i64::MIN),
                    Just(i64::MAX),
                ]),
                0..3000,
            )
        ) {
            let column = PackedColumn::pack(&values);
            for (row, value) in values.iter().enumerate() {
                prop_assert_eq!(column.get(row), *value);
            }
            let (mut found, middle): (Vec<i64>, usize) = (Vec::new(), values.len() / 2);
            for (start, end) in [(0, middle), (middle, values.len())] {
                column.for_each_block(start, end, &mut Vec::new(), |block| found.extend(block));
            }
            let expected: Vec<i64> = values.iter().flatten().copied().collect();
            prop_assert_eq!(found, expected);
        }
    }
}
