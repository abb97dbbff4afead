//! What may be written shorter becomes what it stands for, so that later steps know one form.
//! Nothing is checked here that a later step can check.

use super::adaptive;
use super::fault::Fault;
use super::names::{find, spelling, take};
use super::node::{Entries, Mark, Node, NodeValue};

/// Writes out all short forms of a document.
pub(crate) fn expand(root: &mut Node, faults: &mut Vec<Fault>) {
    let Some(body) = root
        .as_map_mut()
        .and_then(|root| root.get_mut("benchmark"))
        .and_then(Node::as_map_mut)
    else {
        return;
    };
    contradictions(body, faults);
    models(body);
    datasets(body);
    phases(body);
    if let Some(endpoint) = section(body, "endpoint") {
        self::endpoint(endpoint);
    }
    for name in ["gpu_telemetry", "server_metrics"] {
        telemetry(body, name);
    }
    if let Some(list) = body.get_mut("datasets").and_then(Node::as_list_mut) {
        for dataset in list.iter_mut().filter_map(Node::as_map_mut) {
            self::dataset(dataset);
        }
    }
    if let Some(list) = body.get_mut("phases").and_then(Node::as_list_mut) {
        for (index, phase) in list.iter_mut().enumerate() {
            kind_from_name(phase);
            adaptive::expand(phase, &format!("benchmark.phases.{index}"), faults);
        }
    }
}

/// The map of a key in either spelling.
fn section<'a>(entries: &'a mut Entries, name: &str) -> Option<&'a mut Entries> {
    let key = spelling(entries, name);
    entries.get_mut(&key)?.as_map_mut()
}

fn contradictions(body: &Entries, faults: &mut Vec<Fault>) {
    for (short, long) in [
        ("model", "models"),
        ("dataset", "datasets"),
        ("warmup", "phases"),
        ("profiling", "phases"),
    ] {
        if let (Some(entry), true) = (body.entry(short), body.has(long)) {
            faults.push(
                Fault::new(format!("does not go with `benchmark.{long}`"))
                    .at(format!("benchmark.{short}"), entry.mark)
                    .hint("both say the same thing; keep one of them"),
            );
        }
    }
    if let (Some(entry), false) = (body.entry("warmup"), body.has("profiling"))
        && !body.has("phases")
    {
        faults.push(
            Fault::new("needs `benchmark.profiling`")
                .at("benchmark.warmup", entry.mark)
                .hint("a warmup alone measures nothing"),
        );
    }
}

/// `model: X`, `models: X` and `models: [X, Y]`.
fn models(body: &mut Entries) {
    if !body.has("models") {
        match body.remove("model") {
            Some(model) => body.set_first("models", model),
            None => return,
        }
    } else {
        body.remove("model");
    }
    let Some(models) = body.get_mut("models") else {
        return;
    };
    let mark = models.mark;
    let named = |name: &Node| {
        if name.as_map().is_some() {
            return name.clone();
        }
        let mut item = Entries::default();
        item.set("name", name.clone());
        Node::new(NodeValue::Map(item), name.mark)
    };
    let items = match &models.value {
        NodeValue::List(items) => items.iter().map(named).collect(),
        NodeValue::Map(_) | NodeValue::Null => return,
        _ => vec![named(models)],
    };
    let mut written_out = Entries::default();
    written_out.set("items", Node::list(items, mark));
    models.value = NodeValue::Map(written_out);
}

/// `dataset: {…}`.
fn datasets(body: &mut Entries) {
    let Some(mut dataset) = body.remove("dataset") else {
        return;
    };
    if body.has("datasets") {
        return;
    }
    let mark = dataset.mark;
    if let Some(members) = dataset.as_map_mut() {
        members.set_first("name", Node::text("default", Mark::Nowhere));
    }
    body.set("datasets", Node::list(vec![dataset], mark));
}

/// `warmup` and `profiling`, and `phases: {type: …}`.
fn phases(body: &mut Entries) {
    let named = |name: &str, mut phase: Node| {
        if let Some(members) = phase.as_map_mut() {
            members.set_first("kind", Node::text(name, Mark::Nowhere));
            members.set_first("name", Node::text(name, Mark::Nowhere));
        }
        phase
    };
    let list: Vec<Node> = ["warmup", "profiling"]
        .into_iter()
        .filter_map(|name| Some(named(name, body.remove(name)?)))
        .collect();
    if let (Some(first), false) = (list.first(), body.has("phases")) {
        let mark = first.mark;
        body.set("phases", Node::list(list, mark));
    }
    if let Some(phases) = body.get_mut("phases")
        && phases.get("type").is_some()
    {
        let mark = phases.mark;
        let phase = std::mem::replace(phases, Node::new(NodeValue::Null, mark));
        *phases = Node::list(vec![named("profiling", phase)], mark);
    }
}

fn kind_from_name(phase: &mut Node) {
    let Some(members) = phase.as_map_mut() else {
        return;
    };
    let has_kind = members.get("kind").is_some_and(|kind| !kind.is_null());
    let name = members.get("name").and_then(Node::as_text).unwrap_or("");
    if !has_kind && matches!(name, "warmup" | "profiling") {
        let name = Node::text(name, Mark::Nowhere);
        members.set("kind", name);
    }
}

/// `url`, and a template that says the type.
fn endpoint(endpoint: &mut Entries) {
    if let Some(url) = endpoint.remove("url")
        && !endpoint.has("urls")
    {
        endpoint.set_first("urls", listed(url));
    }
    let has_template = endpoint.get("template").is_some_and(|body| !body.is_null());
    if has_template && !endpoint.has("type") {
        endpoint.set("type", Node::text("template", Mark::Nowhere));
    }
}

