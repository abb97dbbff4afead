//! The results of a set of records that follow from the catalog.

use super::distribution::{Sample, converted, failure_inflated};
use crate::active::ActiveMetrics;
use crate::columns::View;
use crate::metric::{Fold, Formula, Kind, Metric, ValueType, WindowInputs};
use crate::result::{ConsoleGroup, MetricResult, Statistics, Visibility};
use crate::value::Value;

/// The time over which records are looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window<'a> {
    /// What rates divide by; without it the benchmark duration.
    pub(crate) length_ns: Option<u64>,
    /// Whether the length stands for the benchmark duration too.
    pub(crate) replaces_benchmark_duration: bool,
    /// The phases, if all their records are looked at.
    pub(crate) phases: Option<&'a [u16]>,
}

/// Said of figures that lack elements of lists: most of what they miss is known from a sketch.
const SKETCHED: &str = "percentiles are within 0.05 % of values that occurred";
/// Said of figures for which not even that is known.
const CUT_SHORT: &str = "a part of the records is missing";

/// Record metrics and aggregates, lists, derived metrics, error-adjusted twins.
pub(super) fn window_results(
    view: &View<'_>,
    rows: &[u32],
    window: Window<'_>,
) -> Vec<MetricResult> {
    let active = view.active();
    let failed = failed_count(view, rows);
    let mut totals: Vec<Option<Value>> = vec![None; active.metrics().len()];
    let mut numbers = Vec::new();
    let mut lists = Vec::new();
    let mut twins = Vec::new();
    let mut computed = view.computed(rows);
    let lacks_lists = view.drops_lists(rows);
    for (slot, &metric) in (0u16..).zip(active.metrics()) {
        let total = &mut totals[usize::from(slot)];
        let mut sample = match computed[usize::from(slot)].take() {
            Some(numbers) => Sample::new(numbers),
            None if metric.kind == Kind::Derived => continue,
            None if view.keeps_ints(slot) => Sample::of_kept(view, rows, slot),
            None => Sample::new(view.numbers(rows, slot)),
        };
        match metric.kind {
            Kind::Derived => {}
            Kind::Aggregate(fold) => {
                *total = folded(&sample, fold);
                numbers.extend(
                    total
                        .and_then(Value::as_f64)
                        .map(|value| result(metric, Statistics::scalar(value))),
                );
            }
            Kind::Record => {
                let is_list = metric.value_type == ValueType::IntList;
                if is_list && lacks_lists {
                    let phases = window.phases.unwrap_or_default();
                    sample = sample.with_sketch(view.sketch(phases, slot));
                }
                // Derived metrics know a record metric by its sum.
                *total = sample.total();
                let Some(statistics) = sample.statistics() else {
                    continue;
                };
                let approximation = if sample.is_approximate() {
                    Some(SKETCHED)
                } else {
                    (is_list && lacks_lists).then_some(CUT_SHORT)
                };
                let group = if is_list { &mut lists } else { &mut numbers };
                group.push(MetricResult {
                    approximation,
                    ..result(metric, statistics)
                });
                if metric.has_inflated_twin() && failed > 0 {
                    twins.extend(
                        failure_inflated(&sample, failed)
                            .map(|statistics| inflated_result(metric, statistics)),
                    );
                }
            }
        }
    }
    let derived = derived_results(active, &mut totals, window);
    numbers
        .into_iter()
        .chain(lists)
        .chain(derived)
        .chain(twins)
        .collect()
}

fn failed_count(view: &View<'_>, rows: &[u32]) -> usize {
    let mut failed = 0;
    view.for_each_facts(rows, |row| failed += usize::from(row.failed));
    failed
}

fn folded(sample: &Sample<'_>, fold: Fold) -> Option<Value> {
    match fold {
        Fold::Sum => sample.total(),
        Fold::Minimum => sample.extremes().map(|(min, _)| min),
        Fold::Maximum => sample.extremes().map(|(_, max)| max),
    }
}

pub(crate) fn derived_results(
    active: &ActiveMetrics,
    totals: &mut [Option<Value>],
    window: Window<'_>,
) -> Vec<MetricResult> {
    let mut results = Vec::new();
    for step in &active.window_steps {
        let Formula::Window(formula) = step.formula else {
            continue;
        };
        let has_required = step
            .required_inputs()
            .iter()
            .all(|&slot| totals[usize::from(slot)].is_some());
        if !has_required {
            continue;
        }
        let metric = active.metric(step.slot);
        let inputs = WindowInputs {
            values: totals,
            slots: &step.inputs,
            window_ns: window.length_ns,
        };
        let mut value = formula(&inputs);
        if metric.tag == "benchmark_duration" && window.replaces_benchmark_duration {
            let length = window
                .length_ns
                .and_then(|length| i64::try_from(length).ok());
            value = value.and(length.map(Value::Int)).or(value);
        }
        totals[usize::from(step.slot)] = value;
        let number = value
            .and_then(Value::as_f64)
            .filter(|value| value.is_finite());
        results.extend(number.map(|value| (step.slot, result(metric, Statistics::scalar(value)))));
    }
    // Computed in the order of dependencies, reported in that of the catalog.
    results.sort_by_key(|(slot, _)| *slot);
    results.into_iter().map(|(_, result)| result).collect()
}

pub(crate) fn result(metric: &Metric, statistics: Statistics) -> MetricResult {
    MetricResult {
        tag: metric.tag.to_owned(),
        header: metric.header.to_owned(),
        unit: metric.display_unit.as_str(),
        group: metric.group,
        order: metric.order,
        visibility: metric.visibility(),
        approximation: None,
        statistics: converted(statistics, metric.display_factor()),
    }
}

fn inflated_result(metric: &Metric, statistics: Statistics) -> MetricResult {
    MetricResult {
        tag: format!("adj_{}", metric.tag),
        header: format!("{} (error-adjusted)", metric.header),
        group: ConsoleGroup::Default,
        order: None,
        visibility: Visibility::default(),
        ..result(metric, statistics)
    }
}
