//! Lists where a phase takes a number: a grid without a `sweep` section.

use super::names::spelling;
use super::node::{Entries, Mark, Node, NodeValue};

/// Keys of phases that take a number.
const NUMBERS: &[&str] = &[
    "concurrency",
    "prefill_concurrency",
    "rate",
    "requests",
    "duration",
    "sessions",
    "users",
];

/// Makes a grid of the lists, unless there is a sweep. The first value stays where the list was. Short
/// forms must be written out.
pub(super) fn hoist(tree: &mut Node) {
    let Some(root) = tree.as_map_mut() else {
        return;
    };
    if root.has("sweep") {
        return;
    }
    let benchmark = root.get_mut("benchmark");
    let phases = benchmark
        .and_then(Node::as_map_mut)
        .and_then(|benchmark| benchmark.get_mut("phases"))
        .and_then(Node::as_list_mut);
    let mut parameters = Entries::default();
    for phase in phases.into_iter().flatten() {
        take_lists(phase, &mut parameters);
    }
    if parameters.iter().next().is_some() {
        let mut sweep = Entries::default();
        sweep.set("type", Node::text("grid", Mark::Nowhere));
        let parameters = Node::new(NodeValue::Map(parameters), Mark::Nowhere);
        sweep.set("parameters", parameters);
        root.set("sweep", Node::new(NodeValue::Map(sweep), Mark::Nowhere));
    }
}

fn take_lists(phase: &mut Node, parameters: &mut Entries) {
    let Some(name) = phase.get("name").and_then(Node::as_text).map(str::to_owned) else {
        return;
    };
    let Some(phase) = phase.as_map_mut() else {
        return;
    };
    for key in NUMBERS {
        let written = spelling(phase, key);
        let Some(node) = phase.get_mut(&written) else {
            continue;
        };
        let is_number = |item: &Node| matches!(item.value, NodeValue::Int(_) | NodeValue::Float(_));
        let values = match &node.value {
            NodeValue::List(items) if items.iter().all(is_number) => items.clone(),
            _ => continue,
        };
        if let Some(first) = values.first().cloned() {
            let list = std::mem::replace(node, first);
            parameters.set(&format!("phases.{name}.{key}"), list);
        }
    }
}