/// A lone text becomes a list of it.
fn listed(url: Node) -> Node {
    let mark = url.mark;
    match url.value {
        NodeValue::Text(_) => Node::list(vec![url], mark),
        _ => url,
    }
}

/// A lone address, and `url`.
fn telemetry(body: &mut Entries, name: &str) {
    let key = spelling(body, name);
    let Some(section) = body.get_mut(&key) else {
        return;
    };
    if section.as_text().is_some() {
        let url = section.clone();
        let mut written_out = Entries::default();
        written_out.set("enabled", Node::new(NodeValue::Bool(true), url.mark));
        written_out.set("urls", listed(url));
        section.value = NodeValue::Map(written_out);
    } else if let Some(members) = section.as_map_mut()
        && !members.has("urls")
        && let Some(url) = members.remove("url")
    {
        members.set("urls", listed(url));
    }
}

/// A missing type, and lengths beside `prompts`.
fn dataset(dataset: &mut Entries) {
    if !dataset.has("type") {
        dataset.set("type", Node::text("synthetic", Mark::Nowhere));
    }
    let is_synthetic = dataset.get("type").and_then(Node::as_text) == Some("synthetic");
    if !is_synthetic || (find(dataset, "isl").is_none() && find(dataset, "osl").is_none()) {
        return;
    }
    if !dataset.has("prompts") {
        dataset.set("prompts", Node::map(Mark::Nowhere));
    }
    if dataset.get("prompts").and_then(Node::as_map).is_none() {
        return;
    }
    for key in ["isl", "osl"] {
        let Some(short) = take(dataset, key) else {
            continue;
        };
        let Some(prompts) = dataset.get_mut("prompts").and_then(Node::as_map_mut) else {
            return;
        };
        match prompts.get_mut(key) {
            None => prompts.set(key, short),
            Some(existing) => {
                if let (Some(existing), Some(short)) = (existing.as_map_mut(), short.as_map()) {
                    for entry in short.iter() {
                        if !existing.has(&entry.key) {
                            existing.set(&entry.key, entry.value.clone());
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::parse::parse;
    use super::*;

    fn expanded(body: &str) -> Value {
        let mut tree = parse(&format!("benchmark: {body}")).unwrap();
        let mut faults = Vec::new();
        expand(&mut tree, &mut faults);
        assert_eq!(faults, []);
        tree.to_json()["benchmark"].clone()
    }

    #[test]
    fn short_forms_are_written_out() {
        for (short, long) in [
            ("{model: a}", json!({"models": {"items": [{"name": "a"}]}})),
            ("{models: a}", json!({"models": {"items": [{"name": "a"}]}})),
            (
                "{models: [a, b]}",
                json!({"models": {"items": [{"name": "a"}, {"name": "b"}]}}),
            ),
            (
                "{models: [{name: a, weight: 1}]}",
                json!({"models": {"items": [{"name": "a", "weight": 1}]}}),
            ),
            (
                "{dataset: {isl: 5, prompts: {osl: 6}}}",
                json!({"datasets": [{"name": "default", "type": "synthetic", "prompts": {"osl": 6, "isl": 5}}]}),
            ),
            (
                "{dataset: {name: x, isl: {mean: 5, stddev: 2}, prompts: {isl: {mean: 7}}}}",
                json!({"datasets": [{"name": "x", "type": "synthetic", "prompts": {"isl": {"mean": 7, "stddev": 2}}}]}),
            ),
            (
                "{phases: {type: poisson, rate: 1}}",
                json!({"phases": [{"name": "profiling", "kind": "profiling", "type": "poisson", "rate": 1}]}),
            ),
            (
                "{profiling: {type: x}, warmup: {type: y, name: z}}",
                json!({"phases": [
                    {"kind": "warmup", "type": "y", "name": "z"},
                    {"name": "profiling", "kind": "profiling", "type": "x"},
                ]}),
            ),
            (
                "{phases: [{name: warmup}, {name: other}]}",
                json!({"phases": [{"name": "warmup", "kind": "warmup"}, {"name": "other"}]}),
            ),
            (
                "{endpoint: {url: u, template: {body: b}}}",
                json!({"endpoint": {"urls": ["u"], "template": {"body": "b"}, "type": "template"}}),
            ),
            (
                "{endpoint: {url: u, urls: [v]}}",
                json!({"endpoint": {"urls": ["v"]}}),
            ),
            (
                "{gpuTelemetry: u, serverMetrics: {url: v}}",
                json!({"gpuTelemetry": {"enabled": true, "urls": ["u"]}, "serverMetrics": {"urls": ["v"]}}),
            ),
        ] {
            assert_eq!(expanded(short), long, "{short}");
        }
    }

    #[test]
    fn two_forms_of_one_thing_are_a_fault() {
        for (body, expected) in [
            (
                "{model: a, models: b}",
                "`benchmark.model`: does not go with `benchmark.models`",
            ),
            (
                "{dataset: {}, datasets: []}",
                "does not go with `benchmark.datasets`",
            ),
            (
                "{profiling: {}, phases: []}",
                "does not go with `benchmark.phases`",
            ),
            (
                "{warmup: {}}",
                "`benchmark.warmup`: needs `benchmark.profiling`",
            ),
        ] {
            let mut tree = parse(&format!("benchmark: {body}")).unwrap();
            let mut faults = Vec::new();
            expand(&mut tree, &mut faults);
            assert_eq!(faults.len(), 1, "{faults:?}");
            let told = faults[0].to_string();
            assert!(told.contains(expected), "{told}");
        }
    }
}
