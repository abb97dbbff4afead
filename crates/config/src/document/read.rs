//! From the tree to typed sections: what every type must be able to do, and what collects faults.

use std::ops::{Deref, DerefMut};

use serde_json::{Map, Value};

use super::fault::Fault;
use super::names::{camel, nearest};
use super::node::{Entries, Mark, Node};

/// How much of a section is dumped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dump {
    /// Everything, defaults too.
    Full,
    /// What was written.
    Given,
}

/// A type that can be read from a node.
pub(crate) trait Read: Sized {
    /// Reads the node; tells the reader what is wrong, and gives `None`, where it cannot.
    fn read(node: &Node, reader: &mut Reader) -> Option<Self>;

    /// As JSON. `null` is left out by what holds it.
    fn dump(&self, dump: Dump) -> Value;

    /// The JSON Schema of what is accepted.
    fn schema(definitions: &mut Definitions) -> Value;
}

/// The sections of a JSON Schema, by name.
#[derive(Debug, Default)]
pub(crate) struct Definitions(pub(crate) Map<String, Value>);

impl Definitions {
    /// A reference to a definition, which is made when it is asked for the first time.
    pub(crate) fn refer(&mut self, name: &str, make: impl FnOnce(&mut Self) -> Value) -> Value {
        if !self.0.contains_key(name) {
            // Taken before it is made: a section may hold itself.
            self.0.insert(name.to_owned(), Value::Null);
            let made = make(self);
            self.0.insert(name.to_owned(), made);
        }
        serde_json::json!({ "$ref": format!("#/$defs/{name}") })
    }
}

/// Knows where reading is, and collects what is wrong there.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    path: Vec<String>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) warnings: Vec<Fault>,
}

impl Reader {
    /// A reader that knows of faults already.
    pub(crate) fn with(faults: Vec<Fault>) -> Self {
        Self {
            faults,
            ..Self::default()
        }
    }

    /// Reads what is one step further down.
    pub(crate) fn within<T>(
        &mut self,
        step: impl Into<String>,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.path.push(step.into());
        let value = read(self);
        self.path.pop();
        value
    }

    /// Something is wrong with a node of this place.
    pub(crate) fn fault(&mut self, node: &Node, message: impl Into<String>) {
        self.add(Fault::new(message), node.mark);
    }

    /// The same, with advice.
    pub(crate) fn fault_with(
        &mut self,
        node: &Node,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.add(Fault::new(message).hint(hint), node.mark);
    }

    fn add(&mut self, fault: Fault, mark: Mark) {
        self.faults.push(fault.at(self.path.join("."), mark));
    }

    /// Something is odd with a key of this place.
    pub(crate) fn warn(&mut self, key: &str, mark: Mark, message: impl Into<String>) {
        let mut path = self.path.clone();
        path.push(key.to_owned());
        self.warnings
            .push(Fault::new(message).at(path.join("."), mark));
    }

    /// The entries of a map that holds only keys of a list, each in one spelling.
    pub(crate) fn open<'a>(&mut self, node: &'a Node, known: &[&str]) -> Option<&'a Entries> {
        let Some(entries) = node.as_map() else {
            self.fault(node, format!("must be a map, not {}", node.described()));
            return None;
        };
        for entry in entries.iter() {
            let name = known
                .iter()
                .find(|name| bare(name) == entry.key || camel(bare(name)) == entry.key);
            let fault = match name {
                None => {
                    let fault = Fault::new("no such key");
                    match nearest(&entry.key, known.iter().map(|name| bare(name))) {
                        Some(name) => fault.hint(format!("did you mean `{}`?", camel(&name))),
                        None if known.is_empty() => fault.hint("there are no keys here"),
                        None => fault.hint(format!("the keys are {}", listed(known))),
                    }
                }
                Some(name) if bare(name) == entry.key && entries.has(&camel(name)) => {
                    if camel(bare(name)) == entry.key {
                        continue;
                    }
                    Fault::new(format!("is there as `{}` too", camel(name)))
                        .hint("both are one key; keep one of them")
                }
                Some(_) => continue,
            };
            self.within(entry.key.clone(), |reader| reader.add(fault, entry.mark));
        }
        Some(entries)
    }

    /// The value of a key; where it is absent, the default; where there is none, a fault.
    pub(crate) fn field<T: Read>(
        &mut self,
        node: &Node,
        entries: &Entries,
        name: &str,
        default: Option<fn() -> T>,
        check: fn(&T) -> Option<String>,
    ) -> Option<Field<T>> {
        let name = bare(name);
        let Some(entry) = super::names::find(entries, name) else {
            if default.is_none() {
                self.within(name, |reader| {
                    reader.fault(node, "is missing");
                });
            }
            return default.map(|make| Field {
                value: make(),
                mark: None,
            });
        };
        self.within(entry.key.clone(), |reader| {
            let value = T::read(&entry.value, reader)?;
            if let Some(reason) = check(&value) {
                let what = entry.value.described();
                reader.fault(&entry.value, format!("{what} {reason}"));
                return None;
            }
            let mark = match entry.value.mark {
                Mark::Nowhere => entry.mark,
                mark => mark,
            };
            Some(Field {
                value,
                mark: Some(mark),
            })
        })
    }
}

