//! What can be wrong with the metrics that a user asks for.

/// A service level objective that cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetricsError {
    /// No metric has this name.
    #[error(
        "unknown metric `{tag}` in `--goodput`{}\n{}",
        did_you_mean(.nearest.as_deref()),
        hint(.valid)
    )]
    UnknownObjective {
        /// What the user wrote.
        tag: String,
        /// The valid tag that looks most like it.
        nearest: Option<String>,
        /// Every tag that would do.
        valid: Vec<&'static str>,
    },
    /// The metric exists, but not in this run.
    #[error(
        "metric `{tag}` in `--goodput` does not exist in this run: {reason}\n{}",
        hint(.valid)
    )]
    InapplicableObjective {
        /// What the user wrote.
        tag: String,
        /// What stands in the way.
        reason: &'static str,
        /// Every tag that would do.
        valid: Vec<&'static str>,
    },
    /// The metric has no single number per request that could be judged.
    #[error("metric `{tag}` in `--goodput` has no single value per request\n{}", hint(.valid))]
    ObjectiveWithoutRecordValue {
        /// What the user wrote.
        tag: String,
        /// Every tag that would do.
        valid: Vec<&'static str>,
    },
    /// The threshold is not a number.
    #[error("the threshold of `{tag}` in `--goodput` must be a finite number")]
    ObjectiveNotFinite {
        /// The metric.
        tag: String,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest
        .map(|tag| format!(", did you mean `{tag}`?"))
        .unwrap_or_default()
}

fn hint(valid: &[&str]) -> String {
    format!("hint: metrics that can be used here: {}", valid.join(", "))
}
