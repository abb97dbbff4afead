//! Offsets from the start of a phase.

/// Nanoseconds.
pub type Nanos = u64;

/// Nanoseconds in a second.
pub(crate) const SECOND: f64 = 1e9;

/// Nanoseconds in a millisecond.
const MILLISECOND: f64 = 1e6;

/// Later than any phase lasts (146 years), and early enough that adding the start of the phase and
/// another offset does not overflow.
const LATEST: f64 = (1u64 << 62) as f64;

/// The nearest whole number of nanoseconds: not below zero, and bounded above.
pub(crate) fn from_seconds(seconds: f64) -> Nanos {
    (seconds * SECOND).round().min(LATEST) as Nanos
}

/// As [`from_seconds`].
pub(crate) fn from_milliseconds(milliseconds: f64) -> Nanos {
    (milliseconds * MILLISECOND).round().min(LATEST) as Nanos
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_and_bounded() {
        for (seconds, nanos) in [
            (0.0, 0),
            (-1.0, 0),
            (0.3, 300_000_000),
            (1e-9, 1),
            (1.4e-9, 1),
            (1.6e-9, 2),
            (1e300, 1 << 62),
            (f64::INFINITY, 1 << 62),
        ] {
            assert_eq!(from_seconds(seconds), nanos, "{seconds} s");
            assert_eq!(from_milliseconds(seconds * 1e3), nanos, "{seconds} s");
        }
    }
}
