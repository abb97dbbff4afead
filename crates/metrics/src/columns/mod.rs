//! The values of all records of a run, by metric, append-only.
//!
//! Rows collect in an open batch; a full batch is packed and never touched again. Only what cannot
//! be computed from other values is kept: integers and floats as 64-bit words, which packing then
//! narrows without loss.

mod computed;
mod packed;
mod sketch;
mod view;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::active::ActiveMetrics;
use crate::facts::RecordFacts;
use crate::record::RecordValues;
use crate::value::Value;
pub(crate) use packed::Elements;
use packed::{PackedColumn, PackedLists};
pub(crate) use sketch::Sketch;
pub(crate) use view::{Numbers, View};

/// Rows of a full batch: enough for the fixed cost of a batch to vanish, few enough for an open
/// one to stay in the cache.
const BATCH_ROWS: usize = 1024;

/// Room for the elements of list metrics unless [`Columns::with_list_budget`] says otherwise: about
/// 1.4 thousand million gaps between chunks.
pub const LIST_BUDGET_BYTES: usize = 4 << 30;

/// The values of all records of a run.
///
/// The elements of list metrics are kept, and their figures exact, as long as they fit into the list
/// budget. Of later records a [`Sketch`] is kept for each phase, and figures that miss elements say
/// so ([`crate::MetricResult::approximation`]).
#[derive(Debug, Clone)]
pub struct Columns {
    active: Arc<ActiveMetrics>,
    layout: Layout,
    batches: Vec<Batch>,
    open: OpenBatch,
    rows: usize,
    list_budget: usize,
    list_bytes: usize,
    /// By phase and position among the list metrics: elements beyond the budget.
    sketches: BTreeMap<(u16, usize), Sketch>,
    /// By phase: accepted draft tokens in a step of speculative decoding to number of such steps.
    acceptance: BTreeMap<u16, BTreeMap<u64, u64>>,
}

/// Which column holds which metric.
#[derive(Debug, Clone)]
struct Layout {
    stored: Vec<u16>,
    lists: Vec<u16>,
}

/// What is kept of every record, whatever its metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowFacts {
    pub(crate) start_epoch_ns: u64,
    pub(crate) end_epoch_ns: u64,
    pub(crate) credit_issued_epoch_ns: Option<u64>,
    pub(crate) phase: u16,
    pub(crate) failed: bool,
}

/// Packed rows.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    rows: usize,
    /// Whether list elements are here and not in a sketch.
    keeps_lists: bool,
    start: PackedColumn,
    duration: PackedColumn,
    /// From the decision to send until sending.
    credit_age: PackedColumn,
    phase: PackedColumn,
    failed: PackedColumn,
    stored: Vec<PackedColumn>,
    lists: Vec<PackedLists>,
}

/// Rows still to be packed.
#[derive(Debug, Clone, Default)]
struct OpenBatch {
    drops_lists: bool,
    start: Vec<i64>,
    duration: Vec<i64>,
    credit_age: Vec<Option<i64>>,
    phase: Vec<i64>,
    failed: Vec<i64>,
    stored: Vec<Vec<Option<i64>>>,
    lists: Vec<OpenLists>,
}

#[derive(Debug, Clone, Default)]
struct OpenLists {
    ends: Vec<i64>,
    elements: Vec<i64>,
}

impl Columns {
    /// Empty columns for the metrics of a run.
    pub fn new(active: Arc<ActiveMetrics>) -> Self {
        let layout = Layout {
            stored: active.stored_slots(),
            lists: active.list_slots(),
        };
        let open = OpenBatch {
            stored: vec![Vec::new(); layout.stored.len()],
            lists: vec![OpenLists::default(); layout.lists.len()],
            ..OpenBatch::default()
        };
        Self {
            active,
            layout,
            batches: Vec::new(),
            open,
            rows: 0,
            list_budget: LIST_BUDGET_BYTES,
            list_bytes: 0,
            sketches: BTreeMap::new(),
            acceptance: BTreeMap::new(),
        }
    }

    /// The same with another limit, in bytes, to what is kept of list metrics. Recorders that run
    /// side by side share a budget by taking a part each.
    pub fn with_list_budget(mut self, bytes: usize) -> Self {
        self.list_budget = bytes;
        self.open.drops_lists = bytes == 0;
        self
    }

    /// The metrics whose values these are.
    pub fn active(&self) -> &ActiveMetrics {
        &self.active
    }

    /// Appends a finished record of the phase with the given index.
    pub fn push(&mut self, values: &RecordValues, facts: &RecordFacts<'_>, phase: u16) {
        let open = &mut self.open;
        let duration = facts.request_end_epoch_ns() - facts.start_epoch_ns;
        let credit_age = facts.credit_issued_epoch_ns;
        open.start.push(facts.start_epoch_ns.cast_signed());
        open.duration.push(duration.cast_signed());
        open.credit_age
            .push(credit_age.map(|issued| facts.start_epoch_ns.wrapping_sub(issued).cast_signed()));
        open.phase.push(i64::from(phase));
        open.failed.push(i64::from(facts.failed));
        for (column, &slot) in open.stored.iter_mut().zip(&self.layout.stored) {
            column.push(values.values[usize::from(slot)].and_then(to_word));
        }
        let lists = open.lists.iter_mut().zip(&self.layout.lists);
        for (position, (column, &slot)) in lists.enumerate() {
            if let Some(Value::List { start, end }) = values.values[usize::from(slot)] {
                let elements = &values.elements[start as usize..end as usize];
                if open.drops_lists {
                    let sketch = self.sketches.entry((phase, position)).or_default();
                    elements.iter().for_each(|&element| sketch.add(element));
                } else {
                    column.elements.extend_from_slice(elements);
                }
            }
            column.ends.push(column.elements.len() as i64);
        }
        if let Some(report) = facts.speculative_decoding.filter(|_| !facts.failed) {
            let pooled = self.acceptance.entry(phase).or_default();
            for (&accepted, &steps) in report.acceptance_histogram {
                *pooled.entry(accepted).or_default() += steps;
            }
        }
        self.rows += 1;
        if self.open.start.len() == BATCH_ROWS {
            self.seal();
        }
    }

