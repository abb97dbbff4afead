//! The way back: from a record as the per-request file shows it to the values that gave it.
//!
//! What the file shows was converted to display units; integers are found again exactly, because
//! rounding takes away less than half of one. Values that follow from others are not read but
//! computed again by [`crate::Columns`], so they are the run's to the last digit. That leaves floats
//! which were converted (`video_inference_time`): they may differ in their last digit.

use crate::active::ActiveMetrics;
use crate::facts::RecordFacts;
use crate::metric::{Formula, Metric};
use crate::record::RecordValues;
use crate::value::Value;

/// A number or a list of the per-request file, in display units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FileValue<'a> {
    /// A number.
    Number(f64),
    /// A list of numbers.
    List(&'a [f64]),
}

/// Fills `values` with what the run had computed for a record. `shown` gives the value that the
/// file shows of a metric; `facts` are those that the file shows otherwise: instants, failure,
/// overflow, schedule.
pub fn rebuild_record<'a>(
    active: &ActiveMetrics,
    facts: &RecordFacts<'_>,
    shown: impl Fn(&str) -> Option<FileValue<'a>>,
    values: &mut RecordValues,
) {
    values.clear(active.metrics.len());
    let steps = if facts.failed {
        &active.failed_steps
    } else {
        &active.valid_steps
    };
    for step in steps {
        let metric = active.metric(step.slot);
        let value = match metric.formula {
            Formula::List(_) => list(metric, shown(metric.tag), &mut values.elements),
            Formula::FactsAndValues(_) => inter_token_latency(metric, &shown),
            Formula::Facts(formula) => match shown(metric.tag) {
                Some(FileValue::Number(number)) => Some(internal(metric, number)),
                Some(FileValue::List(_)) => None,
                None => hidden(metric, &shown).or_else(|| formula(facts).ok()),
            },
            Formula::Values(_)
            | Formula::Objectives
            | Formula::Window(_)
            | Formula::Injected(_) => None,
        };
        values.values[usize::from(step.slot)] = value;
    }
}

fn internal(metric: &Metric, shown: f64) -> Value {
    let factor = metric.display_unit.factor_to(metric.unit);
    let number = factor.map_or(shown, |factor| shown * factor);
    match metric.value_type {
        crate::ValueType::Float => Value::Float(number),
        _ => Value::Int(number.round() as i64),
    }
}

fn list(metric: &Metric, shown: Option<FileValue<'_>>, elements: &mut Vec<i64>) -> Option<Value> {
    let Some(FileValue::List(list)) = shown else {
        return None;
    };
    let factor = metric.display_unit.factor_to(metric.unit).unwrap_or(1.0);
    let start = u32::try_from(elements.len()).ok()?;
    elements.extend(list.iter().map(|shown| (shown * factor).round() as i64));
    let end = u32::try_from(elements.len()).ok()?;
    Some(Value::List { start, end })
}

/// The one metric that reads facts and values: its divisor, a whole number of tokens, is found from
/// the value shown, and the division done again.
fn inter_token_latency<'a>(
    metric: &Metric,
    shown: &impl Fn(&str) -> Option<FileValue<'a>>,
) -> Option<Value> {
    let number = |tag: &str| match shown(tag)? {
        FileValue::Number(number) => Some(number),
        FileValue::List(_) => None,
    };
    let value = number(metric.tag)?;
    let nanoseconds = |tag: &str| Some((number(tag)? * 1e6).round());
    let decoding = nanoseconds("request_latency")? - nanoseconds("time_to_first_token")?;
    let tokens = (decoding * 1e-06 / value).round();
    let latency = decoding / tokens;
    Some(Value::Float(if latency.is_finite() {
        latency
    } else {
        value * 1e6
    }))
}

/// The requested length is not shown, but follows from how far the answer is off.
fn hidden<'a>(metric: &Metric, shown: &impl Fn(&str) -> Option<FileValue<'a>>) -> Option<Value> {
    if metric.tag != "requested_osl" {
        return None;
    }
    let Some(FileValue::Number(off_pct)) = shown("osl_mismatch_diff_pct") else {
        return None;
    };
    let Some(FileValue::Number(length)) = shown("output_sequence_length") else {
        return None;
    };
    // An answer without tokens is 100 % off whatever was asked for, and counts all the same.
    if off_pct == -100.0 {
        return Some(Value::Int(1));
    }
    let requested = (length / (1.0 + off_pct / 100.0)).round();
    requested
        .is_finite()
        .then_some(Value::Int(requested as i64))
}
