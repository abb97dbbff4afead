//! What a run left behind.

use aiperf_model::{FailedRun, MetricResult};
use indexmap::IndexMap;

/// A run that was made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunOutcome {
    /// Position of its configuration among the variations.
    pub variation: usize,
    /// Repetition, from 0.
    pub trial: usize,
    /// Metric tag → statistics, in the order of the summary. Empty for a run that does not count.
    pub metrics: IndexMap<String, MetricResult>,
    /// Why the run does not count.
    pub error: Option<String>,
}

impl RunOutcome {
    /// A run with figures, or one that failed because it has none worth the name.
    pub fn of_metrics(
        variation: usize,
        trial: usize,
        metrics: IndexMap<String, MetricResult>,
    ) -> Self {
        let error = reason_to_leave_out(&metrics);
        Self {
            variation,
            trial,
            metrics: if error.is_some() {
                IndexMap::new()
            } else {
                metrics
            },
            error,
        }
    }

    /// A run that failed.
    pub fn failed(variation: usize, trial: usize, error: impl Into<String>) -> Self {
        Self {
            variation,
            trial,
            metrics: IndexMap::new(),
            error: Some(error.into()),
        }
    }

    /// Whether its figures count.
    pub fn is_successful(&self) -> bool {
        self.error.is_none()
    }

    /// `run_0001`, by the number of the trial.
    pub fn label(&self) -> String {
        run_label(self.trial)
    }

    /// A finite statistic of a metric.
    pub fn statistic(&self, tag: &str, statistic: &str) -> Option<f64> {
        let value = self.metrics.get(tag)?.statistic(statistic)?;
        value.is_finite().then_some(value)
    }
}

/// The label of a trial, counted from 0: `run_0001` is the first.
pub fn run_label(trial: usize) -> String {
    format!("run_{:04}", trial + 1)
}

/// The runs that do not count.
pub(crate) fn failures(runs: &[&RunOutcome]) -> Vec<FailedRun> {
    let failed = runs.iter().filter_map(|run| {
        let error = run.error.clone()?;
        Some(FailedRun {
            label: run.label(),
            error,
        })
    });
    failed.collect()
}

/// A run without a request that succeeded says nothing about the server's speed.
fn reason_to_leave_out(metrics: &IndexMap<String, MetricResult>) -> Option<String> {
    let count = |tag: &str| {
        let metric: Option<&MetricResult> = metrics.get(tag);
        metric.and_then(|metric| metric.avg).unwrap_or(0.0)
    };
    if metrics.is_empty() {
        Some("the run has no metrics".to_owned())
    } else if count("request_count") > 0.0 {
        None
    } else if count("error_request_count") > 0.0 {
        Some(format!(
            "All {} requests failed",
            count("error_request_count")
        ))
    } else {
        Some("No requests completed".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_counts_if_a_request_succeeded() {
        for (metrics, error) in [
            (
                vec![("request_count", 3.0), ("error_request_count", 2.0)],
                None,
            ),
            (
                vec![("error_request_count", 7.0)],
                Some("All 7 requests failed"),
            ),
            (vec![("request_count", 0.0)], Some("No requests completed")),
            (vec![], Some("the run has no metrics")),
        ] {
            let metrics = metrics
                .into_iter()
                .map(|(tag, value)| (tag.to_owned(), MetricResult::scalar(value, "requests")))
                .collect();
            let run = RunOutcome::of_metrics(0, 0, metrics);
            assert_eq!(run.error.as_deref(), error);
            assert_eq!(run.metrics.is_empty(), error.is_some());
        }
    }
}
