//! Keys become flags one by one.

mod dataset;
mod phases;

use serde_json::{Map, Value, json};

use crate::command::{Choice as _, Flag, Kind};
use aiperf_redact::REDACTED;

use crate::profile::{EndpointType, PROFILE, ProfileArgs};

/// What was written, without what has become a flag.
pub(super) struct Taking {
    rest: Value,
    /// Each flag with its value; switches have none.
    pub(super) words: Vec<(String, Option<String>)>,
    /// What cannot be said for a reason of its own.
    reasons: Vec<String>,
    /// Whether the dataset is not cut short.
    takes_all: bool,
}

/// Flags whose key another flag stands for already, or that need more than their key.
const NOT_BY_KEY: &[&str] = &[
    "verbose",
    "extra-verbose",
    "user-centric-rate",
    "fixed-schedule",
    "arrival-pattern",
    "warmup-arrival-pattern",
    "request-rate-series",
    "profile-export-level",
    "export-level",
    "no-gpu-telemetry",
    "no-server-metrics",
    "goodput",
    "header",
    "extra-inputs",
    "dataset-filter",
    "reset-kv-cache",
    "server-profiler",
    "sequence-distribution",
    "seq-dist",
    // What is swept is not said by keys of its own.
    "parameter-sweep-cooldown-seconds",
    "parameter-sweep-same-seed",
    "parameter-sweep-mode",
    "sweep-type",
    "no-sweep-table",
];

/// Keys of files and public datasets that the same flags write as those of made-up ones.
const OTHER_KEYS: &[(&str, &str)] = &[
    ("datasets[0].osl.mean", "datasets[0].prompts.osl.mean"),
    ("datasets[0].osl.stddev", "datasets[0].prompts.osl.stddev"),
    (
        "datasets[0].cache_bust.target",
        "datasets[0].prompts.cache_bust.target",
    ),
    (
        "datasets[0].prompt_batch_size",
        "datasets[0].prompts.batch_size",
    ),
    (
        "datasets[0].image_batch_size",
        "datasets[0].images.batch_size",
    ),
    (
        "datasets[0].audio_batch_size",
        "datasets[0].audio.batch_size",
    ),
    (
        "datasets[0].video_batch_size",
        "datasets[0].video.batch_size",
    ),
    ("datasets[0].prompts.block_size", "datasets[0].block_size"),
];

impl Taking {
    pub(super) fn of(written: Value, whole: &Value) -> Self {
        let mut taking = Self {
            rest: written,
            words: Vec::new(),
            reasons: Vec::new(),
            takes_all: false,
        };
        taking.drop("/schema_version");
        // Templates are rendered already.
        taking.drop("/variables");
        taking.models();
        taking.endpoint();
        taking.dataset(whole);
        taking.phases(whole);
        taking.outputs();
        taking.by_key();
        taking
    }

    /// The keys that no flag stands for, without those that say what holds anyhow.
    pub(super) fn left_out(self, defaults: &Value) -> Vec<String> {
        let mut found = self.reasons;
        leaves(&self.rest, &mut Vec::new(), &mut |path, value| {
            let pointer = format!("/{}", path.join("/"));
            if defaults.pointer(&pointer) != Some(value) {
                found.push(format!("`{}: {}`", path.join("."), shown(value)));
            }
        });
        found
    }

    fn take(&mut self, pointer: &str) -> Option<Value> {
        let (above, key) = pointer.rsplit_once('/')?;
        self.rest
            .pointer_mut(above)?
            .as_object_mut()?
            .shift_remove(key)
    }

    fn drop(&mut self, pointer: &str) {
        self.take(pointer);
    }

    /// Takes a key out where it says just this.
    fn drop_if(&mut self, pointer: &str, value: &Value) {
        if self.rest.pointer(pointer) == Some(value) {
            self.drop(pointer);
        }
    }

    fn say(&mut self, flag: &str, value: impl Into<String>) {
        self.words.push((flag.to_owned(), Some(value.into())));
    }

    fn switch(&mut self, flag: &str) {
        self.words.push((flag.to_owned(), None));
    }

    fn models(&mut self) {
        let Some(mut items) = self.take("/benchmark/models/items") else {
            return;
        };
        let mut weights = Vec::new();
        for item in items.as_array_mut().into_iter().flatten() {
            let Some(item) = item.as_object_mut() else {
                continue;
            };
            if let Some(Value::String(name)) = item.shift_remove("name") {
                if name.contains(',') {
                    self.reasons.push(format!(
                        "`benchmark.models.items`: `--model` takes no comma, as in `{name}`"
                    ));
                }
                self.say("--model", name);
            }
            weights.extend(item.shift_remove("weight").map(|weight| shown(&weight)));
        }
        let is_weighted =
            self.rest.pointer("/benchmark/models/strategy") == Some(&json!("weighted"));
        if is_weighted && !weights.is_empty() {
            self.say("--model-weights", weights.join(","));
        }
        let has_more = |item: &Value| item.as_object().is_some_and(|item| !item.is_empty());
        if items
            .as_array()
            .is_some_and(|items| items.iter().any(has_more))
        {
            self.rest["benchmark"]["models"]["items"] = items;
        }
    }

