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

/// The numbers of a word, with commas between them. Empty items are passed over, unless there is
/// nothing else.
pub(super) fn several<N>(
    text: &str,
    read: impl Fn(&str) -> Result<N, String>,
) -> Result<Vec<N>, String> {
    if !text.contains(',') {
        return Ok(vec![read(text)?]);
    }
    let items = text.split(',').map(str::trim);
    let numbers: Vec<N> = items
        .filter(|item| !item.is_empty())
        .map(read)
        .collect::<Result<_, _>>()?;
    if numbers.is_empty() {
        return Err("no value".into());
    }
    Ok(numbers)
}

/// What to write in place of a word that is no number, where that can be told.
pub(super) fn hint(text: &str, reason: &str) -> Option<String> {
    let text = text.trim();
    if reason == "not a whole number" {
        let number: f64 = text.parse().ok()?;
        let is_whole = number.fract() == 0.0 && (0.0..1e15).contains(&number);
        return is_whole.then(|| format!("write its digits: {number}"));
    }
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
    let (digits, unit) = text.split_at(end);
    let has_unit =
        digits.parse::<f64>().is_ok() && unit.trim().bytes().all(|byte| byte.is_ascii_alphabetic());
    (reason == "not a number" && has_unit).then(|| {
        "give the number without a unit; times are in seconds where `--help` does not say otherwise"
            .to_owned()
    })
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
    fn what_is_nearly_a_number_gets_advice() {
        for (text, reason, expected) in [
            ("1e3", "not a whole number", Some("1000")),
            ("30s", "not a number", Some("without a unit")),
            ("1.5 min", "not a number", Some("without a unit")),
            ("x", "not a whole number", None),
            ("1.5", "not a whole number", None),
            ("x", "not a number", None),
            ("5", "must be at most 3", None),
            ("5;", "not a number", None),
        ] {
            let told = hint(text, reason);
            let fits = match (&told, expected) {
                (Some(told), Some(part)) => told.contains(part),
                (told, part) => told.is_none() && part.is_none(),
            };
            assert!(fits, "{text}: {told:?}");
        }
    }

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
    fn numbers_stand_between_commas() {
        let read = |text: &str| several(text, |item| item.parse::<u64>().map_err(|_| "x".into()));
        assert_eq!(read("5,"), Ok(vec![5]));
        assert_eq!(read(",5"), Ok(vec![5]));
        assert_eq!(read("5"), Ok(vec![5]));
        assert_eq!(read("5, 6,7"), Ok(vec![5, 6, 7]));
        assert!(read(",").is_err());
        assert!(read("5,a").is_err());
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
