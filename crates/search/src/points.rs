//! The points of a sweep that samples a space, and the values that they stand for.

mod latin_hypercube;
mod sobol;

use serde_json::{Number, Value};

pub use latin_hypercube::latin_hypercube;
pub use sobol::{MOST_DIMENSIONS, scrambled_sobol, sobol};

/// What a coordinate from 0 to 1 stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Axis {
    /// A number of a range.
    Range {
        /// The smallest value.
        lo: f64,
        /// The largest value.
        hi: f64,
        /// Equal steps multiply the value, rather than add to it.
        is_logarithmic: bool,
        /// Rounded to whole numbers that lie in the range.
        is_integer: bool,
    },
    /// One of these.
    Choices(Vec<Value>),
}

impl Axis {
    /// The value of a coordinate.
    pub fn value(&self, coordinate: f64) -> Value {
        match self {
            Self::Choices(choices) => {
                let place = (coordinate * choices.len() as f64) as usize;
                let last = choices.len().saturating_sub(1);
                choices.get(place.min(last)).cloned().unwrap_or_default()
            }
            Self::Range {
                lo,
                hi,
                is_logarithmic,
                is_integer,
            } => {
                let value = if *is_logarithmic {
                    (lo.ln() + coordinate * (hi.ln() - lo.ln())).exp()
                } else {
                    lo + coordinate * (hi - lo)
                };
                if *is_integer {
                    let (least, most) = (lo.ceil(), hi.floor());
                    let whole = value.round_ties_even().max(least).min(most);
                    Value::from(whole as i64)
                } else {
                    Number::from_f64(value).map_or(Value::Null, Value::Number)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn range(lo: f64, hi: f64, is_logarithmic: bool, is_integer: bool) -> Axis {
        Axis::Range {
            lo,
            hi,
            is_logarithmic,
            is_integer,
        }
    }

    #[test]
    fn coordinates_stand_for_values_of_their_axis() {
        for (axis, coordinate, value) in [
            (range(1.0, 9.0, false, false), 0.25, json!(3.0)),
            (range(1.0, 9.0, false, true), 0.25, json!(3)),
            // Halves go to the even neighbour.
            (range(0.0, 10.0, false, true), 0.25, json!(2)),
            (range(0.0, 10.0, false, true), 0.35, json!(4)),
            (range(1.0, 100.0, true, true), 0.5, json!(10)),
            // Rounding stays inside.
            (range(0.5, 1.0, true, true), 0.0, json!(1)),
            (range(1.0, 3.4, false, true), 0.999_999, json!(3)),
            (Axis::Choices(vec![json!("a"), json!(7)]), 0.49, json!("a")),
            (Axis::Choices(vec![json!("a"), json!(7)]), 0.5, json!(7)),
            (Axis::Choices(vec![json!("a"), json!(7)]), 1.0, json!(7)),
        ] {
            assert_eq!(axis.value(coordinate), value, "{axis:?} {coordinate}");
        }
    }
}
