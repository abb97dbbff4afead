//! What the requests of repeated runs say together: `profile_export_aiperf_collated.json`.

use aiperf_model::{
    Collated, CollatedMetadata, CollatedMetric, CombinedValues, FailedRun, ValuesOfRun,
};
use indexmap::IndexMap;

use crate::aggregate::About;
use crate::confidence::{mean, standard_deviation};

/// Version of the file's structure, the reference's.
const SCHEMA_VERSION: &str = "1.0.0";

/// The values of a run's requests: of those that were measured and succeeded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RequestValues {
    /// For example `run_0001`.
    pub label: String,
    /// Metric tag → one value for each request that has one.
    pub values: IndexMap<String, Vec<f64>>,
}

/// All values of all runs.
pub fn collate(runs: &[RequestValues], failed_runs: Vec<FailedRun>, about: &About) -> Collated {
    let mut by_metric: IndexMap<&str, Vec<(&str, &[f64])>> = IndexMap::new();
    for run in runs {
        for (tag, values) in run.values.iter().filter(|(_, values)| !values.is_empty()) {
            let of_metric = by_metric.entry(tag).or_default();
            of_metric.push((&run.label, values));
        }
    }
    let metrics = by_metric
        .into_iter()
        .filter_map(|(tag, runs)| Some((tag.to_owned(), collated_metric(&runs)?)))
        .collect();
    Collated {
        schema_version: SCHEMA_VERSION.to_owned(),
        aiperf_version: about.aiperf_version.clone(),
        description: "Values of single requests of all successful runs, taken together.".to_owned(),
        metadata: CollatedMetadata {
            aggregation_type: "detailed".to_owned(),
            num_profile_runs: (runs.len() + failed_runs.len()) as u64,
            num_successful_runs: runs.len() as u64,
            failed_runs,
            run_labels: runs.iter().map(|run| run.label.clone()).collect(),
            cooldown_seconds: about.cooldown_seconds,
        },
        metrics,
    }
}

fn collated_metric(runs: &[(&str, &[f64])]) -> Option<CollatedMetric> {
    let mut all: Vec<f64> = runs
        .iter()
        .flat_map(|(_, values)| *values)
        .copied()
        .collect();
    all.sort_by(f64::total_cmp);
    let combined = CombinedValues {
        mean: mean(&all)?,
        std: standard_deviation(&all).unwrap_or(0.0),
        p50: percentile(&all, 50.0)?,
        p90: percentile(&all, 90.0)?,
        p95: percentile(&all, 95.0)?,
        p99: percentile(&all, 99.0)?,
        count: all.len() as u64,
    };
    let per_run = runs.iter().filter_map(|(label, values)| {
        Some(ValuesOfRun {
            label: (*label).to_owned(),
            mean: mean(values)?,
            count: values.len() as u64,
        })
    });
    Some(CollatedMetric {
        combined,
        per_run: per_run.collect(),
    })
}

/// A percentile of sorted values by linear interpolation between the two nearest, as NumPy does it.
pub fn percentile(sorted: &[f64], percent: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = percent / 100.0 * last as f64;
    let below = *sorted.get(place.floor() as usize)?;
    let above = *sorted.get((place.ceil() as usize).min(last))?;
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_all_runs_are_one_sample_and_each_run_has_its_mean() {
        let run = |label: &str, values: &[f64]| RequestValues {
            label: label.to_owned(),
            values: [
                ("latency".to_owned(), values.to_vec()),
                ("none".to_owned(), vec![]),
            ]
            .into_iter()
            .collect(),
        };
        let runs = [
            run("run_0001", &[1.0, 4.0]),
            run("run_0002", &[2.0, 3.0, 5.0]),
        ];
        let failed = vec![FailedRun {
            label: "run_0003".to_owned(),
            error: "broke".to_owned(),
        }];
        let found = collate(&runs, failed, &About::default());
        assert_eq!(found.metrics.len(), 1);
        let metric = &found.metrics["latency"];
        assert_eq!(
            metric.combined,
            CombinedValues {
                mean: 3.0,
                std: 2.5f64.sqrt(),
                p50: 3.0,
                p90: 4.6,
                p95: 4.8,
                p99: 4.96,
                count: 5,
            }
        );
        let means: Vec<(f64, u64)> = metric
            .per_run
            .iter()
            .map(|run| (run.mean, run.count))
            .collect();
        assert_eq!(means[0], (2.5, 2));
        assert!((means[1].0 - 10.0 / 3.0).abs() < 1e-12);
        assert_eq!(found.metadata.num_profile_runs, 3);
    }
}
