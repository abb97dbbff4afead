//! A row's values, whatever file they come from.

use parquet::record::{Field, Row};
use serde_json::{Map, Value};

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Self>),
    /// Keys in the order of the file.
    Group(Vec<(String, Self)>),
}

impl Cell {
    pub(super) fn from_row(row: &Row) -> Self {
        Self::Group(
            row.get_column_iter()
                .map(|(name, field)| (name.clone(), Self::from_field(field)))
                .collect(),
        )
    }

    fn from_field(field: &Field) -> Self {
        match field {
            Field::Null => Self::Null,
            Field::Bool(truth) => Self::Bool(*truth),
            Field::Byte(number) => Self::Integer(i64::from(*number)),
            Field::Short(number) => Self::Integer(i64::from(*number)),
            Field::Int(number) => Self::Integer(i64::from(*number)),
            Field::Long(number) => Self::Integer(*number),
            Field::UByte(number) => Self::Integer(i64::from(*number)),
            Field::UShort(number) => Self::Integer(i64::from(*number)),
            Field::UInt(number) => Self::Integer(i64::from(*number)),
            Field::ULong(number) => Self::Integer(i64::try_from(*number).unwrap_or(i64::MAX)),
            Field::Float(number) => Self::Float(f64::from(*number)),
            Field::Double(number) => Self::Float(*number),
            Field::Str(text) => Self::Text(text.clone()),
            Field::Bytes(bytes) => Self::Bytes(bytes.data().to_vec()),
            Field::Group(row) => Self::from_row(row),
            Field::ListInternal(list) => {
                Self::List(list.elements().iter().map(Self::from_field).collect())
            }
            Field::MapInternal(map) => Self::Group(
                map.entries()
                    .iter()
                    .map(|(key, value)| {
                        let key = match key {
                            Field::Str(text) => text.clone(),
                            other => other.to_string(),
                        };
                        (key, Self::from_field(value))
                    })
                    .collect(),
            ),
            other => Self::Text(other.to_string()),
        }
    }

    pub(super) fn from_json(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Bool(truth),
            Value::Number(number) => match number.as_i64() {
                Some(number) => Self::Integer(number),
                None => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => Self::Text(text),
            Value::Array(items) => Self::List(items.into_iter().map(Self::from_json).collect()),
            Value::Object(object) => Self::Group(
                object
                    .into_iter()
                    .map(|(key, value)| (key, Self::from_json(value)))
                    .collect(),
            ),
        }
    }

    /// Absent values of a group are left out: columns of nested groups are there for every row.
    pub(super) fn into_json(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => truth.into(),
            Self::Integer(number) => number.into(),
            Self::Float(number) => number.into(),
            Self::Text(text) => text.into(),
            Self::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
            Self::List(items) => items
                .into_iter()
                .map(Self::into_json)
                .collect::<Vec<_>>()
                .into(),
            Self::Group(entries) => entries
                .into_iter()
                .filter(|(_, value)| *value != Self::Null)
                .map(|(key, value)| (key, value.into_json()))
                .collect::<Map<_, _>>()
                .into(),
        }
    }

    /// The value under a key of a group.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Group(entries) => entries
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    pub(super) fn keys(&self) -> Vec<&str> {
        match self {
            Self::Group(entries) => entries.iter().map(|(name, _)| name.as_str()).collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn as_list(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// A scalar as it is printed; nothing for others.
    pub(super) fn to_text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Integer(number) => Some(number.to_string()),
            Self::Float(number) => Some(number.to_string()),
            Self::Bool(truth) => Some(truth.to_string()),
            Self::Null | Self::Bytes(_) | Self::List(_) | Self::Group(_) => None,
        }
    }
}
