//! Values for keys, made from the schema.

use serde_json::{Map, Value, json};

/// How far sections within sections are filled.
const DEPTH: usize = 2;

pub(crate) struct Samples<'a> {
    definitions: &'a Map<String, Value>,
}

/// Whether a key is spelled as files usually spell it; the schema has the other spelling too.
pub(crate) fn is_main_spelling(key: &str) -> bool {
    !key.contains('_')
}

impl<'a> Samples<'a> {
    pub(crate) fn new(schema: &'a Value) -> Self {
        let definitions = schema["$defs"]
            .as_object()
            .expect("a schema with definitions");
        Self { definitions }
    }

    /// The keys of a section, each with values that its type takes.
    pub(crate) fn of_section(&self, name: &str) -> Vec<(String, Vec<Value>)> {
        self.keys_of(&self.definitions[name], 0)
    }

    fn keys_of(&self, section: &Value, depth: usize) -> Vec<(String, Vec<Value>)> {
        let keys = section["properties"].as_object().into_iter().flatten();
        let sampled = keys.map(|(key, schema)| (key.clone(), self.of_type(schema, depth)));
        sampled.collect()
    }

    fn of_type(&self, schema: &Value, depth: usize) -> Vec<Value> {
        if let Some(name) = schema["$ref"].as_str() {
            return self.of_definition(name.trim_start_matches("#/$defs/"), depth);
        }
        if let Some(words) = schema["enum"].as_array() {
            return words.clone();
        }
        for choice in ["anyOf", "oneOf"] {
            if let Some(types) = schema[choice].as_array() {
                let all = types.iter().flat_map(|kind| self.of_type(kind, depth));
                return all.collect();
            }
        }
        let types = match &schema["type"] {
            Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
            Value::String(one) => vec![one.as_str()],
            _ => vec!["object"],
        };
        let of_one = |kind: &str| match kind {
            "boolean" => vec![json!(true), json!(false)],
            "integer" => vec![json!(1), json!(3)],
            "number" => vec![json!(0.5), json!(3)],
            "string" => vec![json!("word"), json!("/word")],
            "array" => {
                let items = self.of_type(&schema["items"], depth + 1);
                items.into_iter().map(|item| json!([item])).collect()
            }
            "object" if schema["properties"].is_object() => self.of_object(schema, depth),
            "object" => vec![json!({ "word": 3 })],
            _ => Vec::new(),
        };
        types.into_iter().flat_map(of_one).collect()
    }

    fn of_definition(&self, name: &str, depth: usize) -> Vec<Value> {
        match name {
            "Template" => Vec::new(),
            "Distribution" => vec![json!(7), json!({ "mean": 7, "stddev": 2 })],
            _ => self.of_type(&self.definitions[name], depth),
        }
    }

    /// Objects with one key each.
    fn of_object(&self, schema: &Value, depth: usize) -> Vec<Value> {
        if depth >= DEPTH {
            return Vec::new();
        }
        let keys = self.keys_of(schema, depth + 1).into_iter();
        keys.filter(|(key, _)| is_main_spelling(key))
            .flat_map(|(key, values)| values.into_iter().map(move |value| json!({ &key: value })))
            .collect()
    }
}
