//! Reading columns: rows are numbers, in the order in which batches were filled.

use std::borrow::Cow;

use super::packed::Elements;
use super::{Batch, Columns, RowFacts, Sketch};
use crate::active::ActiveMetrics;
use crate::metric::ValueType;
use crate::value::Value;

/// All rows of [`Columns`], packed, to be read at random.
#[derive(Debug)]
pub(crate) struct View<'a> {
    columns: &'a Columns,
    batches: Vec<Cow<'a, Batch>>,
    /// The first row of each batch.
    starts: Vec<usize>,
}

/// The numbers of one metric, in its internal unit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Numbers {
    Ints(Vec<i64>),
    Floats(Vec<f64>),
}

impl<'a> View<'a> {
    pub(super) fn new(columns: &'a Columns, batches: Vec<Cow<'a, Batch>>) -> Self {
        let mut starts = Vec::with_capacity(batches.len());
        let mut next = 0;
        for batch in &batches {
            starts.push(next);
            next += batch.rows;
        }
        Self {
            columns,
            batches,
            starts,
        }
    }

    pub(crate) fn active(&self) -> &'a ActiveMetrics {
        &self.columns.active
    }

    /// The rows that satisfy `condition`, ascending.
    pub(crate) fn rows_where(&self, condition: impl Fn(&RowFacts) -> bool) -> Vec<u32> {
        let mut rows = Vec::new();
        let mut row_id = 0;
        for batch in &self.batches {
            for row in 0..batch.rows {
                if condition(&batch.row_facts(row)) {
                    rows.push(row_id);
                }
                row_id += 1;
            }
        }
        rows
    }

    /// Hands over the basic facts of each of `rows`.
    pub(crate) fn for_each_facts(&self, rows: &[u32], mut take: impl FnMut(RowFacts)) {
        self.visit(rows, |batch, row| take(batch.row_facts(row)));
    }

    /// The values that a record metric has in `rows`; rows without one are left out.
    pub(crate) fn numbers(&self, rows: &[u32], slot: u16) -> Numbers {
        if self.is_float(slot) {
            let mut floats = Vec::with_capacity(rows.len());
            self.values(rows, slot, |value| {
                floats.extend(value.and_then(Value::as_f64));
            });
            return Numbers::Floats(floats);
        }
        let mut ints = Vec::new();
        if self.keeps_ints(slot) {
            self.for_each_block(rows, slot, |block| ints.extend_from_slice(block));
        } else {
            ints.reserve_exact(rows.len());
            self.values(rows, slot, |value| {
                if let Some(Value::Int(int)) = value {
                    ints.push(int);
                }
            });
        }
        Numbers::Ints(ints)
    }

    /// Whether [`Self::for_each_block`] has the values of a metric.
    pub(crate) fn keeps_ints(&self, slot: u16) -> bool {
        !self.is_float(slot)
            && (self.stored_index(slot).is_some() || self.list_index(slot).is_some())
    }

    /// Hands over the integers that a metric has in `rows`, the elements of lists among them, in
    /// pieces that stay in the cache.
    pub(crate) fn for_each_block(&self, rows: &[u32], slot: u16, mut take: impl FnMut(&[i64])) {
        let mut buffer = Vec::new();
        let (stored, list) = (self.stored_index(slot), self.list_index(slot));
        let mut rest = rows;
        while let Some(&first) = rest.first() {
            let batch_id = self.batch_of(first);
            let (batch, start) = (&self.batches[batch_id], self.starts[batch_id]);
            let from = first as usize - start;
            // Neighbours in one batch.
            let follows = |&(index, &row): &(usize, &u32)| {
                row as usize == first as usize + index && from + index < batch.rows
            };
            let length = rest.iter().enumerate().take_while(follows).count();
            if let Some(index) = stored {
                batch.stored[index].for_each_block(from, from + length, &mut buffer, &mut take);
            } else if let Some(index) = list {
                batch.lists[index].for_each_block(from, from + length, &mut buffer, &mut take);
            }
            rest = &rest[length..];
        }
    }

    /// Hands the value of a record metric in each of `rows` to `take`, computing it if it is not
    /// stored.
    pub(crate) fn values(&self, rows: &[u32], slot: u16, mut take: impl FnMut(Option<Value>)) {
        if let Some(index) = self.stored_index(slot) {
            let is_float = self.is_float(slot);
            self.visit(rows, |batch, row| {
                take(
                    batch.stored[index]
                        .get(row)
                        .map(|word| from_word(word, is_float)),
                );
            });
            return;
        }
        self.compute(rows, &[slot], |values| take(values[usize::from(slot)]));
    }

    /// The elements of a list metric of one row.
    pub(crate) fn elements_of(&self, row: u32, slot: u16) -> Option<Elements<'_>> {
        let index = self.list_index(slot)?;
        let batch = self.batch_of(row);
        let row = row as usize - self.starts[batch];
        Some(self.batches[batch].lists[index].elements_of(row))
    }

    /// Whether the list elements of any of `rows` are not kept.
    pub(crate) fn drops_lists(&self, rows: &[u32]) -> bool {
        let drops = self.batches.iter().any(|batch| !batch.keeps_lists);
        drops && rows.iter().any(|&row| !self.keeps_lists_of(row))
    }

    /// Whether the elements of list metrics of a row are kept.
    pub(crate) fn keeps_lists_of(&self, row: u32) -> bool {
        self.batches[self.batch_of(row)].keeps_lists
    }

    /// What is known of the elements of a list metric that are not kept, over some phases.
    pub(crate) fn sketch(&self, phases: &[u16], slot: u16) -> Sketch {
        let mut merged = Sketch::default();
        if let Some(position) = self.list_index(slot) {
            for &phase in phases {
                if let Some(sketch) = self.columns.sketches.get(&(phase, position)) {
                    merged.merge(sketch);
                }
            }
        }
        merged
    }

    /// Whether any row, of any phase, has elements of a list metric, kept or not.
    pub(crate) fn has_list_elements(&self, slot: u16) -> bool {
        self.list_index(slot).is_some_and(|index| {
            let mut sketched = self.columns.sketches.keys();
            sketched.any(|&(_, position)| position == index)
                || self
                    .batches
                    .iter()
                    .any(|batch| batch.lists[index].has_elements())
        })
    }

    pub(super) fn visit(&self, rows: &[u32], mut take: impl FnMut(&Batch, usize)) {
        let mut current = 0;
        for &row in rows {
            let is_in = |batch: usize| {
                (row as usize)
                    .checked_sub(self.starts[batch])
                    .is_some_and(|offset| offset < self.batches[batch].rows)
            };
            if !is_in(current) {
                current = self.batch_of(row);
            }
            take(&self.batches[current], row as usize - self.starts[current]);
        }
    }

    fn batch_of(&self, row: u32) -> usize {
        self.starts
            .partition_point(|&start| start <= row as usize)
            .saturating_sub(1)
    }

    pub(super) fn is_float(&self, slot: u16) -> bool {
        matches!(self.active().metric(slot).value_type, ValueType::Float)
    }

    pub(super) fn stored_index(&self, slot: u16) -> Option<usize> {
        self.columns.layout.stored.binary_search(&slot).ok()
    }

    fn list_index(&self, slot: u16) -> Option<usize> {
        self.columns.layout.lists.binary_search(&slot).ok()
    }
}

pub(super) fn from_word(word: i64, is_float: bool) -> Value {
    if is_float {
        Value::Float(f64::from_bits(word.cast_unsigned()))
    } else {
        Value::Int(word)
    }
}
