//! Whether the runs of a variation agree, and the values of their requests.

use aiperf_model::PhaseKind;
use aiperf_search::collated::RequestValues;
use aiperf_search::convergence::{Criterion, Mode};
use indexmap::IndexMap;

use super::one_run::Made;

/// Whether no further run is needed.
pub(super) fn is_reached(criterion: &Criterion, made: &[&Made]) -> bool {
    if made.len() < criterion.min_runs {
        return false;
    }
    if criterion.mode == Mode::Distribution {
        return looks_alike(criterion, made);
    }
    let successful = made.iter().filter(|made| made.outcome.is_successful());
    let values: Vec<f64> = successful
        .filter_map(|made| {
            made.outcome
                .statistic(&criterion.metric, &criterion.statistic)
        })
        .collect();
    if values.is_empty() {
        warn_of_unknown_metric(criterion, made);
    }
    criterion.agree_in(&values)
}

fn looks_alike(criterion: &Criterion, made: &[&Made]) -> bool {
    let runs: Vec<Vec<f64>> = made
        .iter()
        .filter(|made| made.outcome.is_successful())
        .map(|made| {
            let mut values = request_values(made).values;
            values.shift_remove(&criterion.metric).unwrap_or_default()
        })
        .collect();
    let Some((last, earlier)) = runs.split_last() else {
        return false;
    };
    if runs.iter().all(Vec::is_empty) {
        warn_of_unknown_metric(criterion, made);
    }
    criterion.look_alike(last, &earlier.concat())
}

fn warn_of_unknown_metric(criterion: &Criterion, made: &[&Made]) {
    let known: Vec<&str> = made
        .iter()
        .find(|made| made.outcome.is_successful())
        .map(|made| made.outcome.metrics.keys().map(String::as_str).collect())
        .unwrap_or_default();
    tracing::warn!(
        "no run has `{}` of `{}`, in which runs shall agree; there is `{}`",
        criterion.statistic,
        criterion.metric,
        known.join("`, `")
    );
}

/// The values of the requests of a run that were measured and succeeded. Lines that cannot be read
/// are passed over with a warning.
pub(super) fn request_values(made: &Made) -> RequestValues {
    let mut values: IndexMap<String, Vec<f64>> = IndexMap::new();
    let mut unreadable = 0u64;
    let records = made.records.as_ref().map(aiperf_model::open_records);
    match records {
        Some(Ok(lines)) => {
            for line in lines {
                let Ok(record) = line else {
                    unreadable += 1;
                    continue;
                };
                let is_measured = record.metadata.benchmark_phase == PhaseKind::Profiling;
                if !is_measured || record.is_error() {
                    continue;
                }
                for tag in record.metrics.keys() {
                    if let Some(number) = record.number(tag) {
                        values.entry(tag.clone()).or_default().push(number);
                    }
                }
            }
        }
        Some(Err(error)) => tracing::warn!("{error}"),
        None => {}
    }
    if unreadable > 0 {
        tracing::warn!("{unreadable} records could not be read and are left out");
    }
    RequestValues {
        label: made.outcome.label(),
        values,
    }
}
