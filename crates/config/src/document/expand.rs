//! The runs that a document describes: grids, zips and scenarios become one document each. Nothing is
//! run here.
//!
//! Each run begins with the document before templates: it gets its values, and then is rendered, read
//! and checked like any other. Short forms are written out first, so that paths mean the same whichever
//! form was used.

use serde_json::{Map, Value};

use super::fault::{DocumentError, Fault};
use super::names::spelling;
use super::node::{Entries, Mark, Node, NodeValue};
use super::overlay;
use super::sections::sweep::{ScenarioRun, SweepSection};
use super::values::{Anything, Named};
use super::{Document, lists, shorthand};
use crate::profile::ProfileArgs;
use crate::variation::{Identity, pairs, products};

/// One run of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Variation {
    /// What tells it from the others.
    pub identity: Identity,
    /// The run.
    pub document: Document,
}

/// Short names of keys of the measured phase.
const ALIASES: &[&str] = &[
    "concurrency",
    "prefill_concurrency",
    "rate",
    "requests",
    "duration",
    "sessions",
    "users",
    "smoothness",
    "grace_period",
    "concurrency_ramp",
    "prefill_ramp",
    "rate_ramp",
    "rate_series",
];
/// What belongs to all runs together.
const NOT_SWEPT: &[&str] = &[
    "sweep",
    "multi_run",
    "multiRun",
    "random_seed",
    "randomSeed",
];
/// Keys that tell which law of lengths a distribution is.
const KEYS_OF_LAWS: &[&str] = &["value", "median", "stddev", "peaks", "points"];

