//! What the runs of one configuration say together: `profile_export_aiperf_aggregate.json`.

use aiperf_model::{Aggregate, AggregateMetadata, ConfidenceMetric};
use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value};

use crate::confidence::{of_one_run, over_runs};
use crate::outcome::{RunOutcome, failures};

/// Version of the file's structure, the reference's.
pub const SCHEMA_VERSION: &str = "1.0";

/// The statistics that are aggregated, in the order of the file. Counts are not.
pub const STATISTICS: [&str; 14] = [
    "avg", "min", "max", "sum", "p1", "p5", "p10", "p25", "p50", "p75", "p90", "p95", "p99", "std",
];

/// What is known of the runs besides their figures.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct About {
    /// Version of the program.
    pub aiperf_version: String,
    /// Of the intervals, between 0 and 1.
    pub confidence_level: f64,
    /// Between trials.
    pub cooldown_seconds: f64,
    /// Which variation of a sweep it is.
    pub variation: Option<AboutVariation>,
}

/// What is known of a variation of a sweep.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AboutVariation {
    /// What is different in it, in words.
    pub label: String,
    /// The same as values by whole path.
    pub values: Map<String, Value>,
    /// `repeated` or `independent`.
    pub sweep_mode: &'static str,
    /// The first model.
    pub model: Option<String>,
}

/// The aggregate of the runs; `None` if not one succeeded.
pub fn aggregate(runs: &[&RunOutcome], about: &About) -> Option<Aggregate> {
    let successful: Vec<&RunOutcome> = successful(runs);
    let metrics = metrics_over_runs(&successful, about.confidence_level)?;
    let variation = about.variation.clone();
    let (label, values, sweep_mode, model) = match variation {
        Some(of) => (
            Some(of.label),
            Some(of.values),
            Some(of.sweep_mode.to_owned()),
            of.model,
        ),
        None => (None, None, None, None),
    };
    Some(Aggregate {
        schema_version: SCHEMA_VERSION.to_owned(),
        aiperf_version: about.aiperf_version.clone(),
        metadata: AggregateMetadata {
            aggregation_type: "confidence".to_owned(),
            num_profile_runs: runs.len() as u64,
            num_successful_runs: successful.len() as u64,
            failed_runs: failures(runs),
            confidence_level: about.confidence_level,
            run_labels: successful.iter().map(|run| run.label()).collect(),
            single_run: (successful.len() == 1).then_some(true),
            cooldown_seconds: about.cooldown_seconds,
            variation_label: label,
            variation_values: values,
            sweep_mode,
            model,
        },
        metrics,
    })
}

/// The runs that count.
pub(crate) fn successful<'a>(runs: &[&'a RunOutcome]) -> Vec<&'a RunOutcome> {
    let counting = runs.iter().copied();
    counting.filter(|run| run.is_successful()).collect()
}

/// `<metric tag>_<statistic>` over runs that succeeded, in the order in which metrics were first
/// seen; `None` without a run.
pub fn metrics_over_runs(
    runs: &[&RunOutcome],
    level: f64,
) -> Option<IndexMap<String, ConfidenceMetric>> {
    let tags: IndexSet<&str> = runs
        .iter()
        .flat_map(|run| run.metrics.keys().map(String::as_str))
        .collect();
    let mut metrics = IndexMap::new();
    for tag in tags {
        for statistic in STATISTICS {
            let figure = match runs {
                [] => return None,
                [only] => {
                    let value = only.statistic(tag, statistic);
                    value.map(|value| of_one_run(value, unit(runs, tag)))
                }
                _ => {
                    let values: Vec<f64> = runs
                        .iter()
                        .filter_map(|run| run.statistic(tag, statistic))
                        .collect();
                    over_runs(&values, level, unit(runs, tag))
                }
            };
            metrics.extend(figure.map(|figure| (format!("{tag}_{statistic}"), figure)));
        }
    }
    (!runs.is_empty()).then_some(metrics)
}

fn unit<'a>(runs: &[&'a RunOutcome], tag: &str) -> &'a str {
    let mut known = runs.iter().filter_map(|run| run.metrics.get(tag));
    known.next().map_or("", |metric| metric.unit.as_str())
}

#[cfg(test)]
mod tests {
    use aiperf_model::MetricResult;

    use super::*;

    pub(crate) fn run(trial: usize, latency: f64) -> RunOutcome {
        let latency = MetricResult {
            unit: "ms".to_owned(),
            avg: Some(latency),
            p99: Some(latency * 2.0),
            count: Some(5),
            ..MetricResult::default()
        };
        let count = MetricResult::scalar(5.0, "requests");
        let metrics = [
            ("request_latency".to_owned(), latency),
            ("request_count".to_owned(), count),
        ];
        RunOutcome::of_metrics(0, trial, metrics.into_iter().collect())
    }

    fn about() -> About {
        About {
            aiperf_version: "1".to_owned(),
            confidence_level: 0.95,
            cooldown_seconds: 2.0,
            variation: None,
        }
    }

    #[test]
    fn each_statistic_of_each_metric_is_a_line_and_counts_are_not() {
        let runs = [run(0, 14.2), run(1, 15.6)];
        let found = aggregate(&runs.iter().collect::<Vec<_>>(), &about()).unwrap();
        let keys: Vec<&str> = found.metrics.keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            [
                "request_latency_avg",
                "request_latency_p99",
                "request_count_avg"
            ]
        );
        let p99 = found.metrics["request_latency_p99"].mean.unwrap();
        assert!((p99 - 29.8).abs() < 1e-9, "{p99}");
        assert_eq!(found.metrics["request_latency_p99"].unit, "ms");
        assert_eq!(found.metadata.run_labels, ["run_0001", "run_0002"]);
        assert_eq!(found.metadata.single_run, None);
    }

    #[test]
    fn failed_runs_are_named_and_left_out_and_one_run_has_no_interval() {
        let runs = [RunOutcome::failed(0, 0, "broke"), run(1, 15.6)];
        let found = aggregate(&runs.iter().collect::<Vec<_>>(), &about()).unwrap();
        let metadata = &found.metadata;
        assert_eq!(
            (metadata.num_profile_runs, metadata.num_successful_runs),
            (2, 1)
        );
        assert_eq!(metadata.failed_runs[0].label, "run_0001");
        assert_eq!(metadata.failed_runs[0].error, "broke");
        assert_eq!(metadata.single_run, Some(true));
        let latency = &found.metrics["request_latency_avg"];
        assert_eq!(
            (
                latency.mean,
                latency.std,
                latency.ci_low,
                latency.t_critical
            ),
            (Some(15.6), Some(0.0), Some(15.6), None)
        );
        assert_eq!(aggregate(&[&runs[0]], &about()), None);
    }
}
