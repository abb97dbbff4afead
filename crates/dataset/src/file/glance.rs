//! What has to be known of a row before the run, found without making anything of it.
//!
//! A look at a row of texts and numbers costs a tenth of reading it. What is unusual, and whatever is
//! wrong, is left to the careful readers.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The facts of a turn.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct TurnFacts {
    pub(super) is_system: bool,
    /// Nothing but a text for the system message.
    pub(super) may_be_hoisted: bool,
    pub(super) timestamp_ms: Option<f64>,
}

/// A turn with a text and numbers.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainTurn<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
    #[serde(borrow)]
    role: Option<Cow<'a, str>>,
    output_length: Option<u32>,
    timestamp: Option<f64>,
    delay: Option<f64>,
    #[serde(borrow)]
    session_id: Option<Cow<'a, str>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainSession<'a> {
    #[serde(borrow)]
    session_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    turns: Vec<PlainTurn<'a>>,
}

impl PlainTurn<'_> {
    /// None where the careful reader would complain.
    fn facts(&self) -> Option<TurnFacts> {
        let is_set = |value: Option<f64>| value.is_some_and(|value| value != 0.0);
        let is_good = !self.text.is_empty()
            && self.output_length != Some(0)
            && !(is_set(self.timestamp) && is_set(self.delay));
        let is_system = self.role.as_deref() == Some("system");
        let numbers = [self.timestamp, self.delay];
        is_good.then(|| TurnFacts {
            is_system,
            may_be_hoisted: is_system
                && self.output_length.is_none()
                && numbers.iter().all(Option::is_none),
            timestamp_ms: self.timestamp,
        })
    }
}

/// An object; the parser would also take an array with the values in their order.
fn object<'a, Plain: Deserialize<'a>>(line: &'a [u8]) -> Option<Plain> {
    let is_object = line.trim_ascii_start().starts_with(b"{");
    is_object.then(|| serde_json::from_slice(line).ok())?
}

/// The session of a row of `single_turn`, and its turn.
pub(super) fn single_turn(line: &[u8]) -> Option<(Option<Cow<'_, str>>, TurnFacts)> {
    let turn: PlainTurn<'_> = object(line)?;
    let facts = turn.facts()?;
    Some((turn.session_id, facts))
}

/// The session of a row of `multi_turn`, how many turns it has, and the first two of them.
pub(super) fn multi_turn(line: &[u8]) -> Option<(Option<Cow<'_, str>>, usize, [TurnFacts; 2])> {
    let session: PlainSession<'_> = object(line)?;
    let mut first = [TurnFacts::default(); 2];
    for (index, turn) in session.turns.iter().enumerate() {
        let facts = turn.facts()?;
        if let Some(place) = first.get_mut(index) {
            *place = facts;
        }
    }
    let count = session.turns.len();
    (count > 0).then_some((session.session_id, count, first))
}

/// Whether a row is a body with messages.
pub(super) fn is_payload(line: &[u8]) -> bool {
    matches!(
        serde_json::from_slice(line),
        Ok(Checked::Object { has_messages: true })
    )
}

/// Whether a value is an object.
pub(super) fn is_object(value: &str) -> bool {
    matches!(serde_json::from_str(value), Ok(Checked::Object { .. }))
}

/// A value that was read to its end, with every text and number in it, and thrown away.
enum Checked {
    Object {
        /// Whether the key `messages` is there, and an array.
        has_messages: bool,
    },
    Array,
    Other,
}

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<Source: Deserializer<'de>>(source: Source) -> Result<Self, Source::Error> {
        source.deserialize_any(CheckedVisitor)
    }
}

struct CheckedVisitor;

impl<'de> Visitor<'de> for CheckedVisitor {
    type Value = Checked;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_unit<Failure: Error>(self) -> Result<Checked, Failure> {
        Ok(Checked::Other)
    }

    fn visit_bool<Failure: Error>(self, _: bool) -> Result<Checked, Failure> {
        Ok(Checked::Other)
    }

    fn visit_i64<Failure: Error>(self, _: i64) -> Result<Checked, Failure> {
        Ok(Checked::Other)
    }

    fn visit_u64<Failure: Error>(self, _: u64) -> Result<Checked, Failure> {
        Ok(Checked::Other)
    }

    fn visit_f64<Failure: Error>(self, _: f64) -> Result<Checked, Failure> {
        Ok(Checked::Other)
    }

    fn visit_str<Failure: Error>(self, _: &str) -> Result<Checked, Failure> {
        Ok(Checked::Other)
    }

    fn visit_seq<Items: SeqAccess<'de>>(self, mut items: Items) -> Result<Checked, Items::Error> {
        while items.next_element::<Checked>()?.is_some() {}
        Ok(Checked::Array)
    }

    fn visit_map<Items: MapAccess<'de>>(self, mut items: Items) -> Result<Checked, Items::Error> {
        let mut has_messages = false;
        while let Some(key) = items.next_key::<Key<'de>>()? {
            let value = items.next_value::<Checked>()?;
            if key.0 == "messages" {
                has_messages = matches!(value, Checked::Array);
            }
        }
        Ok(Checked::Object { has_messages })
    }
}

/// A key, which is a part of the line where it has no escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
