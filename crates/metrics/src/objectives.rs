//! Service level objectives: which metric, which limit, and on which side of it is good.

use std::collections::BTreeMap;

use crate::catalog::{catalog, find};
use crate::context::RunContext;
use crate::error::MetricsError;
use crate::flags::LARGER_IS_BETTER;
use crate::metric::Metric;

/// Names less alike than this are not offered as the nearest.
const LEAST_SIMILARITY: f64 = 0.7;

/// One objective, ready to be compared with values in the metric's internal unit.
#[derive(Debug, Clone, Copy)]
pub struct Objective {
    /// The metric that is judged.
    pub metric: &'static Metric,
    /// The limit in the metric's internal unit.
    pub threshold: f64,
}

impl Objective {
    /// Whether `value`, in the internal unit, is good enough. The limit itself is.
    pub fn is_met_by(&self, value: f64) -> bool {
        if self.metric.flags.has(LARGER_IS_BETTER) {
            value >= self.threshold
        } else {
            value <= self.threshold
        }
    }
}

/// Checks objectives (tag to limit in the display unit) before anything is sent.
///
/// `context` decides which metrics exist; its own `slos` are not looked at.
pub fn check_slos(
    slos: &BTreeMap<String, f64>,
    context: &RunContext,
) -> Result<Vec<Objective>, MetricsError> {
    slos.iter()
        .map(|(tag, &limit)| check_slo(tag, limit, context))
        .collect()
}

fn check_slo(tag: &str, limit: f64, context: &RunContext) -> Result<Objective, MetricsError> {
    let Some(metric) = find(tag) else {
        let valid = valid_tags(context);
        let nearest = nearest(tag, &valid);
        return Err(MetricsError::UnknownObjective {
            tag: tag.to_owned(),
            nearest,
            valid,
        });
    };
    if !metric.can_be_objective() {
        let valid = valid_tags(context);
        return Err(MetricsError::ObjectiveWithoutRecordValue {
            tag: tag.to_owned(),
            valid,
        });
    }
    if let Some(reason) = metric.flags.obstacle(context) {
        let valid = valid_tags(context);
        return Err(MetricsError::InapplicableObjective {
            tag: tag.to_owned(),
            reason,
            valid,
        });
    }
    if !limit.is_finite() {
        return Err(MetricsError::ObjectiveNotFinite {
            tag: tag.to_owned(),
        });
    }
    let factor = metric.display_unit.factor_to(metric.unit).unwrap_or(1.0);
    Ok(Objective {
        metric,
        threshold: limit * factor,
    })
}

fn valid_tags(context: &RunContext) -> Vec<&'static str> {
    let usable =
        |metric: &&&Metric| metric.can_be_objective() && metric.flags.obstacle(context).is_none();
    catalog()
        .iter()
        .filter(usable)
        .map(|metric| metric.tag)
        .collect()
}

fn nearest(tag: &str, valid: &[&'static str]) -> Option<String> {
    let alike = |candidate: &str| strsim::jaro_winkler(tag, candidate);
    valid
        .iter()
        .map(|candidate| (alike(candidate), *candidate))
        .filter(|(similarity, _)| *similarity >= LEAST_SIMILARITY)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::EndpointTraits;

    fn chat(streaming: bool) -> RunContext {
        let endpoint = EndpointTraits {
            produces_tokens: true,
            tokenizes_input: true,
            ..EndpointTraits::default()
        };
        RunContext {
            endpoint,
            streaming,
            ..RunContext::default()
        }
    }

    fn check(tag: &str, limit: f64, context: &RunContext) -> Result<Vec<Objective>, MetricsError> {
        check_slos(&BTreeMap::from([(tag.to_owned(), limit)]), context)
    }

    #[test]
    fn a_limit_is_converted_to_the_internal_unit() {
        let objective = check("time_to_first_token", 250.0, &chat(true)).unwrap()[0];
        assert_eq!(objective.threshold, 250e6);
        assert!(objective.is_met_by(250e6));
        assert!(!objective.is_met_by(250e6 + 1.0));
    }

    #[test]
    fn more_is_better_where_the_catalog_says_so() {
        let objective = check("output_sequence_length", 100.0, &chat(true)).unwrap()[0];
        assert!(objective.is_met_by(100.0));
        assert!(!objective.is_met_by(99.0));
    }

    #[test]
    fn a_misspelt_tag_is_answered_with_the_nearest_one() {
        let error = check("time_to_first_tokens", 1.0, &chat(true)).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("did you mean `time_to_first_token`?"),
            "{message}"
        );
        assert!(message.contains("request_latency"), "{message}");
        assert!(
            !message.contains("audio"),
            "only what applies is listed: {message}"
        );
    }

    #[test]
    fn nothing_is_offered_for_a_name_that_looks_like_none() {
        let error = check("zzz", 1.0, &chat(true)).unwrap_err();
        assert!(matches!(
            error,
            MetricsError::UnknownObjective { nearest: None, .. }
        ));
    }

    #[test]
    fn a_metric_that_the_run_lacks_is_refused_with_the_reason() {
        let error = check("time_to_first_token", 1.0, &chat(false)).unwrap_err();
        assert!(error.to_string().contains("needs `--streaming`"), "{error}");
    }

    #[test]
    fn metrics_without_one_number_per_valid_record_are_refused() {
        for tag in [
            "request_throughput",
            "inter_chunk_latency",
            "error_isl",
            "good_request_count",
        ] {
            let error = check(tag, 1.0, &chat(true)).unwrap_err();
            let refused = matches!(error, MetricsError::ObjectiveWithoutRecordValue { .. });
            assert!(refused, "{tag}: {error:?}");
        }
    }

    #[test]
    fn a_limit_that_is_not_a_number_is_refused() {
        let error = check("request_latency", f64::NAN, &chat(true)).unwrap_err();
        assert!(matches!(error, MetricsError::ObjectiveNotFinite { .. }));
    }
}
