//! What is sent.

use serde_json::{Value, json};

use super::{Taking, shown};
use crate::command::Choice as _;
use crate::profile::EndpointType;

impl Taking {
    pub(super) fn dataset(&mut self, whole: &Value) {
        let at = "/benchmark/datasets/0";
        let kind = self.take(&format!("{at}/type"));
        let kind = kind.as_ref().and_then(Value::as_str).unwrap_or("synthetic");
        self.drop(&format!("{at}/name"));
        if let Some(seed) = self.rest.get("random_seed").cloned() {
            self.drop_if(&format!("{at}/random_seed"), &seed);
        }
        if kind == "synthetic" {
            let entries = whole.pointer("/benchmark/datasets/0/entries");
            if let Some(entries) = entries {
                self.drop(&format!("{at}/entries"));
                self.say("--num-dataset-entries", shown(entries));
            }
            self.generated_length(whole);
        }
        self.takes_all = whole.pointer("/benchmark/datasets/0/entries").is_none();
        if let Some(Value::Object(filters)) = self.take(&format!("{at}/filters")) {
            for (column, value) in filters {
                self.say("--dataset-filter", format!("{column}={}", shown(&value)));
            }
        }
        for law in LAWS {
            self.law(&format!("{at}/{law}"));
        }
        let pairs = format!("{at}/prompts/sequence_distribution");
        if let Some(text) = self.rest.pointer(&pairs).and_then(pairs_as_text) {
            self.drop(&pairs);
            self.say("--seq-dist", text);
        }
    }

    /// Without a length a file means no text, and flags the usual length.
    fn generated_length(&mut self, whole: &Value) {
        let kind = whole["benchmark"]["endpoint"]["type"].as_str();
        let takes_text = kind
            .and_then(EndpointType::named)
            .map(EndpointType::capabilities)
            .is_some_and(|kind| kind.tokenizes_input || kind.produces_tokens);
        let prompts = &whole["benchmark"]["datasets"][0]["prompts"];
        let has_length =
            prompts.get("isl").is_some() || prompts.get("sequence_distribution").is_some();
        if takes_text && !has_length {
            self.reasons.push(
                "`benchmark.datasets.0.prompts.isl`, which is absent: flags generate prompts of 550 tokens"
                    .to_owned(),
            );
        }
    }

    /// A distribution that flags can say has a mean and a deviation.
    fn law(&mut self, pointer: &str) {
        let Some(Value::Object(law)) = self.rest.pointer_mut(pointer) else {
            return;
        };
        let is_plain = law
            .keys()
            .all(|key| matches!(key.as_str(), "value" | "mean" | "stddev"));
        if !is_plain {
            // As a whole: its mean alone would be another law.
            let text = Value::Object(law.clone());
            let key = pointer.trim_start_matches('/').replace('/', ".");
            self.reasons.push(format!("`{key}: {text}`"));
            self.drop(pointer);
        } else if let Some(value) = law.shift_remove("value") {
            law.insert("mean".into(), value);
        }
    }
}

/// Where distributions are that flags have a mean and a deviation for.
const LAWS: &[&str] = &[
    "prompts/isl",
    "prompts/osl",
    "osl",
    "turns",
    "turn_delay",
    "images/width",
    "images/height",
    "audio/length",
    "rankings/passages",
    "rankings/passage_tokens",
    "rankings/query_tokens",
];

/// Pairs of lengths as `--seq-dist` takes them; `None` where a length follows another law.
fn pairs_as_text(pairs: &Value) -> Option<String> {
    let length = |law: &Value, stddev: Option<&Value>| -> Option<(f64, f64)> {
        let law = law.as_object()?;
        let known = law
            .keys()
            .all(|key| matches!(key.as_str(), "value" | "mean" | "stddev"));
        let mean = law.get("value").or_else(|| law.get("mean"))?.as_f64()?;
        let own = law.get("stddev").and_then(Value::as_f64);
        let stddev = stddev.and_then(Value::as_f64).or(own).unwrap_or(0.0);
        (known && mean.fract() == 0.0).then_some((mean, stddev))
    };
    let pairs: Option<Vec<Value>> = pairs
        .as_array()?
        .iter()
        .map(|pair| {
            let (isl, isl_stddev) = length(&pair["isl"], pair.get("isl_stddev"))?;
            let (osl, osl_stddev) = length(&pair["osl"], pair.get("osl_stddev"))?;
            Some(json!({
                "isl": isl as u64, "osl": osl as u64, "prob": pair["probability"],
                "isl_stddev": isl_stddev, "osl_stddev": osl_stddev,
            }))
        })
        .collect();
    Some(json!({ "pairs": pairs? }).to_string())
}
