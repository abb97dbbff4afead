//! `adaptiveScale: {…}` of a phase, whose members are keys of the phase in the flat form; and
//! `sla` as a map, which is a list of filters in the flat form.

use super::fault::Fault;
use super::names::{camel, find, spelling};
use super::node::{Entries, Entry, Mark, Node, NodeValue};

/// Keys of the map, and the phase's keys that they stand for.
const MEMBERS: &[(&str, &str)] = &[
    ("window", "adaptive_assessment_period"),
    ("assessment_period", "adaptive_assessment_period"),
    ("min_completed_requests", "adaptive_min_completed_requests"),
    ("sustain_duration", "adaptive_sustain_duration"),
    ("control_variable", "adaptive_control_variable"),
    ("control_min", "adaptive_control_min"),
    ("control_max", "adaptive_control_max"),
    ("min_concurrency", "adaptive_control_min"),
    ("max_concurrency", "adaptive_control_max"),
];
const CONTROL: &[(&str, &str)] = &[
    ("variable", "adaptive_control_variable"),
    ("min", "adaptive_control_min"),
    ("max", "adaptive_control_max"),
];
const STRATEGY: &[(&str, &str)] = &[
    ("type", "adaptive_scale_strategy_type"),
    ("step_policy", "adaptive_scale_step_policy"),
    ("base_step", "adaptive_scale_base_step"),
    ("max_step_multiplier", "adaptive_scale_max_step_multiplier"),
    ("step_percent", "adaptive_scale_step_percent"),
];

/// Writes both forms of a phase out.
pub(crate) fn expand(phase: &mut Node, path: &str, faults: &mut Vec<Fault>) {
    let Some(members) = phase.as_map_mut() else {
        return;
    };
    let key = spelling(members, "adaptive_scale");
    if members
        .get(&key)
        .is_some_and(|block| block.as_map().is_some())
        && let Some(block) = members.remove(&key)
    {
        lower(members, &block, &format!("{path}.{key}"), faults);
    }
    if let Some(sla) = members.get_mut("sla")
        && sla.as_map().is_some()
    {
        *sla = filters(sla);
    }
}

fn lower(phase: &mut Entries, block: &Node, path: &str, faults: &mut Vec<Fault>) {
    let Some(entries) = block.as_map() else {
        return;
    };
    let enabled = find(entries, "enabled").map(|entry| entry.value.clone());
    let on = Node::new(NodeValue::Bool(true), block.mark);
    phase.set(
        "adaptive_scale",
        enabled.filter(|node| !node.is_null()).unwrap_or(on),
    );
    for entry in entries.iter() {
        let group = match entry.key.as_str() {
            "enabled" => continue,
            "sla" => {
                if !entry.value.is_null() {
                    phase.set("sla", entry.value.clone());
                }
                continue;
            }
            "control" => CONTROL,
            "strategy" => STRATEGY,
            _ => {
                copy(phase, entry, MEMBERS, path, faults);
                continue;
            }
        };
        let path = format!("{path}.{}", entry.key);
        match entry.value.as_map() {
            Some(inner) => {
                for entry in inner.iter() {
                    copy(phase, entry, group, &path, faults);
                }
            }
            None => faults.push(
                Fault::new(format!("must be a map, not {}", entry.value.described()))
                    .at(path, entry.value.mark),
            ),
        }
    }
}

fn copy(
    phase: &mut Entries,
    entry: &Entry,
    table: &[(&str, &str)],
    path: &str,
    faults: &mut Vec<Fault>,
) {
    let row = table
        .iter()
        .find(|(name, _)| *name == entry.key || camel(name) == entry.key);
    match row {
        Some((_, flat)) => {
            let key = spelling(phase, flat);
            phase.set(&key, entry.value.clone());
        }
        None => {
            faults.push(Fault::new("no such key").at(format!("{path}.{}", entry.key), entry.mark));
        }
    }
}

/// `{metric: {stat: {op: threshold}}}` as a list of filters. What has another shape stays as it
/// is, for the reading of filters to complain about.
fn filters(sla: &Node) -> Node {
    let mut list = Vec::new();
    for metric in sla.as_map().into_iter().flat_map(Entries::iter) {
        for stat in metric.value.as_map().into_iter().flat_map(Entries::iter) {
            for limit in stat.value.as_map().into_iter().flat_map(Entries::iter) {
                let mut filter = Entries::default();
                let text = |text: &str, mark: Mark| Node::text(text, mark);
                filter.set("metric_tag", text(&metric.key, metric.mark));
                filter.set("stat", text(&stat.key, stat.mark));
                filter.set("op", text(&limit.key, limit.mark));
                filter.set("threshold", limit.value.clone());
                list.push(Node::new(NodeValue::Map(filter), metric.mark));
            }
        }
    }
    if list.is_empty() {
        return sla.clone();
    }
    Node::list(list, sla.mark)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::parse::parse;
    use super::*;

    #[test]
    fn the_map_becomes_keys_of_the_phase() {
        let mut phase = parse(
            "adaptiveScale: {control: {variable: users, max: 9}, strategy: {stepPolicy: p}, window: 5, \
             sla: {ttft: {p95: {lt: 100}}}}\n",
        )
        .unwrap();
        let mut faults = Vec::new();
        expand(&mut phase, "p", &mut faults);
        assert_eq!(faults, []);
        assert_eq!(
            phase.to_json(),
            json!({
                "adaptive_scale": true,
                "adaptive_control_variable": "users",
                "adaptive_control_max": 9,
                "adaptive_scale_step_policy": "p",
                "adaptive_assessment_period": 5,
                "sla": [{"metric_tag": "ttft", "stat": "p95", "op": "lt", "threshold": 100}],
            })
        );
    }

    #[test]
    fn unknown_members_are_faults_and_a_switch_stays_a_switch() {
        let mut phase = parse("adaptive_scale: {nothing: 1, control: 5}\n").unwrap();
        let mut faults = Vec::new();
        expand(&mut phase, "p", &mut faults);
        assert_eq!(faults[0].path, "p.adaptive_scale.nothing");
        assert_eq!(faults[1].path, "p.adaptive_scale.control");
        let mut phase = parse("adaptive_scale: true\n").unwrap();
        expand(&mut phase, "p", &mut Vec::new());
        assert_eq!(phase.to_json(), json!({"adaptive_scale": true}));
    }
}
