//! Where Jinja2 shows that it is at home in Python.

use minijinja::value::{Kwargs, ValueKind};
use minijinja::{AutoEscape, Error, ErrorKind, Output, State, Value};

/// Writes a value that a template prints.
pub(super) fn write(output: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    let failed = |_| Error::from(ErrorKind::WriteFailure);
    match value.kind() {
        ValueKind::Undefined => Ok(()),
        ValueKind::None => output.write_str("None").map_err(failed),
        ValueKind::Bool => {
            let word = if value.is_true() { "True" } else { "False" };
            output.write_str(word).map_err(failed)
        }
        _ if value.is_safe() || *state.auto_escape() == AutoEscape::None => {
            write!(output, "{value}").map_err(failed)
        }
        _ => output
            .write_str(&escaped(&value.to_string()))
            .map_err(failed),
    }
}

/// The filter `escape`: what is escaped once is not escaped again.
pub(super) fn escape(value: &Value) -> Value {
    if value.is_safe() {
        value.clone()
    } else {
        Value::from_safe_string(escaped(&value.to_string()))
    }
}

/// Escapes what HTML gives a meaning, with the entities that Python's `markupsafe` chooses.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The filter `tojson`: JSON with sorted keys and a blank after separators, in which no character
/// has a meaning in HTML and none is beyond ASCII; `indent` sets it over several lines.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the engine hands keyword arguments over by value"
)]
pub(super) fn to_json(
    value: &Value,
    indent: Option<usize>,
    options: Kwargs,
) -> Result<Value, Error> {
    let indent = match indent {
        Some(indent) => Some(indent),
        None => options.get("indent")?,
    };
    options.assert_all_used()?;
    let value = serde_json::to_value(value).map_err(|error| {
        Error::new(ErrorKind::BadSerialization, "cannot be written as JSON").with_source(error)
    })?;
    let mut json = String::new();
    write_json(&value, indent, 0, &mut json);
    Ok(Value::from_safe_string(json))
}

fn write_json(value: &serde_json::Value, indent: Option<usize>, depth: usize, json: &mut String) {
    let separate = |json: &mut String, is_first: bool, depth: usize| {
        if !is_first {
            json.push(',');
        }
        match indent {
            Some(width) => {
                json.push('\n');
                json.extend(std::iter::repeat_n(' ', width * depth));
            }
            None if !is_first => json.push(' '),
            None => {}
        }
    };
    let close = |json: &mut String| {
        if let Some(width) = indent {
            json.push('\n');
            json.extend(std::iter::repeat_n(' ', width * depth));
        }
    };
    match value {
        serde_json::Value::String(text) => write_string(text, json),
        serde_json::Value::Array(items) if !items.is_empty() => {
            json.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(json, index == 0, depth + 1);
                write_json(item, indent, depth + 1, json);
            }
            close(json);
            json.push(']');
        }
        serde_json::Value::Object(members) if !members.is_empty() => {
            let mut keys: Vec<_> = members.keys().collect();
            keys.sort();
            json.push('{');
            for (index, key) in keys.into_iter().enumerate() {
                separate(json, index == 0, depth + 1);
                write_string(key, json);
                json.push_str(": ");
                write_json(&members[key], indent, depth + 1, json);
            }
            close(json);
            json.push('}');
        }
        other => json.push_str(&other.to_string()),
    }
}

fn write_string(text: &str, json: &mut String) {
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '<' | '>' | '&' | '\'' => write_escape(u16::try_from(c).unwrap_or_default(), json),
            ' '..='~' => json.push(c),
            c => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    write_escape(*unit, json);
                }
            }
        }
    }
    json.push('"');
}

fn write_escape(unit: u16, json: &mut String) {
    json.push_str(&format!("\\u{unit:04x}"));
}
