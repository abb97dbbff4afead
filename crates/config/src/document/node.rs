//! A YAML document as a tree in which everything knows where it was written.

use serde_json::{Map, Number, Value};

/// Where something was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mark {
    /// Nowhere: it was filled in.
    #[default]
    Nowhere,
    /// In the file.
    At {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// By a flag of the command line, named with its dashes.
    Flag(&'static str),
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub(crate) value: NodeValue,
    pub(crate) mark: Mark,
    /// Of numbers and dates, how they were written, where that is known: a text of this look is
    /// one of them to YAML.
    written: Option<Box<str>>,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NodeValue {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    /// A date or a time, which YAML has a type for and no key takes.
    Date(String),
    List(Vec<Node>),
    Map(Entries),
}

/// The entries of a map in the order in which they were written. No key twice.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Entries(Vec<Entry>);

/// One entry of a map.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    /// Where the key was written.
    pub(crate) mark: Mark,
    pub(crate) value: Node,
}

impl Node {
    pub(crate) fn new(value: NodeValue, mark: Mark) -> Self {
        Self {
            value,
            mark,
            written: None,
        }
    }

    /// What was written as `text` without quotes.
    pub(crate) fn of_plain(value: NodeValue, text: &str, mark: Mark) -> Self {
        let is_known = matches!(
            value,
            NodeValue::Int(_) | NodeValue::Float(_) | NodeValue::Date(_)
        );
        Self {
            written: is_known.then(|| text.into()),
            ..Self::new(value, mark)
        }
    }

    pub(crate) fn text(text: impl Into<String>, mark: Mark) -> Self {
        Self::new(NodeValue::Text(text.into()), mark)
    }

    pub(crate) fn map(mark: Mark) -> Self {
        Self::new(NodeValue::Map(Entries::default()), mark)
    }

    pub(crate) fn list(items: Vec<Self>, mark: Mark) -> Self {
        Self::new(NodeValue::List(items), mark)
    }

    /// The tree of a JSON value, all of it written at one place.
    pub(crate) fn from_json(value: &Value, mark: Mark) -> Self {
        let value = match value {
            Value::Null => NodeValue::Null,
            Value::Bool(on) => NodeValue::Bool(*on),
            Value::Number(number) => match number.as_i128() {
                Some(whole) => NodeValue::Int(whole),
                None => NodeValue::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => NodeValue::Text(text.clone()),
            Value::Array(items) => {
                let items = items.iter().map(|item| Self::from_json(item, mark));
                NodeValue::List(items.collect())
            }
            Value::Object(members) => {
                let mut entries = Entries::default();
                for (key, value) in members {
                    entries.set(key, Self::from_json(value, mark));
                }
                NodeValue::Map(entries)
            }
        };
        Self::new(value, mark)
    }

    /// As JSON. Numbers that JSON does not have become `null`, dates become text.
    pub(crate) fn to_json(&self) -> Value {
        match &self.value {
            NodeValue::Null => Value::Null,
            NodeValue::Bool(on) => Value::Bool(*on),
            NodeValue::Int(whole) => {
                Number::from_i128(*whole).map_or_else(|| Value::from(*whole as f64), Value::Number)
            }
            NodeValue::Float(number) => Value::from(*number),
            NodeValue::Text(text) | NodeValue::Date(text) => Value::String(text.clone()),
            NodeValue::List(items) => items.iter().map(Self::to_json).collect(),
            NodeValue::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.value.to_json()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }

    pub(crate) fn as_map(&self) -> Option<&Entries> {
        match &self.value {
            NodeValue::Map(entries) => Some(entries),
            _ => None,
        }
    }

    pub(crate) fn as_map_mut(&mut self) -> Option<&mut Entries> {
        match &mut self.value {
            NodeValue::Map(entries) => Some(entries),
            _ => None,
        }
    }

    pub(crate) fn as_list(&self) -> Option<&[Self]> {
        match &self.value {
            NodeValue::List(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn as_list_mut(&mut self) -> Option<&mut Vec<Self>> {
        match &mut self.value {
            NodeValue::List(items) => Some(items),
            _ => None,
        }
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            NodeValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a key whose value is one, which may look like a number.
    pub(crate) fn as_words(&self) -> Option<&str> {
        self.as_text().or(self.written.as_deref())
    }

    pub(crate) fn is_null(&self) -> bool {
        self.value == NodeValue::Null
    }

    /// The entry of this key, where the node is a map.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    /// What it is, in words for people.
    pub(crate) fn described(&self) -> String {
        match &self.value {
            NodeValue::Null => "nothing".to_owned(),
            NodeValue::Bool(on) => format!("`{on}`"),
            NodeValue::Int(whole) => format!("the number {whole}"),
            NodeValue::Float(number) => format!("the number {number}"),
            NodeValue::Text(text) if text.chars().count() > 60 => "a long text".to_owned(),
            NodeValue::Text(text) => format!("the text `{text}`"),
            NodeValue::Date(text) => format!("the date {text}"),
            NodeValue::List(_) => "a list".to_owned(),
            NodeValue::Map(_) => "a map".to_owned(),
        }
    }
}

impl Entries {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.0.iter_mut()
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.key == key)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let found = self.0.iter_mut().find(|entry| entry.key == key);
        found.map(|entry| &mut entry.value)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// Replaces the value of a key, or adds the key at the end.
    pub(crate) fn set(&mut self, key: &str, value: Node) {
        match self.get_mut(key) {
            Some(place) => *place = value,
            None => self.0.push(Entry {
                key: key.to_owned(),
                mark: value.mark,
                value,
            }),
        }
    }

    /// Adds a key that is not there, in front of all others.
    pub(crate) fn set_first(&mut self, key: &str, value: Node) {
        if !self.has(key) {
            let mark = value.mark;
            self.0.insert(
                0,
                Entry {
                    key: key.to_owned(),
                    mark,
                    value,
                },
            );
        }
    }

    /// Adds an entry whose key is known to be new.
    pub(super) fn push(&mut self, entry: Entry) {
        self.0.push(entry);
    }

    pub(crate) fn remove(&mut self, key: &str) -> Option<Node> {
        let place = self.0.iter().position(|entry| entry.key == key)?;
        Some(self.0.remove(place).value)
    }
}
