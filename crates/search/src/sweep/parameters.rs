//! What parameters of a sweep are called in files.

use aiperf_model::SweepParameter;
use indexmap::{IndexMap, IndexSet};
use serde_json::{Map, Value};

use super::Variation;

/// Whole path → name: the last part of the path, or all of it where two paths share that.
pub(super) struct ParameterNames(IndexMap<String, String>);

impl ParameterNames {
    pub(super) fn of(variations: &[Variation]) -> Self {
        let paths: IndexSet<&str> = variations
            .iter()
            .flat_map(|variation| variation.values.keys().map(String::as_str))
            .collect();
        let sharing = |name: &str| paths.iter().filter(|path| last(path) == name).count();
        let name = |path: &&str| {
            let last = last(path);
            let name = if sharing(last) > 1 { path } else { last };
            ((*path).to_owned(), name.to_owned())
        };
        Self(paths.iter().map(name).collect())
    }

    /// Values under these names. What is not one value is JSON text.
    pub(super) fn short(&self, values: &Map<String, Value>) -> Map<String, Value> {
        let named = values.iter().map(|(path, value)| {
            let name = self.0.get(path).unwrap_or(path);
            (name.clone(), shown(value))
        });
        named.collect()
    }

    /// All parameters with their values, as they were first seen.
    pub(super) fn with_values(&self, variations: &[Variation]) -> Vec<SweepParameter> {
        let mut parameters: Vec<SweepParameter> = self
            .0
            .values()
            .map(|name| SweepParameter {
                name: name.clone(),
                values: Vec::new(),
            })
            .collect();
        for variation in variations {
            for (name, value) in self.short(&variation.values) {
                let known = parameters
                    .iter_mut()
                    .find(|parameter| parameter.name == name);
                if let Some(parameter) = known.filter(|known| !known.values.contains(&value)) {
                    parameter.values.push(value);
                }
            }
        }
        parameters
    }
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Readers expect scalars.
fn shown(value: &Value) -> Value {
    match value {
        Value::Object(_) | Value::Array(_) => sorted(value).to_string().into(),
        scalar => scalar.clone(),
    }
}

/// With members in the order of their names.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            members.sort_by_key(|(name, _)| name.as_str());
            let members = members.into_iter();
            Value::Object(
                members
                    .map(|(name, member)| (name.clone(), sorted(member)))
                    .collect(),
            )
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        scalar => scalar.clone(),
    }
}
