//! A validator for the part of JSON Schema that the schemas use.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// Collects what is wrong with a value; a keyword that it does not know ends the test.
pub(crate) struct Checker<'a> {
    pub(crate) root: &'a Value,
    pub(crate) errors: Vec<String>,
    /// Whether an object must have every property of its schema, in the same order.
    pub(crate) demand_all_members: bool,
}

impl Checker<'_> {
    pub(crate) fn check(&mut self, schema: &Value, value: &Value, place: &str) {
        let Value::Object(keywords) = schema else {
            assert_eq!(schema, &json!(true), "{place}");
            return;
        };
        for (keyword, rule) in keywords {
            let is_met = match keyword.as_str() {
                "$id" | "$schema" | "$defs" | "title" | "description" | "format" | "default" => {
                    true
                }
                "type" => self.has_type(rule, value),
                "const" => rule == value,
                "enum" => rule.as_array().unwrap().contains(value),
                "minimum" => value
                    .as_f64()
                    .is_none_or(|number| number >= rule.as_f64().unwrap()),
                "maximum" => value
                    .as_f64()
                    .is_none_or(|number| number <= rule.as_f64().unwrap()),
                "minItems" => value.as_array().unwrap().len() as u64 >= rule.as_u64().unwrap(),
                "maxItems" => value.as_array().unwrap().len() as u64 <= rule.as_u64().unwrap(),
                "anyOf" | "oneOf" => rule
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|choice| self.admits(choice, value, place)),
                "required" => rule.as_array().unwrap().iter().all(|member| {
                    value
                        .as_object()
                        .is_none_or(|object| object.contains_key(member.as_str().unwrap()))
                }),
                "$ref" => {
                    let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                    let target = self.root.pointer(pointer).unwrap().clone();
                    self.check(&target, value, place);
                    true
                }
                "properties" => {
                    self.check_members(rule, value, place);
                    true
                }
                "patternProperties" => {
                    assert_eq!(
                        rule.as_object().unwrap().keys().collect::<Vec<_>>(),
                        [r"^\d+$"]
                    );
                    for (member, value) in value.as_object().into_iter().flatten() {
                        assert!(member.parse::<u64>().is_ok(), "{place}/{member}");
                        self.check(&rule[r"^\d+$"], value, &format!("{place}/{member}"));
                    }
                    true
                }
                "additionalProperties" => {
                    let known = keywords.get("properties").and_then(Value::as_object);
                    for (member, value) in value.as_object().into_iter().flatten() {
                        let is_known = known.is_some_and(|known| known.contains_key(member))
                            || keywords.contains_key("patternProperties");
                        if !is_known {
                            self.check(rule, value, &format!("{place}/{member}"));
                        }
                    }
                    true
                }
                "items" => {
                    for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(rule, value, &format!("{place}/{index}"));
                    }
                    true
                }
                "prefixItems" => {
                    let items = value.as_array().into_iter().flatten();
                    for (rule, value) in rule.as_array().unwrap().iter().zip(items) {
                        self.check(rule, value, place);
                    }
                    true
                }
                unknown => panic!("the test does not know the keyword `{unknown}`"),
            };
            if !is_met {
                self.errors
                    .push(format!("`{place}` breaks {keyword} {rule}: {value}"));
            }
        }
    }

    fn check_members(&mut self, properties: &Value, value: &Value, place: &str) {
        let (properties, Value::Object(object)) = (properties.as_object().unwrap(), value) else {
            return;
        };
        if self.demand_all_members {
            let (listed, written): (Vec<_>, Vec<_>) =
                (properties.keys().collect(), object.keys().collect());
            if listed != written {
                let (left, right): (BTreeSet<_>, BTreeSet<_>) =
                    (listed.into_iter().collect(), written.into_iter().collect());
                let difference: Vec<_> = left.symmetric_difference(&right).collect();
                self.errors
                    .push(format!("`{place}` members or their order: {difference:?}"));
            }
        }
        for (member, property) in properties {
            if let Some(value) = object.get(member) {
                self.check(property, value, &format!("{place}/{member}"));
            }
        }
    }

    fn admits(&self, schema: &Value, value: &Value, place: &str) -> bool {
        let demand_all_members = self.demand_all_members;
        let mut choice = Checker {
            root: self.root,
            errors: Vec::new(),
            demand_all_members,
        };
        choice.check(schema, value, place);
        choice.errors.is_empty()
    }

    fn has_type(&self, rule: &Value, value: &Value) -> bool {
        let names: Vec<&str> = match rule {
            Value::Array(names) => names.iter().map(|name| name.as_str().unwrap()).collect(),
            name => vec![name.as_str().unwrap()],
        };
        names.into_iter().any(|name| match name {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "null" => value.is_null(),
            other => panic!("the test does not know the type `{other}`"),
        })
    }
}
