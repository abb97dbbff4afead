//! What a server reports about speculative decoding of one request.
//!
//! vLLM puts it at the root of the response as `metrics.speculative_decoding`, beside the usage of
//! a stream, if the server was told to. The figures describe the same steps from several sides, so
//! a report that contradicts itself is not believed.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// What the draft model proposed in one request, and what was accepted of it.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeculativeDecoding {
    /// The engine that reported it.
    pub engine: &'static str,
    /// Tokens gained per verification step, the bonus token included.
    pub mean_acceptance_length: f64,
    /// Accepted draft tokens as a share of proposed ones, 0 to 1.
    pub draft_acceptance_rate: f64,
    /// Number of accepted draft tokens in a step → number of such steps, where there are any.
    pub acceptance_histogram: BTreeMap<u64, u64>,
    /// Draft tokens that were accepted, without bonus tokens.
    pub accepted_draft_tokens: u64,
    /// Draft tokens that were proposed.
    pub draft_tokens: u64,
    /// Verification steps.
    pub steps: u64,
    /// Draft tokens proposed per step, where the engine has a fixed number.
    pub tokens_per_step: Option<u64>,
    /// Tokens of the completion, from the answer's usage.
    pub completion_tokens: Option<u64>,
    /// Accepted draft tokens of each step.
    pub per_step_accepted: Option<Vec<u64>>,
    /// Proposed draft tokens of each step.
    pub per_step_drafted: Option<Vec<u64>>,
}

/// The object as vLLM writes it; other members are of no interest.
#[derive(Deserialize)]
struct Reported {
    acceptance_histogram: Vec<u64>,
    mean_acceptance_length: f64,
    draft_acceptance_rate: f64,
    num_accepted_draft_tokens: u64,
    num_draft_tokens: u64,
    num_spec_steps: u64,
    num_spec_tokens: Option<u64>,
    per_step_accepted: Option<Vec<u64>>,
    per_step_drafted: Option<Vec<u64>>,
}

/// The reports of an answer's responses.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    count: usize,
    last: String,
}

impl Reports {
    /// Notes what stands under `metrics` in a response, if it reports on speculative decoding.
    pub(crate) fn add(&mut self, metrics: &str) {
        let Ok(metrics) = serde_json::from_str::<Value>(metrics) else {
            return;
        };
        if let Some(Value::Object(report)) = metrics.get("speculative_decoding")
            && !report.is_empty()
        {
            self.count += 1;
            self.last = Value::Object(report.clone()).to_string();
        }
    }

    /// The one report. Several belong to several choices, and no one knows which is which.
    pub(crate) fn finish(self, completion_tokens: Option<u64>) -> Option<SpeculativeDecoding> {
        if self.count != 1 {
            return None;
        }
        read(&self.last, completion_tokens)
    }
}

fn read(report: &str, completion_tokens: Option<u64>) -> Option<SpeculativeDecoding> {
    let reported: Reported = serde_json::from_str(report).ok()?;
    if !is_consistent(&reported) {
        return None;
    }
    let histogram = reported.acceptance_histogram.iter().copied();
    Some(SpeculativeDecoding {
        engine: "vllm",
        mean_acceptance_length: reported.mean_acceptance_length,
        draft_acceptance_rate: reported.draft_acceptance_rate,
        acceptance_histogram: (0..)
            .zip(histogram)
            .filter(|(_, steps)| *steps > 0)
            .collect(),
        accepted_draft_tokens: reported.num_accepted_draft_tokens,
        draft_tokens: reported.num_draft_tokens,
        steps: reported.num_spec_steps,
        tokens_per_step: reported.num_spec_tokens,
        completion_tokens,
        per_step_accepted: reported.per_step_accepted,
        per_step_drafted: reported.per_step_drafted,
    })
}

