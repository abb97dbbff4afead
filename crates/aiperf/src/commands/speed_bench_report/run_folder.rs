//! What a run's files say about its category, its model and the figure that is asked for.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Figure, shown};

pub(super) const PROFILE: &str = "profile_export_aiperf.json";
const SERVER_METRICS: &str = "server_metrics_export.json";

/// What the names of datasets begin with whose rest is a category.
const CATEGORY_PREFIXES: [&str; 2] = ["speed_bench_", "spec_al_"];

/// Under which names servers report a figure as it is, the preferred one first.
const ACCEPT_LENGTH: [&str; 3] = [
    "sglang:spec_accept_length",
    "vllm:spec_decode_mean_accepted_length",
    "trtllm:spec_accept_length",
];
const ACCEPT_RATE: [&str; 3] = [
    "sglang:spec_accept_rate",
    "vllm:spec_decode_draft_acceptance_rate",
    "trtllm:spec_accept_rate",
];
/// Counters of vLLM, which reports no ratios.
const ACCEPTED_TOKENS: &str = "vllm:spec_decode_num_accepted_tokens";
const DRAFTS: &str = "vllm:spec_decode_num_drafts";
const DRAFT_TOKENS: &str = "vllm:spec_decode_num_draft_tokens";

pub(super) struct RunFolder {
    path: PathBuf,
    profile: Value,
}

impl RunFolder {
    /// # Errors
    /// The summary is not there or no JSON.
    pub(super) fn read(path: &Path) -> Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            profile: read_json(&path.join(PROFILE))?,
        })
    }

    pub(super) fn category(&self) -> Option<&str> {
        let datasets = self.profile.pointer("/input_config/datasets")?.as_array()?;
        datasets.iter().find_map(|dataset| {
            let text = |key: &str| dataset.get(key)?.as_str().filter(|text| !text.is_empty());
            let name = text("format").or_else(|| text("dataset"))?;
            let mut prefixes = CATEGORY_PREFIXES.iter();
            prefixes.find_map(|prefix| name.strip_prefix(prefix))
        })
    }

    pub(super) fn model(&self) -> &str {
        let models = self.profile.pointer("/input_config/models/items");
        let mut models = models.and_then(Value::as_array).into_iter().flatten();
        models
            .find_map(|model| model.get("name")?.as_str().filter(|name| !name.is_empty()))
            .unwrap_or("unknown")
    }

    /// # Errors
    /// The server's metrics are needed and not there, or no JSON.
    pub(super) fn value(&self, figure: Figure) -> Result<Option<f64>> {
        let of_server = match figure {
            Figure::Throughput => {
                let value = self.profile.pointer("/output_token_throughput/avg");
                return Ok(value.and_then(Value::as_f64));
            }
            Figure::AcceptLength => accept_length,
            Figure::AcceptRate => accept_rate,
        };
        let metrics = read_json(&self.path.join(SERVER_METRICS))?;
        let metrics = metrics.get("metrics").unwrap_or(&Value::Null);
        Ok(of_server(metrics).filter(|value| value.is_finite()))
    }
}

fn read_json(path: &Path) -> Result<Value> {
    let bytes = std::fs::read(path).with_context(|| format!("no {}", shown(path)))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is no JSON", shown(path)))
}

/// Tokens that a verification step yields: those of the draft that were accepted, and the one that the
/// model itself adds.
fn accept_length(metrics: &Value) -> Option<f64> {
    let named = ACCEPT_LENGTH
        .iter()
        .find_map(|name| mean(metrics.get(name)?));
    let counted = || Some(quotient(metrics, ACCEPTED_TOKENS, DRAFTS)? + 1.0);
    named.or_else(counted).or_else(|| by_likeness(metrics))
}

/// The share of the draft's tokens that were accepted.
fn accept_rate(metrics: &Value) -> Option<f64> {
    let named = ACCEPT_RATE.iter().find_map(|name| mean(metrics.get(name)?));
    named.or_else(|| quotient(metrics, ACCEPTED_TOKENS, DRAFT_TOKENS))
}

/// Of servers that nothing is known about: all three words are wanted, so that none is taken that is
/// about something else.
fn by_likeness(metrics: &Value) -> Option<f64> {
    let is_alike = |name: &str| {
        let name = name.to_lowercase();
        ["spec", "accept", "length"]
            .iter()
            .all(|word| name.contains(word))
    };
    let metrics = metrics.as_object()?;
    let mut alike = metrics.iter().filter(|(name, _)| is_alike(name));
    alike.find_map(|(_, metric)| mean(metric))
}

