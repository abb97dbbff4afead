//! Distributions: what kind one is follows from its keys.

use serde_json::{Value, json};

use crate::document::limits::{finite, finite_above_zero, finite_from_zero, from_zero};
use crate::document::names::find;
use crate::document::node::{Entries, Node, NodeValue};
use crate::document::read::{Definitions, Dump, Field, Read, Reader, section};

/// What lengths, numbers and pauses are drawn from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Distribution {
    Fixed(Fixed),
    Normal(NormalLaw),
    LogNormal(LogNormal),
    Multimodal(Multimodal),
    Empirical(Empirical),
}

section! {
    /// Always the same value.
    pub(crate) struct Fixed {
        min: Option<f64> = None, finite;
        max: Option<f64> = None, finite;
        value: f64, finite;
    }
}

section! {
    /// A normal distribution without negative values.
    pub(crate) struct NormalLaw {
        min: Option<f64> = None, finite;
        max: Option<f64> = None, finite;
        mean: f64, finite_from_zero;
        stddev: f64 = 0.0, finite_from_zero;
    }
}

section! {
    /// A log-normal distribution. With equal mean and median, always the same value.
    pub(crate) struct LogNormal {
        min: Option<f64> = None, finite;
        max: Option<f64> = None, finite;
        mean: f64, finite_above_zero;
        median: f64, finite_above_zero;
    }
}

section! {
    /// A mixture of distributions.
    pub(crate) struct Multimodal {
        min: Option<f64> = None, finite;
        max: Option<f64> = None, finite;
        peaks: Vec<Peak>, |peaks| (peaks.len() < 2).then(|| "has less than two peaks".to_owned());
    }
}

section! {
    /// Values with weights.
    pub(crate) struct Empirical {
        min: Option<f64> = None, finite;
        max: Option<f64> = None, finite;
        points: Vec<Point>, |points| points.is_empty().then(|| "has no points".to_owned());
    }
}

section! {
    /// A value and its weight.
    pub(crate) struct Point {
        value: f64, finite;
        weight: f64 = 1.0, finite_above_zero;
    }
}

/// A part of a mixture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Peak {
    pub(crate) distribution: Box<Distribution>,
    pub(crate) weight: Field<f64>,
}

impl Distribution {
    /// A fixed value that nobody wrote.
    pub(crate) fn fixed(value: f64) -> Self {
        Self::Fixed(Fixed {
            min: Field::default_of(None),
            max: Field::default_of(None),
            value: Field {
                value,
                mark: Some(crate::document::node::Mark::Nowhere),
            },
        })
    }

    /// The mean without bounds.
    pub(crate) fn mean(&self) -> f64 {
        match self {
            Self::Fixed(fixed) => *fixed.value,
            Self::Normal(normal) => *normal.mean,
            Self::LogNormal(law) => *law.mean,
            Self::Multimodal(mixture) => weighted(
                mixture
                    .peaks
                    .iter()
                    .map(|peak| (peak.distribution.mean(), *peak.weight)),
            ),
            Self::Empirical(values) => weighted(
                values
                    .points
                    .iter()
                    .map(|point| (*point.value, *point.weight)),
            ),
        }
    }

    /// The bounds of every draw.
    pub(crate) fn bounds(&self) -> (Option<f64>, Option<f64>) {
        match self {
            Self::Fixed(law) => (*law.min, *law.max),
            Self::Normal(law) => (*law.min, *law.max),
            Self::LogNormal(law) => (*law.min, *law.max),
            Self::Multimodal(law) => (*law.min, *law.max),
            Self::Empirical(law) => (*law.min, *law.max),
        }
    }
}

/// The mean of values with weights, in any order of size.
fn weighted(values: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (sum, weights) = values.fold((0.0, 0.0), |(sum, weights), (value, weight)| {
        (sum + value * weight, weights + weight)
    });
    sum / weights
}

/// The kinds by the key that tells them, in the order in which keys are looked for.
const KINDS: &[(&str, &str)] = &[
    ("peaks", "multimodal"),
    ("points", "empirical"),
    ("median", "lognormal"),
    ("stddev", "normal"),
    ("value", "fixed"),
    ("mean", "normal"),
];

