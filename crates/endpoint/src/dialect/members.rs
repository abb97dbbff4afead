//! The members of a JSON object, read without building a tree.
//!
//! Answers that are no text can be large: images in base64, vectors of thousands of numbers. Their
//! members stay text until somebody asks for one, and one of an odd shape spoils no other.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::envelope::Text;
use crate::failure::Failure;

/// An object. Of members of the same name the last one counts.
pub(crate) struct Members<'t>(Vec<(Text<'t>, &'t RawValue)>);

impl<'t> Members<'t> {
    /// Reads an object; none if the text is none.
    pub(crate) fn parse(text: &'t str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The members in their order, each value as text. Of members of the same name only the last
    /// one is among them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &'t str)> {
        let is_last = |(index, (name, _)): &(usize, &(Text<'t>, &'t RawValue))| {
            !self.0[index + 1..]
                .iter()
                .any(|(later, _)| later.as_str() == name.as_str())
        };
        let members = self.0.iter().enumerate().filter(is_last);
        members.map(|(_, (name, value))| (name.as_str(), value.get()))
    }

    /// Whether the object has no members.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text of a member; none if it is absent or null.
    pub(crate) fn get(&self, name: &str) -> Option<&'t str> {
        let (_, value) = self.0.iter().rfind(|(known, _)| known.as_str() == name)?;
        Some(value.get()).filter(|value| *value != "null")
    }

    /// A member that is a text.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'t, str>> {
        serde_json::from_str::<Text<'t>>(self.get(name)?)
            .ok()
            .map(Text::into_inner)
    }

    /// A member that is a text with something in it.
    pub(crate) fn string(&self, name: &str) -> Option<String> {
        let text = self.text(name).filter(|text| !text.is_empty());
        text.map(Cow::into_owned)
    }

    /// A member that is a number.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        serde_json::from_str(self.get(name)?).ok()
    }

    /// A member that is an identifier or a measure: a text, or a number as it is written.
    pub(crate) fn label(&self, name: &str) -> Option<String> {
        let is_number = self.number(name).is_some();
        let written = || self.get(name).filter(|_| is_number).map(str::to_owned);
        self.string(name).or_else(written)
    }

    /// The elements of a member that is a list, each as text.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<&'t str>> {
        list(self.get(name)?)
    }

    /// What the response reports about tokens. Cohere reports it under `meta`.
    pub(crate) fn usage(&self) -> Option<Cow<'t, str>> {
        if let Some(usage) = self.get("usage") {
            return Some(Cow::Borrowed(usage));
        }
        let meta = self.get("meta")?;
        Members::parse(meta)?.get("tokens")?;
        Some(Cow::Owned(format!("{{\"meta\":{meta}}}")))
    }

    /// The failure that the response reports in its own text, under a 2xx status.
    pub(crate) fn failure(&self, text: &str) -> Option<Failure> {
        if self.text("object").as_deref() == Some("error") {
            return Failure::in_band(text);
        }
        Failure::in_band(self.get("error")?)
    }
}

impl<'de: 't, 't> Deserialize<'de> for Members<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

/// The elements of a list, each as text; none if the text is no list.
pub(crate) fn list(text: &str) -> Option<Vec<&str>> {
    let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    Some(elements.into_iter().map(RawValue::get).collect())
}

/// The elements of a list that are objects.
pub(crate) fn objects<'t>(elements: &[&'t str]) -> impl Iterator<Item = Members<'t>> {
    elements
        .iter()
        .filter_map(|element| Members::parse(element))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_by_name_and_the_last_one_counts() {
        let members = Members::parse(
            r#"{"a":1,"n":null,"s":"x","\u0065":"","i":18446744073709551616,"l":[1,{"b":2}],"a":2.5}"#,
        )
        .unwrap();
        assert_eq!(members.number("a"), Some(2.5));
        assert_eq!((members.get("n"), members.get("gone")), (None, None));
        assert_eq!(members.string("s").as_deref(), Some("x"));
        assert_eq!(
            (members.text("e").as_deref(), members.string("e")),
            (Some(""), None)
        );
        assert_eq!(members.label("i").as_deref(), Some("18446744073709551616"));
        assert_eq!(members.label("s").as_deref(), Some("x"));
        assert_eq!(members.label("l"), None);
        assert_eq!(members.list("l").unwrap(), ["1", r#"{"b":2}"#]);
        assert_eq!(objects(&members.list("l").unwrap()).count(), 1);
        for text in ["[1]", "7", "{", "", "null"] {
            assert!(Members::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn usage_is_taken_from_the_root_or_from_the_meta_member() {
        for (text, expected) in [
            (
                r#"{"usage":{"total_tokens":3}}"#,
                Some(r#"{"total_tokens":3}"#),
            ),
            (
                r#"{"meta":{"tokens":{"input_tokens":3}}}"#,
                Some(r#"{"meta":{"tokens":{"input_tokens":3}}}"#),
            ),
            (r#"{"meta":{"billed_units":{"search_units":1}}}"#, None),
            (r#"{"usage":null}"#, None),
        ] {
            assert_eq!(
                Members::parse(text).unwrap().usage().as_deref(),
                expected,
                "{text}"
            );
        }
    }
}