fn quotient(metrics: &Value, numerator: &str, denominator: &str) -> Option<f64> {
    let total = |name| {
        let totals = statistics(metrics.get(name)?, "total");
        (!totals.is_empty()).then(|| totals.iter().sum::<f64>())
    };
    let (numerator, denominator) = (total(numerator)?, total(denominator)?);
    (denominator > 0.0).then(|| numerator / denominator)
}

/// The mean of the averages of all series: where several servers were measured, each has its own.
fn mean(metric: &Value) -> Option<f64> {
    let averages = statistics(metric, "avg");
    (!averages.is_empty()).then(|| averages.iter().sum::<f64>() / averages.len() as f64)
}

fn statistics(metric: &Value, name: &str) -> Vec<f64> {
    let series = metric.get("series").and_then(Value::as_array);
    let of_one = |series: &Value| series.get("stats")?.get(name)?.as_f64();
    series.into_iter().flatten().filter_map(of_one).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn folder(profile: Value) -> RunFolder {
        RunFolder {
            path: PathBuf::new(),
            profile,
        }
    }

    #[test]
    fn the_category_is_what_follows_the_prefix_of_the_first_dataset_that_has_one() {
        for (datasets, expected) in [
            (json!([{"format": "speed_bench_coding"}]), Some("coding")),
            (json!([{"dataset": "spec_al_gsm8k"}]), Some("gsm8k")),
            (
                json!([{"format": "single_turn"}, 7, {"format": "", "dataset": "speed_bench_qa"}]),
                Some("qa"),
            ),
            (
                json!([{"format": "mooncake_trace", "dataset": "spec_al_mbpp"}]),
                None,
            ),
            (json!({}), None),
        ] {
            let folder = folder(json!({"input_config": {"datasets": datasets}}));
            assert_eq!(folder.category(), expected, "{datasets}");
        }
        assert_eq!(folder(json!([])).category(), None);
    }

    #[test]
    fn the_model_is_the_first_that_has_a_name() {
        let of = |items| folder(json!({"input_config": {"models": {"items": items}}}));
        assert_eq!(of(json!([{}, {"name": ""}, {"name": "m"}])).model(), "m");
        assert_eq!(of(json!("m")).model(), "unknown");
    }

    fn metric(statistic: &str, values: &[f64]) -> Value {
        let series = values
            .iter()
            .map(|value| json!({"stats": {statistic: value}}));
        json!({"series": series.collect::<Vec<_>>()})
    }

    #[test]
    fn the_acceptance_length_is_reported_or_counted_or_looks_like_one() {
        for (metrics, expected) in [
            (json!({}), None),
            (
                json!({"sglang:spec_accept_length": metric("avg", &[2.5])}),
                Some(2.5),
            ),
            (
                json!({"trtllm:spec_accept_length": metric("avg", &[2.0, 3.0])}),
                Some(2.5),
            ),
            (
                json!({
                    "x:spec_Accept_max_length": metric("avg", &[9.0]),
                    "vllm:spec_decode_num_accepted_tokens": metric("total", &[30.0, 10.0]),
                    "vllm:spec_decode_num_drafts": metric("total", &[15.0, 5.0]),
                }),
                Some(3.0),
            ),
            (
                json!({
                    "vllm:spec_decode_num_accepted_tokens": metric("total", &[30.0]),
                    "vllm:spec_decode_num_drafts": metric("total", &[0.0]),
                }),
                None,
            ),
            (
                json!({
                    "request_acceptance_total_length": metric("avg", &[1.0]),
                    "x:spec_Accept_max_length": metric("avg", &[9.0]),
                }),
                Some(9.0),
            ),
            (json!({"sglang:spec_accept_length": {"series": []}}), None),
        ] {
            assert_eq!(accept_length(&metrics), expected, "{metrics}");
        }
    }

    #[test]
    fn the_acceptance_rate_is_reported_or_counted() {
        let counted = json!({
            "vllm:spec_decode_num_accepted_tokens": metric("total", &[30.0]),
            "vllm:spec_decode_num_draft_tokens": metric("total", &[40.0]),
        });
        assert_eq!(accept_rate(&counted), Some(0.75));
        let reported = json!({"sglang:spec_accept_rate": metric("avg", &[0.5])});
        assert_eq!(accept_rate(&reported), Some(0.5));
        assert_eq!(accept_rate(&Value::Null), None);
    }
}
