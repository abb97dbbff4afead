//! Columns of integers, each as narrow as its values allow, none inexact.

/// A finished column: the smallest value, and every value's distance from it in as few bytes as
/// the largest distance needs. A constant column needs none.
#[derive(Debug, Clone, Default)]
pub(crate) struct PackedColumn {
    base: i64,
    width: u8,
    present: Presence,
    bytes: Box<[u8]>,
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
        let width = bytes_for(distance(base, largest));
        let mut bytes = Vec::with_capacity(values.len() * usize::from(width));
        for value in values {
            let delta = value.map_or(0, |value| distance(base, value));
            bytes.extend_from_slice(&delta.to_le_bytes()[..usize::from(width)]);
        }
        let present = Presence::of(values);
        Self {
            base,
            width,
            present,
            bytes: bytes.into_boxed_slice(),
        }
    }

    /// Packs values that are all there.
    pub(crate) fn pack_all(values: &[i64]) -> Self {
        let (Some(&base), Some(&largest)) = (values.iter().min(), values.iter().max()) else {
            return Self::default();
        };
        let width = bytes_for(distance(base, largest));
        let mut bytes = Vec::with_capacity(values.len() * usize::from(width));
        for &value in values {
            let delta = distance(base, value).to_le_bytes();
            bytes.extend_from_slice(&delta[..usize::from(width)]);
        }
        Self {
            base,
            width,
            present: Presence::All,
            bytes: bytes.into_boxed_slice(),
        }
    }

    /// The value of `row`, which must be one of the packed rows.
    pub(crate) fn get(&self, row: usize) -> Option<i64> {
        let has_value = match &self.present {
            Presence::None => false,
            Presence::All => true,
            Presence::Some(bits) => bits[row / 64] >> (row % 64) & 1 == 1,
        };
        has_value.then(|| {
            let width = usize::from(self.width);
            let mut delta = [0; 8];
            delta[..width].copy_from_slice(&self.bytes[row * width..(row + 1) * width]);
            self.base.wrapping_add_unsigned(u64::from_le_bytes(delta))
        })
    }

    /// Appends the values of the rows from `start` to `end` of a column without gaps.
    fn append_range(&self, start: usize, end: usize, list: &mut Vec<i64>) {
        if !matches!(self.present, Presence::All) {
            return;
        }
        match self.width {
            0 => list.extend(std::iter::repeat_n(self.base, end - start)),
            1 => self.append_words::<1>(start, end, list),
            2 => self.append_words::<2>(start, end, list),
            3 => self.append_words::<3>(start, end, list),
            4 => self.append_words::<4>(start, end, list),
            5 => self.append_words::<5>(start, end, list),
            6 => self.append_words::<6>(start, end, list),
            7 => self.append_words::<7>(start, end, list),
            _ => self.append_words::<8>(start, end, list),
        }
    }

    fn append_words<const WIDTH: usize>(&self, start: usize, end: usize, list: &mut Vec<i64>) {
        let (words, _) = self.bytes[start * WIDTH..end * WIDTH].as_chunks::<WIDTH>();
        list.extend(words.iter().map(|word| {
            let mut delta = [0; 8];
            delta[..WIDTH].copy_from_slice(word);
            self.base.wrapping_add_unsigned(u64::from_le_bytes(delta))
        }));
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

    /// Appends the elements of `row` to `list`.
    pub(crate) fn append_row(&self, row: usize, list: &mut Vec<i64>) {
        let end_of = |row: usize| {
            self.ends
                .get(row)
                .and_then(|end| usize::try_from(end).ok())
                .unwrap_or(0)
        };
        let start = if row == 0 { 0 } else { end_of(row - 1) };
        self.elements.append_range(start, end_of(row), list);
    }

    /// Number of elements of `row`.
    pub(crate) fn len_of(&self, row: usize) -> usize {
        let end_of = |row: usize| self.ends.get(row).unwrap_or(0);
        let start = if row == 0 { 0 } else { end_of(row - 1) };
        usize::try_from(end_of(row) - start).unwrap_or(0)
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
        assert_eq!(PackedColumn::pack_all(&gaps).heap_bytes(), 3000);
    }

    #[test]
    fn lists_come_back_row_by_row() {
        let lists = PackedLists::pack(&[2, 2, 5], &[1, 2, 3, 4, 5]);
        let row = |row| {
            let mut list = Vec::new();
            lists.append_row(row, &mut list);
            list
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
                0..200,
            )
        ) {
            let column = PackedColumn::pack(&values);
            for (row, value) in values.iter().enumerate() {
                prop_assert_eq!(column.get(row), *value);
            }
        }
    }
}
