//! Reading single values: switches, whole numbers, numbers.
//!
//! Numbers are read as the reference reads them: blanks around, leading zeros, a plus sign and
//! `_` between digits are fine (`1_000`); a whole number may end in `.0`.

use std::ops::RangeInclusive;

use super::flag::Limits;

/// The value after `--switch=`.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "y" | "true" | "t" | "1" => Ok(true),
        "no" | "n" | "false" | "f" | "0" => Ok(false),
        _ => Err("a switch takes `yes` or `no`, or no value at all".into()),
    }
}

/// A whole number within limits.
pub(super) fn integer(text: &str, within: &RangeInclusive<u64>) -> Result<u64, String> {
    let number = without_separators(text.trim()).ok_or("not a whole number")?;
    let number = match number.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => {
            whole
        }
        Some(_) => return Err("not a whole number".into()),
        None => &number,
    };
    let (negative, digits) = match number.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("not a whole number".into());
    }
    // Only digits are left, so the one way to fail is that there are too many.
    let value = digits.parse::<u64>().ok();
    if negative && value != Some(0) {
        return Err(format!("must be at least {}", within.start()));
    }
    match value {
        Some(value) if within.contains(&value) => Ok(value),
        Some(value) if value < *within.start() => {
            Err(format!("must be at least {}", within.start()))
        }
        _ => Err(format!("must be at most {}", within.end())),
    }
}

/// A number within limits.
pub(super) fn float(text: &str, limits: &Limits) -> Result<f64, String> {
    let number = without_separators(text.trim()).ok_or("not a number")?;
    let value: f64 = number.parse().map_err(|_| "not a number")?;
    if value.is_nan() {
        return Err("not a number".into());
    }
    if value < limits.least || (limits.above && value == limits.least) {
        let relation = if limits.above {
            "more than"
        } else {
            "at least"
        };
        return Err(format!("must be {relation} {}", limits.least));
    }
    if value.is_infinite() && limits.most == f64::MAX {
        return Err("must be finite".into());
    }
    if value > limits.most {
        return Err(format!("must be at most {}", limits.most));
    }
    Ok(value)
}

/// The one value of a list that the reference would sweep over.
///
/// Empty items do not count, so `5,` is a single value.
pub(super) fn the_only_item(text: &str) -> Result<&str, String> {
    if !text.contains(',') {
        return Ok(text);
    }
    let mut items = text.split(',').filter(|item| !item.trim().is_empty());
    match (items.next(), items.next()) {
        (Some(item), None) => Ok(item),
        (None, _) => Err("no value".into()),
        _ => Err("sweeps are not supported by this version; give one value".into()),
    }
}

/// Whether a word that begins with `-` is a number rather than a flag.
pub(super) fn looks_like_number(word: &str) -> bool {
    without_separators(word).is_some_and(|number| number.parse::<f64>().is_ok())
}

/// Takes out each `_` that stands between two digits; `None` where one stands elsewhere.
fn without_separators(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let digit_at = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_digit);
    let misplaced = (0..bytes.len()).any(|index| {
        bytes[index] == b'_' && !(index > 0 && digit_at(index - 1) && digit_at(index + 1))
    });
    (!misplaced).then(|| text.replace('_', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_as_the_reference_reads_them() {
        let any = 0..=u64::MAX;
        for (text, expected) in [
            ("5", Some(5)),
            (" 5 ", Some(5)),
            ("007", Some(7)),
            ("+5", Some(5)),
            ("1_000", Some(1000)),
            ("5.0", Some(5)),
            ("-0", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            ("5.5", None),
            ("5.", None),
            ("1e3", None),
            ("0x10", None),
            ("1__0", None),
            ("_1", None),
            ("", None),
            ("-", None),
            ("+-5", None),
            ("inf", None),
            ("\u{665}", None),
        ] {
            assert_eq!(integer(text, &any).ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_whole_number_outside_its_limits_is_told_which_end() {
        assert_eq!(integer("0", &(1..=9)), Err("must be at least 1".into()));
        assert_eq!(integer("-3", &(1..=9)), Err("must be at least 1".into()));
        assert_eq!(integer("10", &(1..=9)), Err("must be at most 9".into()));
        assert_eq!(
            integer("18446744073709551616", &(0..=u64::MAX)),
            Err(format!("must be at most {}", u64::MAX))
        );
        assert_eq!(integer("9", &(1..=9)), Ok(9));
    }

    #[test]
    fn numbers_respect_open_and_closed_ends() {
        let above = Limits::ABOVE_ZERO;
        assert_eq!(float("1e3", &above), Ok(1000.0));
        assert_eq!(float("1_0.5", &above), Ok(10.5));
        assert_eq!(float(".5", &above), Ok(0.5));
        assert_eq!(float("0", &above), Err("must be more than 0".into()));
        assert_eq!(
            float("-1", &Limits::FROM_ZERO),
            Err("must be at least 0".into())
        );
        assert_eq!(float("0", &Limits::FROM_ZERO), Ok(0.0));
        assert_eq!(float("inf", &above), Err("must be finite".into()));
        assert_eq!(float("inf", &above.or_infinite()), Ok(f64::INFINITY));
        assert_eq!(
            float("1.5", &Limits::FROM_ZERO.at_most(1.0)),
            Err("must be at most 1".into())
        );
        for text in ["nan", "", "abc", "1,5", "5s"] {
            assert_eq!(
                float(text, &Limits::FROM_ZERO.or_infinite()),
                Err("not a number".into()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_comma_list_of_two_values_asks_for_a_sweep() {
        assert_eq!(the_only_item("5,"), Ok("5"));
        assert_eq!(the_only_item(",5"), Ok("5"));
        assert_eq!(the_only_item("5"), Ok("5"));
        assert!(the_only_item(",").is_err());
        assert!(
            the_only_item("5,6").is_err_and(|reason| reason.contains("sweeps are not supported"))
        );
    }

    #[test]
    fn switches_take_five_words_for_yes_and_five_for_no() {
        for word in ["yes", "Y", "true", "t", "1"] {
            assert_eq!(switch(word), Ok(true));
        }
        for word in ["no", "N", "FALSE", "f", "0"] {
            assert_eq!(switch(word), Ok(false));
        }
        for word in ["", "on", "off", "2", " yes"] {
            assert!(switch(word).is_err(), "{word:?}");
        }
    }

    #[test]
    fn negative_numbers_are_not_mistaken_for_flags() {
        for word in ["-3", "-3.5", "-1e5", "-.5", "-inf", "-1_000"] {
            assert!(looks_like_number(word), "{word}");
        }
        for word in ["-m", "--", "-", "-3x", "--isl"] {
            assert!(!looks_like_number(word), "{word}");
        }
    }
}