impl Document {
    /// What the reference calls the kind of sweep, or `none`.
    pub fn sweep_kind(&self) -> &'static str {
        match self.envelope.sweep.as_ref() {
            None => "none",
            Some(SweepSection::Grid(_)) => "GridSweep",
            Some(SweepSection::Zip(_)) => "ZipSweep",
            Some(SweepSection::Scenarios(_)) => "ScenarioSweep",
            Some(SweepSection::Sobol(_)) => "SobolSweep",
            Some(SweepSection::LatinHypercube(_)) => "LatinHypercubeSweep",
            Some(SweepSection::AdaptiveSearch(_)) => "AdaptiveSearchSweep",
        }
    }

    /// How often each run is repeated.
    pub fn trials(&self) -> u64 {
        *self.envelope.multi_run.num_runs
    }

    /// All runs, in order, with what was typed besides over the file and under what is swept.
    ///
    /// # Errors
    /// A path leads nowhere, a run makes no sense, or the runs are not known before they are made.
    pub fn variations(&self, typed: &ProfileArgs) -> Result<Vec<Variation>, DocumentError> {
        let mark = self.envelope.sweep.place();
        match self.envelope.sweep.as_ref() {
            None => Ok(vec![Variation {
                identity: Identity::base(),
                document: self.clone(),
            }]),
            Some(SweepSection::Grid(grid)) => {
                self.of_values(typed, products(&axes(&grid.parameters)?))
            }
            Some(SweepSection::Zip(zip)) => self.of_values(typed, pairs(&axes(&zip.parameters)?)),
            Some(SweepSection::Scenarios(scenarios)) => self.of_scenarios(typed, &scenarios.runs),
            Some(SweepSection::Sobol(_) | SweepSection::LatinHypercube(_)) => self.of_points(typed),
            Some(SweepSection::AdaptiveSearch(_)) => Err(DocumentError::of(
                Fault::new("the runs of an adaptive search are not known before they are made")
                    .at("sweep.type", mark)
                    .hint("the runs of all other types are"),
            )),
        }
    }

    fn of_values(
        &self,
        typed: &ProfileArgs,
        runs: Vec<Vec<(String, Node)>>,
    ) -> Result<Vec<Variation>, DocumentError> {
        let mut variations = Vec::with_capacity(runs.len());
        for (index, values) in runs.into_iter().enumerate() {
            let document = self.with_values(typed, &values)?;
            let shown = |(path, value): &(String, Node)| (path.clone(), value.to_json());
            let values: Map<String, Value> = values.iter().map(shown).collect();
            variations.push(Variation {
                identity: Identity::of_values(index, values),
                document,
            });
        }
        Ok(variations)
    }

    fn of_points(&self, typed: &ProfileArgs) -> Result<Vec<Variation>, DocumentError> {
        let Some(design) = self.sampling()? else {
            return Ok(Vec::new());
        };
        let mut variations = Vec::with_capacity(design.points.len());
        for (index, point) in design.points.iter().enumerate() {
            let paths = design.paths.iter().cloned();
            let values: Map<String, Value> = paths.zip(point.iter().cloned()).collect();
            let nodes: Vec<(String, Node)> = values
                .iter()
                .map(|(path, value)| (path.clone(), Node::from_json(value, Mark::Nowhere)))
                .collect();
            let document = self.with_values(typed, &nodes)?;
            let identity = if design.is_labelled_by_index {
                let label = format!("{}_{index:04}", design.kind);
                Identity::named(index, label, values)
            } else {
                Identity::of_values(index, values)
            };
            variations.push(Variation { identity, document });
        }
        Ok(variations)
    }

    fn with_values(
        &self,
        typed: &ProfileArgs,
        values: &[(String, Node)],
    ) -> Result<Self, DocumentError> {
        self.changed(typed, |root, is_rendered| {
            for (path, value) in values {
                // Variables have done what they can when texts are rendered.
                if !(is_rendered && path.starts_with("variables.")) {
                    set(root, path, value.clone())?;
                }
            }
            Ok(())
        })
    }

    fn of_scenarios(
        &self,
        typed: &ProfileArgs,
        runs: &[ScenarioRun],
    ) -> Result<Vec<Variation>, DocumentError> {
        let mut variations = Vec::with_capacity(runs.len());
        for (index, run) in runs.iter().enumerate() {
            let overlay = |part: &Option<Named<Anything>>| {
                let members = part.as_ref()?;
                let mut entries = Entries::default();
                for (key, value) in &members.0 {
                    entries.set(key, value.0.clone());
                }
                Some(Node::new(NodeValue::Map(entries), Mark::Nowhere))
            };
            let parts = [
                ("benchmark", overlay(&run.benchmark)),
                ("variables", overlay(&run.variables)),
            ];
            let mut differs = Map::new();
            for (key, part) in &parts {
                differs.extend(
                    part.as_ref()
                        .map(|part| ((*key).to_owned(), part.to_json())),
                );
            }
            let document = self.changed(typed, |root, is_rendered| {
                for (key, part) in &parts {
                    if let Some(part) = part
                        .as_ref()
                        .filter(|_| !is_rendered || *key != "variables")
                    {
                        overlay_key(root, key, part.clone());
                    }
                }
                Ok(())
            })?;
            let values = match run.values.as_ref() {
                Some(values) => {
                    let values = values.0.iter();
                    values
                        .map(|(key, value)| (key.clone(), value.0.to_json()))
                        .collect()
                }
                None => without_credentials(differs),
            };
            let label = match run.name.as_ref() {
                Some(name) => name.clone(),
                None => format!("scenario_{index}"),
            };
            variations.push(Variation {
                identity: Identity::named(index, label, values),
                document,
            });
        }
        Ok(variations)
    }

    /// The document with changes to what was written, and without its sweep. The change is made
    /// twice: before templates, which may use what it changes, and over what was typed.
    fn changed(
        &self,
        typed: &ProfileArgs,
        change: impl Fn(&mut Entries, bool) -> Result<(), Fault>,
    ) -> Result<Self, DocumentError> {
        let mut source = self.source.clone();
        let mut faults = Vec::new();
        shorthand::expand(&mut source, &mut faults);
        lists::hoist(&mut source);
        if let Some(root) = source.as_map_mut() {
            root.remove("sweep");
            change(root, false).map_err(DocumentError::of)?;
        }
        Self::of_source(source, Vec::new(), |tree, faults| {
            overlay::apply(typed, tree, faults);
            if let Some(root) = tree.as_map_mut() {
                root.remove("sweep");
                faults.extend(change(root, true).err());
            }
        })
    }
}

/// The lists of values, by their whole path, in the order of the paths.
fn axes(parameters: &Named<Vec<Anything>>) -> Result<Vec<(String, Vec<Node>)>, DocumentError> {
    let mut axes: Vec<(String, Vec<Node>)> = Vec::new();
    let mut faults = Vec::new();
    for (path, values) in &parameters.0 {
        match whole(path) {
            Ok(whole) if axes.iter().any(|(known, _)| *known == whole) => {
                faults.push(fault(
                    path,
                    format!("`{whole}` is varied already"),
                    "keep one of the two names",
                ));
            }
            Ok(whole) => axes.push((whole, values.iter().map(|value| value.0.clone()).collect())),
            Err(refused) => faults.push(refused),
        }
    }
    axes.sort_by(|left, right| left.0.cmp(&right.0));
    DocumentError::unless_empty(faults, axes)
}

