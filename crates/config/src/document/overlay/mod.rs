//! Flags of the command line over a file: each writes its key, as if it had been in the file.
//! Flags without a key of their own stay with the command line.

mod dataset;
mod endpoint;
mod phases;
mod runs;

use serde_json::{Value, json};

use super::fault::Fault;
use super::names::spelling;
use super::node::{Entries, Mark, Node, NodeValue};
use crate::profile::{ExportLevel, ProfileArgs};

/// Writes what was typed into the tree of a file whose short forms are written out.
pub(crate) fn apply(args: &ProfileArgs, tree: &mut Node, faults: &mut Vec<Fault>) {
    if let Some(seed) = args.random_seed {
        let mark = Mark::Flag("--random-seed");
        if let Some(root) = tree.as_map_mut() {
            set_key(root, "random_seed", Node::from_json(&json!(seed), mark));
        }
    }
    if let Some(root) = tree.as_map_mut() {
        runs::apply(args, root, faults);
    }
    let Some(body) = tree
        .as_map_mut()
        .map(|root| child(root, "benchmark", Mark::Nowhere))
    else {
        return;
    };
    let mut sheet = Sheet { body, faults };
    sheet.endpoint(args);
    sheet.dataset(args);
    sheet.profiling(args);
    sheet.warmup(args);
    sheet.rest(args);
    sheet.contradictions(args);
}

/// A whole file with what was typed about several runs.
pub(crate) fn with_runs(args: &ProfileArgs, file: &Value) -> Value {
    let mut tree = Node::from_json(file, Mark::Nowhere);
    if let Some(root) = tree.as_map_mut() {
        // Variants have no place in it; flags that say so are refused elsewhere.
        runs::apply(args, root, &mut Vec::new());
    }
    tree.to_json()
}

/// The body of a file on which flags are written.
struct Sheet<'a> {
    body: &'a mut Entries,
    faults: &'a mut Vec<Fault>,
}

/// The map of a key, made where it is not there.
fn child<'a>(entries: &'a mut Entries, key: &str, mark: Mark) -> &'a mut Entries {
    let key = spelling(entries, key);
    if entries.get(&key).and_then(Node::as_map).is_none() {
        entries.set(&key, Node::map(mark));
    }
    match entries.get_mut(&key).map(|node| &mut node.value) {
        Some(NodeValue::Map(inner)) => inner,
        _ => unreachable!("the map was made just before"),
    }
}

fn set_key(entries: &mut Entries, key: &str, value: Node) {
    let key = spelling(entries, key);
    entries.set(&key, value);
}

/// Writes a value at keys that lead down from a map.
fn set(entries: &mut Entries, path: &[&str], flag: &'static str, value: Option<Value>) {
    let Some(value) = value else { return };
    let mark = Mark::Flag(flag);
    let Some((last, above)) = path.split_last() else {
        return;
    };
    let mut place = entries;
    for key in above {
        place = child(place, key, mark);
    }
    set_key(place, last, Node::from_json(&value, mark));
}

/// A mean or a deviation over a distribution: what is there beside it stays.
fn set_moment(
    entries: &mut Entries,
    path: &[&str],
    moment: &str,
    flag: &'static str,
    value: Option<f64>,
) {
    let Some(value) = value else { return };
    let mark = Mark::Flag(flag);
    let Some((last, above)) = path.split_last() else {
        return;
    };
    let mut place = entries;
    for key in above {
        place = child(place, key, mark);
    }
    let key = spelling(place, last);
    let before = place
        .get(&key)
        .map(|node| (node.value.clone(), node.to_json()));
    let law = child(place, last, mark);
    match before {
        // A lone number is a mean that does not vary.
        Some((NodeValue::Int(_) | NodeValue::Float(_), number)) => {
            law.set("mean", Node::from_json(&number, mark));
        }
        Some((NodeValue::Map(_), law_before)) if law_before.get("value").is_some() => {
            let number = law.remove("value");
            if let Some(number) = number {
                law.set("mean", number);
            }
        }
        _ => {}
    }
    if moment == "mean" {
        for other in ["median", "peaks", "points", "type"] {
            law.remove(other);
        }
    }
    law.set(moment, Node::from_json(&json!(value), mark));
}

fn seconds(seconds: Option<f64>) -> Option<Value> {
    seconds.map(|seconds| {
        if seconds.is_finite() {
            json!(seconds)
        } else {
            json!("inf")
        }
    })
}

fn some<T: Into<Value>>(value: Option<T>) -> Option<Value> {
    value.map(Into::into)
}

