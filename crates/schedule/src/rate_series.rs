//! `--request-rate-series`: a rate given by points, and the JSON that it is read from.
//!
//! Reading the file is somebody else's; here is what may stand in it.

use serde_json::{Map, Value};
use thiserror::Error;

/// The rate at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatePoint {
    /// Seconds since the series began: 0 or more.
    pub time_s: f64,
    /// Requests per second, above 0.
    pub qps: f64,
}

/// At least two points in order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct RateSeries {
    points: Vec<RatePoint>,
}

/// What is wrong with a series. The caller adds the name of the file or the flag.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum RateSeriesError {
    /// No JSON at all.
    #[error("it is not valid JSON: {0}")]
    Json(String),
    /// Neither an array nor an object.
    #[error(
        "it must be an array of points or an object with the single key `points`, for example \
         [{{\"time_s\": 0, \"qps\": 5}}, {{\"time_s\": 60, \"qps\": 20}}]"
    )]
    Shape,
    /// An object with other keys than `points`.
    #[error("an object must have the single key `points`, and this one has {0}")]
    Keys(String),
    /// `points` is something else.
    #[error("`points` must be an array")]
    PointsShape,
    /// A point that is no object.
    #[error("points[{point}] must be an object with the keys `time_s` and `qps`")]
    PointShape {
        /// Position in the array, from 0.
        point: usize,
    },
    /// A key that no point has.
    #[error("points[{point}] has the unknown key `{key}`; a point has `time_s` and `qps` only")]
    UnknownKey {
        /// Position in the array, from 0.
        point: usize,
        /// The key.
        key: String,
    },
    /// Both spellings of one key.
    #[error("points[{point}] has both `time_s` and `timeS`; give one of them")]
    TimeTwice {
        /// Position in the array, from 0.
        point: usize,
    },
    /// A key is missing.
    #[error("points[{point}] lacks `{key}`")]
    MissingKey {
        /// Position in the array, from 0.
        point: usize,
        /// The key.
        key: &'static str,
    },
    /// A value that is no number.
    #[error("points[{point}].{key} must be a number, not {value}")]
    NoNumber {
        /// Position in the array, from 0.
        point: usize,
        /// The key.
        key: &'static str,
        /// The value, as JSON.
        value: String,
    },
    /// Infinity, or not a number.
    #[error("points[{point}].{key} must be finite")]
    NotFinite {
        /// Position in the array, from 0.
        point: usize,
        /// The key.
        key: &'static str,
    },
    /// A time before the beginning.
    #[error("points[{point}].time_s must be 0 or more, not {value}")]
    NegativeTime {
        /// Position in the array, from 0.
        point: usize,
        /// What was given.
        value: f64,
    },
    /// A rate at which nothing is ever sent.
    #[error(
        "points[{point}].qps must be greater than 0, not {value}; a small rate such as 0.001 comes close to a pause"
    )]
    RateNotPositive {
        /// Position in the array, from 0.
        point: usize,
        /// What was given.
        value: f64,
    },
    /// Not enough to draw a line.
    #[error(
        "a request-rate series needs at least two points, and this one has {0}; for a constant rate use `--request-rate`"
    )]
    TooFewPoints(usize),
    /// Out of order.
    #[error(
        "`time_s` must grow from point to point: points[{point}] is at {time_s} s, the one before at {before} s"
    )]
    NotIncreasing {
        /// Position in the array, from 0.
        point: usize,
        /// Its time.
        time_s: f64,
        /// The time of the point before.
        before: f64,
    },
}

impl RateSeries {
    /// A series through these points.
    ///
    /// # Errors
    /// Fewer than two points, a value out of its range, or times that do not grow.
    pub fn new(points: Vec<RatePoint>) -> Result<Self, RateSeriesError> {
        for (index, point) in points.iter().enumerate() {
            check_point(index, point)?;
        }
        if points.len() < 2 {
            return Err(RateSeriesError::TooFewPoints(points.len()));
        }
        for (index, pair) in points.windows(2).enumerate() {
            if pair[1].time_s <= pair[0].time_s {
                return Err(RateSeriesError::NotIncreasing {
                    point: index + 1,
                    time_s: pair[1].time_s,
                    before: pair[0].time_s,
                });
            }
        }
        Ok(Self { points })
    }

