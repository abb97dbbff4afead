//! `sweep` and `multiRun`: several runs from one configuration.

use serde_json::{Value, json};

use crate::document::limits::{
    above_zero, between_zero_and_one, finite, from_one, from_two, from_zero, not_empty,
};
use crate::document::node::Node;
use crate::document::read::{Definitions, Dump, Read, Reader, section};
use crate::document::values::{Anything, Named, OneOf, words};

words! {
    /// How the runs of a sweep follow from it.
    SweepType = "grid", "zip", "scenarios", "sobol", "latin_hypercube", "adaptive_search";
    /// Which loop is the outer one: trials, or variations.
    IterationOrder = "repeated", "independent";
    /// Statistics of metrics.
    Stat = "avg", "min", "max", "p1", "p5", "p10", "p25", "p50", "p75", "p90", "p95", "p99";
    /// Statistics that a search looks at.
    SearchStat = "avg", "p50", "p90", "p95", "p99";
    /// Statistics that trials agree in.
    ConvergenceStat = "avg", "p50", "p90", "p95", "p99", "min", "max";
    /// When trials agree.
    ConvergenceMode = "ci_width", "cv", "distribution";
    /// Comparisons by word.
    Comparison = "lt", "le", "gt", "ge";
    /// Comparisons by sign.
    BoundSign = "<=", ">=", "==";
    /// Kinds of numbers.
    NumberKind = "real", "int";
    /// Scales of a dimension.
    DimensionScale = "linear", "log";
    /// Where a search expects good values.
    Prior = "uniform", "log-uniform";
    /// What names a variation.
    LabelFormat = "index", "kv";
    /// How points are spread.
    LatinOptimization = "random-cd", "lloyd";
    /// What is better.
    Direction = "maximize", "minimize";
    /// Who plans a search.
    Planner = "bayesian", "monotonic_sla", "smooth_isotonic", "optuna";
    /// How Optuna samples.
    OptunaSampler = "gp", "tpe", "botorch";
    /// What Optuna acquires.
    OptunaAcquisition = "logei", "qlogei", "qnei", "qlognei", "qehvi", "qnehvi", "qlognehvi";
    /// When Optuna stops.
    OptunaTerminator = "regret", "emmr", "none";
    /// How trials become one objective.
    ObjectivePooling = "mean", "pooled";
    /// How exactly a limit is found.
    SlaPrecision = "tight", "normal", "coarse";
    /// How constraints are treated.
    ConstraintMode = "penalty", "eic";
}

/// Several runs from one configuration.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SweepSection {
    Grid(Box<GridSweep>),
    Zip(Box<ZipSweep>),
    Scenarios(Box<ScenarioSweep>),
    Sobol(Box<SobolSweep>),
    LatinHypercube(Box<LatinHypercubeSweep>),
    AdaptiveSearch(Box<AdaptiveSearchSweep>),
}

section! {
    /// Every combination of values.
    pub(crate) struct GridSweep {
        cooldown_seconds: f64 = 0.0, from_zero;
        sla_filters: Vec<SlaFilter> = Vec::new();
        post_process: Option<PostProcess> = None;
        recipe_name: Option<String> = None;
        iteration_order: OneOf<IterationOrder> = OneOf::word("repeated");
        same_seed: bool = false;
        r#type: OneOf<SweepType>;
        parameters: Named<Vec<Anything>>, values_for_all;
    }
}

section! {
    /// The first values of all, the second values of all, and so on.
    pub(crate) struct ZipSweep {
        cooldown_seconds: f64 = 0.0, from_zero;
        sla_filters: Vec<SlaFilter> = Vec::new();
        post_process: Option<PostProcess> = None;
        recipe_name: Option<String> = None;
        iteration_order: OneOf<IterationOrder> = OneOf::word("repeated");
        same_seed: bool = false;
        r#type: OneOf<SweepType>;
        parameters: Named<Vec<Anything>>, |parameters| values_for_all(parameters).or_else(|| {
            let mut lengths = parameters.0.iter().map(|(_, values)| values.len());
            let first = lengths.next()?;
            lengths.any(|length| length != first)
                .then(|| "has lists of different lengths".to_owned())
        });
    }
}

section! {
    /// Runs that are described one by one.
    pub(crate) struct ScenarioSweep {
        cooldown_seconds: f64 = 0.0, from_zero;
        sla_filters: Vec<SlaFilter> = Vec::new();
        post_process: Option<PostProcess> = None;
        recipe_name: Option<String> = None;
        iteration_order: OneOf<IterationOrder> = OneOf::word("repeated");
        same_seed: bool = false;
        r#type: OneOf<SweepType>;
        runs: Vec<ScenarioRun>, not_empty;
    }
}

