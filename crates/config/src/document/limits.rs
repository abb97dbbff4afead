//! What values must lie within: each check says what is wrong, if anything is.

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
