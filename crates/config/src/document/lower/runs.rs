//! `multiRun` and `sweep` of a document.

use crate::command::Choice;
use crate::document::sections::envelope::Envelope;
use crate::document::sections::sweep::{SlaFilter, SweepSection};
use crate::profile::{RunsArgs, SlaLimit, SweepConfig, SweepMode, order_of_runs};

/// What `multiRun` says, as if it had been typed.
pub(super) fn of(envelope: &Envelope) -> RunsArgs {
    let many = &envelope.multi_run;
    let convergence = many.convergence.as_ref();
    RunsArgs {
        num_runs: Some(*many.num_runs),
        cooldown_seconds: Some(*many.cooldown_seconds),
        confidence_level: Some(*many.confidence_level),
        disable_warmup_after_first: Some(*many.disable_warmup_after_first),
        set_consistent_seed: Some(*many.set_consistent_seed),
        vary_seed_per_trial: Some(*many.vary_seed_per_trial),
        convergence_metric: convergence.map(|section| (*section.metric).clone()),
        convergence_stat: convergence.and_then(|section| Choice::named(section.stat.name())),
        convergence_threshold: convergence.and_then(|section| *section.threshold),
        convergence_mode: convergence.and_then(|section| Choice::named(section.mode.name())),
        convergence_min_runs: convergence.map(|section| *section.min_runs),
        ..RunsArgs::default()
    }
}

/// How the variations of `sweep` are gone through.
pub(super) fn sweep(envelope: &Envelope) -> Option<SweepConfig> {
    // The types have these keys in common.
    macro_rules! common {
        ($kind:expr, $sweep:expr) => {
            SweepConfig {
                order: SweepMode::named($sweep.iteration_order.name())
                    .map_or_else(Default::default, order_of_runs),
                cooldown_seconds: *$sweep.cooldown_seconds,
                same_seed: *$sweep.same_seed,
                shows_table: !*envelope.no_sweep_table,
                kind: $kind,
                sla_filters: $sweep.sla_filters.iter().map(limit).collect(),
                typed: Vec::new(),
            }
        };
    }
    Some(match envelope.sweep.as_ref()? {
        SweepSection::Grid(sweep) => common!("grid", sweep),
        SweepSection::Zip(sweep) => common!("zip", sweep),
        SweepSection::Scenarios(sweep) => common!("scenarios", sweep),
        SweepSection::Sobol(sweep) => common!("sobol", sweep),
        SweepSection::LatinHypercube(sweep) => common!("latin_hypercube", sweep),
        SweepSection::AdaptiveSearch(_) => return None,
    })
}

fn limit(filter: &SlaFilter) -> SlaLimit {
    SlaLimit {
        metric_tag: (*filter.metric_tag).clone(),
        stat: filter.stat.name().to_owned(),
        op: filter.op.name().to_owned(),
        threshold: *filter.threshold,
    }
}
