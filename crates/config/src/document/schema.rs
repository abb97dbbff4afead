//! The JSON Schema of a configuration file, for editors. Made from the sections themselves.

use serde_json::{Map, Value, json};

use super::read::{Definitions, Read as _};
use super::sections::distribution::Distribution;
use super::sections::envelope::Envelope;
use super::values::Anything;

/// A name and no address: editors are told where the file lies.
const ID: &str = "aiperf-config.schema.json";

/// The schema, in draft 2020-12. Both spellings of each key are in it, and the short forms.
pub fn schema() -> Value {
    let mut definitions = Definitions::default();
    let root = Envelope::schema(&mut definitions);
    let length = Distribution::schema(&mut definitions);
    let anything = Anything::schema(&mut definitions);
    let text = json!({ "type": "string" });
    let texts = json!({ "anyOf": [text, { "type": "array", "items": text }] });
    let mut definitions = definitions.0;
    let body = &mut definitions;
    short_form(body, "BenchmarkSection", "models", "model", texts.clone());
    short_form(
        body,
        "BenchmarkSection",
        "datasets",
        "dataset",
        anything.clone(),
    );
    short_form(
        body,
        "BenchmarkSection",
        "phases",
        "profiling",
        anything.clone(),
    );
    add(body, "BenchmarkSection", "warmup", anything.clone());
    or_anything(
        body,
        "BenchmarkSection",
        &[
            "models",
            "phases",
            "datasets",
            "gpuTelemetry",
            "serverMetrics",
        ],
    );
    short_form(body, "EndpointSection", "urls", "url", texts);
    add(body, "SyntheticSection", "isl", length.clone());
    add(body, "SyntheticSection", "osl", length);
    for section in ["GpuTelemetrySection", "ServerMetricsSection"] {
        add(body, section, "url", json!({ "type": "string" }));
    }
    let type_is_optional = ["SyntheticSection"];
    for section in type_is_optional {
        forgive(body, section, "type");
    }
    forgive(body, "SyntheticSection", "name");
    forgive(body, "FileSection", "name");
    forgive(body, "PublicSection", "name");
    for key in ["adaptiveScale", "adaptive_scale", "sla"] {
        add(body, "PhaseSection", key, anything.clone());
    }
    for key in ["name", "kind"] {
        forgive(body, "PhaseSection", key);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "AIPerf configuration",
        "allOf": [root],
        "$defs": definitions,
    })
}

fn section<'a>(
    definitions: &'a mut Map<String, Value>,
    name: &str,
) -> Option<&'a mut Map<String, Value>> {
    definitions.get_mut(name)?.as_object_mut()
}

fn add(definitions: &mut Map<String, Value>, name: &str, key: &str, schema: Value) {
    let properties = section(definitions, name)
        .and_then(|section| section.get_mut("properties"))
        .and_then(Value::as_object_mut);
    if let Some(properties) = properties {
        properties.insert(key.to_owned(), schema);
    }
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
    let required = section(definitions, name)
        .and_then(|section| section.get_mut("allOf"))
        .and_then(Value::as_array_mut);
    if let Some(required) = required {
        required.retain(|entry| *entry != json!({ "required": [key] }));
    }
}

/// Keys whose short forms are too many to tell.
fn or_anything(definitions: &mut Map<String, Value>, name: &str, keys: &[&str]) {
    let properties = section(definitions, name)
        .and_then(|section| section.get_mut("properties"))
        .and_then(Value::as_object_mut);
    let Some(properties) = properties else { return };
    for key in keys {
        if let Some(schema) = properties.get_mut(*key) {
            let short = json!({ "type": ["string", "array", "object"] });
            *schema = json!({ "anyOf": [schema.clone(), short] });
        }
    }
}