fn listed(known: &[&str]) -> String {
    let names: Vec<_> = known
        .iter()
        .map(|name| format!("`{}`", camel(bare(name))))
        .collect();
    names.join(", ")
}

/// The key of a field whose name is a word of Rust.
pub(crate) fn bare(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// The value of a key, and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field<T> {
    pub(crate) value: T,
    /// Absent for defaults.
    pub(crate) mark: Option<Mark>,
}

impl<T> Field<T> {
    /// A value that nobody wrote.
    pub(crate) fn default_of(value: T) -> Self {
        Self { value, mark: None }
    }

    /// Whether it was written.
    pub(crate) fn is_given(&self) -> bool {
        self.mark.is_some()
    }

    /// Where it was written.
    pub(crate) fn place(&self) -> Mark {
        self.mark.unwrap_or_default()
    }
}

impl<T> Deref for Field<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Field<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: Read> Field<T> {
    /// Adds it to an object, unless it is nothing.
    pub(crate) fn dump_into(&self, name: &str, dump: Dump, object: &mut Map<String, Value>) {
        if dump == Dump::Given && !self.is_given() {
            return;
        }
        let value = self.value.dump(dump);
        if !value.is_null() {
            object.insert(bare(name).to_owned(), value);
        }
    }
}

/// Adds a key to the schema of a section, in both spellings.
pub(crate) fn add_property(
    properties: &mut Map<String, Value>,
    required: &mut Vec<Value>,
    name: &str,
    schema: Value,
    is_required: bool,
) {
    let snake = bare(name);
    let camel = camel(snake);
    if is_required {
        let either = |key: &str| serde_json::json!({ "required": [key] });
        required.push(if camel == snake {
            either(snake)
        } else {
            serde_json::json!({ "anyOf": [either(&camel), either(snake)] })
        });
    }
    if camel != snake {
        properties.insert(snake.to_owned(), schema.clone());
    }
    properties.insert(camel, schema);
}

/// The schema of a section.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is moved into the schema by the macro"
)]
pub(crate) fn object_schema(
    about: &str,
    properties: Map<String, Value>,
    required: Vec<Value>,
) -> Value {
    let mut schema = serde_json::json!({
        "type": "object",
        "description": about.trim(),
        "additionalProperties": false,
        "properties": properties,
    });
    if let (Some(members), false) = (schema.as_object_mut(), required.is_empty()) {
        members.insert("allOf".to_owned(), Value::Array(required));
    }
    schema
}

/// Declares a section: a struct with a [`Field`] for each key, read strictly, dumped in order, and
/// described by a schema. A field is `name: Type = default, check;`, without `=` if it is required
/// and without a check if any value of the type will do.
macro_rules! section {
    (
        #[doc = $about:literal]
        $visibility:vis struct $name:ident {
            $( $field:ident : $kind:ty $(= $default:expr)? $(, $check:expr)? ; )*
        }
    ) => {
        #[doc = $about]
        #[derive(Debug, Clone, PartialEq)]
        $visibility struct $name {
            $( pub(crate) $field: $crate::document::read::Field<$kind>, )*
        }

        impl $crate::document::read::Read for $name {
            fn read(
                node: &$crate::document::node::Node,
                reader: &mut $crate::document::read::Reader,
            ) -> Option<Self> {
                const KEYS: &[&str] = &[$( stringify!($field) ),*];
                let entries = reader.open(node, KEYS)?;
                $(
                    let $field = reader.field::<$kind>(
                        node,
                        entries,
                        stringify!($field),
                        $crate::document::read::section!(@default $kind $(, $default)?),
                        $crate::document::read::section!(@check $(, $check)?),
                    );
                )*
                Some(Self { $( $field: $field?, )* })
            }

            fn dump(&self, dump: $crate::document::read::Dump) -> serde_json::Value {
                let mut object = serde_json::Map::new();
                $( self.$field.dump_into(stringify!($field), dump, &mut object); )*
                serde_json::Value::Object(object)
            }

            fn schema(
                definitions: &mut $crate::document::read::Definitions,
            ) -> serde_json::Value {
                definitions.refer(stringify!($name), |definitions| {
                    let mut properties = serde_json::Map::new();
                    let mut required = Vec::new();
                    $(
                        let default: Option<fn() -> $kind> =
                            $crate::document::read::section!(@default $kind $(, $default)?);
                        $crate::document::read::add_property(
                            &mut properties,
                            &mut required,
                            stringify!($field),
                            $crate::document::schema::annotated(
                                <$kind as $crate::document::read::Read>::schema(definitions),
                                stringify!($name),
                                $crate::document::read::bare(stringify!($field)),
                                $crate::document::read::section!(@limit $(, $check)?),
                                default.map(|make| {
                                    $crate::document::read::Read::dump(
                                        &make(),
                                        $crate::document::read::Dump::Full,
                                    )
                                }),
                            ),
                            default.is_none(),
                        );
                    )*
                    $crate::document::read::object_schema($about, properties, required)
                })
            }
        }
    };
    (@default $kind:ty) => { None };
    (@default $kind:ty, $default:expr) => { Some((|| $default) as fn() -> $kind) };
    (@check) => { |_| None };
    (@check, $check:expr) => { $check };
    (@limit) => { "" };
    (@limit, $check:expr) => { stringify!($check) };
}

pub(crate) use section;