impl Sheet<'_> {
    fn refuse(&mut self, flag: &'static str, message: impl Into<String>) {
        self.faults
            .push(Fault::new(message).at("", Mark::Flag(flag)));
    }

    /// Flags that would write different things at one key.
    fn contradictions(&mut self, args: &ProfileArgs) {
        let declines = args.no_server_metrics == Some(true);
        let measures = args.network_latency_automatic == Some(true);
        for (is_broken, flag, other) in [
            (
                declines && args.server_metrics.is_some(),
                "--no-server-metrics",
                "--server-metrics",
            ),
            (
                measures && args.network_latency_mean_ms.is_some(),
                "--network-latency-mean",
                "--network-latency-automatic",
            ),
        ] {
            if is_broken {
                self.faults.push(
                    Fault::new(format!("does not go with `{other}`"))
                        .at("", Mark::Flag(flag))
                        .hint("leave one of them away"),
                );
            }
        }
    }

    fn rest(&mut self, args: &ProfileArgs) {
        let body = &mut *self.body;
        let mut put = |path: &[&str], flag: &'static str, value: Option<Value>| {
            set(body, path, flag, value);
        };
        let path =
            |path: Option<&std::path::PathBuf>| path.map(|path| json!(path.to_string_lossy()));
        put(
            &["artifacts", "dir"],
            "--artifact-dir",
            path(args.artifact_dir.as_ref()),
        );
        put(
            &["artifacts", "prefix"],
            "--profile-export-prefix",
            path(args.export_prefix.as_ref()),
        );
        if let Some(level) = args.export_level {
            let records = if level == ExportLevel::Summary {
                json!(false)
            } else {
                json!(["jsonl"])
            };
            put(&["artifacts", "records"], "--export-level", Some(records));
            put(
                &["artifacts", "raw"],
                "--export-level",
                Some(json!(level == ExportLevel::Raw)),
            );
        }
        put(
            &["artifacts", "trace"],
            "--export-http-trace",
            some(args.export_http_trace),
        );
        put(
            &["artifacts", "show_trace_timing"],
            "--show-trace-timing",
            some(args.show_trace_timing),
        );
        put(
            &["artifacts", "slice_duration"],
            "--slice-duration",
            some(args.slice_duration_seconds),
        );
        put(
            &["artifacts", "export_outputs_json"],
            "--export-outputs-json",
            some(args.export_outputs_json),
        );
        if !args.goodput.is_empty() {
            let limits: serde_json::Map<String, Value> = args
                .goodput
                .iter()
                .map(|(tag, limit)| (tag.clone(), json!(limit)))
                .collect();
            put(&["slos"], "--goodput", Some(limits.into()));
        }
        put(
            &["tokenizer", "name"],
            "--tokenizer",
            some(args.tokenizer.clone()),
        );
        put(
            &["tokenizer", "revision"],
            "--tokenizer-revision",
            some(args.tokenizer_revision.clone()),
        );
        put(
            &["tokenizer", "apply_chat_template"],
            "--apply-chat-template",
            some(args.apply_chat_template),
        );
        let on = |declined: Option<bool>| declined.map(|declined| json!(!declined));
        put(
            &["gpu_telemetry", "enabled"],
            "--no-gpu-telemetry",
            on(args.no_gpu_telemetry),
        );
        put(
            &["server_metrics", "enabled"],
            "--no-server-metrics",
            on(args.no_server_metrics),
        );
        let formats = &args.server_metrics_formats;
        let formats = (!formats.is_empty()).then(|| {
            formats
                .iter()
                .map(|format| format.name())
                .collect::<Vec<_>>()
        });
        for (key, flag, value) in [
            (
                "urls",
                "--server-metrics",
                some(args.server_metrics.clone()),
            ),
            ("formats", "--server-metrics-formats", some(formats)),
        ] {
            let collects = value.is_some() && args.no_server_metrics.is_none();
            put(&["server_metrics", key], flag, value);
            put(
                &["server_metrics", "enabled"],
                flag,
                collects.then(|| json!(true)),
            );
        }
        put(
            &["network_latency", "enabled"],
            "--network-latency-automatic",
            some(args.network_latency_automatic),
        );
        put(
            &["network_latency", "ping_interval"],
            "--network-latency-ping-interval",
            some(args.network_latency_ping_interval_seconds),
        );
        let latency = args.network_latency_mean_ms;
        for (key, value) in [
            ("enabled", some(latency.map(|_| true))),
            ("mean_ms", some(latency)),
        ] {
            put(&["network_latency", key], "--network-latency-mean", value);
        }
        put(
            &["runtime", "workers"],
            "--workers-max",
            some(args.workers_max),
        );
        put(
            &["runtime", "record_processors"],
            "--record-processor-service-count",
            some(args.record_processors),
        );
        put(
            &["runtime", "stats_interval"],
            "--stats-interval",
            some(args.stats_interval_seconds),
        );
        put(
            &["runtime", "ui"],
            "--ui-type",
            some(args.ui.map(|ui| ui.name())),
        );
        put(
            &["logging", "level"],
            "--log-level",
            some(args.log_level.map(|level| level.name())),
        );
        for (flag, level, is_on) in [
            ("--verbose", "DEBUG", args.verbose),
            ("--extra-verbose", "TRACE", args.extra_verbose),
        ] {
            if is_on == Some(true) {
                put(&["logging", "level"], flag, Some(json!(level)));
                put(&["runtime", "ui"], flag, Some(json!("simple")));
            }
        }
    }
}
