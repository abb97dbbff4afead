//! One value of one metric, and the reasons for having none.

/// A value in the metric's internal unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// A count, or nanoseconds.
    Int(i64),
    /// A rate, ratio or mean.
    Float(f64),
    /// A range of the elements that [`crate::RecordValues`] keeps for list metrics.
    List {
        /// First element.
        start: u32,
        /// One past the last element.
        end: u32,
    },
}

impl Value {
    /// The value as a number; a list has none.
    pub fn as_f64(self) -> Option<f64> {
        match self {
            Self::Int(int) => Some(int as f64),
            Self::Float(float) => Some(float),
            Self::List { .. } => None,
        }
    }
}

/// Why a record has no value of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// The facts or metrics that the formula needs are not there, or it would divide by zero.
    NoInput,
    /// Time ran backwards between two stamps: the data is broken, worth a warning.
    NegativeInterval,
}

/// What a per-record formula yields.
pub type Outcome = Result<Value, Absence>;

/// The time between two stamps.
pub(crate) fn elapsed(earlier: Option<u64>, later: Option<u64>) -> Outcome {
    let (Some(earlier), Some(later)) = (earlier, later) else {
        return Err(Absence::NoInput);
    };
    let interval = later
        .checked_sub(earlier)
        .ok_or(Absence::NegativeInterval)?;
    int(interval)
}

/// A count or interval that may be unknown.
pub(crate) fn known(count: Option<u64>) -> Outcome {
    count.ok_or(Absence::NoInput).and_then(int)
}

/// `numerator / denominator`, absent instead of infinite.
pub(crate) fn quotient(numerator: f64, denominator: f64) -> Outcome {
    let value = numerator / denominator;
    if value.is_finite() {
        Ok(Value::Float(value))
    } else {
        Err(Absence::NoInput)
    }
}

fn int(count: u64) -> Outcome {
    i64::try_from(count)
        .map(Value::Int)
        .map_err(|_| Absence::NoInput)
}
