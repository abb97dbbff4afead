//! What runs of a sweep are called, and which values each has.

use serde_json::{Map, Value};

/// What tells a variation from the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// Counted from 0.
    pub index: usize,
    /// What is different, in words.
    pub label: String,
    /// The same as the name of a directory.
    pub dir_name: String,
    /// What is different, by the path below `benchmark`, or what a scenario says about itself.
    pub values: Map<String, Value>,
}

impl Identity {
    /// Of the only configuration where nothing is swept.
    pub fn base() -> Self {
        Self {
            index: 0,
            label: "base".to_owned(),
            dir_name: "base".to_owned(),
            values: Map::new(),
        }
    }

    /// Of a variation that is called after its values.
    pub(crate) fn of_values(index: usize, values: Map<String, Value>) -> Self {
        let label: Vec<String> = values
            .iter()
            .map(|(path, value)| format!("{path}={}", as_python(value)))
            .collect();
        Self::named(index, label.join(", "), values)
    }

    /// Of a variation with a name.
    pub(crate) fn named(index: usize, label: String, values: Map<String, Value>) -> Self {
        let is_nested = values
            .values()
            .any(|value| value.is_object() || value.is_array());
        let parts: Vec<String> = values
            .iter()
            .map(|(path, value)| {
                let last = path.rsplit('.').next().unwrap_or(path);
                format!("{last}_{}", as_python(value))
            })
            .collect();
        let name = if is_nested {
            String::new()
        } else {
            directory(&parts.join("__"))
        };
        let dir_name = [name, directory(&label), format!("variation_{index}")]
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or_default();
        Self {
            index,
            label,
            dir_name,
            values,
        }
    }
}

/// Every combination; the last path changes fastest.
pub(crate) fn products<V: Clone>(axes: &[(String, Vec<V>)]) -> Vec<Vec<(String, V)>> {
    let mut runs = vec![Vec::new()];
    for (path, values) in axes {
        let longer = runs.iter().flat_map(|run| {
            values.iter().map(move |value| {
                let mut run = run.clone();
                run.push((path.clone(), value.clone()));
                run
            })
        });
        runs = longer.collect();
    }
    runs
}

/// The first values of all, the second values of all, and so on.
pub(crate) fn pairs<V: Clone>(axes: &[(String, Vec<V>)]) -> Vec<Vec<(String, V)>> {
    let count = axes
        .iter()
        .map(|(_, values)| values.len())
        .min()
        .unwrap_or(0);
    let run = |index: usize| {
        let values = axes.iter();
        values
            .filter_map(|(path, values)| Some((path.clone(), values.get(index)?.clone())))
            .collect()
    };
    (0..count).map(run).collect()
}

/// Without what directories are not called by. Nothing where only dots are left.
pub(crate) fn directory(text: &str) -> String {
    let text = text.replace(['/', '\\'], "").replace("..", "");
    let kept: String = text
        .chars()
        .filter(|letter| !"<>:\"|?*".contains(*letter))
        .collect();
    if kept.chars().all(|letter| letter == '.') {
        String::new()
    } else {
        kept
    }
}

/// A value as the reference prints it.
pub(crate) fn as_python(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Null => "None".to_owned(),
        other => other.to_string(),
    }
}
