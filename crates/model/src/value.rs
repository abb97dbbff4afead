//! The value of one metric of one request: a number or a list of numbers, with its unit.
//!
//! Deserialisation is by hand rather than by serde's untagged enums: those buffer every value
//! first, and their error says only that no variant matched.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{Error as DeserializeError, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A metric of one request, in its display unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetricValue {
    /// The number, or the numbers.
    pub value: MetricData,
    /// Display unit, for example `ms`, `tokens` or `tokens/sec/user`.
    pub unit: String,
}

/// What a metric of one request holds.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum MetricData {
    /// One number.
    Number(NumberValue),
    /// Several numbers in the order of observation, for example one inter-chunk latency per chunk.
    List(Vec<NumberValue>),
}

/// A number that remembers whether the file wrote it as an integer: `16` and `16.0` differ.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum NumberValue {
    /// Written without a fraction.
    Int(i64),
    /// Written with a fraction or an exponent, or too large for an integer of 64 bits.
    Float(f64),
}

impl MetricValue {
    /// A value with its unit.
    pub fn new(value: impl Into<MetricData>, unit: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            unit: unit.into(),
        }
    }
}

impl MetricData {
    /// The number; `None` for a list.
    pub fn as_number(&self) -> Option<NumberValue> {
        match self {
            Self::Number(number) => Some(*number),
            Self::List(_) => None,
        }
    }

    /// The number as a float; `None` for a list.
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number().map(NumberValue::as_f64)
    }

    /// The number as an integer; `None` for a list and for what was written as a float.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number().and_then(NumberValue::as_i64)
    }

    /// All numbers: one for a number, any count for a list.
    pub fn numbers(&self) -> &[NumberValue] {
        match self {
            Self::Number(number) => std::slice::from_ref(number),
            Self::List(numbers) => numbers,
        }
    }

    /// `int`, `float` or `list`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Number(NumberValue::Int(_)) => "int",
            Self::Number(NumberValue::Float(_)) => "float",
            Self::List(_) => "list",
        }
    }
}

impl NumberValue {
    /// The number as a float.
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Int(integer) => integer as f64,
            Self::Float(float) => float,
        }
    }

    /// The number as an integer; `None` for what was written as a float.
    pub fn as_i64(self) -> Option<i64> {
        match self {
            Self::Int(integer) => Some(integer),
            Self::Float(_) => None,
        }
    }
}

impl fmt::Display for NumberValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(integer) => integer.fmt(formatter),
            Self::Float(float) => float.fmt(formatter),
        }
    }
}

impl From<i64> for NumberValue {
    fn from(integer: i64) -> Self {
        Self::Int(integer)
    }
}

impl From<f64> for NumberValue {
    fn from(float: f64) -> Self {
        Self::Float(float)
    }
}

impl From<NumberValue> for MetricData {
    fn from(number: NumberValue) -> Self {
        Self::Number(number)
    }
}

impl From<i64> for MetricData {
    fn from(integer: i64) -> Self {
        Self::Number(NumberValue::Int(integer))
    }
}

impl From<f64> for MetricData {
    fn from(float: f64) -> Self {
        Self::Number(NumberValue::Float(float))
    }
}

impl From<Vec<NumberValue>> for MetricData {
    fn from(numbers: Vec<NumberValue>) -> Self {
        Self::List(numbers)
    }
}

impl<'de> Deserialize<'de> for NumberValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

impl<'de> Deserialize<'de> for MetricData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DataVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = NumberValue;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number")
    }

    fn visit_i64<E: DeserializeError>(self, integer: i64) -> Result<NumberValue, E> {
        Ok(NumberValue::Int(integer))
    }

    fn visit_u64<E: DeserializeError>(self, integer: u64) -> Result<NumberValue, E> {
        // The reference's integers have no bound; beyond 64 bits the magnitude is what is left.
        Ok(i64::try_from(integer).map_or(NumberValue::Float(integer as f64), NumberValue::Int))
    }

    fn visit_f64<E: DeserializeError>(self, float: f64) -> Result<NumberValue, E> {
        Ok(NumberValue::Float(float))
    }
}

struct DataVisitor;

impl<'de> Visitor<'de> for DataVisitor {
    type Value = MetricData;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number or a list of numbers")
    }

    fn visit_i64<E: DeserializeError>(self, integer: i64) -> Result<MetricData, E> {
        NumberVisitor.visit_i64(integer).map(MetricData::Number)
    }

    fn visit_u64<E: DeserializeError>(self, integer: u64) -> Result<MetricData, E> {
        NumberVisitor.visit_u64(integer).map(MetricData::Number)
    }

    fn visit_f64<E: DeserializeError>(self, float: f64) -> Result<MetricData, E> {
        NumberVisitor.visit_f64(float).map(MetricData::Number)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<MetricData, A::Error> {
        // A hint from a file must not size an allocation without bound.
        let mut numbers = Vec::with_capacity(sequence.size_hint().unwrap_or(0).min(4096));
        while let Some(number) = sequence.next_element()? {
            numbers.push(number);
        }
        Ok(MetricData::List(numbers))
    }
}

#[cfg(test)]
mod tests {
    use super::{MetricData, MetricValue, NumberValue};

    #[test]
    fn integers_and_floats_keep_their_kind_through_a_round_trip() {
        for (text, kind) in [
            (r#"{"value":16,"unit":"tokens"}"#, "int"),
            (r#"{"value":-3,"unit":"count"}"#, "int"),
            (r#"{"value":16.0,"unit":"tokens"}"#, "float"),
            (r#"{"value":0.1,"unit":"ms"}"#, "float"),
            (r#"{"value":[],"unit":"ms"}"#, "list"),
            (r#"{"value":[1,2.5,3.0],"unit":"ms"}"#, "list"),
        ] {
            let value: MetricValue = serde_json::from_str(text).unwrap();
            assert_eq!(value.value.kind(), kind, "{text}");
            assert_eq!(serde_json::to_string(&value).unwrap(), text);
        }
    }

    #[test]
    fn an_integer_beyond_64_bits_is_read_as_a_float() {
        for text in ["18446744073709551615", "99999999999999999999999"] {
            let data: MetricData = serde_json::from_str(text).unwrap();
            assert_eq!(data.kind(), "float", "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_named_in_the_error() {
        for text in ["null", "\"5\"", "true", "{}", "[1,null]", "[[1]]"] {
            let error = serde_json::from_str::<MetricData>(text)
                .unwrap_err()
                .to_string();
            assert!(error.contains("expected a number"), "{text}: {error}");
        }
    }

    #[test]
    fn a_number_and_a_list_offer_the_same_view() {
        assert_eq!(MetricData::from(4).numbers(), [NumberValue::Int(4)]);
        assert_eq!(MetricData::from(4).as_i64(), Some(4));
        assert_eq!(MetricData::from(4).as_f64(), Some(4.0));
        assert_eq!(MetricData::from(4.5).as_i64(), None);
        let list = MetricData::from(vec![NumberValue::Int(1), NumberValue::Float(2.5)]);
        assert_eq!(list.numbers().len(), 2);
        assert_eq!(list.as_f64(), None);
    }
}
