//! Values of keys: numbers, texts, words, lists. Python's leniency decides what a scalar may look
//! like: `"5"` is a number, `1` is a switch that is on. Where a text is wanted, a number is the text
//! that was written: a key of digits in a variable is a key.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::node::{Node, NodeValue};
use super::read::{Definitions, Dump, Read, Reader};
use super::substitution::{python_float, python_int};
use crate::command::Choice;

/// What a text may be in place of any scalar: it stands for one once it is rendered.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is moved into the schema by the macro"
)]
fn or_template(definitions: &mut Definitions, typed: Value) -> Value {
    let template = definitions.refer("Template", |_| {
        json!({
            "type": "string",
            "description": "Jinja or a variable of the environment, which stands for the value.",
            "pattern": r"\{\{|\{%|\$\{",
        })
    });
    json!({ "anyOf": [typed, template] })
}

impl Read for bool {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let read = match &node.value {
            NodeValue::Bool(on) => Some(*on),
            NodeValue::Int(0) => Some(false),
            NodeValue::Int(1) => Some(true),
            NodeValue::Float(number) if *number == 0.0 => Some(false),
            NodeValue::Float(number) if *number == 1.0 => Some(true),
            NodeValue::Text(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
                "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        };
        if read.is_none() {
            let message = format!("must be true or false, not {}", node.described());
            reader.fault(node, message);
        }
        read
    }

    fn dump(&self, _: Dump) -> Value {
        json!(self)
    }

    fn schema(definitions: &mut Definitions) -> Value {
        or_template(definitions, json!({ "type": "boolean" }))
    }
}

impl Read for u64 {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let whole = match &node.value {
            NodeValue::Bool(on) => Some(i128::from(*on)),
            NodeValue::Int(whole) => Some(*whole),
            NodeValue::Float(number) => whole_of(*number),
            NodeValue::Text(text) => {
                python_int(text).or_else(|| python_float(text).and_then(whole_of))
            }
            _ => None,
        };
        let Some(whole) = whole else {
            reader.fault(
                node,
                format!("must be a whole number, not {}", node.described()),
            );
            return None;
        };
        let read = Self::try_from(whole).ok();
        if read.is_none() {
            let reason = if whole < 0 {
                "is negative"
            } else {
                "is too large"
            };
            reader.fault(node, format!("{} {reason}", node.described()));
        }
        read
    }

    fn dump(&self, _: Dump) -> Value {
        json!(self)
    }

    fn schema(definitions: &mut Definitions) -> Value {
        or_template(definitions, json!({ "type": "integer", "minimum": 0 }))
    }
}

/// The whole number that a number is.
fn whole_of(number: f64) -> Option<i128> {
    (number.is_finite() && number.fract() == 0.0 && number.abs() < 1e30).then_some(number as i128)
}

impl Read for f64 {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let read = number(node);
        if read.is_none() {
            reader.fault(node, format!("must be a number, not {}", node.described()));
        }
        read
    }

    fn dump(&self, _: Dump) -> Value {
        json!(self)
    }

    fn schema(definitions: &mut Definitions) -> Value {
        or_template(definitions, json!({ "type": "number" }))
    }
}

fn number(node: &Node) -> Option<f64> {
    match &node.value {
        NodeValue::Bool(on) => Some(f64::from(u8::from(*on))),
        NodeValue::Int(whole) => Some(*whole as f64),
        NodeValue::Float(number) => Some(*number),
        NodeValue::Text(text) => python_float(text),
        _ => None,
    }
}

impl Read for String {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let read = node.as_words().map(str::to_owned);
        if read.is_none() {
            let is_scalar = !matches!(
                node.value,
                NodeValue::List(_) | NodeValue::Map(_) | NodeValue::Null
            );
            let message = format!("must be a text, not {}", node.described());
            if is_scalar {
                reader.fault_with(node, message, "put it in quotes");
            } else {
                reader.fault(node, message);
            }
        }
        read
    }

    fn dump(&self, _: Dump) -> Value {
        json!(self)
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({ "type": "string" })
    }
}

