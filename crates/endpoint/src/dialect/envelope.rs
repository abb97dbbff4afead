//! The object that chat and completions responses have in common, read without building a tree.
//!
//! Almost every response of a run passes here once per token, so the shapes that servers send are
//! read by typed structures that borrow from the text and skip what nobody asks for. A response of
//! an odd shape (a list where a string belongs, a key twice) fails the typed reading and is read
//! again as a tree, leniently.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::failure::Failure;

/// A response; `C` is the form of a choice.
#[derive(serde::Deserialize)]
#[serde(bound(deserialize = "C: Deserialize<'de>"))]
pub(super) struct Envelope<'t, C> {
    /// What the response says it is.
    #[serde(borrow, default)]
    pub(super) object: Option<Text<'t>>,
    #[serde(default)]
    pub(super) choices: Option<First<C>>,
    #[serde(borrow, default)]
    pub(super) usage: Option<&'t RawValue>,
    #[serde(borrow, default)]
    error: Option<&'t RawValue>,
}

impl<C> Envelope<'_, C> {
    pub(super) fn object(&self) -> &str {
        self.object.as_ref().map_or("", Text::as_str)
    }

    /// The failure that a response reports in its own text, under a 2xx status. Some servers wrap
    /// it (`{"error":{…}}`), others send the error itself (`{"object":"error",…}`).
    pub(super) fn failure(&self, text: &str) -> Option<Failure> {
        if self.object() == "error" {
            return Failure::in_band(text);
        }
        self.error.and_then(|error| Failure::in_band(error.get()))
    }
}

/// The failure that a leniently read response reports.
pub(super) fn failure_of(response: &Value, text: &str) -> Option<Failure> {
    if response.get("object").and_then(Value::as_str) == Some("error") {
        return Failure::in_band(text);
    }
    response
        .get("error")
        .and_then(|error| Failure::in_band(&error.to_string()))
}

/// The usage of a leniently read response, as text.
pub(super) fn usage_of(response: &Value) -> Option<String> {
    response
        .get("usage")
        .filter(|usage| usage.is_object())
        .map(Value::to_string)
}

/// A string, borrowed from the text unless it holds escapes.
#[derive(Debug, Clone)]
pub(super) struct Text<'t>(Cow<'t, str>);

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 't, 't> Deserialize<'de> for Text<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// The first element of a list; the others are skipped.
pub(super) struct First<C>(pub(super) Option<C>);

impl<'de, C: Deserialize<'de>> Deserialize<'de> for First<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FirstVisitor<C>(PhantomData<C>);
        impl<'de, C: Deserialize<'de>> Visitor<'de> for FirstVisitor<C> {
            type Value = First<C>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let first = list.next_element::<Option<C>>()?.flatten();
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(First(first))
            }
        }
        deserializer.deserialize_seq(FirstVisitor(PhantomData))
    }
}
