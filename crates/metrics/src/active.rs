//! The metrics of one run, in the order in which they are computed.

use std::collections::{HashMap, HashSet};

use crate::catalog::{catalog, find};
use crate::context::{RunContext, Thresholds};
use crate::error::MetricsError;
use crate::metric::{Formula, Kind, Metric, ValueType};
use crate::objectives::{Objective, check_slos};

/// Stands in a step's inputs for a metric that the run does not have.
const NO_SLOT: u16 = u16::MAX;

/// The metrics of one run. A metric is a dense number here, its slot; slots follow catalog order.
#[derive(Debug, Clone)]
pub struct ActiveMetrics {
    pub(crate) metrics: Vec<&'static Metric>,
    slots: HashMap<&'static str, u16>,
    /// How valid records are computed.
    pub(crate) valid_steps: Vec<Step>,
    /// How failed records are computed.
    pub(crate) failed_steps: Vec<Step>,
    /// How windows are computed.
    pub(crate) window_steps: Vec<Step>,
    pub(crate) objectives: Vec<(u16, Objective)>,
    pub(crate) thresholds: Thresholds,
    /// What the per-request file shows.
    pub(crate) exported: Vec<u16>,
}

/// One formula with the slots it reads and writes.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) slot: u16,
    pub(crate) formula: Formula,
    /// The required inputs, then those that may be absent.
    pub(crate) inputs: Box<[u16]>,
    pub(crate) required: usize,
}

impl Step {
    pub(crate) fn required_inputs(&self) -> &[u16] {
        &self.inputs[..self.required]
    }
}

impl ActiveMetrics {
    /// Chooses the metrics that apply to a run, and what they depend on.
    ///
    /// Dependencies come along even if they do not apply by themselves: the reference reports an
    /// output sequence length of 0 for embeddings this way, and readers may look for it.
    pub fn new(context: &RunContext) -> Result<Self, MetricsError> {
        let objectives = check_slos(&context.slos, context)?;
        let chosen = chosen_tags(context, &objectives);
        let metrics: Vec<&'static Metric> = catalog()
            .iter()
            .copied()
            .filter(|metric| chosen.contains(metric.tag))
            .collect();
        let slots: HashMap<&'static str, u16> = metrics
            .iter()
            .zip(0u16..)
            .map(|(metric, slot)| (metric.tag, slot))
            .collect();
        let objectives: Vec<(u16, Objective)> = objectives
            .into_iter()
            .map(|objective| (slots[objective.metric.tag], objective))
            .collect();

        let steps = ordered_steps(&metrics, &slots, &objectives);
        let is_kind = |step: &Step, derived: bool, error_only: bool| {
            let metric = metrics[usize::from(step.slot)];
            (metric.kind == Kind::Derived) == derived && metric.is_error_only() == error_only
        };
        let valid_steps = steps
            .iter()
            .filter(|step| is_kind(step, false, false))
            .cloned()
            .collect();
        let failed_steps = steps
            .iter()
            .filter(|step| is_kind(step, false, true))
            .cloned()
            .collect();
        let window_steps = steps
            .iter()
            .filter(|step| metrics[usize::from(step.slot)].kind == Kind::Derived)
            .cloned()
            .collect();
        let exported = (0u16..)
            .zip(&metrics)
            .filter(|(_, metric)| is_exported_per_record(metric, context))
            .map(|(slot, _)| slot)
            .collect();
        Ok(Self {
            valid_steps,
            failed_steps,
            window_steps,
            objectives,
            thresholds: context.thresholds,
            exported,
            metrics,
            slots,
        })
    }

    /// The metrics, in catalog order.
    pub fn metrics(&self) -> &[&'static Metric] {
        &self.metrics
    }

