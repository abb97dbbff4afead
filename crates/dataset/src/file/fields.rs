//! Typed access to a row's keys, with reasons that name the key.

use std::fmt;

use serde_json::{Map, Value};

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flaw {
    /// The key it is about; none for the row as a whole.
    key: Option<String>,
    reason: String,
}

impl Flaw {
    /// About the row as a whole.
    pub(super) fn whole(reason: impl Into<String>) -> Self {
        Self {
            key: None,
            reason: reason.into(),
        }
    }

    /// About one key.
    pub(super) fn at(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            key: Some(key.into()),
            reason: reason.into(),
        }
    }

    /// The same flaw of a row that is part of another row.
    pub(super) fn inside(self, outer: &str) -> Self {
        let key = match self.key {
            Some(key) => format!("{outer}.{key}"),
            None => outer.to_owned(),
        };
        Self {
            key: Some(key),
            reason: self.reason,
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(formatter, "`{key}`: {}", self.reason),
            None => formatter.write_str(&self.reason),
        }
    }
}

/// What a JSON value is, with its article.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Takes keys out of a row. `null` counts as absent. A row's other keys are left where they are.
pub(super) struct Fields {
    object: Map<String, Value>,
}

impl Fields {
    pub(super) fn new(object: Map<String, Value>) -> Self {
        Self { object }
    }

    pub(super) fn take(&mut self, key: &str) -> Option<Value> {
        self.object
            .get_mut(key)
            .map(Value::take)
            .filter(|value| !value.is_null())
    }

    pub(super) fn string(&mut self, key: &str) -> Result<Option<String>, Flaw> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(expected(key, "a string", &other)),
        }
    }

    pub(super) fn array(&mut self, key: &str) -> Result<Option<Vec<Value>>, Flaw> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(other) => Err(expected(key, "an array", &other)),
        }
    }

    pub(super) fn object(&mut self, key: &str) -> Result<Option<Map<String, Value>>, Flaw> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(other) => Err(expected(key, "an object", &other)),
        }
    }

    /// A finite number; a string that holds one will do.
    pub(super) fn number(&mut self, key: &str) -> Result<Option<f64>, Flaw> {
        let Some(value) = self.take(key) else {
            return Ok(None);
        };
        let number = match &value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number.filter(|number| number.is_finite()) {
            Some(number) => Ok(Some(number)),
            None => Err(expected(key, "a number", &value)),
        }
    }

    /// A whole number of at least 1; `5.0` and `"5"` will do.
    pub(super) fn positive_integer(&mut self, key: &str) -> Result<Option<u32>, Flaw> {
        let Some(number) = self.number(key)? else {
            return Ok(None);
        };
        if number.fract() != 0.0 {
            return Err(Flaw::at(
                key,
                format!("expected a whole number, found {number}"),
            ));
        }
        if number < 1.0 {
            return Err(Flaw::at(key, format!("must be at least 1, is {number}")));
        }
        if number > f64::from(u32::MAX) {
            return Err(Flaw::at(
                key,
                format!("must be at most {}, is {number}", u32::MAX),
            ));
        }
        Ok(Some(number as u32))
    }
}

/// The flaw of a value of the wrong kind.
pub(super) fn expected(key: impl Into<String>, wanted: &str, found: &Value) -> Flaw {
    let detail = match found {
        Value::String(text) if text.len() <= 40 => format!(" `{text}`"),
        Value::Bool(truth) => format!(" `{truth}`"),
        Value::Number(number) => format!(" `{number}`"),
        _ => String::new(),
    };
    Flaw::at(
        key,
        format!("expected {wanted}, found {}{detail}", kind(found)),
    )
}
