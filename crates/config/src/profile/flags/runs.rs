//! Several runs: repetitions and sweeps.

use super::{chosen, not_blank};
use crate::command::{Choice, Flag, Group, Kind, Limits};
use crate::profile::args::ProfileArgs;
use crate::profile::choices::{ConvergenceMode, ConvergenceStat, SweepMode, SweepType};

pub(super) static MULTI_RUN: Group<ProfileArgs> = Group {
    title: "Multi-Run",
    flags: &[
        NUM_RUNS,
        COOLDOWN,
        CONFIDENCE_LEVEL,
        DISABLE_WARMUP,
        CONSISTENT_SEED,
        VARY_SEED,
        CONVERGENCE_METRIC,
        CONVERGENCE_STAT,
        CONVERGENCE_THRESHOLD,
        CONVERGENCE_MODE,
        SWEEP_COOLDOWN,
        SWEEP_SAME_SEED,
        SWEEP_MODE,
        SWEEP_TYPE,
        NO_SWEEP_TABLE,
        VARIANT,
    ],
};

/// Between 0 and 1, without both.
const SHARE: Limits = Limits::ABOVE_ZERO.at_most(0.999_999_999);

const NUM_RUNS: Flag<ProfileArgs> = Flag {
    names: &["num-profile-runs"],
    short: None,
    kind: Kind::Integer {
        within: 1..=10,
        set: |args, count| args.runs.num_runs = Some(count),
    },
    value: "COUNT",
    default: "1",
    path: "multi_run.num_runs",
    help: "Run the benchmark so often and tell mean, spread and confidence interval of every figure.",
};