/// Whether the counts agree with each other.
fn is_consistent(reported: &Reported) -> bool {
    let sum = |counts: &[u64]| counts.iter().try_fold(0u64, |sum, n| sum.checked_add(*n));
    let histogram = &reported.acceptance_histogram;
    let weighted = (0u64..)
        .zip(histogram)
        .map(|(accepted, steps)| accepted.checked_mul(*steps))
        .try_fold(0u64, |sum, product| sum.checked_add(product?));
    let has_right_length = reported
        .num_spec_tokens
        .is_none_or(|tokens| histogram.len() as u64 == tokens.saturating_add(1));
    let agrees = |per_step: &Option<Vec<u64>>, total: u64| {
        per_step.as_deref().is_none_or(|steps| {
            steps.len() as u64 == reported.num_spec_steps && sum(steps) == Some(total)
        })
    };
    let accepts_what_was_drafted = match (&reported.per_step_accepted, &reported.per_step_drafted) {
        (Some(accepted), Some(drafted)) => accepted.iter().zip(drafted).all(|(a, d)| a <= d),
        _ => true,
    };
    has_right_length
        && reported.mean_acceptance_length.is_finite()
        && reported.draft_acceptance_rate.is_finite()
        && sum(histogram) == Some(reported.num_spec_steps)
        && weighted == Some(reported.num_accepted_draft_tokens)
        && reported.num_accepted_draft_tokens <= reported.num_draft_tokens
        && agrees(
            &reported.per_step_accepted,
            reported.num_accepted_draft_tokens,
        )
        && agrees(&reported.per_step_drafted, reported.num_draft_tokens)
        && accepts_what_was_drafted
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report() -> Value {
        json!({
            "acceptance_histogram": [1, 0, 2, 1],
            "mean_acceptance_length": 2.75,
            "draft_acceptance_rate": 0.5833,
            "num_accepted_draft_tokens": 7,
            "num_draft_tokens": 12,
            "num_spec_steps": 4,
            "num_spec_tokens": 3,
            "per_step_accepted": [0, 2, 2, 3],
            "per_step_drafted": [3, 3, 3, 3],
        })
    }

    fn read(report: &Value) -> Option<SpeculativeDecoding> {
        let mut reports = Reports::default();
        reports.add(&json!({"speculative_decoding": report, "x": 1}).to_string());
        reports.finish(Some(11))
    }

    #[test]
    fn a_dense_histogram_becomes_a_sparse_one() {
        let decoding = read(&report()).unwrap();
        assert_eq!(
            decoding.acceptance_histogram,
            BTreeMap::from([(0, 1), (2, 2), (3, 1)])
        );
        assert_eq!(
            (
                decoding.engine,
                decoding.accepted_draft_tokens,
                decoding.draft_tokens,
                decoding.steps,
                decoding.tokens_per_step,
                decoding.completion_tokens
            ),
            ("vllm", 7, 12, 4, Some(3), Some(11))
        );
        assert_eq!(decoding.per_step_accepted, Some(vec![0, 2, 2, 3]));
    }

    #[test]
    fn a_report_that_is_incomplete_or_contradicts_itself_is_not_believed() {
        for (key, value) in [
            ("acceptance_histogram", json!("1021")),
            ("acceptance_histogram", json!([1, 0, 2, true])),
            ("acceptance_histogram", json!([1, 0, 2, -1])),
            ("acceptance_histogram", json!([1, 0, 2])),
            ("acceptance_histogram", json!([u64::MAX, 0, 2, 1])),
            ("mean_acceptance_length", json!(null)),
            ("num_accepted_draft_tokens", json!(8)),
            ("num_draft_tokens", json!(6)),
            ("num_spec_steps", json!(5)),
            ("num_spec_tokens", json!(4)),
            ("num_spec_tokens", json!(u64::MAX)),
            ("per_step_accepted", json!([7])),
            ("per_step_accepted", json!([0, 2, 2, 2])),
            ("per_step_drafted", json!([6, 1, 2, 3])),
        ] {
            let mut report = report();
            report[key] = value.clone();
            assert_eq!(read(&report), None, "{key} {value}");
        }
        let mut bare = report();
        for optional in ["num_spec_tokens", "per_step_accepted", "per_step_drafted"] {
            bare[optional] = Value::Null;
        }
        assert!(read(&bare).is_some());
    }

    #[test]
    fn several_reports_are_none() {
        let mut reports = Reports::default();
        let metrics = json!({"speculative_decoding": report()}).to_string();
        reports.add("null");
        reports.add("{");
        reports.add(r#"{"speculative_decoding":{}}"#);
        reports.add(&metrics);
        reports.add(&metrics);
        assert_eq!(reports.finish(None), None);
    }
}