    /// The metrics that the per-request file shows, in its order.
    pub fn exported(&self) -> impl Iterator<Item = &'static Metric> {
        self.exported.iter().map(|&slot| self.metric(slot))
    }

    /// Whether the run has the metric.
    pub fn contains(&self, tag: &str) -> bool {
        self.slots.contains_key(tag)
    }

    pub(crate) fn slot(&self, tag: &str) -> Option<u16> {
        self.slots.get(tag).copied()
    }

    pub(crate) fn metric(&self, slot: u16) -> &'static Metric {
        self.metrics[usize::from(slot)]
    }

    /// The step that computes the record metric in `slot`.
    pub(crate) fn record_step(&self, slot: u16) -> Option<&Step> {
        let steps = if self.metric(slot).is_error_only() {
            &self.failed_steps
        } else {
            &self.valid_steps
        };
        steps.iter().find(|step| step.slot == slot)
    }

    /// The record metrics whose values cannot be computed from other values, so have to be kept.
    pub(crate) fn stored_slots(&self) -> Vec<u16> {
        let is_stored = |metric: &Metric| {
            matches!(
                metric.formula,
                Formula::Facts(_) | Formula::FactsAndValues(_)
            )
        };
        self.slots_where(is_stored)
    }

    /// The record metrics that are lists.
    pub(crate) fn list_slots(&self) -> Vec<u16> {
        self.slots_where(|metric| metric.value_type == ValueType::IntList)
    }

    fn slots_where(&self, condition: impl Fn(&Metric) -> bool) -> Vec<u16> {
        (0u16..)
            .zip(&self.metrics)
            .filter(|(_, metric)| condition(metric))
            .map(|(slot, _)| slot)
            .collect()
    }
}

fn is_exported_per_record(metric: &Metric, context: &RunContext) -> bool {
    let visibility = metric.visibility();
    metric.kind != Kind::Derived
        && !visibility.no_individual_records
        && (context.show_internal || !visibility.internal)
        && (context.show_experimental || !visibility.experimental)
}

/// The applicable metrics and everything they require, directly or not.
fn chosen_tags(context: &RunContext, objectives: &[Objective]) -> HashSet<&'static str> {
    let mut chosen = HashSet::new();
    let mut pending: Vec<&'static Metric> = catalog()
        .iter()
        .copied()
        .filter(|metric| metric.flags.obstacle(context).is_none())
        .chain(objectives.iter().map(|objective| objective.metric))
        .collect();
    while let Some(metric) = pending.pop() {
        if chosen.insert(metric.tag) {
            pending.extend(metric.requires.iter().filter_map(|tag| find(tag)));
        }
    }
    chosen
}

/// Every metric after all that it reads; otherwise in catalog order.
fn ordered_steps(
    metrics: &[&'static Metric],
    slots: &HashMap<&'static str, u16>,
    objectives: &[(u16, Objective)],
) -> Vec<Step> {
    let step = |slot: u16, metric: &Metric| {
        let required: Vec<u16> = match metric.formula {
            Formula::Objectives => objectives.iter().map(|(slot, _)| *slot).collect(),
            _ => metric.requires.iter().map(|tag| slots[tag]).collect(),
        };
        let used = metric
            .uses
            .iter()
            .map(|tag| slots.get(tag).copied().unwrap_or(NO_SLOT));
        let inputs = required.iter().copied().chain(used).collect();
        Step {
            slot,
            formula: metric.formula,
            inputs,
            required: required.len(),
        }
    };
    let mut waiting: Vec<Step> = (0u16..)
        .zip(metrics)
        .map(|(slot, metric)| step(slot, metric))
        .collect();
    let mut done = vec![false; metrics.len()];
    let mut ordered = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let before = ordered.len();
        waiting.retain(|step| {
            let is_ready = |&input: &u16| done.get(usize::from(input)).copied().unwrap_or(true);
            let ready = step.inputs.iter().all(is_ready);
            if ready {
                done[usize::from(step.slot)] = true;
                ordered.push(step.clone());
            }
            !ready
        });
        // A test holds the catalog free of cycles; a cycle would otherwise never end here.
        if ordered.len() == before {
            break;
        }
    }
    ordered
}
