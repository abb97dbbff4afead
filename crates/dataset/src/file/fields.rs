//! Typed access to a row's keys, with reasons that name the key.

use std::fmt;

use serde_json::{Map, Value};

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// The key it is about; none for the row as a whole.
    key: Option<String>,
    reason: String,
}

impl Flaw {
    /// About the row as a whole.
    pub(crate) fn whole(reason: impl Into<String>) -> Self {
        Self {
            key: None,
            reason: reason.into(),
        }
    }

    /// About one key.
    pub(crate) fn at(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            key: Some(key.into()),
            reason: reason.into(),
        }
    }

    /// The same flaw of a row that is part of another row.
    pub(crate) fn inside(self, outer: &str) -> Self {
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
pub(crate) fn kind(value: &Value) -> &'static str {
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
pub(crate) struct Fields {
    object: Map<String, Value>,
}

impl Fields {
    pub(crate) fn new(object: Map<String, Value>) -> Self {
        Self { object }
    }

    pub(crate) fn take(&mut self, key: &str) -> Option<Value> {
        self.object
            .get_mut(key)
            .map(Value::take)
            .filter(|value| !value.is_null())
    }

    /// Looks at a key without taking it.
    pub(crate) fn peek(&self, key: &str) -> Option<&Value> {
        self.object.get(key)
    }

    pub(crate) fn string(&mut self, key: &str) -> Result<Option<String>, Flaw> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(expected(key, "a string", &other)),
        }
    }

    pub(crate) fn array(&mut self, key: &str) -> Result<Option<Vec<Value>>, Flaw> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(other) => Err(expected(key, "an array", &other)),
        }
    }

    pub(crate) fn object(&mut self, key: &str) -> Result<Option<Map<String, Value>>, Flaw> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(other) => Err(expected(key, "an object", &other)),
        }
    }

    /// A finite number; a string that holds one will do.
    pub(crate) fn number(&mut self, key: &str) -> Result<Option<f64>, Flaw> {
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
    pub(crate) fn positive_integer(&mut self, key: &str) -> Result<Option<u32>, Flaw> {
        self.integer_from(key, 1)
    }

    /// A whole number of at least 0; `5.0` and `"5"` will do.
    pub(crate) fn natural_number(&mut self, key: &str) -> Result<Option<u32>, Flaw> {
        self.integer_from(key, 0)
    }

    fn integer_from(&mut self, key: &str, least: i64) -> Result<Option<u32>, Flaw> {
        let Some(number) = self.integer(key)? else {
            return Ok(None);
        };
        if number < least {
            return Err(Flaw::at(
                key,
                format!("must be at least {least}, is {number}"),
            ));
        }
        match u32::try_from(number) {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(Flaw::at(
                key,
                format!("must be at most {}, is {number}", u32::MAX),
            )),
        }
    }

    /// A whole number of any sign; `5.0` and `"5"` will do. Larger ones than 64 bits hold become
    /// the largest.
    pub(crate) fn integer(&mut self, key: &str) -> Result<Option<i64>, Flaw> {
        if let Some(number) = self.object.get(key).and_then(Value::as_i64) {
            self.take(key);
            return Ok(Some(number));
        }
        match self.number(key)? {
            Some(number) if number.fract() != 0.0 => Err(Flaw::at(
                key,
                format!("expected a whole number, found {number}"),
            )),
            number => Ok(number.map(|number| number as i64)),
        }
    }

    /// The key's object, which must be there.
    pub(crate) fn required_object(&mut self, key: &str) -> Result<Map<String, Value>, Flaw> {
        self.object(key)?.ok_or_else(|| missing(key))
    }
}

/// The flaw of a key that must be there and is not.
pub(crate) fn missing(key: &str) -> Flaw {
    Flaw::at(key, "is missing")
}

/// The flaw of a value of the wrong kind.
pub(crate) fn expected(key: impl Into<String>, wanted: &str, found: &Value) -> Flaw {
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