fn fault(path: &str, message: impl Into<String>, hint: &str) -> Fault {
    Fault::new(message)
        .at(format!("sweep.parameters.{path}"), Mark::Nowhere)
        .hint(hint)
}

/// What a scenario says, fit to be written into files.
fn without_credentials(mut values: Map<String, Value>) -> Map<String, Value> {
    let Some(body) = values.get_mut("benchmark") else {
        return values;
    };
    if let Some(endpoint) = body.get_mut("endpoint").and_then(Value::as_object_mut) {
        if let Some(key) = endpoint.get_mut("apiKey") {
            *key = aiperf_redact::REDACTED.into();
        }
        if let Some(url) = endpoint.get_mut("url") {
            let shown = aiperf_redact::url(url.as_str().unwrap_or_default()).into_owned();
            *url = shown.into();
        }
    }
    super::hide_credentials(body);
    values
}

/// Whether a path leads to what must not be shown.
fn is_secret(path: &str) -> bool {
    let keys: Vec<&str> = path.split('.').collect();
    match keys.as_slice() {
        ["endpoint", "api_key" | "apiKey"] => true,
        ["endpoint", "headers", name] => aiperf_redact::header_value(name, "-") != "-",
        _ => false,
    }
}

/// A path as it leads down from `benchmark`.
pub(super) fn whole(path: &str) -> Result<String, Fault> {
    let first = path.split('.').next().unwrap_or_default();
    if path.split('.').any(str::is_empty) {
        return Err(fault(path, "is no path", "keys are joined by single dots"));
    }
    if first == "benchmark" {
        let rest = path.strip_prefix("benchmark.").unwrap_or_default();
        return Err(fault(
            path,
            "begins with `benchmark`",
            &format!("paths begin below it: `{rest}`"),
        ));
    }
    if is_secret(path) {
        return Err(fault(
            path,
            "is a credential, and names of folders and files would tell it",
            "describe the runs as `scenarios`, which are called by their names",
        ));
    }
    if NOT_SWEPT.contains(&first) {
        return Err(fault(
            path,
            "belongs to all runs together",
            "vary keys of `benchmark`, or `variables.NAME`",
        ));
    }
    let snake = super::names::snake(path);
    if ALIASES.contains(&snake.as_str()) {
        return Ok(format!("phases.profiling.{snake}"));
    }
    Ok(path.to_owned())
}

/// Writes a value where a path leads.
fn set(root: &mut Entries, path: &str, value: Node) -> Result<(), Fault> {
    let mut keys: Vec<&str> = path.split('.').collect();
    let Some(last) = keys.pop() else {
        return Ok(());
    };
    if keys.first() != Some(&"variables") {
        keys.insert(0, "benchmark");
    }
    let mut place: &mut Entries = root;
    let mut rest = keys.as_slice();
    while let [key, after @ ..] = rest {
        rest = after;
        let key = spelling(place, key);
        if !place.has(&key) {
            place.set(&key, Node::map(Mark::Nowhere));
        }
        let Some(node) = place.get_mut(&key) else {
            return Ok(());
        };
        let node = match node.value {
            NodeValue::List(_) => {
                let Some((name, after)) = rest.split_first() else {
                    // The list itself is varied one step further down.
                    return Err(fault(path, "leads to a list", "name one of its entries"));
                };
                rest = after;
                entry(node, &key, name, path)?
            }
            _ => node,
        };
        // A lone number is a mean that does not vary.
        if matches!(node.value, NodeValue::Int(_) | NodeValue::Float(_)) {
            let number = node.clone();
            *node = Node::map(node.mark);
            if let Some(law) = node.as_map_mut() {
                law.set("mean", number);
            }
        }
        place = node.as_map_mut().ok_or_else(|| {
            fault(
                path,
                format!("leads through `{key}`, which holds no keys"),
                "correct the path",
            )
        })?;
    }
    let last = spelling(place, last);
    place.set(&last, value);
    Ok(())
}