const COOLDOWN: Flag<ProfileArgs> = Flag {
    names: &["profile-run-cooldown-seconds"],
    short: None,
    kind: Kind::Float {
        limits: Limits::FROM_ZERO.at_most(86_400.0),
        set: |args, seconds| args.runs.cooldown_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "0",
    path: "multi_run.cooldown_seconds",
    help: "Pause between repeated runs. Needs --num-profile-runs above 1.",
};

const CONFIDENCE_LEVEL: Flag<ProfileArgs> = Flag {
    names: &["confidence-level"],
    short: None,
    kind: Kind::Float {
        limits: SHARE,
        set: |args, level| args.runs.confidence_level = Some(level),
    },
    value: "SHARE",
    default: "0.95",
    path: "multi_run.confidence_level",
    help: "Level of the confidence intervals over repeated runs, such as 0.95.",
};

const DISABLE_WARMUP: Flag<ProfileArgs> = Flag {
    names: &["profile-run-disable-warmup-after-first"],
    short: None,
    kind: Kind::SwitchPair {
        negation: "no-profile-run-disable-warmup-after-first",
        set: |args, on| args.runs.disable_warmup_after_first = Some(on),
    },
    value: "",
    default: "yes",
    path: "multi_run.disable_warmup_after_first",
    help: "Warm up before the first of repeated runs only. Needs --num-profile-runs above 1.",
};

const CONSISTENT_SEED: Flag<ProfileArgs> = Flag {
    names: &["set-consistent-seed"],
    short: None,
    kind: Kind::SwitchPair {
        negation: "no-set-consistent-seed",
        set: |args, on| args.runs.set_consistent_seed = Some(on),
    },
    value: "",
    default: "yes",
    path: "multi_run.set_consistent_seed",
    help: "Let repeated runs send the same where --random-seed is not given: the seed is 42 then. Needs \
           --num-profile-runs above 1.",
};

const VARY_SEED: Flag<ProfileArgs> = Flag {
    names: &["vary-seed-per-trial"],
    short: None,
    kind: Kind::SwitchPair {
        negation: "no-vary-seed-per-trial",
        set: |args, on| args.runs.vary_seed_per_trial = Some(on),
    },
    value: "",
    default: "no",
    path: "multi_run.vary_seed_per_trial",
    help: "Give each repeated run a seed of its own, which follows from --random-seed: the spread then holds that of \
           the prompts too.",
};

const CONVERGENCE_METRIC: Flag<ProfileArgs> = Flag {
    names: &["convergence-metric"],
    short: None,
    kind: Kind::Text(|args, metric| {
        args.runs.convergence_metric = not_blank(metric)?;
        Ok(())
    }),
    value: "METRIC",
    default: "",
    path: "multi_run.convergence.metric",
    help: "Stop repeating before --num-profile-runs once runs agree in this metric, such as `request_latency`.",
};

const CONVERGENCE_STAT: Flag<ProfileArgs> = Flag {
    names: &["convergence-stat"],
    short: None,
    kind: Kind::Choice {
        names: ConvergenceStat::NAMES,
        later: &[],
        set: |args, word| {
            args.runs.convergence_stat = chosen(word)?;
            Ok(())
        },
    },
    value: "STATISTIC",
    default: "avg",
    path: "multi_run.convergence.stat",
    help: "The statistic of --convergence-metric that runs agree in.",
};

const CONVERGENCE_THRESHOLD: Flag<ProfileArgs> = Flag {
    names: &["convergence-threshold"],
    short: None,
    kind: Kind::Float {
        limits: SHARE,
        set: |args, threshold| args.runs.convergence_threshold = Some(threshold),
    },
    value: "SHARE",
    default: "0.10 for ci_width, else 0.05",
    path: "multi_run.convergence.threshold",
    help: "How well runs agree: the most that the width of the interval or the spread may be, as a share of the mean; \
           for `distribution` the least p-value.",
};

const CONVERGENCE_MODE: Flag<ProfileArgs> = Flag {
    names: &["convergence-mode"],
    short: None,
    kind: Kind::Choice {
        names: ConvergenceMode::NAMES,
        later: &[],
        set: |args, word| {
            args.runs.convergence_mode = chosen(word)?;
            Ok(())
        },
    },
    value: "MODE",
    default: "ci_width",
    path: "multi_run.convergence.mode",
    help: "What decides whether runs agree: the width of the confidence interval, the coefficient of variation, or \
           whether the requests of the last run are distributed like those before.",
};

const SWEEP_COOLDOWN: Flag<ProfileArgs> = Flag {
    names: &["parameter-sweep-cooldown-seconds"],
    short: None,
    kind: Kind::Float {
        limits: Limits::FROM_ZERO,
        set: |args, seconds| args.runs.sweep_cooldown_seconds = Some(seconds),
    },
    value: "SECONDS",
    default: "0",
    path: "sweep.cooldown_seconds",
    help: "Pause between the variations of a sweep.",
};

const SWEEP_SAME_SEED: Flag<ProfileArgs> = Flag {
    names: &["parameter-sweep-same-seed"],
    short: None,
    kind: Kind::SwitchPair {
        negation: "no-parameter-sweep-same-seed",
        set: |args, on| args.runs.sweep_same_seed = Some(on),
    },
    value: "",
    default: "no",
    path: "sweep.same_seed",
    help: "Give all variations of a sweep the same seed; else each has the next one.",
};

const SWEEP_MODE: Flag<ProfileArgs> = Flag {
    names: &["parameter-sweep-mode"],
    short: None,
    kind: Kind::Choice {
        names: SweepMode::NAMES,
        later: &[],
        set: |args, word| {
            args.runs.sweep_mode = chosen(word)?;
            Ok(())
        },
    },
    value: "MODE",
    default: "repeated",
    path: "sweep.iteration_order",
    help: "With repeated runs: go through all variations and then through all again, or repeat each before the next.",
};

const SWEEP_TYPE: Flag<ProfileArgs> = Flag {
    names: &["sweep-type"],
    short: None,
    kind: Kind::Choice {
        names: SweepType::NAMES,
        later: &[],
        set: |args, word| {
            args.runs.sweep_type = chosen(word)?;
            Ok(())
        },
    },
    value: "TYPE",
    default: "grid",
    path: "sweep.type",
    help: "What several flags with lists of values mean together: every combination, or the first values of all, the \
           second values of all, and so on.",
};

const NO_SWEEP_TABLE: Flag<ProfileArgs> = Flag {
    names: &["no-sweep-table"],
    short: None,
    kind: Kind::Switch(|args, on| args.runs.no_sweep_table = Some(on)),
    value: "",
    default: "",
    path: "no_sweep_table",
    help: "Do not show the table of what a sweep has found so far, which is shown on a terminal.",
};

const VARIANT: Flag<ProfileArgs> = Flag {
    names: &["variant", "sweep-variant"],
    short: None,
    kind: Kind::TextList(|args, variant| {
        args.runs.variants.push(variant);
        Ok(())
    }),
    value: "[NAME:]FLAG=VALUE,...",
    default: "",
    path: "",
    help: "Run the benchmark once for each variant, with these flags over the others, such as `--variant \"small: \
           isl=128, osl=64\"`. Needed at least twice.",
};
