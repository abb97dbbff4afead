//! What the variations of a sweep say together: `profile_export_aiperf_sweep.json`.

mod best;
mod figures;
mod parameters;

use aiperf_model::{Combination, SlaConstraints, SlaFilter, SweepAggregate, SweepMetadata};
use serde_json::{Map, Value};

use crate::order::IterationOrder;
use crate::outcome::{RunOutcome, failures};
use best::Candidate;
use parameters::ParameterNames;

/// A variation: what is different in its runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Variation {
    /// In words.
    pub label: String,
    /// By whole path.
    pub values: Map<String, Value>,
}

/// What was swept, and how.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct About {
    /// All variations of the sweep, also those without a run.
    pub variations: Vec<Variation>,
    /// Which loop was the outer one.
    pub order: IterationOrder,
    /// Of the intervals, between 0 and 1.
    pub confidence_level: f64,
    /// Limits that feasible variations keep.
    pub sla_filters: Vec<SlaFilter>,
}

/// The aggregate over all variations. A variation of which no run succeeded has no figures.
pub fn aggregate(runs: &[RunOutcome], about: &About) -> SweepAggregate {
    let all: Vec<&RunOutcome> = runs.iter().collect();
    let names = ParameterNames::of(&about.variations);
    let groups: Vec<Vec<&RunOutcome>> = (0..about.variations.len())
        .map(|index| runs.iter().filter(|run| run.variation == index).collect())
        .collect();
    let most_trials = groups.iter().map(Vec::len).max().unwrap_or(0);
    let combinations: Vec<Combination> = groups
        .iter()
        .zip(&about.variations)
        .zip(0..)
        .filter_map(|((group, variation), index)| {
            Some(Combination {
                parameters: names.short(&variation.values),
                variation_index: Some(index),
                variation_label: Some(variation.label.clone()),
                metrics: figures::of_group(group, about.confidence_level)?,
            })
        })
        .collect();
    let candidates: Vec<Candidate> = combinations.iter().map(Candidate::of).collect();
    let feasible: Vec<Candidate> = candidates
        .iter()
        .filter(|candidate| candidate.keeps(&about.sla_filters))
        .copied()
        .collect();
    // With no variation that keeps the limits there still is a best one, but no front.
    let best_of = if feasible.is_empty() {
        &candidates
    } else {
        &feasible
    };
    let sla_constraints = (!about.sla_filters.is_empty()).then(|| SlaConstraints {
        active_filters: about.sla_filters.clone(),
        feasible_count: feasible.len() as u64,
        infeasible_count: (candidates.len() - feasible.len()) as u64,
    });
    SweepAggregate {
        aggregation_type: "sweep".to_owned(),
        num_profile_runs: runs.len() as u64,
        num_successful_runs: runs.iter().filter(|run| run.is_successful()).count() as u64,
        failed_runs: failures(&all),
        metadata: SweepMetadata {
            sweep_parameters: names.with_values(&about.variations),
            num_combinations: about.variations.len() as u64,
            sla_constraints,
            sweep_mode: about.order.as_str().to_owned(),
            confidence_level: about.confidence_level,
            num_trials_per_value: most_trials as u64,
            aggregation_type: "sweep".to_owned(),
        },
        best_configurations: best::configurations(best_of),
        pareto_optimal: best::pareto_front(&feasible),
        per_combination_metrics: combinations,
    }
}

#[cfg(test)]
mod tests;