/// The entry of a list that a path names: by its name, a phase also by its number, and the only measured
/// phase as `profiling`.
fn entry<'a>(list: &'a mut Node, key: &str, name: &str, path: &str) -> Result<&'a mut Node, Fault> {
    let items = list
        .as_list_mut()
        .map(Vec::as_mut_slice)
        .unwrap_or_default();
    let text = |item: &Node, key: &str| {
        item.get(key)
            .and_then(Node::as_text)
            .unwrap_or_default()
            .to_owned()
    };
    let is_phases = key == "phases";
    let by_number = name.parse::<usize>().ok().filter(|_| is_phases);
    let by_name = || items.iter().position(|item| text(item, "name") == name);
    let measured: Vec<usize> = (0..items.len())
        .filter(|index| {
            is_phases && name == "profiling" && text(&items[*index], "kind") == "profiling"
        })
        .collect();
    let found = match (by_number, by_name(), measured.as_slice()) {
        (Some(number), ..) => Some(number),
        (None, Some(place), _) => Some(place),
        (None, None, [only]) => Some(*only),
        (None, None, [_, _, ..]) => {
            return Err(fault(
                path,
                format!("{} phases are measured", measured.len()),
                "name one of them, or give its number: `phases.0`",
            ));
        }
        _ => None,
    };
    let names: Vec<String> = items
        .iter()
        .map(|item| format!("`{}`", text(item, "name")))
        .collect();
    found.and_then(|place| items.get_mut(place)).ok_or_else(|| {
        fault(
            path,
            format!("no entry of `{key}` is called `{name}`"),
            &format!("there is {}", names.join(", ")),
        )
    })
}

/// Lays a node over a key: maps are merged, lists of named entries by their names, and all else is
/// replaced.
fn overlay_key(base: &mut Entries, key: &str, over: Node) {
    let key = match key {
        "dataset" => return overlay_dataset(base, over),
        "phases" | "datasets" => key.to_owned(),
        _ => spelling(base, &super::names::snake(key)),
    };
    let Some(under) = base.get_mut(&key) else {
        base.set(&key, over);
        return;
    };
    match (&mut under.value, over.value) {
        (NodeValue::Map(under), NodeValue::Map(over)) if !is_other_law(under, &over) => {
            for entry in over.iter() {
                overlay_key(under, &entry.key, entry.value.clone());
            }
        }
        (NodeValue::List(under), NodeValue::List(over)) if are_named(under) && are_named(&over) => {
            for item in over {
                overlay_item(under, item);
            }
        }
        (_, value) => *under = Node::new(value, over.mark),
    }
}

/// The one dataset under its short name.
fn overlay_dataset(base: &mut Entries, over: Node) {
    let only = base
        .get_mut("datasets")
        .and_then(Node::as_list_mut)
        .and_then(|list| list.first_mut())
        .and_then(Node::as_map_mut);
    let (Some(under), NodeValue::Map(over)) = (only, over.value) else {
        return;
    };
    for entry in over.iter() {
        // Lengths beside `prompts` are written out below.
        let is_length = matches!(entry.key.as_str(), "isl" | "osl");
        if is_length && under.get("type").and_then(Node::as_text) == Some("synthetic") {
            let mut prompts = Entries::default();
            prompts.set(&entry.key, entry.value.clone());
            overlay_key(
                under,
                "prompts",
                Node::new(NodeValue::Map(prompts), Mark::Nowhere),
            );
        } else {
            overlay_key(under, &entry.key, entry.value.clone());
        }
    }
}

fn overlay_item(list: &mut Vec<Node>, over: Node) {
    let name = |item: &Node| item.get("name").and_then(Node::as_text).map(str::to_owned);
    let wanted = name(&over);
    let under = list.iter_mut().find(|item| name(item) == wanted);
    match (under.and_then(Node::as_map_mut), over.as_map()) {
        (Some(under), Some(over)) => {
            for entry in over.iter() {
                overlay_key(under, &entry.key, entry.value.clone());
            }
        }
        _ => list.push(over),
    }
}

fn are_named(list: &[Node]) -> bool {
    !list.is_empty()
        && list
            .iter()
            .all(|item| item.get("name").and_then(Node::as_text).is_some())
}

/// Whether both are distributions, and of different kinds.
fn is_other_law(under: &Entries, over: &Entries) -> bool {
    let keys = |law: &Entries| -> Vec<&str> {
        KEYS_OF_LAWS
            .iter()
            .copied()
            .filter(|key| law.has(key))
            .collect()
    };
    let (under, over) = (keys(under), keys(over));
    !under.is_empty() && !over.is_empty() && under != over
}

#[cfg(test)]
mod tests;
