//! `phases`: what makes requests start, and when that ends. All types of phases have one set of
//! keys; which of them a type takes is told by a table.

use std::path::Path;

use aiperf_schedule::RateSeries;
use serde_json::{Value, json};

use super::sweep::SlaFilter;
use crate::document::limits::{above_zero, from_one, from_zero, percent, share};
use crate::document::names::camel;
use crate::document::node::{Entries, Node, NodeValue};
use crate::document::read::{Definitions, Dump, Field, Read, Reader, section};
use crate::document::values::{OneOf, Seconds, words};

words! {
    /// What a phase is for.
    PhaseRole = "warmup", "profiling";
    /// What makes requests start.
    PhaseType = "concurrency", "poisson", "gamma", "constant", "user_centric", "fixed_schedule";
    /// How a limit grows.
    RampShape = "linear", "exponential", "poisson";
    /// What times the requests, where the type shall not tell.
    TimingMode = "request_rate", "fixed_schedule", "user_centric_rate", "agentic_replay",
        "adaptive_scale";
    /// What a search within a phase changes.
    ControlVariable = "concurrency", "prefill_concurrency", "request_rate", "users";
    /// How a search within a phase goes on.
    ScaleStrategy = "ramp_until_fail";
    /// How large its steps are.
    StepPolicy = "sla_margin", "fixed_percent_step";
}

section! {
    /// A phase.
    pub(crate) struct PhaseSection {
        adaptive_scale: bool = false;
        adaptive_sustain_duration: Option<f64> = None, above_zero;
        adaptive_assessment_period: Option<f64> = None, from_one;
        adaptive_min_completed_requests: u64 = 1, from_one;
        adaptive_control_variable: OneOf<ControlVariable> = OneOf::word("concurrency");
        adaptive_control_min: f64 = 1.0, above_zero;
        adaptive_control_max: Option<f64> = None, above_zero;
        adaptive_scale_strategy_type: OneOf<ScaleStrategy> = OneOf::word("ramp_until_fail");
        adaptive_scale_step_policy: OneOf<StepPolicy> = OneOf::word("sla_margin");
        adaptive_scale_base_step: u64 = 10, from_one;
        adaptive_scale_max_step_multiplier: u64 = 4, from_one;
        adaptive_scale_step_percent: f64 = 25.0, above_zero;
        name: String, identifier;
        kind: Option<OneOf<PhaseRole>> = None;
        r#type: OneOf<PhaseType>;
        exclude_from_results: bool = false;
        requests: Option<u64> = None, from_one;
        duration: Option<Seconds> = None, above_zero;
        sessions: Option<u64> = None, from_one;
        concurrency: Option<u64> = None, from_one;
        concurrency_ramp: Option<Ramp> = None;
        prefill_concurrency: Option<u64> = None, from_one;
        prefill_ramp: Option<Ramp> = None;
        grace_period: Option<Seconds> = None, from_zero;
        cancellation: Option<CancellationSection> = None;
        sla: Vec<SlaFilter> = Vec::new();
        seamless: bool = false;
        timing_mode: Option<OneOf<TimingMode>> = None;
        failed_request_threshold: Option<f64> = None, share;
        trajectory_start_min_ratio: f64 = 0.25, share;
        trajectory_start_max_ratio: f64 = 0.75, share;
        burst_phase_starts: bool = false;
        system_idle_gap_cap_seconds: Option<f64> = None, from_zero;
        agentic_cache_warmup_duration: Option<f64> = None, above_zero;
        agentic_warmup_grace_period: Option<f64> = None, from_zero;
        rate: Option<f64> = None, above_zero;
        rate_ramp: Option<Ramp> = None;
        rate_series: Option<RateSeriesSection> = None;
        smoothness: Option<f64> = None, above_zero;
        users: Option<u64> = None, from_one;
        auto_offset: Option<bool> = None;
        start_offset: Option<u64> = None;
        end_offset: Option<u64> = None;
    }
}

/// Keys that only some types take.
pub(crate) const OWN_KEYS: &[(&str, &[&str])] = &[
    ("rate", &["poisson", "gamma", "constant", "user_centric"]),
    (
        "rate_ramp",
        &["poisson", "gamma", "constant", "user_centric"],
    ),
    (
        "rate_series",
        &["poisson", "gamma", "constant", "user_centric"],
    ),
    ("smoothness", &["gamma"]),
    ("users", &["user_centric"]),
    ("auto_offset", &["fixed_schedule"]),
    ("start_offset", &["fixed_schedule"]),
    ("end_offset", &["fixed_schedule"]),
];

section! {
    /// Requests that the client hangs up on.
    pub(crate) struct CancellationSection {
        rate: f64, percent;
        delay: f64 = 0.0, from_zero;
    }
}

section! {
    /// A limit that grows.
    pub(crate) struct RampSection {
        duration: Seconds, above_zero;
        strategy: OneOf<RampShape> = OneOf::word("linear");
    }
}

#[expect(
    clippy::ptr_arg,
    reason = "a check takes a reference to the type of its field"
)]
fn identifier(name: &String) -> Option<String> {
    let mut letters = name.chars();
    let begins_right = letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    let goes_on_right =
        letters.all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter));
    (!begins_right || !goes_on_right).then(|| {
        "is no name: it begins with a letter or `_` and goes on with letters, digits, `_` and `-`"
            .to_owned()
    })
}

/// A phase whose keys are those of its type, with the defaults of its type filled in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Phase(pub(crate) PhaseSection);

