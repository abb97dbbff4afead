//! Numbers and times as people read them.

use aiperf_schedule::Nanos;

/// Stands for what is not known.
pub const MISSING: &str = "--";

/// A time span: `12.3s` below a minute, else `1d 2h 3m 4s` without the parts that are 0.
pub fn elapsed(span: Nanos) -> String {
    let seconds = span as f64 / 1e9;
    if seconds < 60.0 {
        return format!("{seconds:.1}s");
    }
    let parts = parts_of(seconds.round() as u64);
    let shown: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    shown.join(" ")
}

/// The time that is left, by its two largest units: `12.3s`, `5m 12s`, `2h 5m`, `1d 3h`; the second
/// one is left out where it is 0.
pub fn time_left(seconds: Option<f64>) -> String {
    let Some(seconds) = seconds.filter(|seconds| seconds.is_finite()) else {
        return MISSING.to_owned();
    };
    if seconds < 60.0 {
        return format!("{:.1}s", seconds.max(0.0));
    }
    let parts = parts_of(seconds.round() as u64);
    let largest = parts.iter().position(|(count, _)| *count > 0).unwrap_or(3);
    let shown: Vec<String> = parts
        .into_iter()
        .skip(largest)
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    shown.join(" ")
}

/// `1,234.50`: with separators, rounded to `decimals`.
pub fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::with_capacity(text.len() + whole.len() / 3 + 1);
    if value < 0.0 && text.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
        grouped.push('-');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

/// A number of things, with separators.
pub fn count(number: u64) -> String {
    grouped(number as f64, 0)
}

/// At most `most` characters, the last of them an ellipsis if something is left out.
pub fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

fn parts_of(seconds: u64) -> [(u64, char); 4] {
    [
        (seconds / 86_400, 'd'),
        (seconds / 3_600 % 24, 'h'),
        (seconds / 60 % 60, 'm'),
        (seconds % 60, 's'),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Nanos = 1_000_000_000;

    #[test]
    fn spans_have_tenths_below_a_minute_and_whole_seconds_above() {
        for (span, shown) in [
            (0, "0.0s"),
            (12 * S + 340_000_000, "12.3s"),
            (60 * S, "1m"),
            (80 * S, "1m 20s"),
            (3_600 * S + 4 * S, "1h 4s"),
            (93_784 * S, "1d 2h 3m 4s"),
        ] {
            assert_eq!(elapsed(span), shown);
        }
    }

    #[test]
    fn the_time_left_has_two_units_at_most() {
        for (seconds, shown) in [
            (Some(12.34), "12.3s"),
            (Some(312.0), "5m 12s"),
            (Some(300.2), "5m"),
            (Some(7_512.0), "2h 5m"),
            (Some(7_212.0), "2h"),
            (Some(97_200.0), "1d 3h"),
            (Some(86_430.0), "1d"),
            (Some(-3.0), "0.0s"),
            (None, MISSING),
            (Some(f64::INFINITY), MISSING),
        ] {
            assert_eq!(time_left(seconds), shown, "{seconds:?}");
        }
    }

    #[test]
    fn thousands_are_set_apart() {
        for (value, decimals, shown) in [
            (0.0, 2, "0.00"),
            (999.995, 2, "1,000.00"),
            (1_234_567.5, 1, "1,234,567.5"),
            (-1_234.5, 2, "-1,234.50"),
            (-0.001, 2, "0.00"),
            (100.0, 0, "100"),
        ] {
            assert_eq!(grouped(value, decimals), shown);
        }
    }

    #[test]
    fn what_is_too_long_ends_in_an_ellipsis() {
        assert_eq!(shortened("profiling", 9), "profiling");
        assert_eq!(shortened("profiling", 5), "prof…");
        assert_eq!(shortened("äöü", 2), "ä…");
    }
}
