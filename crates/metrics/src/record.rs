//! The values of one record.

use crate::active::{ActiveMetrics, Step};
use crate::facts::RecordFacts;
use crate::metric::{Formula, Inputs};
use crate::objectives::Objective;
use crate::value::{Absence, Outcome, Value};

/// The values of one record, kept to be filled again for the next one.
#[derive(Debug, Clone, Default)]
pub struct RecordValues {
    pub(crate) values: Vec<Option<Value>>,
    pub(crate) elements: Vec<i64>,
    backwards: Option<u16>,
}

impl RecordValues {
    /// Room for the metrics of a run.
    pub fn new(active: &ActiveMetrics) -> Self {
        let mut values = Self::default();
        values.clear(active.metrics.len());
        values
    }

    /// The value of `tag` in its internal unit.
    pub fn get(&self, active: &ActiveMetrics, tag: &str) -> Option<Value> {
        self.values
            .get(usize::from(active.slot(tag)?))
            .copied()
            .flatten()
    }

    /// The elements of a list value.
    pub fn list(&self, active: &ActiveMetrics, tag: &str) -> Option<&[i64]> {
        match self.get(active, tag)? {
            Value::List { start, end } => self.elements.get(start as usize..end as usize),
            _ => None,
        }
    }

    /// A metric that has no value because time ran backwards between its stamps; worth a warning.
    pub fn ran_backwards(&self, active: &ActiveMetrics) -> Option<&'static str> {
        self.backwards.map(|slot| active.metric(slot).tag)
    }

    /// What the per-request file shows of this record, in display units and catalog order.
    ///
    /// Integers stay integers unless the unit is converted.
    pub fn exported<'a>(
        &'a self,
        active: &'a ActiveMetrics,
    ) -> impl Iterator<Item = ExportedValue<'a>> {
        active.exported.iter().filter_map(move |&slot| {
            let metric = active.metric(slot);
            let value = (*self.values.get(usize::from(slot))?)?;
            let number = match (value, metric.display_factor()) {
                (Value::Int(int), None) => ExportedNumber::Int(int),
                (Value::Int(int), Some(factor)) => ExportedNumber::finite(int as f64 * factor)?,
                (Value::Float(float), factor) => {
                    ExportedNumber::finite(factor.map_or(float, |factor| float * factor))?
                }
                (Value::List { start, end }, factor) => {
                    let elements = self.elements.get(start as usize..end as usize)?;
                    ExportedNumber::List(ExportedList { elements, factor })
                }
            };
            Some(ExportedValue {
                tag: metric.tag,
                unit: metric.display_unit.as_str(),
                number,
            })
        })
    }

    pub(crate) fn clear(&mut self, slots: usize) {
        self.values.clear();
        self.values.resize(slots, None);
        self.elements.clear();
        self.backwards = None;
    }
}

/// One entry of the per-request file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExportedValue<'a> {
    /// The metric.
    pub tag: &'static str,
    /// Its display unit.
    pub unit: &'static str,
    /// The value in that unit.
    pub number: ExportedNumber<'a>,
}

/// A value as the per-request file shows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ExportedNumber<'a> {
    /// Written without a fraction.
    Int(i64),
    /// Written as a float, and finite.
    Float(f64),
    /// Written as an array.
    List(ExportedList<'a>),
}

impl ExportedNumber<'_> {
    fn finite(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self::Float(value))
    }
}

/// A list with its conversion still to be done, so that nothing is allocated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExportedList<'a> {
    elements: &'a [i64],
    factor: Option<f64>,
}

impl<'a> ExportedList<'a> {
    /// The elements: integers if no unit conversion applies, else floats.
    pub fn iter(&self) -> impl Iterator<Item = ExportedNumber<'a>> + use<'a> {
        let factor = self.factor;
        self.elements.iter().map(move |&element| match factor {
            None => ExportedNumber::Int(element),
            Some(factor) => ExportedNumber::Float(element as f64 * factor),
        })
    }
}

/// Computes what applies to a record: for valid ones everything but error metrics, for failed ones
/// only those. Replaces what `values` held before.
pub fn compute_record(active: &ActiveMetrics, facts: &RecordFacts<'_>, values: &mut RecordValues) {
    values.clear(active.metrics.len());
    let steps = if facts.failed {
        &active.failed_steps
    } else {
        &active.valid_steps
    };
    for step in steps {
        match compute_step(active, step, facts, values) {
            Ok(value) => values.values[usize::from(step.slot)] = Some(value),
            Err(Absence::NoInput) => {}
            Err(Absence::NegativeInterval) => {
                values.backwards.get_or_insert(step.slot);
            }
        }
    }
}

fn compute_step(
    active: &ActiveMetrics,
    step: &Step,
    facts: &RecordFacts<'_>,
    record: &mut RecordValues,
) -> Outcome {
    match step.formula {
        Formula::Facts(formula) => formula(facts),
        Formula::FactsAndValues(formula) => {
            let inputs = inputs(active, step, &record.values, facts.start_epoch_ns)?;
            formula(facts, &inputs)
        }
        Formula::List(formula) => {
            let start = record.elements.len();
            if let Err(absence) = formula(facts, &mut record.elements) {
                record.elements.truncate(start);
                return Err(absence);
            }
            let position = |index: usize| u32::try_from(index).map_err(|_| Absence::NoInput);
            Ok(Value::List {
                start: position(start)?,
                end: position(record.elements.len())?,
            })
        }
        Formula::Values(_) | Formula::Objectives | Formula::Window(_) | Formula::Injected(_) => {
            compute_from_values(active, step, &record.values, facts.start_epoch_ns)
        }
    }
}

/// Computes a metric that follows from other values, when a record is finished and again whenever
/// the record is summarised: it is the same function, so both give the same digits.
pub(crate) fn compute_from_values(
    active: &ActiveMetrics,
    step: &Step,
    values: &[Option<Value>],
    start_epoch_ns: u64,
) -> Outcome {
    match step.formula {
        Formula::Values(formula) => formula(&inputs(active, step, values, start_epoch_ns)?),
        Formula::Objectives => meets_objectives(&active.objectives, values),
        _ => Err(Absence::NoInput),
    }
}

fn meets_objectives(objectives: &[(u16, Objective)], values: &[Option<Value>]) -> Outcome {
    let mut all_met = true;
    for (slot, objective) in objectives {
        // A record that lacks the metric has no verdict at all, so every objective is read.
        let value = values[usize::from(*slot)]
            .and_then(Value::as_f64)
            .ok_or(Absence::NoInput)?;
        all_met &= objective.is_met_by(value);
    }
    Ok(Value::Int(i64::from(all_met)))
}

fn inputs<'a>(
    active: &'a ActiveMetrics,
    step: &'a Step,
    values: &'a [Option<Value>],
    start_epoch_ns: u64,
) -> Result<Inputs<'a>, Absence> {
    if step
        .required_inputs()
        .iter()
        .any(|&slot| values[usize::from(slot)].is_none())
    {
        return Err(Absence::NoInput);
    }
    let thresholds = &active.thresholds;
    Ok(Inputs {
        values,
        slots: &step.inputs,
        start_epoch_ns,
        thresholds,
    })
}