/// A text in quotes, which a number is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quoted(pub(crate) String);

impl Read for Quoted {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match node.as_text() {
            Some(text) => Some(Self(text.to_owned())),
            None => {
                let message = format!("must be a text, not {}", node.described());
                reader.fault_with(node, message, "put it in quotes");
                None
            }
        }
    }

    fn dump(&self, _: Dump) -> Value {
        json!(self.0)
    }

    fn schema(definitions: &mut Definitions) -> Value {
        String::schema(definitions)
    }
}

/// A text that may be a credential: no message shows it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credential(pub(crate) String);

impl std::fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(aiperf_redact::REDACTED)
    }
}

impl Read for Credential {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let read = node.as_words().map(|text| Self(text.to_owned()));
        if read.is_none() {
            reader.fault_with(node, "must be a text", "put it in quotes");
        }
        read
    }

    fn dump(&self, _: Dump) -> Value {
        json!(self.0)
    }

    fn schema(definitions: &mut Definitions) -> Value {
        String::schema(definitions)
    }
}

impl Read for PathBuf {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        String::read(node, reader).map(Self::from)
    }

    fn dump(&self, _: Dump) -> Value {
        // As Python's paths print themselves: without a leading `./` or a trailing slash.
        let parts: Self = self
            .components()
            .filter(|part| *part != std::path::Component::CurDir)
            .collect();
        if parts.as_os_str().is_empty() {
            return json!(".");
        }
        json!(parts.to_string_lossy())
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({ "type": "string" })
    }
}

impl<T: Read> Read for Option<T> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if node.is_null() {
            return Some(None);
        }
        T::read(node, reader).map(Some)
    }

    fn dump(&self, dump: Dump) -> Value {
        self.as_ref().map_or(Value::Null, |value| value.dump(dump))
    }

    fn schema(definitions: &mut Definitions) -> Value {
        let typed = T::schema(definitions);
        json!({ "anyOf": [typed, { "type": "null" }] })
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Some(items) = node.as_list() else {
            reader.fault(node, format!("must be a list, not {}", node.described()));
            return None;
        };
        let read: Vec<Option<T>> = items
            .iter()
            .enumerate()
            .map(|(index, item)| reader.within(index.to_string(), |reader| T::read(item, reader)))
            .collect();
        read.into_iter().collect()
    }

    fn dump(&self, dump: Dump) -> Value {
        self.iter().map(|item| item.dump(dump)).collect()
    }

    fn schema(definitions: &mut Definitions) -> Value {
        let items = T::schema(definitions);
        json!({ "type": "array", "items": items })
    }
}

impl<T: Read> Read for Box<T> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        T::read(node, reader).map(Self::new)
    }

    fn dump(&self, dump: Dump) -> Value {
        self.as_ref().dump(dump)
    }

    fn schema(definitions: &mut Definitions) -> Value {
        T::schema(definitions)
    }
}

/// Keys of the user's own, each with a value of one type, in the order in which they were written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Named<T>(pub(crate) Vec<(String, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Read> Read for Named<T> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Some(entries) = node.as_map() else {
            reader.fault(node, format!("must be a map, not {}", node.described()));
            return None;
        };
        let read: Vec<Option<(String, T)>> = entries
            .iter()
            .map(|entry| {
                let value =
                    reader.within(entry.key.clone(), |reader| T::read(&entry.value, reader));
                Some((entry.key.clone(), value?))
            })
            .collect();
        read.into_iter().collect::<Option<_>>().map(Self)
    }

    fn dump(&self, dump: Dump) -> Value {
        self.0
            .iter()
            .map(|(key, value)| (key.clone(), value.dump(dump)))
            .collect()
    }

    fn schema(definitions: &mut Definitions) -> Value {
        let values = T::schema(definitions);
        json!({ "type": "object", "additionalProperties": values })
    }
}

