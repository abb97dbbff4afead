//! Putting tool calls together from the fragments of a stream.

use serde_json::{Map, Value, json};

/// The tool calls of one answer, each under its index.
#[derive(Debug, Default)]
pub(crate) struct ToolCallAssembly {
    slots: Vec<(i64, Map<String, Value>)>,
}

impl ToolCallAssembly {
    /// Merges a fragment: identifiers overwrite what is there, arguments are appended. A fragment
    /// without an index opens the next slot.
    pub(crate) fn add_delta(&mut self, fragment: &Map<String, Value>) {
        let index = self.index_of(fragment);
        let call = self.slot(index);
        overwrite(call, fragment, "id");
        overwrite(call, fragment, "type");
        if let Some(Value::Object(function)) = fragment.get("function")
            && !function.is_empty()
        {
            let target = object_at(call, "function");
            overwrite(target, function, "name");
            append(target, function, "arguments");
        }
    }

    /// Adds a complete call as it is; its index only orders it.
    pub(crate) fn add_whole(&mut self, call: &Map<String, Value>) {
        let index = self.index_of(call);
        let mut call = call.clone();
        call.shift_remove("index");
        self.slots.push((index, call));
    }

    /// Adds the complete function call of servers that know no tools, after the calls there are.
    pub(crate) fn add_legacy_whole(&mut self, function: &Map<String, Value>) {
        let member = |key: &str| function.get(key).cloned().unwrap_or_else(|| "".into());
        let function = json!({"name": member("name"), "arguments": member("arguments")});
        let call = [("type", "function".into()), ("function", function)];
        let call = call.map(|(key, value)| (key.to_owned(), value));
        self.add_whole(&Map::from_iter(call));
    }

    /// Merges a fragment of the one function call of servers that know no tools.
    pub(crate) fn add_legacy_delta(&mut self, function: &Map<String, Value>) {
        let call = self.slot(0);
        call.entry("type").or_insert_with(|| "function".into());
        let target = object_at(call, "function");
        append(target, function, "name");
        append(target, function, "arguments");
    }

    /// The calls in the order of their indexes.
    pub(crate) fn finish(mut self) -> Vec<Value> {
        self.slots.sort_by_key(|(index, _)| *index);
        self.slots
            .into_iter()
            .map(|(_, call)| Value::Object(call))
            .collect()
    }

    fn index_of(&self, call: &Map<String, Value>) -> i64 {
        call.get("index")
            .and_then(Value::as_i64)
            .unwrap_or(self.slots.len() as i64)
    }

    fn slot(&mut self, index: i64) -> &mut Map<String, Value> {
        let position = self.slots.iter().position(|(taken, _)| *taken == index);
        let position = position.unwrap_or_else(|| {
            self.slots.push((index, Map::new()));
            self.slots.len() - 1
        });
        &mut self.slots[position].1
    }
}

fn object_at<'m>(members: &'m mut Map<String, Value>, key: &str) -> &'m mut Map<String, Value> {
    let value = members.entry(key).or_insert(Value::Null);
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value
        .as_object_mut()
        .expect("was made an object just above")
}

/// Copies a string that is not empty.
fn overwrite(target: &mut Map<String, Value>, source: &Map<String, Value>, key: &str) {
    if let Some(Value::String(text)) = source.get(key)
        && !text.is_empty()
    {
        target.insert(key.to_owned(), text.as_str().into());
    }
}

/// Appends a value to the string at the key; a value that is no string as its JSON.
fn append(target: &mut Map<String, Value>, source: &Map<String, Value>, key: &str) {
    let Some(value) = source.get(key) else { return };
    let target = target.entry(key).or_insert_with(|| "".into());
    if let Value::String(target) = target {
        match value {
            Value::Null => {}
            Value::String(text) => target.push_str(text),
            other => target.push_str(&other.to_string()),
        }
    }
}
