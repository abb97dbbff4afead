//! Rules about sweeps and several runs.

use super::Told;
use crate::document::sections::envelope::Envelope;
use crate::document::sections::sweep::{AdaptiveSearchSweep, SweepSection};

/// A rule about keys beside `benchmark`.
pub(super) struct RunsRule {
    /// Says what the rule demands.
    pub(super) name: &'static str,
    pub(super) check: fn(&Envelope, &mut Told),
}

pub(super) const RULES: &[RunsRule] = &[
    RunsRule {
        name: "trials converge within their number",
        check: |envelope, told| {
            let many = &envelope.multi_run;
            if let Some(convergence) = many.convergence.as_ref()
                && *convergence.min_runs > *many.num_runs
            {
                told.at_root(
                    "multiRun.convergence.minRuns",
                    convergence.min_runs.place(),
                    format!(
                        "{} is more than `multiRun.numRuns`, which is {}",
                        *convergence.min_runs, *many.num_runs
                    ),
                    "raise `numRuns`: trials end early where they agree",
                );
            }
        },
    },
    RunsRule {
        name: "a sweep has no dashboard",
        check: |envelope, told| {
            let ui = &envelope.benchmark.runtime.ui;
            if envelope.sweep.is_some() && ui.is_given() && ui.is("dashboard") {
                told.at(
                    "runtime.ui",
                    ui.place(),
                    "`dashboard` does not go with `sweep`",
                    "choose `simple` or `none`",
                );
            }
        },
    },
    RunsRule {
        name: "a scenario is not swept",
        check: |envelope, told| {
            let body = &envelope.benchmark;
            if let (Some(scenario), false) = (body.scenario.as_ref(), *body.unsafe_override)
                && envelope.sweep.is_some()
            {
                told.at_root(
                    "sweep",
                    envelope.sweep.place(),
                    format!("does not go with `benchmark.scenario: {scenario}`"),
                    "a scenario is one fixed configuration",
                );
            }
        },
    },
    RunsRule {
        name: "one search at a time",
        check: |envelope, told| {
            let mut phases = envelope.benchmark.phases.iter();
            if search(envelope).is_some() && phases.any(|phase| *phase.0.adaptive_scale) {
                told.at_root(
                    "sweep",
                    envelope.sweep.place(),
                    "a search does not go with phases that search by themselves (`adaptiveScale`)",
                    "keep one of them",
                );
            }
        },
    },
    RunsRule {
        name: "a search goes on after its first points",
        check: |envelope, told| {
            let Some(search) = search(envelope) else {
                return;
            };
            let plans = search.planner.is("bayesian") || search.planner.is("optuna");
            if plans && *search.n_initial_points >= *search.max_iterations {
                told.at_root(
                    "sweep.nInitialPoints",
                    search
                        .n_initial_points
                        .mark
                        .unwrap_or(search.max_iterations.place()),
                    format!(
                        "{} leaves nothing of `maxIterations` {}",
                        *search.n_initial_points, *search.max_iterations
                    ),
                    "raise `maxIterations`",
                );
            }
        },
    },
    RunsRule {
        name: "a search has room in each of its dimensions",
        check: room_of_a_search,
    },
];

fn search(envelope: &Envelope) -> Option<&AdaptiveSearchSweep> {
    match envelope.sweep.as_ref() {
        Some(SweepSection::AdaptiveSearch(search)) => Some(search),
        _ => None,
    }
}

fn room_of_a_search(envelope: &Envelope, told: &mut Told) {
    let Some(search) = search(envelope) else {
        return;
    };
    let dimensions = &search.search_space;
    for (index, dimension) in dimensions.iter().enumerate() {
        let path = format!("sweep.searchSpace.{index}");
        if *dimension.hi <= *dimension.lo {
            told.at_root(
                &path,
                dimension.hi.place(),
                "needs `lo` below `hi`",
                "swap them",
            );
        }
        if dimension.prior.is("log-uniform") && *dimension.lo <= 0.0 {
            told.at_root(
                &path,
                dimension.lo.place(),
                "a `log-uniform` prior needs `lo` above 0",
                "raise `lo`, or choose `uniform`",
            );
        }
        if dimensions[..index]
            .iter()
            .any(|other| *other.path == *dimension.path)
        {
            told.at_root(
                &path,
                dimension.path.place(),
                format!("`{}` is there twice", *dimension.path),
                "keep one of them",
            );
        }
    }
}
