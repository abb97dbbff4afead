//! Metrics that are not kept because they follow from others, computed again for many rows.

use super::view::{Numbers, View, from_word};
use crate::metric::{Formula, Kind};
use crate::record::compute_from_values;
use crate::value::Value;

/// What has to be read and computed to get some metrics.
struct Recipe<'a> {
    stored: Vec<(u16, usize, bool)>,
    steps: Vec<&'a crate::active::Step>,
}

impl View<'_> {
    /// The values that each metric has in `rows` where it follows from others, by slot; `None` for
    /// those that are kept.
    pub(crate) fn computed(&self, rows: &[u32]) -> Vec<Option<Numbers>> {
        let active = self.active();
        let follows = |slot: &u16| {
            let metric = active.metric(*slot);
            let from_values = matches!(metric.formula, Formula::Values(_) | Formula::Objectives);
            from_values && metric.kind != Kind::Derived
        };
        let count = u16::try_from(active.metrics().len()).unwrap_or(u16::MAX);
        let slots: Vec<u16> = (0..count).filter(follows).collect();
        let mut numbers = vec![None; active.metrics().len()];
        for &slot in &slots {
            numbers[usize::from(slot)] = Some(if self.is_float(slot) {
                Numbers::Floats(Vec::with_capacity(rows.len()))
            } else {
                Numbers::Ints(Vec::with_capacity(rows.len()))
            });
        }
        self.compute(rows, &slots, |values| {
            for &slot in &slots {
                let slot = usize::from(slot);
                match (&mut numbers[slot], values[slot]) {
                    (Some(Numbers::Ints(ints)), Some(Value::Int(int))) => ints.push(int),
                    (Some(Numbers::Floats(floats)), Some(value)) => floats.extend(value.as_f64()),
                    _ => {}
                }
            }
        });
        numbers
    }

    /// Hands over, for each of `rows`, values by slot, among which are those of `slots`.
    pub(super) fn compute(
        &self,
        rows: &[u32],
        slots: &[u16],
        mut take: impl FnMut(&[Option<Value>]),
    ) {
        let active = self.active();
        let recipe = self.recipe(slots);
        let mut values = vec![None; active.metrics().len()];
        self.visit(rows, |batch, row| {
            let facts = batch.row_facts(row);
            for &(slot, index, is_float) in &recipe.stored {
                let word = batch.stored[index].get(row);
                values[usize::from(slot)] = word.map(|word| from_word(word, is_float));
            }
            for step in &recipe.steps {
                let applies = facts.failed == active.metric(step.slot).is_error_only();
                values[usize::from(step.slot)] = applies
                    .then(|| compute_from_values(active, step, &values, facts.start_epoch_ns).ok())
                    .flatten();
            }
            take(&values);
        });
    }

    fn recipe(&self, slots: &[u16]) -> Recipe<'_> {
        let active = self.active();
        let mut needed = vec![false; active.metrics().len()];
        let mut pending = slots.to_vec();
        let mut stored = Vec::new();
        while let Some(slot) = pending.pop() {
            let is_known = usize::from(slot) >= needed.len() || needed[usize::from(slot)];
            if is_known {
                continue;
            }
            needed[usize::from(slot)] = true;
            if let Some(index) = self.stored_index(slot) {
                stored.push((slot, index, self.is_float(slot)));
            } else if let Some(step) = active.record_step(slot) {
                pending.extend(&step.inputs);
            }
        }
        let is_computed =
            |slot: u16| needed[usize::from(slot)] && self.stored_index(slot).is_none();
        let all_steps = active.valid_steps.iter().chain(&active.failed_steps);
        let steps = all_steps.filter(|step| is_computed(step.slot)).collect();
        Recipe { stored, steps }
    }
}