    /// Reads the text of a series file.
    ///
    /// # Errors
    /// The text is no JSON, or not of the form `[{"time_s": …, "qps": …}, …]` or
    /// `{"points": […]}`.
    pub fn parse(text: &str) -> Result<Self, RateSeriesError> {
        let document: Value =
            serde_json::from_str(text).map_err(|error| RateSeriesError::Json(error.to_string()))?;
        Self::from_value(&document)
    }

    /// Reads a series that stands inside another document.
    ///
    /// # Errors
    /// The value is not an array of points, nor an object with `points` alone.
    pub fn from_value(document: &Value) -> Result<Self, RateSeriesError> {
        let points = match document {
            Value::Array(points) => points,
            Value::Object(members) => points_of(members)?,
            _ => return Err(RateSeriesError::Shape),
        };
        let points: Result<Vec<_>, _> = points
            .iter()
            .enumerate()
            .map(|(index, point)| read_point(index, point))
            .collect();
        Self::new(points?)
    }

    /// The points, in order of time.
    pub fn points(&self) -> &[RatePoint] {
        &self.points
    }

    /// The rate at the beginning: the base rate of the phase.
    pub fn initial_qps(&self) -> f64 {
        self.points[0].qps
    }
}

fn points_of(members: &Map<String, Value>) -> Result<&Vec<Value>, RateSeriesError> {
    match members.get("points") {
        Some(points) if members.len() == 1 => match points {
            Value::Array(points) => Ok(points),
            _ => Err(RateSeriesError::PointsShape),
        },
        _ if members.is_empty() => Err(RateSeriesError::Keys("none".to_owned())),
        _ => {
            let keys: Vec<String> = members.keys().map(|key| format!("`{key}`")).collect();
            Err(RateSeriesError::Keys(keys.join(", ")))
        }
    }
}

fn read_point(point: usize, value: &Value) -> Result<RatePoint, RateSeriesError> {
    let Value::Object(members) = value else {
        return Err(RateSeriesError::PointShape { point });
    };
    let (mut time_s, mut qps) = (None, None);
    for (key, value) in members {
        match key.as_str() {
            "time_s" | "timeS" => {
                if time_s.is_some() {
                    return Err(RateSeriesError::TimeTwice { point });
                }
                time_s = Some(number(point, "time_s", value)?);
            }
            "qps" => qps = Some(number(point, "qps", value)?),
            _ => {
                return Err(RateSeriesError::UnknownKey {
                    point,
                    key: key.clone(),
                });
            }
        }
    }
    let missing = |key| RateSeriesError::MissingKey { point, key };
    let read = RatePoint {
        time_s: time_s.ok_or_else(|| missing("time_s"))?,
        qps: qps.ok_or_else(|| missing("qps"))?,
    };
    check_point(point, &read)?;
    Ok(read)
}

/// A JSON number, or a string that holds one.
fn number(point: usize, key: &'static str, value: &Value) -> Result<f64, RateSeriesError> {
    let read = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    read.ok_or_else(|| RateSeriesError::NoNumber {
        point,
        key,
        value: value.to_string(),
    })
}