    fn endpoint(&mut self) {
        if let Some(Value::Array(urls)) = self.take("/benchmark/endpoint/urls") {
            for url in urls {
                self.say("--url", shown(&url));
            }
        }
        if let Some(headers) = self.take("/benchmark/endpoint/headers") {
            self.object("--header", &headers);
        }
        let mut extra = match self.take("/benchmark/endpoint/extra") {
            Some(Value::Object(extra)) => extra,
            _ => Map::new(),
        };
        if let Some(body) = self.take("/benchmark/endpoint/template/body") {
            extra.insert("payload_template".into(), body);
        }
        if let Some(field) = self.take("/benchmark/endpoint/template/response_field") {
            extra.insert("response_field".into(), field);
        }
        self.object("--extra-inputs", &extra.into());
        for (key, flag) in [
            ("reset_kv_cache", "--reset-kv-cache"),
            ("server_profiler", "--server-profiler"),
        ] {
            let is_on = self.rest["benchmark"]["endpoint"].get(key).is_some();
            if is_on {
                self.switch(flag);
            }
        }
        let kind = self.rest["benchmark"]["endpoint"]["type"].as_str();
        let kind = kind.and_then(EndpointType::named);
        if kind.is_some_and(|kind| kind.capabilities().multipart) {
            // The type says it already.
            let pointer = "/benchmark/endpoint/request_content_type";
            self.drop_if(pointer, &json!("multipart/form-data"));
        }
        if self.rest.pointer("/benchmark/endpoint/timeout") == Some(&json!(0.0)) {
            self.drop("/benchmark/endpoint/timeout");
            self.say("--request-timeout-seconds", "inf");
        }
    }

    /// An object as one word of JSON, which keeps the types of its values.
    fn object(&mut self, flag: &str, object: &Value) {
        if object.as_object().is_some_and(|object| !object.is_empty()) {
            self.say(flag, object.to_string());
        }
    }

    fn outputs(&mut self) {
        if let Some(Value::Object(limits)) = self.take("/benchmark/slos") {
            let limits: Vec<String> = limits
                .iter()
                .map(|(tag, limit)| format!("{tag}:{}", shown(limit)))
                .collect();
            self.say("--goodput", limits.join(" "));
        }
        self.drop_if("/benchmark/artifacts/records", &json!(["jsonl"]));
        let is_raw = self.rest.pointer("/benchmark/artifacts/raw") == Some(&json!(true));
        let has_records = self.rest.pointer("/benchmark/artifacts/records").is_none();
        if is_raw && has_records {
            self.drop("/benchmark/artifacts/raw");
            self.say("--export-level", "raw");
        } else if self.rest.pointer("/benchmark/artifacts/records") == Some(&json!(false))
            && !is_raw
        {
            self.drop("/benchmark/artifacts/records");
            self.say("--export-level", "summary");
        }
        for (section, flag) in [
            ("gpu_telemetry", "--no-gpu-telemetry"),
            ("server_metrics", "--no-server-metrics"),
        ] {
            let pointer = format!("/benchmark/{section}/enabled");
            if self.rest.pointer(&pointer) == Some(&json!(false)) {
                self.drop(&pointer);
                self.switch(flag);
            }
        }
        let asks = ["urls", "formats"].iter().any(|key| {
            let pointer = format!("/benchmark/server_metrics/{key}");
            self.rest.pointer(&pointer).is_some()
        });
        if asks {
            self.drop_if("/benchmark/server_metrics/enabled", &json!(true));
        }
        if self
            .rest
            .pointer("/benchmark/network_latency/mean_ms")
            .is_some()
        {
            self.drop_if("/benchmark/network_latency/enabled", &json!(true));
        }
    }

    /// All keys that one flag stands for.
    fn by_key(&mut self) {
        let flags = PROFILE.flags().filter(|flag| {
            !flag.path.is_empty() && !flag.names.iter().any(|name| NOT_BY_KEY.contains(name))
        });
        for flag in flags {
            let paths = std::iter::once(flag.path).chain(
                OTHER_KEYS
                    .iter()
                    .filter(|(_, usual)| flag.path == format!("benchmark.{usual}"))
                    .map(|(other, _)| *other),
            );
            for path in paths {
                let path = path.strip_prefix("benchmark.").unwrap_or(path);
                let pointer = match path {
                    "random_seed" => "/random_seed".to_owned(),
                    path if path.starts_with("multi_run.") => {
                        format!("/{}", path.replace('.', "/"))
                    }
                    _ => format!("/benchmark/{}", path.replace("[0]", ".0").replace('.', "/")),
                };
                self.take_as(flag, &pointer);
            }
        }
    }

    fn take_as(&mut self, flag: &Flag<ProfileArgs>, pointer: &str) {
        let Some(value) = self.rest.pointer(pointer).cloned() else {
            return;
        };
        let name = flag.main_name();
        let text = match (&flag.kind, &value) {
            (Kind::Switch(_) | Kind::SwitchPair { .. }, Value::Bool(true)) => None,
            (Kind::Switch(_) | Kind::SwitchPair { .. }, Value::Bool(false)) => {
                self.drop(pointer);
                self.words.push((format!("{name}=no"), None));
                return;
            }
            (_, Value::Array(items)) => {
                let items: Vec<String> = items.iter().map(shown).collect();
                Some(items.join(","))
            }
            (_, Value::Object(_)) => return,
            (_, value) => Some(shown(value)),
        };
        let words: Vec<String> = match &text {
            Some(text) => vec![format!("{name}={text}")],
            None => vec![name.clone()],
        };
        // What the flag does not take, such as a fraction of a token, stays in the file.
        if PROFILE.parse(words).is_ok() || text.as_deref() == Some(REDACTED) {
            self.drop(pointer);
            self.words.push((name, text));
        }
    }
}

/// A value as it is typed: whole numbers without a point.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() < 1e15 => format!("{float:.0}"),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

fn leaves(value: &Value, path: &mut Vec<String>, tell: &mut impl FnMut(&[String], &Value)) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                path.push(key.clone());
                leaves(value, path, tell);
                path.pop();
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (index, item) in items.iter().enumerate() {
                path.push(index.to_string());
                leaves(item, path, tell);
                path.pop();
            }
        }
        _ => tell(path, value),
    }
}
