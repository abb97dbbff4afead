//! How many runs there are, and how they differ.

use aiperf_search::convergence::{Criterion, Mode};
use aiperf_search::order::IterationOrder;

use crate::profile::args::RunsArgs;
use crate::profile::choices::{ConvergenceMode, ConvergenceStat, SweepMode, SweepType};
use crate::profile::config::{RunsConfig, SweepConfig};

const DEFAULT_CONFIDENCE_LEVEL: f64 = 0.95;
/// Two runs are the fewest that have a spread.
const DEFAULT_MIN_RUNS: u64 = 2;

pub(super) fn resolve(args: &RunsArgs) -> RunsConfig {
    let confidence_level = args.confidence_level.unwrap_or(DEFAULT_CONFIDENCE_LEVEL);
    RunsConfig {
        trials: args.num_runs.unwrap_or(1),
        cooldown_seconds: args.cooldown_seconds.unwrap_or(0.0),
        confidence_level,
        disable_warmup_after_first: args.disable_warmup_after_first.unwrap_or(true),
        consistent_seed: args.set_consistent_seed.unwrap_or(true),
        vary_seed_per_trial: args.vary_seed_per_trial.unwrap_or(false),
        convergence: convergence(args, confidence_level),
        sweep: sweep(args),
    }
}

fn convergence(args: &RunsArgs, confidence_level: f64) -> Option<Criterion> {
    let mode = match args.convergence_mode.unwrap_or(ConvergenceMode::CiWidth) {
        ConvergenceMode::CiWidth => Mode::CiWidth,
        ConvergenceMode::Cv => Mode::Cv,
        ConvergenceMode::Distribution => Mode::Distribution,
    };
    let statistic = args.convergence_stat.unwrap_or(ConvergenceStat::Avg);
    let min_runs = args.convergence_min_runs.unwrap_or(DEFAULT_MIN_RUNS);
    Some(Criterion {
        metric: args.convergence_metric.clone()?,
        statistic: statistic.name().to_owned(),
        mode,
        threshold: args
            .convergence_threshold
            .unwrap_or_else(|| mode.usual_threshold()),
        min_runs: usize::try_from(min_runs).unwrap_or(usize::MAX),
        confidence_level,
    })
}

/// Which loop is the outer one.
pub(crate) fn order(mode: SweepMode) -> IterationOrder {
    match mode {
        SweepMode::Repeated => IterationOrder::Repeated,
        SweepMode::Independent => IterationOrder::Independent,
    }
}

fn sweep(args: &RunsArgs) -> Option<SweepConfig> {
    let lists = args.lists.iter().map(|list| {
        let values: Vec<String> = list.values.iter().map(ToString::to_string).collect();
        format!("{} {}", list.swept.flag(), values.join(","))
    });
    let kind = if args.variants.is_empty() {
        args.sweep_type.unwrap_or(SweepType::Grid).name()
    } else {
        "scenarios"
    };
    args.has_sweep().then(|| SweepConfig {
        order: order(args.sweep_mode.unwrap_or(SweepMode::Repeated)),
        cooldown_seconds: args.sweep_cooldown_seconds.unwrap_or(0.0),
        same_seed: args.sweep_same_seed.unwrap_or(false),
        shows_table: !args.no_sweep_table.unwrap_or(false),
        kind,
        sla_filters: Vec::new(),
        typed: lists.chain(args.variants.iter().cloned()).collect(),
    })
}
