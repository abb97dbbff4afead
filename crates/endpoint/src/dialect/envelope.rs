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
use crate::parse::AnswerBuilder;

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
    metrics: Option<&'t RawValue>,
    #[serde(borrow, default)]
    error: Option<&'t RawValue>,
}

impl<C> Envelope<'_, C> {
    pub(super) fn object(&self) -> &str {
        self.object.as_ref().map_or("", Text::as_str)
    }

    /// The only choice; none if there is none.
    pub(super) fn choice(&self) -> Option<&C> {
        self.choices.as_ref()?.first.as_ref()
    }

    /// Whether the response must be read as a tree, because there are several choices.
    pub(super) fn has_several_choices(&self) -> bool {
        self.choices
            .as_ref()
            .is_some_and(|choices| choices.has_more)
    }

    /// Notes what the server measured itself.
    pub(super) fn note_metrics(&self, answer: &mut AnswerBuilder) {
        if let Some(metrics) = self.metrics {
            answer.speculative_decoding.add(metrics.get());
        }
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

impl<'t> Text<'t> {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn into_inner(self) -> Cow<'t, str> {
        self.0
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

/// The choices of a leniently read response, each with its index.
pub(super) fn choices(response: &Value) -> impl Iterator<Item = (i64, &Value)> {
    let choices = response.get("choices").and_then(Value::as_array);
    let choices = choices.map_or(&[][..], Vec::as_slice);
    (0..).zip(choices).map(|(place, choice)| {
        let index = choice.get("index").and_then(Value::as_i64);
        (index.unwrap_or(place), choice)
    })
}

/// The first element of a list, and whether there are others.
pub(super) struct First<C> {
    first: Option<C>,
    has_more: bool,
}

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
                let mut has_more = false;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    has_more = true;
                }
                Ok(First { first, has_more })
            }
        }
        deserializer.deserialize_seq(FirstVisitor(PhantomData))
    }
}