section! {
    /// One run of a sweep: what is different in it.
    pub(crate) struct ScenarioRun {
        name: Option<String> = None, |name| {
            let name = name.as_ref()?;
            (name.contains(['/', '\\']) || name.contains(".."))
                .then(|| "names a directory and must hold no `/`, `\\` or `..`".to_owned())
        };
        benchmark: Option<Named<Anything>> = None;
        variables: Option<Named<Anything>> = None;
        values: Option<Named<Anything>> = None;
    }
}

section! {
    /// Points of a Sobol sequence.
    pub(crate) struct SobolSweep {
        cooldown_seconds: f64 = 0.0, from_zero;
        sla_filters: Vec<SlaFilter> = Vec::new();
        post_process: Option<PostProcess> = None;
        recipe_name: Option<String> = None;
        iteration_order: OneOf<IterationOrder> = OneOf::word("repeated");
        same_seed: bool = false;
        samples: u64, samples;
        seed: Option<u64> = None;
        dimensions: Vec<Dimension>, dimensions;
        label_format: OneOf<LabelFormat> = OneOf::word("index");
        r#type: OneOf<SweepType>;
        scramble: bool = true;
    }
}

section! {
    /// Points of a Latin hypercube.
    pub(crate) struct LatinHypercubeSweep {
        cooldown_seconds: f64 = 0.0, from_zero;
        sla_filters: Vec<SlaFilter> = Vec::new();
        post_process: Option<PostProcess> = None;
        recipe_name: Option<String> = None;
        iteration_order: OneOf<IterationOrder> = OneOf::word("repeated");
        same_seed: bool = false;
        samples: u64, samples;
        seed: Option<u64> = None;
        dimensions: Vec<Dimension>, dimensions;
        label_format: OneOf<LabelFormat> = OneOf::word("index");
        r#type: OneOf<SweepType>;
        optimization: Option<OneOf<LatinOptimization>> = Some(OneOf::word("random-cd"));
    }
}

section! {
    /// Runs that follow from the results of earlier ones.
    pub(crate) struct AdaptiveSearchSweep {
        cooldown_seconds: f64 = 0.0, from_zero;
        sla_filters: Vec<SlaFilter> = Vec::new();
        post_process: Option<PostProcess> = None;
        recipe_name: Option<String> = None;
        r#type: OneOf<SweepType>;
        planner: OneOf<Planner> = OneOf::word("bayesian");
        search_space: Vec<SearchDimension>, not_empty;
        objectives: Vec<Objective>, not_empty;
        outcome_constraints: Vec<OutcomeConstraint> = Vec::new();
        max_iterations: u64, |count| {
            (!(2..=200).contains(count)).then(|| "is not from 2 to 200".to_owned())
        };
        n_initial_points: u64 = 5, from_one;
        plateau_window: u64 = 8, from_two;
        plateau_threshold: f64 = 0.01, above_zero;
        improvement_patience: u64 = 10, from_two;
        random_seed: Option<u64> = None;
        optuna_sampler: OneOf<OptunaSampler> = OneOf::word("botorch");
        optuna_acquisition: Option<OneOf<OptunaAcquisition>> = None;
        optuna_terminator: OneOf<OptunaTerminator> = OneOf::word("none");
        objective_pooling: OneOf<ObjectivePooling> = OneOf::word("mean");
        monotonic_stability_trials: u64 = 2, from_one;
        sla_replicates: u64 = 0;
        sla_precision: OneOf<SlaPrecision> = OneOf::word("normal");
        sla_warmup_seconds: Option<f64> = None, from_zero;
        constraint_mode: OneOf<ConstraintMode> = OneOf::word("penalty");
        sla_tiers: Vec<SlaTier> = Vec::new();
    }
}

section! {
    /// A limit that a run keeps.
    pub(crate) struct SlaFilter {
        metric_tag: String, |tag| tag.trim().is_empty().then(|| "is blank".to_owned());
        stat: OneOf<Stat> = OneOf::word("p95");
        op: OneOf<Comparison>;
        threshold: f64, finite;
    }
}

section! {
    /// What happens after a sweep.
    pub(crate) struct PostProcess {
        handler: String;
        params: Named<Anything> = Named::default();
        output_filename: String;
    }
}

section! {
    /// A dimension of a space of points.
    pub(crate) struct Dimension {
        path: String;
        lo: Option<f64> = None, finite;
        hi: Option<f64> = None, finite;
        scale: OneOf<DimensionScale> = OneOf::word("linear");
        kind: OneOf<NumberKind> = OneOf::word("real");
        choices: Option<Vec<Anything>> = None;
    }
}

section! {
    /// A dimension of a search.
    pub(crate) struct SearchDimension {
        path: String;
        lo: f64, finite;
        hi: f64, finite;
        kind: OneOf<NumberKind> = OneOf::word("real");
        prior: OneOf<Prior> = OneOf::word("uniform");
    }
}

