//! Flags about the load: which phase they mean, and what becomes of its type.

use serde_json::{Value, json};

use super::{Sheet, seconds, set, some};
use crate::document::names::spelling;
use crate::document::node::{Entries, Mark, Node, NodeValue};
use crate::profile::ProfileArgs;

impl Sheet<'_> {
    /// The phase of a kind, if there is exactly one.
    fn phase(&mut self, kind: &str) -> Result<Option<&mut Entries>, Vec<String>> {
        let Some(list) = self.body.get_mut("phases").and_then(Node::as_list_mut) else {
            return Ok(None);
        };
        let text = |phase: &Node, key: &str| {
            phase
                .get(key)
                .and_then(Node::as_text)
                .unwrap_or_default()
                .to_owned()
        };
        let mut found: Vec<&mut Node> = list
            .iter_mut()
            .filter(|phase| text(phase, "kind") == kind)
            .collect();
        if found.len() > 1 {
            return Err(found.iter().map(|phase| text(phase, "name")).collect());
        }
        Ok(found.pop().and_then(Node::as_map_mut))
    }

    pub(super) fn profiling(&mut self, args: &ProfileArgs) {
        let changes = Changes::of_profiling(args);
        if changes.is_empty() {
            return;
        }
        match self.phase("profiling") {
            Ok(Some(phase)) => changes.write(phase),
            Ok(None) => {}
            Err(names) => {
                let flag = changes.first_flag();
                let names = names.join("`, `");
                self.refuse(
                    flag,
                    format!("which phase is meant? The file measures `{names}`"),
                );
            }
        }
    }

    pub(super) fn warmup(&mut self, args: &ProfileArgs) {
        let changes = Changes::of_warmup(args);
        if changes.is_empty() {
            return;
        }
        let wants_one = args.warmup_request_count.is_some()
            || args.warmup_duration_seconds.is_some()
            || args.warmup_sessions.is_some();
        let flag = changes.first_flag();
        match self.phase("warmup") {
            Ok(Some(phase)) => changes.write(phase),
            Ok(None) if wants_one => {
                let mark = Mark::Flag(flag);
                let kind = if args.warmup_request_rate.is_some() {
                    "poisson"
                } else {
                    "concurrency"
                };
                let mut phase = Entries::default();
                for (key, word) in [("name", "warmup"), ("kind", "warmup"), ("type", kind)] {
                    phase.set(key, Node::text(word, mark));
                }
                changes.write(&mut phase);
                let phase = Node::new(NodeValue::Map(phase), mark);
                if let Some(list) = self.body.get_mut("phases").and_then(Node::as_list_mut) {
                    list.insert(0, phase);
                }
            }
            Ok(None) => self.refuse(
                flag,
                "the file has no warmup; ask for one with `--warmup-request-count`",
            ),
            Err(names) => {
                let names = names.join("`, `");
                self.refuse(
                    flag,
                    format!("which phase is meant? The warmups are `{names}`"),
                );
            }
        }
    }
}

/// What flags say about one phase.
struct Changes {
    /// Keys, the flags that write them, and the values.
    keys: Vec<(&'static [&'static str], &'static str, Value)>,
    /// The type that a flag asks for.
    kind: Option<&'static str>,
    /// Whether a rate of requests is asked for, which most types of phases already have.
    has_rate: bool,
    /// Whether a grace period is filled in where neither file nor flag has one.
    grace: Option<f64>,
}