/// Anything at all.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Anything(pub(crate) Node);

impl Read for Anything {
    fn read(node: &Node, _: &mut Reader) -> Option<Self> {
        Some(Self(node.clone()))
    }

    fn dump(&self, _: Dump) -> Value {
        self.0.to_json()
    }

    fn schema(_: &mut Definitions) -> Value {
        json!(true)
    }
}

/// One of several words. Case and the separators `-` and `_` do not matter.
#[derive(Debug)]
pub(crate) struct OneOf<L> {
    word: &'static str,
    list: PhantomData<fn() -> L>,
}

/// Words to choose from.
pub(crate) trait Words {
    /// As they are written in files.
    const WORDS: &'static [&'static str];
}

impl<C: Choice> Words for C {
    const WORDS: &'static [&'static str] = C::NAMES;
}

impl<L> Clone for OneOf<L> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L> Copy for OneOf<L> {}

impl<L> PartialEq for OneOf<L> {
    fn eq(&self, other: &Self) -> bool {
        self.word == other.word
    }
}

impl<L> OneOf<L> {
    /// The word of a list, which the caller knows to be there.
    pub(crate) const fn word(word: &'static str) -> Self {
        Self {
            word,
            list: PhantomData,
        }
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.word
    }

    pub(crate) fn is(&self, word: &str) -> bool {
        self.word == word
    }
}

impl<C: Choice> OneOf<C> {
    /// The value that the word names. Every word of the list names one.
    pub(crate) fn choice(&self) -> Option<C> {
        C::named(self.word)
    }
}

impl<L: Words> Read for OneOf<L> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let bare = |word: &str| word.replace(['-', '_'], "").to_lowercase();
        let found = node.as_text().and_then(|text| {
            let wanted = bare(text);
            L::WORDS.iter().find(|word| bare(word) == wanted)
        });
        match found {
            Some(word) => Some(Self::word(word)),
            None => {
                let message = if L::WORDS.len() > 20 {
                    format!(
                        "{} is none of the names that are known here",
                        node.described()
                    )
                } else {
                    let words: Vec<_> = L::WORDS.iter().map(|word| format!("`{word}`")).collect();
                    format!(
                        "must be one of {}, not {}",
                        words.join(", "),
                        node.described()
                    )
                };
                let near = node
                    .as_text()
                    .and_then(|text| super::names::nearest(text, L::WORDS.iter().copied()));
                match near {
                    Some(word) => {
                        reader.fault_with(node, message, format!("did you mean `{word}`?"));
                    }
                    None => reader.fault(node, message),
                }
                None
            }
        }
    }

    fn dump(&self, _: Dump) -> Value {
        json!(self.word)
    }

    fn schema(definitions: &mut Definitions) -> Value {
        or_template(definitions, json!({ "enum": L::WORDS }))
    }
}

/// Declares lists of words.
macro_rules! words {
    ($( $(#[$about:meta])* $name:ident = $($word:literal),+ ; )+) => {
        $(
            $(#[$about])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub(crate) struct $name;

            impl $crate::document::values::Words for $name {
                const WORDS: &'static [&'static str] = &[$($word),+];
            }
        )+
    };
}

pub(crate) use words;

/// A time in seconds: a number, or a number with a unit, `30s`, `5 min`, `1h`, or `inf`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Seconds(pub(crate) f64);

impl Seconds {
    fn parse(text: &str) -> Option<f64> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("inf") || text.eq_ignore_ascii_case("infinity") {
            return Some(f64::INFINITY);
        }
        let end = text
            .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
            .unwrap_or(text.len());
        let (digits, unit) = text.split_at(end);
        let parts: Vec<&str> = digits.split('.').collect();
        if parts.len() > 2 || parts.iter().any(|part| part.is_empty()) {
            return None;
        }
        let number = digits.parse::<f64>().ok()?;
        let factor = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "s" | "sec" => 1.0,
            "m" | "min" => 60.0,
            "h" | "hr" | "hour" => 3600.0,
            _ => return None,
        };
        Some(number * factor)
    }
}