fn check_point(
    point: usize,
    &RatePoint { time_s, qps }: &RatePoint,
) -> Result<(), RateSeriesError> {
    for (key, value) in [("time_s", time_s), ("qps", qps)] {
        if !value.is_finite() {
            return Err(RateSeriesError::NotFinite { point, key });
        }
    }
    if time_s < 0.0 {
        return Err(RateSeriesError::NegativeTime {
            point,
            value: time_s,
        });
    }
    if qps <= 0.0 {
        return Err(RateSeriesError::RateNotPositive { point, value: qps });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Vec<(f64, f64)>, String> {
        RateSeries::parse(text)
            .map(|series| {
                series
                    .points()
                    .iter()
                    .map(|point| (point.time_s, point.qps))
                    .collect()
            })
            .map_err(|error| error.to_string())
    }

    #[test]
    fn every_form_of_a_series_is_read() {
        let expected = Ok(vec![(0.0, 5.0), (60.0, 20.5)]);
        for text in [
            r#"[{"time_s": 0, "qps": 5}, {"time_s": 60, "qps": 20.5}]"#,
            r#"{"points": [{"time_s": 0, "qps": 5}, {"time_s": 60, "qps": 20.5}]}"#,
            r#"[{"timeS": 0, "qps": 5}, {"qps": 20.5, "timeS": 6e1}]"#,
            r#"[{"time_s": "0", "qps": " 5 "}, {"time_s": "6e1", "qps": "+20.5"}]"#,
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn every_rule_has_its_message() {
        let second = r#"{"time_s": 9, "qps": 1}"#;
        let first = |point: &str| format!("[{point}, {second}]");
        for (text, message) in [
            ("[1,".to_owned(), "it is not valid JSON: EOF while parsing"),
            ("[] []".to_owned(), "it is not valid JSON: trailing"),
            ("5".to_owned(), "it must be an array of points or an object"),
            (
                "{}".to_owned(),
                "an object must have the single key `points`, and this one has none",
            ),
            (
                r#"{"points": [], "unit": "s"}"#.to_owned(),
                "an object must have the single key `points`, and this one has `points`, `unit`",
            ),
            (r#"{"points": {}}"#.to_owned(), "`points` must be an array"),
            (
                first("7"),
                "points[0] must be an object with the keys `time_s` and `qps`",
            ),
            (
                first(r#"{"time_s": 0, "qps": 1, "rate": 2}"#),
                "points[0] has the unknown key `rate`",
            ),
            (
                first(r#"{"time_s": 0, "timeS": 0, "qps": 1}"#),
                "points[0] has both `time_s` and `timeS`",
            ),
            (first(r#"{"qps": 1}"#), "points[0] lacks `time_s`"),
            (first(r#"{"time_s": 1}"#), "points[0] lacks `qps`"),
            (
                first(r#"{"time_s": null, "qps": 1}"#),
                "points[0].time_s must be a number, not null",
            ),
            (
                first(r#"{"time_s": 0, "qps": "many"}"#),
                "points[0].qps must be a number, not \"many\"",
            ),
            (
                first(r#"{"time_s": 0, "qps": "inf"}"#),
                "points[0].qps must be finite",
            ),
            (
                first(r#"{"time_s": "nan", "qps": 1}"#),
                "points[0].time_s must be finite",
            ),
            (
                first(r#"{"time_s": -1, "qps": 1}"#),
                "points[0].time_s must be 0 or more, not -1",
            ),
            (
                first(r#"{"time_s": 0, "qps": 0}"#),
                "points[0].qps must be greater than 0, not 0;",
            ),
            (
                "[]".to_owned(),
                "a request-rate series needs at least two points, and this one has 0;",
            ),
            (
                format!("[{second}]"),
                "a request-rate series needs at least two points, and this one has 1;",
            ),
            (
                format!("[{second}, {second}]"),
                "`time_s` must grow from point to point: points[1] is at 9 s, the one before at 9 s",
            ),
        ] {
            let complaint = read(&text).unwrap_err();
            assert!(complaint.starts_with(message), "{text}: {complaint}");
        }
    }

    #[test]
    fn points_that_no_file_gave_are_checked_as_well() {
        let point = |time_s, qps| RatePoint { time_s, qps };
        assert!(RateSeries::new(vec![point(0.0, 1.0), point(1.0, f64::NAN)]).is_err());
        assert!(RateSeries::new(vec![point(0.0, 1.0), point(1.0, 2.0)]).is_ok());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,200}") {
            let _ = RateSeries::parse(&text);
        }

        #[test]
        fn what_is_accepted_keeps_the_rules(
            raw in prop::collection::vec((-5.0..100.0f64, -1.0..50.0f64), 0..6),
        ) {
            let points: Vec<Value> = raw
                .iter()
                .map(|(time_s, qps)| serde_json::json!({"time_s": time_s, "qps": qps}))
                .collect();
            let is_good = raw.len() >= 2
                && raw.iter().all(|&(time_s, qps)| time_s >= 0.0 && qps > 0.0)
                && raw.windows(2).all(|pair| pair[0].0 < pair[1].0);
            prop_assert_eq!(RateSeries::parse(&Value::from(points).to_string()).is_ok(), is_good);
        }
    }
}
