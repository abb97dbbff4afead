//! When requests start, and when that ends.

use serde_json::{Map, Value, json};

use super::{Taking, shown};
use crate::profile::DEFAULT_REQUESTS;

impl Taking {
    pub(super) fn phases(&mut self, whole: &Value) {
        let Some(Value::Array(phases)) = self.take("/benchmark/phases") else {
            return;
        };
        let whole = whole["benchmark"]["phases"].as_array();
        let kinds: Vec<&str> = whole
            .into_iter()
            .flatten()
            .map(|phase| phase["kind"].as_str().unwrap_or_default())
            .collect();
        let count = |kind: &str| kinds.iter().filter(|other| **other == kind).count();
        let order_fits = kinds.first() != Some(&"profiling") || kinds.len() == 1;
        if count("profiling") != 1 || count("warmup") > 1 || !order_fits {
            let name = |phase: &Value| shown(&phase["name"]);
            let names: Vec<String> = phases.iter().map(name).collect();
            self.reasons.push(format!(
                "`benchmark.phases`: flags describe one warmup and one measured phase, not {}",
                names.join(", ")
            ));
        }
        let mut named = Map::new();
        for (phase, kind) in phases.into_iter().zip(&kinds) {
            // What more there is of a kind is told as a whole.
            named.entry((*kind).to_owned()).or_insert(phase);
        }
        let measured = whole
            .into_iter()
            .flatten()
            .find(|phase| phase["kind"] == "profiling");
        let measures = measured.cloned().unwrap_or_default();
        self.rest["benchmark"]["phases"] = Value::Object(named);
        for kind in ["profiling", "warmup"] {
            for key in ["name", "kind", "exclude_from_results"] {
                self.drop(&format!("/benchmark/phases/{kind}/{key}"));
            }
            for ramp in ["concurrency_ramp", "prefill_ramp", "rate_ramp"] {
                let strategy = format!("/benchmark/phases/{kind}/{ramp}/strategy");
                self.drop_if(&strategy, &json!("linear"));
            }
        }
        self.profiling();
        self.warmup(&measures);
    }

    fn profiling(&mut self) {
        let at = "/benchmark/phases/profiling";
        let kind = self.take(&format!("{at}/type"));
        match kind.as_ref().and_then(Value::as_str).unwrap_or_default() {
            "fixed_schedule" => {
                self.switch("--fixed-schedule");
                if self.rest.pointer(&format!("{at}/start_offset")).is_some() {
                    // A start says by itself that it is not the beginning of the trace.
                    self.drop_if(&format!("{at}/auto_offset"), &json!(false));
                }
            }
            "user_centric" => {
                if let Some(rate) = self.take(&format!("{at}/rate")) {
                    self.say("--user-centric-rate", shown(&rate));
                }
            }
            pattern @ ("poisson" | "gamma" | "constant") => self.say("--arrival-pattern", pattern),
            _ => {}
        }
        let phase = &self.rest["benchmark"]["phases"]["profiling"];
        let has = |key: &str| phase.get(key).is_some();
        let is_usual = phase.get("requests") == Some(&json!(DEFAULT_REQUESTS))
            && !has("sessions")
            && !has("duration")
            && kind.as_ref().is_none_or(|kind| kind != "fixed_schedule");
        let counts = has("sessions") || (has("requests") && !is_usual);
        if counts && self.takes_all {
            self.reasons.push(
                "`benchmark.datasets.0.entries`, which is absent: flags that count requests take as many conversations"
                    .to_owned(),
            );
        }
        if is_usual {
            // Typed, it would say how many conversations there are as well.
            self.drop(&format!("{at}/requests"));
        }
        let phase = &self.rest["benchmark"]["phases"]["profiling"];
        let is_cut = phase.get("duration").is_some() && phase.get("grace_period").is_none();
        if is_cut {
            // Files end at once where flags wait for half a minute.
            self.say("--benchmark-grace-period", "0");
        }
    }

    /// Flags let the warmup inherit what it does not say itself; files do not.
    fn warmup(&mut self, profiling: &Value) {
        let at = "/benchmark/phases/warmup";
        let Some(warmup) = self.rest.pointer(at).cloned() else {
            return;
        };
        let kind = self.take(&format!("{at}/type"));
        let kind = kind.as_ref().and_then(Value::as_str).unwrap_or_default();
        let is_closed = kind == "concurrency";
        match kind {
            "concurrency" => {
                if warmup.get("concurrency").is_none() {
                    self.say("--warmup-concurrency", "1");
                }
            }
            "poisson" | "constant" | "gamma" => self.say("--warmup-arrival-pattern", kind),
            other => self.reasons.push(format!(
                "`benchmark.phases.warmup.type: {other}`: no warmup by flags is one"
            )),
        }
        let inherits = |key: &str| profiling.get(key).is_some() && warmup.get(key).is_none();
        let is_rated = matches!(
            profiling["type"].as_str(),
            Some("poisson" | "gamma" | "constant")
        );
        let mut taken_over = Vec::new();
        if is_closed && is_rated {
            taken_over.push("rate");
        }
        for key in ["prefill_concurrency", "concurrency_ramp", "prefill_ramp"] {
            if inherits(key) {
                taken_over.push(key);
            }
        }
        if !is_closed && inherits("concurrency") {
            taken_over.push("concurrency");
        }
        if !is_closed && inherits("rate_ramp") {
            taken_over.push("rate_ramp");
        }
        for key in taken_over {
            self.reasons.push(format!(
                "`benchmark.phases.warmup`: flags let it take over `{key}` of the measured phase"
            ));
        }
    }
}