impl Phase {
    /// Whether this is of a type.
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.0.r#type.is(kind)
    }

    /// Whether its results count.
    pub(crate) fn is_profiling(&self) -> bool {
        self.0.kind.is_some_and(|kind| kind.is("profiling"))
    }

    /// Whether requests start at a rate.
    pub(crate) fn has_rate(&self) -> bool {
        self.is("poisson") || self.is("gamma") || self.is("constant")
    }
}

impl Read for Phase {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let kind = node.get("type").and_then(|kind| {
            // What is wrong with it is told when it is read as a field.
            OneOf::<PhaseType>::read(kind, &mut Reader::default())
        });
        if let (Some(kind), Some(entries)) = (kind, node.as_map()) {
            refuse_keys_of_others(kind, entries, reader);
        }
        let mut phase = PhaseSection::read(node, reader)?;
        let given = |value| Field { value, mark: None };
        if phase.r#type.is("concurrency") && phase.concurrency.is_none() {
            if phase.concurrency.is_given() {
                reader.fault(node, "`concurrency` must not be nothing here");
            }
            phase.concurrency = given(Some(1));
        }
        if phase.r#type.is("fixed_schedule") && phase.auto_offset.is_none() {
            phase.auto_offset = Field::default_of(Some(true));
        }
        if phase.r#type.is("user_centric") && phase.users.is_none() {
            reader.within("users", |reader| reader.fault(node, "is missing"));
        }
        let is_warmup = phase.kind.is_some_and(|kind| kind.is("warmup"));
        if !phase.exclude_from_results.is_given() {
            phase.exclude_from_results = Field::default_of(is_warmup);
        }
        Some(Self(phase))
    }

    fn dump(&self, dump: Dump) -> Value {
        self.0.dump(dump)
    }

    fn schema(definitions: &mut Definitions) -> Value {
        PhaseSection::schema(definitions)
    }
}

fn refuse_keys_of_others(kind: OneOf<PhaseType>, entries: &Entries, reader: &mut Reader) {
    for entry in entries.iter() {
        let row = OWN_KEYS
            .iter()
            .find(|(key, _)| *key == entry.key || camel(key) == entry.key);
        if let Some((_, types)) = row
            && !types.contains(&kind.name())
        {
            let types: Vec<_> = types.iter().map(|kind| format!("`{kind}`")).collect();
            let node = Node::new(NodeValue::Null, entry.mark);
            reader.within(entry.key.clone(), |reader| {
                reader.fault_with(
                    &node,
                    format!("a phase of type `{}` has no such key", kind.name()),
                    format!("it belongs to phases of type {}", types.join(", ")),
                );
            });
        }
    }
}

/// A limit that grows; a time alone will do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ramp(pub(crate) RampSection);

impl Read for Ramp {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if node.as_map().is_some() {
            return RampSection::read(node, reader).map(Self);
        }
        let duration = Seconds::read(node, reader)?;
        if let Some(reason) = above_zero(&duration) {
            reader.fault(node, format!("{} {reason}", node.described()));
            return None;
        }
        Some(Self(RampSection {
            duration: Field {
                value: duration,
                mark: Some(node.mark),
            },
            strategy: Field::default_of(OneOf::word("linear")),
        }))
    }

    fn dump(&self, dump: Dump) -> Value {
        self.0.dump(dump)
    }

    fn schema(definitions: &mut Definitions) -> Value {
        json!({ "anyOf": [Seconds::schema(definitions), RampSection::schema(definitions)] })
    }
}

/// A rate that changes with time: points, or the file that holds them, which is read at once.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RateSeriesSection(pub(crate) RateSeries);

impl Read for RateSeriesSection {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let told = |reader: &mut Reader, reason: String| {
            reader.fault_with(
                node,
                reason,
                "write a list of points such as `{time_s: 60, qps: 20}`, or the path of a JSON file",
            );
            None
        };
        let text = match &node.value {
            NodeValue::Text(path) => file(path),
            NodeValue::List(_) => Ok(node.to_json().to_string()),
            NodeValue::Map(entries) => {
                let entries_known = reader.open(node, &["path", "points"])?;
                let path = entries_known.get("path").filter(|path| !path.is_null());
                let points = entries.get("points");
                match (path.map(|path| (path, path.as_text())), points) {
                    (Some(_), Some(points))
                        if points.as_list().is_some_and(|list| !list.is_empty()) =>
                    {
                        Err("has both `path` and `points`".to_owned())
                    }
                    (Some((_, Some(path))), _) => file(path),
                    (Some((path, None)), _) => {
                        Err(format!("`path` must be a text, not {}", path.described()))
                    }
                    (None, Some(points)) => Ok(points.to_json().to_string()),
                    (None, None) => Err("has neither `path` nor `points`".to_owned()),
                }
            }
            _ => Err(format!(
                "must be a path or a list, not {}",
                node.described()
            )),
        };
        let text = match text {
            Ok(text) => text,
            Err(reason) => return told(reader, reason),
        };
        match RateSeries::parse(&text) {
            Ok(series) => Some(Self(series)),
            Err(error) => told(reader, error.to_string()),
        }
    }

    fn dump(&self, _: Dump) -> Value {
        let points = self.0.points().iter();
        let points = points.map(|point| json!({ "time_s": point.time_s, "qps": point.qps }));
        json!({ "points": points.collect::<Vec<_>>() })
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({ "type": ["string", "array", "object"] })
    }
}

fn file(path: &str) -> Result<String, String> {
    std::fs::read_to_string(Path::new(path)).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("`{path}`: no such file"),
        std::io::ErrorKind::InvalidData => format!("`{path}` is not UTF-8 text"),
        _ => format!("`{path}` cannot be read: {error}"),
    })
}
