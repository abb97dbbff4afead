//! The JSON Schema of a configuration file, for editors. Made from the sections themselves.

use serde_json::{Map, Value, json};

use super::names::{camel, snake};
use super::read::{Definitions, Read as _};
use super::sections::dataset::DatasetSection;
use super::sections::distribution::Distribution;
use super::sections::envelope::Envelope;
use super::sections::phase::{OWN_KEYS, Phase, PhaseType};
use super::values::Words as _;
use super::{descriptions, limits};

/// A name and no address: editors are told where the file lies.
const ID: &str = "aiperf-config.schema.json";

/// The schema, in draft 2020-12. Both spellings of each key are in it, and the short forms.
pub fn schema() -> Value {
    let mut definitions = Definitions::default();
    let root = Envelope::schema(&mut definitions);
    let length = Distribution::schema(&mut definitions);
    let dataset = DatasetSection::schema(&mut definitions);
    let phase = Phase::schema(&mut definitions);
    let text = json!({ "type": "string" });
    let name = json!({ "type": "string", "minLength": 1 });
    let texts = json!({ "anyOf": [text, { "type": "array", "items": text, "minItems": 1 }] });
    let model = json!({ "anyOf": [name, { "$ref": "#/$defs/ModelItem" }] });
    let names = json!({ "anyOf": [name, { "type": "array", "items": model, "minItems": 1 }] });
    let mut definitions = definitions.0;
    let body = &mut definitions;

    let benchmark = "BenchmarkSection";
    short_form(body, benchmark, "models", "model", names.clone());
    short_form(body, benchmark, "datasets", "dataset", dataset);
    short_form(body, benchmark, "phases", "profiling", phase.clone());
    add(body, benchmark, "warmup", phase.clone());
    or(body, benchmark, "models", &names);
    for key in ["datasets", "phases"] {
        named_items(body, benchmark, key);
    }
    or(body, benchmark, "phases", &phase);
    for key in [
        "gpuTelemetry",
        "gpu_telemetry",
        "serverMetrics",
        "server_metrics",
    ] {
        or(body, benchmark, key, &text);
    }
    or(body, "EndpointSection", "urls", &texts);
    short_form(body, "EndpointSection", "urls", "url", texts);
    add(body, "SyntheticSection", "isl", length.clone());
    add(body, "SyntheticSection", "osl", length);
    for section in ["GpuTelemetrySection", "ServerMetricsSection"] {
        add(body, section, "url", text.clone());
    }
    forgive(body, "SyntheticSection", "type");
    for (section, word) in [
        ("SyntheticSection", "synthetic"),
        ("FileSection", "file"),
        ("PublicSection", "public"),
    ] {
        forgive(body, section, "name");
        only(body, section, "type", word);
    }
    for (law, word) in [
        ("Fixed", "fixed"),
        ("NormalLaw", "normal"),
        ("LogNormal", "lognormal"),
        ("Multimodal", "multimodal"),
        ("Empirical", "empirical"),
    ] {
        only(body, law, "type", word);
    }
    for key in ["adaptiveScale", "adaptive_scale", "sla"] {
        add(body, "PhaseSection", key, json!({}));
    }
    for key in ["name", "kind"] {
        forgive(body, "PhaseSection", key);
    }
    for key in ["concurrency_ramp", "prefill_ramp", "rate_ramp"] {
        for spelling in [key.to_owned(), camel(key)] {
            lasting(body, "PhaseSection", &spelling);
        }
    }
    keys_of_types(body);
    // The sections of laws take their `type` themselves.
    if let Some(laws) = section(body, "Distribution")
        .and_then(|law| law.get_mut("anyOf"))
        .and_then(Value::as_array_mut)
    {
        laws.retain(|law| *law != json!({ "type": "object", "required": ["type"] }));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "AIPerf configuration",
        "allOf": [root],
        "$defs": definitions,
    })
}

/// The schema of a key's value with what is known of the key: what it is for, its limits, its default.
pub(super) fn annotated(
    schema: Value,
    section: &str,
    key: &str,
    check: &str,
    default: Option<Value>,
) -> Value {
    let mut members = match schema {
        Value::Object(members) => members,
        other => Map::from_iter([("allOf".to_owned(), json!([other]))]),
    };
    if let Some(about) = descriptions::of(section, key) {
        members.insert("description".to_owned(), about.into());
    }
    match default {
        // Nothing is told by a default of nothing, and sections have defaults of their own.
        None | Some(Value::Null | Value::Object(_)) => {}
        Some(default) => {
            members.insert("default".to_owned(), default);
        }
    }
    if !check.is_empty() {
        let limits = limits::keywords(section, key, check)
            .unwrap_or_else(|| json!({ "$comment": format!("{UNKNOWN_LIMIT}: {check}") }));
        if let Value::Object(limits) = limits {
            members.extend(limits);
        }
    }
    Value::Object(members)
}

