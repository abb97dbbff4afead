//! What the log says of a plan.

use std::path::PathBuf;

use aiperf_model::{Aggregate, BestConfiguration, ConfidenceMetric, SweepAggregate};
use aiperf_search::convergence::Mode;
use serde_json::{Map, Value};

use super::Plan;
use super::files::Written;
use super::one_run::Made;

const LINE: &str =
    "================================================================================";

/// Before the first run.
pub(super) fn begin(plan: &Plan) {
    let runs = plan.runs();
    let (variations, trials) = (plan.variations.len(), plan.trials());
    tracing::info!("{LINE}");
    tracing::info!("Starting Multi-Run Benchmark");
    tracing::info!("  Configurations: {variations}");
    tracing::info!("  Trials per config: {trials}");
    tracing::info!("  Total runs: {}", variations * trials);
    tracing::info!("  Confidence level: {}", percent(runs.confidence_level));
    tracing::info!("  Cooldown between runs: {:?}s", runs.cooldown_seconds);
    if let Some(criterion) = &runs.convergence {
        tracing::info!("  Convergence mode: {}", criterion.mode.as_str());
        tracing::info!(
            "  Convergence metric: {} {}",
            criterion.metric,
            criterion.statistic
        );
        tracing::info!("  Convergence threshold: {}", criterion.threshold);
        if criterion.mode == Mode::Distribution {
            tracing::info!("  The threshold is a p-value: more is stricter");
        }
    }
    if let Some(seconds) = expected_seconds(plan) {
        tracing::info!("  Estimated duration: {seconds:.0}s");
    }
    tracing::info!("{LINE}");
}

/// How long the plan takes, where every phase says how long it does.
fn expected_seconds(plan: &Plan) -> Option<f64> {
    let mut total = 0.0;
    for variation in &plan.variations {
        for phase in &variation.config.phases {
            total += phase
                .duration_seconds
                .filter(|seconds| seconds.is_finite())?;
        }
    }
    let trials = plan.trials() as f64;
    let runs = trials * plan.variations.len() as f64;
    Some(total * trials + plan.runs().cooldown_seconds * (runs - 1.0))
}

fn percent(share: f64) -> String {
    // Digits of the binary representation are not meant.
    let percent = (share * 1e6).round() / 1e4;
    format!("{percent}%")
}

/// After the last run.
pub(super) fn all_done(plan: &Plan, made: &[Made], was_cancelled: bool) {
    let successful = made.iter().filter(|made| made.outcome.is_successful());
    tracing::info!("{LINE}");
    tracing::info!(
        "All runs complete: {}/{} successful",
        successful.count(),
        made.len()
    );
    if was_cancelled {
        tracing::warn!("The plan was cancelled: runs that were not made are missing.");
    }
    for (index, variation) in plan.variations.iter().enumerate() {
        let failed = made.iter().filter(|made| made.outcome.variation == index);
        for made in failed {
            let Some(error) = &made.outcome.error else {
                continue;
            };
            let label = made.outcome.label();
            if plan.is_sweep() {
                let variation = &variation.identity.label;
                tracing::warn!("Failed: {variation}, {label}: {error}");
            } else {
                tracing::warn!("Failed: {label}: {error}");
            }
        }
    }
    tracing::info!("{LINE}");
}

/// The figures.
pub(super) fn end(written: &Written) {
    let files: &[PathBuf] = match written {
        Written::Trials { aggregate, files } => {
            trials(aggregate);
            files
        }
        Written::Sweep { aggregate, files } => {
            sweep(aggregate);
            files
        }
    };
    for file in files {
        tracing::info!("Written: {}", file.display());
    }
}

/// Metrics that the summary shows, each in the first statistic that there is.
const SHOWN: [&str; 4] = [
    "request_throughput",
    "time_to_first_token",
    "inter_token_latency",
    "request_latency",
];
const STATISTICS: [&str; 4] = ["avg", "p99", "max", "p50"];

fn trials(aggregate: &Aggregate) {
    let metadata = &aggregate.metadata;
    let level = percent(metadata.confidence_level);
    tracing::info!("AGGREGATE STATISTICS SUMMARY");
    tracing::info!("{LINE}");
    tracing::info!("Aggregation Type: {}", metadata.aggregation_type);
    tracing::info!("Total Runs: {}", metadata.num_profile_runs);
    tracing::info!("Successful Runs: {}", metadata.num_successful_runs);
    tracing::info!("Confidence Level: {level}");
    for tag in SHOWN {
        let found = STATISTICS.iter().find_map(|statistic| {
            let metric = aggregate.metrics.get(&format!("{tag}_{statistic}"))?;
            Some((statistic, metric))
        });
        if let Some((statistic, metric)) = found {
            tracing::info!("{} ({}):", title(tag), title(statistic));
            figures(metric, &level);
        }
    }
    tracing::info!(
        "Coefficient of variation: below 5% excellent, 5-10% good, 10-20% fair, above 20% high"
    );
    tracing::info!("{LINE}");
}

fn figures(metric: &ConfidenceMetric, level: &str) {
    let unit = &metric.unit;
    let missing = f64::NAN;
    for (name, value) in [
        ("Mean", metric.mean),
        ("Std Dev", metric.std),
        ("Min", metric.min),
        ("Max", metric.max),
    ] {
        let name = format!("{name}:");
        tracing::info!("  {name:<9}{:>12.4} {unit}", value.unwrap_or(missing));
    }
    let cv = 100.0 * metric.cv.unwrap_or(missing);
    tracing::info!("  {:<9}{cv:>12.2}%", "CV:");
    tracing::info!(
        "  {level} CI: [{:.4}, {:.4}] {unit}",
        metric.ci_low.unwrap_or(missing),
        metric.ci_high.unwrap_or(missing)
    );
}

/// `time_to_first_token` as `Time To First Token`.
fn title(tag: &str) -> String {
    let words = tag.split('_').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect::<Vec<_>>().join(" ")
}

fn sweep(aggregate: &SweepAggregate) {
    let best = &aggregate.best_configurations;
    let shown = |name: &str, best: &Option<BestConfiguration>| {
        if let Some(best) = best {
            let parameters = parameters(&best.parameters);
            tracing::info!("  {name}: {parameters} ({:.2} {})", best.metric, best.unit);
        }
    };
    if best.best_throughput.is_some() || best.best_latency_p99.is_some() {
        tracing::info!("Best Configurations:");
    }
    shown("Best throughput", &best.best_throughput);
    shown("Best latency (p99)", &best.best_latency_p99);
    if let Some(limits) = &aggregate.metadata.sla_constraints {
        tracing::info!(
            "  Within all limits: {} of {}",
            limits.feasible_count,
            limits.feasible_count + limits.infeasible_count
        );
    }
    if !aggregate.pareto_optimal.is_empty() {
        let points = aggregate.pareto_optimal.iter().map(parameters);
        let points = points.collect::<Vec<_>>().join("; ");
        tracing::info!("  Pareto optimal points: {points}");
    }
}

fn parameters(parameters: &Map<String, Value>) -> String {
    let shown = parameters.iter().map(|(name, value)| match value {
        Value::String(text) => format!("{name}={text}"),
        value => format!("{name}={value}"),
    });
    shown.collect::<Vec<_>>().join(", ")
}
