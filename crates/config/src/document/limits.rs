//! What values must lie within: each check says what is wrong, if anything is; [`keywords`] says the
//! same in JSON Schema.

use serde_json::{Value, json};

use super::values::Seconds;

/// A number, or one that may be absent.
pub(crate) trait Numeric {
    fn number(&self) -> Option<f64>;
}

impl Numeric for f64 {
    fn number(&self) -> Option<f64> {
        Some(*self)
    }
}

impl Numeric for u64 {
    fn number(&self) -> Option<f64> {
        Some(*self as f64)
    }
}

impl Numeric for Seconds {
    fn number(&self) -> Option<f64> {
        Some(self.0)
    }
}

impl<T: Numeric> Numeric for Option<T> {
    fn number(&self) -> Option<f64> {
        self.as_ref().and_then(T::number)
    }
}

fn unless(value: &impl Numeric, holds: fn(f64) -> bool, reason: &str) -> Option<String> {
    let number = value.number()?;
    (!holds(number)).then(|| reason.to_owned())
}

pub(crate) fn above_zero(value: &impl Numeric) -> Option<String> {
    unless(value, |number| number > 0.0, "is not above 0")
}

pub(crate) fn from_zero(value: &impl Numeric) -> Option<String> {
    unless(value, |number| number >= 0.0, "is below 0")
}

pub(crate) fn from_one(value: &impl Numeric) -> Option<String> {
    unless(value, |number| number >= 1.0, "is less than 1")
}

pub(crate) fn from_two(value: &impl Numeric) -> Option<String> {
    unless(value, |number| number >= 2.0, "is less than 2")
}

pub(crate) fn finite(value: &impl Numeric) -> Option<String> {
    unless(value, f64::is_finite, "is not finite")
}

pub(crate) fn finite_above_zero(value: &impl Numeric) -> Option<String> {
    finite(value).or_else(|| above_zero(value))
}

pub(crate) fn finite_from_zero(value: &impl Numeric) -> Option<String> {
    finite(value).or_else(|| from_zero(value))
}

pub(crate) fn share(value: &impl Numeric) -> Option<String> {
    unless(
        value,
        |number| (0.0..=1.0).contains(&number),
        "is not from 0 to 1",
    )
}

pub(crate) fn share_above_zero(value: &impl Numeric) -> Option<String> {
    share(value).or_else(|| above_zero(value))
}

pub(crate) fn between_zero_and_one(value: &impl Numeric) -> Option<String> {
    unless(
        value,
        |number| number > 0.0 && number < 1.0,
        "is not between 0 and 1",
    )
}

pub(crate) fn percent(value: &impl Numeric) -> Option<String> {
    unless(
        value,
        |number| (0.0..=100.0).contains(&number),
        "is not from 0 to 100",
    )
}

pub(crate) fn port(value: &impl Numeric) -> Option<String> {
    unless(
        value,
        |number| (1.0..=65535.0).contains(&number),
        "is not from 1 to 65535",
    )
}

#[expect(
    clippy::ptr_arg,
    reason = "a check takes a reference to the type of its field"
)]
pub(crate) fn not_empty_text(text: &String) -> Option<String> {
    text.is_empty().then(|| "is empty".to_owned())
}

#[expect(
    clippy::ptr_arg,
    reason = "a check takes a reference to the type of its field"
)]
pub(crate) fn not_empty<T>(list: &Vec<T>) -> Option<String> {
    list.is_empty().then(|| "is empty".to_owned())
}

/// What a check means in a JSON Schema. Checks are found by the name that a section gives them, those
/// that are written out in a section by their key. `None` for a check that is not known here.
///
/// All keywords apply to values of one type only, so that they may stand beside a choice of types.
pub(crate) fn keywords(section: &str, key: &str, check: &str) -> Option<Value> {
    let is_written_out = check.starts_with('|');
    let name = if is_written_out { "" } else { check };
    Some(match (name, section, key) {
        ("above_zero" | "finite_above_zero", ..) => json!({ "exclusiveMinimum": 0 }),
        ("from_zero" | "finite_from_zero", ..) => json!({ "minimum": 0 }),
        ("from_one", ..) => json!({ "minimum": 1 }),
        ("from_two", ..) => json!({ "minimum": 2 }),
        // JSON has finite numbers only.
        ("finite", ..) => json!({}),
        ("share", ..) => json!({ "minimum": 0, "maximum": 1 }),
        ("share_above_zero", ..) => json!({ "exclusiveMinimum": 0, "maximum": 1 }),
        ("between_zero_and_one", ..) => json!({ "exclusiveMinimum": 0, "exclusiveMaximum": 1 }),
        ("percent", ..) => json!({ "minimum": 0, "maximum": 100 }),
        ("port", ..) => json!({ "minimum": 1, "maximum": 65535 }),
        ("one_or_two", ..) => json!({ "minimum": 1, "maximum": 2 }),
        ("up_to_two", ..) => json!({ "minimum": 0, "maximum": 2 }),
        ("from_one_to_hundred", ..) => json!({ "minimum": 1, "maximum": 100 }),
        ("samples", ..) => json!({ "minimum": 2, "maximum": 1_048_576 }),
        ("not_empty_text", ..) => json!({ "minLength": 1 }),
        ("not_empty" | "dimensions", ..) => json!({ "minItems": 1 }),
        ("values_for_all", ..) | (_, "ZipSweep", "parameters") => json!({
            "minProperties": 1,
            "additionalProperties": { "type": "array", "minItems": 1 },
        }),
        ("identifier", ..) => json!({ "pattern": or_template("^[A-Za-z_][A-Za-z0-9_-]*$") }),
        ("below_the_server", ..) => json!({
            "pattern": or_template("^/"),
            "not": { "type": "string", "pattern": "://" },
        }),
        (_, "EndpointSection", "path") => json!({ "pattern": or_template("^/") }),
        (_, "Envelope", "schema_version") => json!({ "pattern": or_template(r"^2\.0$") }),
        (_, "BenchmarkSection", "datasets") => json!({ "minItems": 1, "maxItems": 1 }),
        (_, "BenchmarkSection", "phases") | (_, "Empirical", "points") => json!({ "minItems": 1 }),
        (_, "Multimodal", "peaks") => json!({ "minItems": 2 }),
        (_, "VideoAudioSection", "sample_rate") => json!({ "minimum": 8, "maximum": 96 }),
        (_, "VideoAudioSection", "depth") => {
            json!({ "if": { "type": "number" }, "then": { "enum": [8, 16, 24, 32] } })
        }
        (_, "RuntimeSection", "stats_interval") => json!({ "minimum": 0, "maximum": 1000 }),
        (_, "AccuracySection", "n_shots") => json!({ "minimum": 0, "maximum": 32 }),
        (_, "ScenarioRun", "name") => {
            json!({ "not": { "type": "string", "pattern": r"[/\\]|\.\." } })
        }
        (_, "AdaptiveSearchSweep", "max_iterations") => json!({ "minimum": 2, "maximum": 200 }),
        (_, "SlaFilter", "metric_tag") => json!({ "pattern": r"\S" }),
        (_, "MultiRunSection", "num_runs") => json!({ "minimum": 1, "maximum": 10 }),
        (_, "MultiRunSection", "cooldown_seconds") => json!({ "minimum": 0, "maximum": 86400 }),
        _ => return None,
    })
}

/// A pattern that lets templates pass: they stand for what is not known yet.
fn or_template(pattern: &str) -> String {
    format!(r"{pattern}|\{{\{{|\{{%|\$\{{")
}