/// Marks a limit that readers check and the schema does not know, which a test looks for.
const UNKNOWN_LIMIT: &str = "a limit that is not described";

/// Only some types of phases take some keys.
fn keys_of_types(definitions: &mut Map<String, Value>) {
    let mut rules = Vec::new();
    for (key, types) in OWN_KEYS {
        let mut spellings = vec![(*key).to_owned()];
        if camel(key) != *key {
            spellings.push(camel(key));
        }
        let others: Vec<_> = PhaseType::WORDS
            .iter()
            .filter(|word| !types.contains(word))
            .collect();
        let taken: Vec<_> = spellings
            .iter()
            .map(|key| json!({ "required": [key] }))
            .collect();
        rules.push(json!({
            "if": { "properties": { "type": { "enum": others } }, "required": ["type"] },
            "then": { "not": { "anyOf": taken } },
        }));
    }
    let needs_users = json!({
        "if": { "properties": { "type": { "const": "user_centric" } }, "required": ["type"] },
        "then": { "required": ["users"], "properties": { "users": { "not": { "type": "null" } } } },
    });
    rules.push(needs_users);
    if let Some(phase) = section(definitions, "PhaseSection")
        && let Some(all) = phase
            .entry("allOf")
            .or_insert_with(|| json!([]))
            .as_array_mut()
    {
        all.extend(rules);
    }
}

fn section<'a>(
    definitions: &'a mut Map<String, Value>,
    name: &str,
) -> Option<&'a mut Map<String, Value>> {
    definitions.get_mut(name)?.as_object_mut()
}

fn add(definitions: &mut Map<String, Value>, name: &str, key: &str, schema: Value) {
    let properties = properties(definitions, name);
    if let Some(properties) = properties {
        properties.insert(key.to_owned(), schema);
    }
    describe(definitions, name, key);
}

/// Another key may stand for a required one.
fn short_form(
    definitions: &mut Map<String, Value>,
    name: &str,
    long: &str,
    short: &str,
    schema: Value,
) {
    add(definitions, name, short, schema);
    forgive(definitions, name, long);
    let either = json!({ "anyOf": [{ "required": [long] }, { "required": [short] }] });
    let required = section(definitions, name)
        .map(|section| section.entry("allOf").or_insert_with(|| json!([])))
        .and_then(Value::as_array_mut);
    if let Some(required) = required {
        required.push(either);
    }
}

/// A key that is filled in where it is missing.
fn forgive(definitions: &mut Map<String, Value>, name: &str, key: &str) {
    let Some(section) = section(definitions, name) else {
        return;
    };
    let Some(required) = section.get_mut("allOf").and_then(Value::as_array_mut) else {
        return;
    };
    required.retain(|entry| *entry != json!({ "required": [key] }));
    // A list of nothing is no schema.
    if required.is_empty() {
        section.remove("allOf");
    }
}

/// In a list, entries have names; elsewhere they get one.
fn named_items(definitions: &mut Map<String, Value>, name: &str, key: &str) {
    let list = properties(definitions, name).and_then(|keys| keys.get_mut(key));
    if let Some(items) = list.and_then(|list| list.get_mut("items")) {
        *items = json!({ "allOf": [items.take(), { "required": ["name"] }] });
    }
}

/// A time alone in place of a section, above 0.
fn lasting(definitions: &mut Map<String, Value>, name: &str, key: &str) {
    let value = properties(definitions, name).and_then(|keys| keys.get_mut(key));
    if let Some(members) = value.and_then(Value::as_object_mut) {
        members.insert("exclusiveMinimum".to_owned(), json!(0));
    }
}

/// Another form of a key.
fn or(definitions: &mut Map<String, Value>, name: &str, key: &str, short: &Value) {
    if let Some(schema) = properties(definitions, name).and_then(|keys| keys.get_mut(key)) {
        *schema = json!({ "anyOf": [schema.take(), short] });
    }
    describe(definitions, name, key);
}

/// A key that can hold one word only, or what becomes it.
fn only(definitions: &mut Map<String, Value>, name: &str, key: &str, word: &str) {
    let value = json!({ "anyOf": [{ "const": word }, { "$ref": "#/$defs/Template" }] });
    add(definitions, name, key, value);
}

fn properties<'a>(
    definitions: &'a mut Map<String, Value>,
    name: &str,
) -> Option<&'a mut Map<String, Value>> {
    let section = section(definitions, name)?;
    section.get_mut("properties").and_then(Value::as_object_mut)
}

/// Gives a key its description again.
fn describe(definitions: &mut Map<String, Value>, name: &str, key: &str) {
    let schema = properties(definitions, name).and_then(|keys| keys.get_mut(key));
    if let (Some(Value::Object(schema)), Some(about)) =
        (schema, descriptions::of(name, &snake(key)))
    {
        schema.insert("description".to_owned(), about.into());
    }
}

#[cfg(test)]
mod tests;