fn kind(node: &Node, reader: &mut Reader) -> Option<&'static str> {
    let Some(entries) = node.as_map() else {
        reader.fault_with(
            node,
            format!(
                "must be a number or a distribution, not {}",
                node.described()
            ),
            HINT,
        );
        return None;
    };
    let named = entries.get("type").and_then(Node::as_text);
    let by_keys = || {
        let row = KINDS.iter().find(|(key, _)| entries.has(key));
        row.map(|(_, kind)| *kind)
    };
    let found = match named {
        Some(name) => KINDS
            .iter()
            .map(|(_, kind)| *kind)
            .find(|kind| kind.eq_ignore_ascii_case(name)),
        None => by_keys(),
    };
    if found.is_none() {
        reader.fault_with(node, "is no distribution that is known", HINT);
    }
    found
}

const HINT: &str = "write a number, `{mean, stddev}`, `{mean, median}`, `{peaks: [{…, weight}, …]}` or \
                    `{points: [{value, weight}, …]}`";

impl Read for Distribution {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if matches!(
            node.value,
            NodeValue::Int(_) | NodeValue::Float(_) | NodeValue::Bool(_)
        ) {
            let value = f64::read(node, reader)?;
            if let Some(reason) = finite(&value) {
                reader.fault(node, format!("{} {reason}", node.described()));
                return None;
            }
            return Some(Self::fixed(value));
        }
        let kind = kind(node, reader)?;
        let mut node = node.clone();
        if let Some(entries) = node.as_map_mut() {
            entries.remove("type");
        }
        let read = match kind {
            "multimodal" => Self::Multimodal(Multimodal::read(&node, reader)?),
            "empirical" => Self::Empirical(Empirical::read(&node, reader)?),
            "lognormal" => Self::LogNormal(LogNormal::read(&node, reader)?),
            "normal" => Self::Normal(NormalLaw::read(&node, reader)?),
            _ => Self::Fixed(Fixed::read(&node, reader)?),
        };
        if let Self::LogNormal(law) = &read
            && *law.median > *law.mean
        {
            reader.fault_with(
                &node,
                format!("the median {} is above the mean {}", *law.median, *law.mean),
                "a log-normal distribution leans to the right: its median is at most its mean",
            );
        }
        if let (Some(min), Some(max)) = read.bounds()
            && min > max
        {
            reader.fault(&node, format!("`min` {min} is above `max` {max}"));
        }
        Some(read)
    }

    fn dump(&self, dump: Dump) -> Value {
        match self {
            Self::Fixed(law) => law.dump(dump),
            Self::Normal(law) => law.dump(dump),
            Self::LogNormal(law) => law.dump(dump),
            Self::Multimodal(law) => law.dump(dump),
            Self::Empirical(law) => law.dump(dump),
        }
    }

    fn schema(definitions: &mut Definitions) -> Value {
        definitions.refer("Distribution", |definitions| {
            json!({ "anyOf": [
                f64::schema(definitions),
                Fixed::schema(definitions),
                NormalLaw::schema(definitions),
                LogNormal::schema(definitions),
                Multimodal::schema(definitions),
                Empirical::schema(definitions),
                { "type": "object", "required": ["type"] },
            ] })
        })
    }
}

impl Read for Peak {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Some(entries) = node.as_map() else {
            reader.fault(node, format!("must be a map, not {}", node.described()));
            return None;
        };
        let mut rest = entries.clone();
        rest.remove("weight");
        let weight = reader.field::<f64>(
            node,
            &only_weight(entries),
            "weight",
            Some(|| 1.0),
            from_zero,
        );
        let law = match find(&rest, "distribution") {
            Some(entry) => entry.value.clone(),
            None => Node::new(NodeValue::Map(rest), node.mark),
        };
        let distribution = Distribution::read(&law, reader);
        Some(Self {
            distribution: Box::new(distribution?),
            weight: weight?,
        })
    }

    fn dump(&self, dump: Dump) -> Value {
        // The weight counts as written: it is filled in before the rest is read.
        json!({ "distribution": self.distribution.dump(dump), "weight": *self.weight })
    }

    fn schema(definitions: &mut Definitions) -> Value {
        definitions.refer(
            "Peak",
            |_| json!({ "type": "object", "description": "A distribution and its weight." }),
        )
    }
}

fn only_weight(entries: &Entries) -> Entries {
    let mut only = Entries::default();
    if let Some(weight) = entries.get("weight") {
        only.set("weight", weight.clone());
    }
    only
}
