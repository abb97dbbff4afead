//! The form of older files, in which what belongs below `benchmark` is at the top.

use super::fault::Fault;
use super::node::{Node, NodeValue};

/// The keys that are moved. Others that belong below `benchmark` never were at the top.
const MOVED: &[&str] = &[
    "model",
    "models",
    "endpoint",
    "dataset",
    "datasets",
    "phases",
    "artifacts",
    "slos",
    "tokenizer",
    "gpu_telemetry",
    "gpuTelemetry",
    "server_metrics",
    "serverMetrics",
    "runtime",
    "logging",
    "metrics",
    "accuracy",
];

/// Moves keys of the older form below `benchmark`, where keys that are there already win. Gives the
/// warning that says so.
pub(crate) fn migrate(root: &mut Node) -> Option<Fault> {
    let mark = root.mark;
    let entries = root.as_map_mut()?;
    let mut moved = Vec::new();
    for key in MOVED {
        if let Some(mut value) = entries.remove(key) {
            if *key == "dataset" {
                if let Some(members) = value.as_map_mut() {
                    members.set_first("name", Node::text("main", mark));
                }
                let at = value.mark;
                let list = if value.as_list().is_some() {
                    value
                } else {
                    Node::list(vec![value], at)
                };
                moved.push(("datasets", list));
            } else {
                moved.push((*key, value));
            }
        }
    }
    let first = moved.first()?.1.mark;
    let names: Vec<_> = moved.iter().map(|(key, _)| format!("`{key}`")).collect();
    if !matches!(
        entries.get("benchmark").map(|node| &node.value),
        Some(NodeValue::Map(_))
    ) {
        entries.set("benchmark", Node::map(mark));
    }
    let body = entries.get_mut("benchmark").and_then(Node::as_map_mut)?;
    for (key, value) in moved {
        if !body.has(key) {
            body.set(key, value);
        }
    }
    Some(
        Fault::new(format!("{} belong below `benchmark`", names.join(", ")))
            .at("", first)
            .hint("they were taken as if they were there; indent them below `benchmark:`"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::parse::parse;
    use super::*;

    #[test]
    fn keys_at_the_top_move_below_and_lose_against_those_that_are_there() {
        let mut tree =
            parse("model: a\ndataset: {entries: 5}\nrandomSeed: 1\nbenchmark: {model: b}\n")
                .unwrap();
        let warning = migrate(&mut tree).unwrap();
        assert!(warning.message.contains("`model`, `datasets`"), "{warning}");
        assert_eq!(
            tree.to_json(),
            json!({
                "randomSeed": 1,
                "benchmark": {"model": "b", "datasets": [{"name": "main", "entries": 5}]}
            })
        );
        assert_eq!(migrate(&mut tree), None);
    }
}
