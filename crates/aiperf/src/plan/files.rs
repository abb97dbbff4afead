//! What the runs of a plan say together, as files.

use std::path::{Path, PathBuf};

use aiperf_export::aggregates::{aggregate_csv, sweep_csv};
use aiperf_export::json::pretty;
use aiperf_export::write::write_text;
use aiperf_model::{Aggregate, FailedRun, SlaFilter, SweepAggregate};
use aiperf_search::aggregate::{About, AboutVariation, aggregate};
use aiperf_search::collated::{RequestValues, collate};
use aiperf_search::outcome::RunOutcome;
use aiperf_search::sweep;
use anyhow::{Context as _, Result};

use super::convergence::request_values;
use super::one_run::Made;
use super::{Plan, PlannedVariation};
use crate::version::VERSION;

const AGGREGATE_JSON: &str = "profile_export_aiperf_aggregate.json";
const AGGREGATE_CSV: &str = "profile_export_aiperf_aggregate.csv";
const COLLATED_JSON: &str = "profile_export_aiperf_collated.json";
const SWEEP_JSON: &str = "profile_export_aiperf_sweep.json";
const SWEEP_CSV: &str = "profile_export_aiperf_sweep.csv";
const SAMPLING_DESIGN: &str = "sampling_design.json";

/// What was written, and the figures in it.
pub(super) enum Written {
    /// The runs of one configuration.
    Trials {
        aggregate: Box<Aggregate>,
        files: Vec<PathBuf>,
    },
    /// The variations of a sweep.
    Sweep {
        aggregate: Box<SweepAggregate>,
        files: Vec<PathBuf>,
    },
}

/// Removes what an earlier plan of the same name would leave in the way.
pub(super) fn clear(plan: &Plan, base: &Path) -> Result<()> {
    let layout = plan.layout();
    let of_variations = plan.variations.iter().flat_map(|variation| {
        let folder = layout.aggregate(&variation.identity.dir_name);
        [AGGREGATE_JSON, AGGREGATE_CSV, COLLATED_JSON].map(|name| folder.join(name))
    });
    let of_sweep = [SWEEP_JSON, SWEEP_CSV].map(|name| layout.sweep_aggregate().join(name));
    for file in of_variations.chain(of_sweep) {
        let path = base.join(file);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove `{}`", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Before the first run, so that a plan that is killed leaves it too.
pub(super) fn write_sampling_design(plan: &Plan, base: &Path) -> Result<()> {
    let Some(design) = &plan.sampling_design else {
        return Ok(());
    };
    let folder = base.join(plan.layout().sampling_design());
    write_text(&folder.join(SAMPLING_DESIGN), &pretty(design)?)?;
    Ok(())
}

/// Writes all of it.
pub(super) fn write(plan: &Plan, base: &Path, made: &[Made]) -> Result<Written> {
    let mut files = Vec::new();
    let mut put = |folder: &Path, name: &str, text: &str| -> Result<()> {
        let path = folder.join(name);
        write_text(&path, text)?;
        files.push(path);
        Ok(())
    };
    let mut of_first = None;
    for (index, variation) in plan.variations.iter().enumerate() {
        let runs: Vec<&RunOutcome> = made
            .iter()
            .map(|made| &made.outcome)
            .filter(|outcome| outcome.variation == index)
            .collect();
        let Some(aggregate) = aggregate(&runs, &about(plan, variation)) else {
            continue;
        };
        if aggregate.metadata.single_run == Some(true) && plan.trials() > 1 {
            tracing::warn!(
                "one run of `{}` succeeded: its figures have no confidence interval",
                variation.identity.label
            );
        }
        let folder = base.join(plan.layout().aggregate(&variation.identity.dir_name));
        put(&folder, AGGREGATE_JSON, &pretty(&aggregate)?)?;
        put(&folder, AGGREGATE_CSV, &aggregate_csv(&aggregate))?;
        of_first.get_or_insert(aggregate);
    }
    if plan.is_sweep() {
        let outcomes: Vec<RunOutcome> = made.iter().map(|made| made.outcome.clone()).collect();
        let aggregate = sweep::aggregate(&outcomes, &about_sweep(plan));
        let folder = base.join(plan.layout().sweep_aggregate());
        put(&folder, SWEEP_JSON, &pretty(&aggregate)?)?;
        put(&folder, SWEEP_CSV, &sweep_csv(&aggregate))?;
        return Ok(Written::Sweep {
            aggregate: Box::new(aggregate),
            files,
        });
    }
    if let (Some(variation), true) = (plan.variations.first(), plan.runs().convergence.is_some()) {
        let folder = base.join(plan.layout().aggregate(&variation.identity.dir_name));
        let collated = collated(plan, variation, made);
        put(&folder, COLLATED_JSON, &pretty(&collated)?)?;
    }
    Ok(Written::Trials {
        aggregate: Box::new(of_first.unwrap_or_default()),
        files,
    })
}

fn collated(plan: &Plan, variation: &PlannedVariation, made: &[Made]) -> aiperf_model::Collated {
    let successful = made.iter().filter(|made| made.outcome.is_successful());
    let values: Vec<RequestValues> = successful.map(request_values).collect();
    let failed = made.iter().filter_map(|made| {
        let error = made.outcome.error.clone()?;
        Some(FailedRun {
            label: made.outcome.label(),
            error,
        })
    });
    collate(&values, failed.collect(), &about(plan, variation))
}

fn about(plan: &Plan, variation: &PlannedVariation) -> About {
    let identity = &variation.identity;
    let of_sweep = || AboutVariation {
        label: identity.label.clone(),
        values: identity.values.clone(),
        sweep_mode: plan.order().as_str(),
        model: variation.config.models.names.first().cloned(),
    };
    About {
        aiperf_version: VERSION.to_owned(),
        confidence_level: plan.runs().confidence_level,
        cooldown_seconds: plan.runs().cooldown_seconds,
        variation: plan.is_sweep().then(of_sweep),
    }
}

/// What was swept, and how.
pub(super) fn about_sweep(plan: &Plan) -> sweep::About {
    let filters = plan.runs().sweep.iter();
    sweep::About {
        variations: plan
            .variations
            .iter()
            .map(|variation| sweep::Variation {
                label: variation.identity.label.clone(),
                values: variation.identity.values.clone(),
            })
            .collect(),
        order: plan.order(),
        confidence_level: plan.runs().confidence_level,
        sla_filters: filters
            .flat_map(|sweep| &sweep.sla_filters)
            .map(|limit| SlaFilter {
                metric_tag: limit.metric_tag.clone(),
                stat: limit.stat.clone(),
                op: limit.op.clone(),
                threshold: limit.threshold,
            })
            .collect(),
    }
}