section! {
    /// What a search improves.
    pub(crate) struct Objective {
        metric: String;
        stat: OneOf<SearchStat> = OneOf::word("avg");
        direction: OneOf<Direction>;
        threshold: Option<f64> = None, finite;
    }
}

section! {
    /// What the result of a search keeps.
    pub(crate) struct OutcomeConstraint {
        metric: String;
        op: OneOf<BoundSign>;
        bound: f64, finite;
    }
}

section! {
    /// Limits with a name.
    pub(crate) struct SlaTier {
        label: String;
        filters: Vec<SlaFilter>, not_empty;
        ordering_rank: Option<u64> = None;
    }
}

section! {
    /// Repeated trials.
    pub(crate) struct MultiRunSection {
        num_runs: u64 = 1, |count| {
            (!(1..=10).contains(count)).then(|| "is not from 1 to 10".to_owned())
        };
        cooldown_seconds: f64 = 0.0, |seconds| {
            (!(0.0..=86400.0).contains(seconds)).then(|| "is not from 0 to 86400".to_owned())
        };
        confidence_level: f64 = 0.95, between_zero_and_one;
        set_consistent_seed: bool = true;
        vary_seed_per_trial: bool = false;
        disable_warmup_after_first: bool = true;
        convergence: Option<ConvergenceSection> = None;
    }
}

section! {
    /// When there are enough trials.
    pub(crate) struct ConvergenceSection {
        metric: String;
        stat: OneOf<ConvergenceStat> = OneOf::word("avg");
        mode: OneOf<ConvergenceMode> = OneOf::word("ci_width");
        threshold: Option<f64> = None, between_zero_and_one;
        min_runs: u64 = 2, from_two;
    }
}

fn values_for_all(parameters: &Named<Vec<Anything>>) -> Option<String> {
    if parameters.0.is_empty() {
        return Some("is empty".to_owned());
    }
    let (path, _) = parameters.0.iter().find(|(_, values)| values.is_empty())?;
    Some(format!("has no values for `{path}`"))
}

fn samples(count: &u64) -> Option<String> {
    (!(2..=1_048_576).contains(count)).then(|| "is not from 2 to 1048576".to_owned())
}

#[expect(
    clippy::ptr_arg,
    reason = "a check takes a reference to the type of its field"
)]
fn dimensions(dimensions: &Vec<Dimension>) -> Option<String> {
    if dimensions.is_empty() {
        return Some("is empty".to_owned());
    }
    dimensions.iter().find_map(|dimension| {
        let path = &*dimension.path;
        match (&*dimension.choices, *dimension.lo, *dimension.hi) {
            (Some(choices), None, None) if !choices.is_empty() => None,
            (None, Some(lo), Some(hi)) if lo < hi => {
                (dimension.scale.is("log") && lo <= 0.0).then(|| {
                    format!("has a logarithmic scale that begins at 0 or below, for `{path}`")
                })
            }
            _ => Some(format!("needs `lo` below `hi`, or `choices`, for `{path}`")),
        }
    })
}

impl Read for SweepSection {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Some(kind) = node.get("type") else {
            reader.within("type", |reader| reader.fault(node, "is missing"));
            return None;
        };
        let kind = reader.within("type", |reader| OneOf::<SweepType>::read(kind, reader))?;
        Some(match kind.name() {
            "grid" => Self::Grid(Box::read(node, reader)?),
            "zip" => Self::Zip(Box::read(node, reader)?),
            "scenarios" => Self::Scenarios(Box::read(node, reader)?),
            "sobol" => Self::Sobol(Box::read(node, reader)?),
            "latin_hypercube" => Self::LatinHypercube(Box::read(node, reader)?),
            _ => Self::AdaptiveSearch(Box::read(node, reader)?),
        })
    }

    fn dump(&self, dump: Dump) -> Value {
        match self {
            Self::Grid(sweep) => sweep.dump(dump),
            Self::Zip(sweep) => sweep.dump(dump),
            Self::Scenarios(sweep) => sweep.dump(dump),
            Self::Sobol(sweep) => sweep.dump(dump),
            Self::LatinHypercube(sweep) => sweep.dump(dump),
            Self::AdaptiveSearch(sweep) => sweep.dump(dump),
        }
    }

    fn schema(definitions: &mut Definitions) -> Value {
        json!({ "anyOf": [
            GridSweep::schema(definitions),
            ZipSweep::schema(definitions),
            ScenarioSweep::schema(definitions),
            SobolSweep::schema(definitions),
            LatinHypercubeSweep::schema(definitions),
            AdaptiveSearchSweep::schema(definitions),
        ] })
    }
}
