//! How many runs there are, and how they differ.

use aiperf_search::convergence::Criterion;
use aiperf_search::order::IterationOrder;

/// How many runs there are, and how they differ.
#[derive(Debug, Clone, PartialEq)]
pub struct RunsConfig {
    /// Runs of each variation, at most.
    pub trials: u64,
    /// Between trials.
    pub cooldown_seconds: f64,
    /// Of the confidence intervals, between 0 and 1.
    pub confidence_level: f64,
    /// Only the first trial of a variation is warmed up.
    pub disable_warmup_after_first: bool,
    /// Where nobody chose a seed, all runs have the same.
    pub consistent_seed: bool,
    /// Trials of a variation have different seeds.
    pub vary_seed_per_trial: bool,
    /// When there are enough trials, before all are made.
    pub convergence: Option<Criterion>,
    /// How variations are gone through, if there are several.
    pub sweep: Option<SweepConfig>,
}

/// How the variations of a sweep are gone through.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepConfig {
    /// Which loop is the outer one.
    pub order: IterationOrder,
    /// Between variations.
    pub cooldown_seconds: f64,
    /// All variations have the same seed.
    pub same_seed: bool,
    /// A table of what is known so far is shown on a terminal.
    pub shows_table: bool,
    /// How variations follow from lists of values: `grid`, `zip`, and so on.
    pub kind: &'static str,
    /// Limits that feasible variations keep.
    pub sla_filters: Vec<SlaLimit>,
    /// What is different, as it was typed: lists of values by flag, or variants.
    pub typed: Vec<String>,
}

/// A limit that feasible variations keep.
#[derive(Debug, Clone, PartialEq)]
pub struct SlaLimit {
    /// The metric.
    pub metric_tag: String,
    /// Its statistic.
    pub stat: String,
    /// `lt`, `le`, `gt` or `ge`.
    pub op: String,
    /// In the metric's display unit.
    pub threshold: f64,
}