impl Read for Seconds {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let read = match node.as_text() {
            Some(text) => Self::parse(text),
            None => number(node),
        };
        if read.is_none() {
            reader.fault_with(
                node,
                format!("must be a time, not {}", node.described()),
                "write a number of seconds, or a unit: `30s`, `5m`, `2h`, `inf`",
            );
        }
        read.map(Self)
    }

    fn dump(&self, _: Dump) -> Value {
        if self.0.is_finite() {
            json!(self.0)
        } else {
            json!("inf")
        }
    }

    fn schema(definitions: &mut Definitions) -> Value {
        let units = r"^\s*\d+(\.\d+)?\s*([sS]|[sS]ec|[mM]|[mM]in|[hH]|[hH]r|[hH]our)?\s*$";
        let typed = json!({
            "anyOf": [
                { "type": "number", "minimum": 0 },
                { "type": "string", "pattern": units },
                { "enum": ["inf", "infinity"] },
            ],
        });
        or_template(definitions, typed)
    }
}

/// A list of words, or `false`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FormatsOrNone<L> {
    Formats(Vec<OneOf<L>>),
    None,
}

impl<L: Words> Read for FormatsOrNone<L> {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            NodeValue::Bool(false) => Some(Self::None),
            NodeValue::List(items) if !items.is_empty() => {
                Vec::read(node, reader).map(Self::Formats)
            }
            _ => {
                let words = L::WORDS.join(", ");
                reader.fault_with(
                    node,
                    format!(
                        "must be a list of formats or `false`, not {}",
                        node.described()
                    ),
                    format!("write `[{words}]`, or `false` for none"),
                );
                None
            }
        }
    }

    fn dump(&self, dump: Dump) -> Value {
        match self {
            Self::Formats(formats) => formats.dump(dump),
            Self::None => json!(false),
        }
    }

    fn schema(definitions: &mut Definitions) -> Value {
        let words = OneOf::<L>::schema(definitions);
        json!({ "anyOf": [{ "type": "array", "items": words, "minItems": 1 }, { "const": false }] })
    }
}

/// Texts in a list, or one text with commas.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TextList(pub(crate) Vec<String>);

impl Read for TextList {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match node.as_text() {
            Some(text) => {
                let parts = text.split(',').map(str::trim);
                let parts = parts.filter(|part| !part.is_empty());
                Some(Self(parts.map(str::to_owned).collect()))
            }
            None => Vec::read(node, reader).map(Self),
        }
    }

    fn dump(&self, _: Dump) -> Value {
        json!(self.0)
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
    }
}

/// Names with texts: a map, or `name:text` in a list or with commas.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tags(pub(crate) BTreeMap<String, String>);

impl Read for Tags {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if let Some(entries) = node.as_map() {
            let mut tags = BTreeMap::new();
            for entry in entries.iter() {
                let text = match entry.value.to_json() {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                tags.insert(entry.key.clone(), text);
            }
            return Some(Self(tags));
        }
        let words = TextList::read(node, reader)?;
        let mut tags = BTreeMap::new();
        for word in words.0 {
            match word.split_once(':') {
                Some((name, text)) if !name.trim().is_empty() => {
                    tags.insert(name.trim().to_owned(), text.trim().to_owned());
                }
                _ => {
                    reader.fault_with(node, format!("`{word}` is no tag"), "write `name:text`");
                    return None;
                }
            }
        }
        Some(Self(tags))
    }

    fn dump(&self, _: Dump) -> Value {
        json!(self.0)
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({ "type": ["object", "array", "string"] })
    }
}