    /// Takes over the records of another recorder of the same run.
    pub fn append(&mut self, mut other: Self) {
        self.seal();
        other.seal();
        self.rows += other.rows;
        self.batches.append(&mut other.batches);
        self.list_bytes += other.list_bytes;
        for (place, sketch) in &other.sketches {
            self.sketches.entry(*place).or_default().merge(sketch);
        }
        for (phase, histogram) in other.acceptance {
            let pooled = self.acceptance.entry(phase).or_default();
            for (accepted, steps) in histogram {
                *pooled.entry(accepted).or_default() += steps;
            }
        }
    }

    /// Number of accepted draft tokens in a step of speculative decoding to the number of such
    /// steps, over the valid records of the given phases. Empty where no server reported any.
    pub fn acceptance_histogram(&self, phases: &[u16]) -> BTreeMap<u64, u64> {
        let mut pooled = BTreeMap::new();
        for histogram in phases.iter().filter_map(|phase| self.acceptance.get(phase)) {
            for (&accepted, &steps) in histogram {
                *pooled.entry(accepted).or_default() += steps;
            }
        }
        pooled
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Approximate memory of the packed records in bytes; the open batch comes on top.
    pub fn packed_bytes(&self) -> usize {
        self.batches.iter().map(Batch::bytes).sum()
    }

    fn seal(&mut self) {
        if !self.open.start.is_empty() {
            let batch = self.open.pack();
            self.list_bytes += batch
                .lists
                .iter()
                .map(PackedLists::heap_bytes)
                .sum::<usize>();
            self.batches.push(batch);
            self.open.clear();
            self.open.drops_lists = self.list_bytes >= self.list_budget;
        }
    }

    /// A readable view of all rows, those of the open batch included.
    pub(crate) fn view(&self) -> View<'_> {
        let mut batches: Vec<Cow<'_, Batch>> = self.batches.iter().map(Cow::Borrowed).collect();
        if !self.open.start.is_empty() {
            batches.push(Cow::Owned(self.open.pack()));
        }
        View::new(self, batches)
    }
}

impl OpenBatch {
    fn pack(&self) -> Batch {
        let lists = self
            .lists
            .iter()
            .map(|list| PackedLists::pack(&list.ends, &list.elements));
        Batch {
            rows: self.start.len(),
            keeps_lists: !self.drops_lists,
            start: PackedColumn::pack_all(&self.start),
            duration: PackedColumn::pack_all(&self.duration),
            credit_age: PackedColumn::pack(&self.credit_age),
            phase: PackedColumn::pack_all(&self.phase),
            failed: PackedColumn::pack_all(&self.failed),
            stored: self
                .stored
                .iter()
                .map(|column| PackedColumn::pack(column))
                .collect(),
            lists: lists.collect(),
        }
    }

    fn clear(&mut self) {
        self.start.clear();
        self.duration.clear();
        self.credit_age.clear();
        self.phase.clear();
        self.failed.clear();
        self.stored.iter_mut().for_each(Vec::clear);
        for list in &mut self.lists {
            list.ends.clear();
            list.elements.clear();
        }
    }
}

impl Batch {
    fn row_facts(&self, row: usize) -> RowFacts {
        let word = |column: &PackedColumn| column.get(row).unwrap_or(0);
        let start = word(&self.start);
        let credit_age = self.credit_age.get(row);
        RowFacts {
            start_epoch_ns: start.cast_unsigned(),
            end_epoch_ns: start.cast_unsigned() + word(&self.duration).cast_unsigned(),
            credit_issued_epoch_ns: credit_age.map(|age| start.wrapping_sub(age).cast_unsigned()),
            phase: u16::try_from(word(&self.phase)).unwrap_or(u16::MAX),
            failed: word(&self.failed) != 0,
        }
    }

    fn bytes(&self) -> usize {
        let base = [
            &self.start,
            &self.duration,
            &self.credit_age,
            &self.phase,
            &self.failed,
        ];
        let columns = base.into_iter().chain(&self.stored);
        let lists = self
            .lists
            .iter()
            .map(|list| list.heap_bytes() + size_of::<PackedLists>());
        size_of::<Self>()
            + columns
                .map(|column| column.heap_bytes() + size_of::<PackedColumn>())
                .sum::<usize>()
            + lists.sum::<usize>()
    }
}

fn to_word(value: Value) -> Option<i64> {
    match value {
        Value::Int(int) => Some(int),
        Value::Float(float) => Some(float.to_bits().cast_signed()),
        Value::List { .. } => None,
    }
}