impl Changes {
    fn of_profiling(args: &ProfileArgs) -> Self {
        let mut keys = Vec::new();
        let mut put = |path: &'static [&'static str], flag: &'static str, value: Option<Value>| {
            keys.extend(value.map(|value| (path, flag, value)));
        };
        put(&["requests"], "--request-count", some(args.request_count));
        put(
            &["sessions"],
            "--num-conversations",
            some(args.conversation_num),
        );
        put(
            &["duration"],
            "--benchmark-duration",
            seconds(args.benchmark_duration_seconds),
        );
        put(
            &["grace_period"],
            "--benchmark-grace-period",
            seconds(args.benchmark_grace_seconds),
        );
        put(&["concurrency"], "--concurrency", some(args.concurrency));
        put(
            &["prefill_concurrency"],
            "--prefill-concurrency",
            some(args.prefill_concurrency),
        );
        put(
            &["concurrency_ramp", "duration"],
            "--concurrency-ramp-duration",
            some(args.concurrency_ramp_seconds),
        );
        put(
            &["prefill_ramp", "duration"],
            "--prefill-concurrency-ramp-duration",
            some(args.prefill_ramp_seconds),
        );
        put(
            &["rate_ramp", "duration"],
            "--request-rate-ramp-duration",
            some(args.rate_ramp_seconds),
        );
        put(&["rate"], "--request-rate", some(args.request_rate));
        put(
            &["rate"],
            "--user-centric-rate",
            some(args.user_centric_rate),
        );
        put(&["users"], "--num-users", some(args.num_users));
        put(
            &["smoothness"],
            "--arrival-smoothness",
            some(args.arrival_smoothness),
        );
        put(
            &["failed_request_threshold"],
            "--failed-request-threshold",
            some(args.failed_request_threshold),
        );
        put(
            &["cancellation", "rate"],
            "--request-cancellation-rate",
            some(args.cancellation_percent),
        );
        put(
            &["cancellation", "delay"],
            "--request-cancellation-delay",
            some(args.cancellation_delay_seconds),
        );
        put(
            &["auto_offset"],
            "--fixed-schedule-auto-offset",
            some(args.fixed_schedule_auto_offset),
        );
        put(
            &["start_offset"],
            "--fixed-schedule-start-offset",
            some(args.fixed_schedule_start_offset_ms),
        );
        put(
            &["end_offset"],
            "--fixed-schedule-end-offset",
            some(args.fixed_schedule_end_offset_ms),
        );
        if let Some(series) = &args.request_rate_series {
            let points = series.points().iter();
            let points: Vec<Value> = points
                .map(|point| json!({ "time_s": point.time_s, "qps": point.qps }))
                .collect();
            put(
                &["rate_series", "points"],
                "--request-rate-series",
                Some(points.into()),
            );
        }
        let kind = if args.fixed_schedule == Some(true) {
            Some("fixed_schedule")
        } else if args.user_centric_rate.is_some() {
            Some("user_centric")
        } else if args.arrival_smoothness.is_some() {
            Some("gamma")
        } else {
            args.arrival_pattern.map(|pattern| match pattern.name() {
                "concurrency_burst" => "poisson",
                name => name,
            })
        };
        Self {
            keys,
            kind,
            has_rate: args.request_rate.is_some() || args.request_rate_series.is_some(),
            grace: args.benchmark_duration_seconds.map(|_| 30.0),
        }
    }

    fn of_warmup(args: &ProfileArgs) -> Self {
        let mut keys = Vec::new();
        let mut put = |path: &'static [&'static str], flag: &'static str, value: Option<Value>| {
            keys.extend(value.map(|value| (path, flag, value)));
        };
        put(
            &["requests"],
            "--warmup-request-count",
            some(args.warmup_request_count),
        );
        put(
            &["sessions"],
            "--num-warmup-sessions",
            some(args.warmup_sessions),
        );
        put(
            &["duration"],
            "--warmup-duration",
            seconds(args.warmup_duration_seconds),
        );
        put(
            &["grace_period"],
            "--warmup-grace-period",
            seconds(args.warmup_grace_seconds),
        );
        put(
            &["concurrency"],
            "--warmup-concurrency",
            some(args.warmup_concurrency),
        );
        put(
            &["prefill_concurrency"],
            "--warmup-prefill-concurrency",
            some(args.warmup_prefill_concurrency),
        );
        put(
            &["rate"],
            "--warmup-request-rate",
            some(args.warmup_request_rate),
        );
        put(
            &["concurrency_ramp", "duration"],
            "--warmup-concurrency-ramp-duration",
            some(args.warmup_concurrency_ramp_seconds),
        );
        put(
            &["prefill_ramp", "duration"],
            "--warmup-prefill-concurrency-ramp-duration",
            some(args.warmup_prefill_ramp_seconds),
        );
        put(
            &["rate_ramp", "duration"],
            "--warmup-request-rate-ramp-duration",
            some(args.warmup_rate_ramp_seconds),
        );
        Self {
            keys,
            kind: args
                .warmup_arrival_pattern
                .map(|pattern| match pattern.name() {
                    "concurrency_burst" => "poisson",
                    name => name,
                }),
            has_rate: args.warmup_request_rate.is_some(),
            grace: None,
        }
    }

    fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.kind.is_none()
    }

    fn first_flag(&self) -> &'static str {
        self.keys
            .first()
            .map_or("--arrival-pattern", |(_, flag, _)| flag)
    }

    fn write(self, phase: &mut Entries) {
        let before = phase
            .get("type")
            .and_then(Node::as_text)
            .unwrap_or_default()
            .to_owned();
        let rated = ["poisson", "gamma", "constant", "user_centric"];
        let wanted = match self.kind {
            Some(kind) => Some(kind),
            None if self.has_rate && !rated.contains(&before.as_str()) => Some("poisson"),
            None => None,
        };
        if let Some(kind) = wanted.filter(|kind| *kind != before) {
            phase.set("type", Node::text(kind, Mark::Flag(self.first_flag())));
            drop_keys_of_others(phase, kind);
        }
        // A rate and a series are two forms of one thing.
        for (key, other) in [("rate", "rate_series"), ("rate_series", "rate")] {
            if self.keys.iter().any(|(path, _, _)| path[0] == key) {
                crate::document::names::take(phase, other);
            }
        }
        for (path, flag, value) in self.keys {
            if path.len() == 2 {
                ramp_as_map(phase, path[0]);
            }
            set(phase, path, flag, Some(value));
        }
        if let Some(grace) = self.grace
            && crate::document::names::find(phase, "grace_period").is_none()
        {
            set(
                phase,
                &["grace_period"],
                "--benchmark-duration",
                Some(json!(grace)),
            );
        }
    }
}

/// `30` or `30s` becomes `{duration: 30}`, so that its other keys can be kept.
fn ramp_as_map(phase: &mut Entries, key: &str) {
    let key = spelling(phase, key);
    if phase.get(&key).is_some_and(|ramp| ramp.as_map().is_none()) {
        phase.remove(&key);
    }
}

/// Keys that the new type of a phase does not have.
fn drop_keys_of_others(phase: &mut Entries, kind: &str) {
    let is_rated = matches!(kind, "poisson" | "gamma" | "constant" | "user_centric");
    for (key, stays) in [
        ("rate", is_rated),
        ("rate_ramp", is_rated),
        ("rate_series", is_rated),
        ("smoothness", kind == "gamma"),
        ("users", kind == "user_centric"),
        ("auto_offset", kind == "fixed_schedule"),
        ("start_offset", kind == "fixed_schedule"),
        ("end_offset", kind == "fixed_schedule"),
    ] {
        if !stays {
            crate::document::names::take(phase, key);
        }
    }
}
