//! Plain scalars as YAML 1.1 reads them, which is what the reference's parser does: `yes` is a
//! boolean, `010` is eight, `1_000` a thousand, `1:30` ninety, and `1e3` a text.

use super::node::NodeValue;

/// What a scalar without quotes stands for.
pub(crate) fn plain(text: &str) -> NodeValue {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return NodeValue::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            return NodeValue::Bool(true);
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            return NodeValue::Bool(false);
        }
        _ => {}
    }
    if !text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) {
        return NodeValue::Text(text.to_owned());
    }
    whole(text)
        .map(NodeValue::Int)
        .or_else(|| float(text).map(NodeValue::Float))
        .or_else(|| is_date(text).then(|| NodeValue::Date(text.to_owned())))
        .unwrap_or_else(|| NodeValue::Text(text.to_owned()))
}

fn whole(text: &str) -> Option<i128> {
    let (sign, digits) = signed(text);
    let read = |radix, digits: &str| {
        let digits = digits.replace('_', "");
        i128::from_str_radix(&digits, radix).ok()
    };
    let only = |digits: &str, allowed: fn(char) -> bool| {
        !digits.is_empty()
            && digits
                .chars()
                .all(|letter| letter == '_' || allowed(letter))
    };
    let value = if let Some(digits) = digits.strip_prefix("0b") {
        only(digits, |letter| matches!(letter, '0' | '1'))
            .then(|| read(2, digits))
            .flatten()
    } else if let Some(digits) = digits.strip_prefix("0x") {
        only(digits, |letter| letter.is_ascii_hexdigit())
            .then(|| read(16, digits))
            .flatten()
    } else if digits == "0" {
        Some(0)
    } else if let Some(digits) = digits.strip_prefix('0') {
        only(digits, |letter| matches!(letter, '0'..='7'))
            .then(|| read(8, digits))
            .flatten()
    } else if digits.starts_with(|first: char| first.is_ascii_digit()) {
        let mut parts = digits.split(':');
        let first = parts.next()?;
        if !only(first, |letter| letter.is_ascii_digit()) {
            return None;
        }
        let mut value = read(10, first)?;
        for part in parts {
            value = value.checked_mul(60)?.checked_add(sixtieth(part)?)?;
        }
        Some(value)
    } else {
        None
    };
    value.map(|value| value * sign)
}

fn float(text: &str) -> Option<f64> {
    let (sign, digits) = signed(text);
    let sign = if sign < 0 { -1.0 } else { 1.0 };
    match digits {
        ".inf" | ".Inf" | ".INF" => return Some(sign * f64::INFINITY),
        ".nan" | ".NaN" | ".NAN" if digits.len() == text.len() => return Some(f64::NAN),
        _ => {}
    }
    let dot = digits.find('.')?;
    if digits[..dot].contains(':') {
        return in_sixties(digits).map(|value| sign * value);
    }
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => (&digits[..at], Some(&digits[at + 1..])),
        None => (digits, None),
    };
    let (before, after) = mantissa.split_once('.')?;
    let is_digits = |part: &str| {
        part.chars()
            .all(|letter| letter == '_' || letter.is_ascii_digit())
    };
    let begins_right = match before {
        // Only here does the grammar want a digit after the point, and no sign before it.
        "" => after.starts_with(|first: char| first.is_ascii_digit()) && digits.len() == text.len(),
        _ => before.starts_with(|first: char| first.is_ascii_digit()),
    };
    let exponent_is_right = exponent.is_none_or(|exponent| {
        exponent.starts_with(['+', '-'])
            && exponent.len() > 1
            && exponent[1..].chars().all(|letter| letter.is_ascii_digit())
    });
    if !begins_right || !exponent_is_right || !is_digits(before) || !is_digits(after) {
        return None;
    }
    let plain: String = digits.chars().filter(|letter| *letter != '_').collect();
    plain.parse::<f64>().ok().map(|value| sign * value)
}

/// `1:30.5`: ninety and a half.
fn in_sixties(digits: &str) -> Option<f64> {
    let (whole, fraction) = digits.split_once('.')?;
    let mut parts = whole.split(':');
    let first = parts.next()?;
    if !first.starts_with(|letter: char| letter.is_ascii_digit()) {
        return None;
    }
    let mut value = first.replace('_', "").parse::<f64>().ok()?;
    for part in parts {
        value = value * 60.0 + sixtieth(part)? as f64;
    }
    let fraction = fraction.replace('_', "");
    let fraction = match fraction.as_str() {
        "" => 0.0,
        digits if digits.chars().all(|letter| letter.is_ascii_digit()) => {
            format!("0.{digits}").parse::<f64>().ok()?
        }
        _ => return None,
    };
    Some(value + fraction)
}

/// One or two digits below sixty.
fn sixtieth(part: &str) -> Option<i128> {
    let is_digits =
        matches!(part.len(), 1 | 2) && part.chars().all(|letter| letter.is_ascii_digit());
    let value = is_digits.then(|| part.parse::<i128>().ok()).flatten()?;
    (value < 60).then_some(value)
}

fn signed(text: &str) -> (i128, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (-1, &text[1..]),
        Some(b'+') => (1, &text[1..]),
        _ => (1, text),
    }
}

/// `2026-01-31`, or a date and a time.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |from: usize, to: usize| {
        bytes
            .get(from..to)
            .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    let day =
        digits(0, 4) && bytes.get(4) == Some(&b'-') && digits(5, 7) && bytes.get(7) == Some(&b'-');
    let day = day && digits(8, 10);
    match bytes.get(10) {
        None => day,
        Some(b'T' | b't' | b' ') => {
            let rest = text[11..].trim_start();
            let clock: Vec<&str> = rest.splitn(3, ':').collect();
            day && clock.len() == 3
                && clock[..2].iter().all(|part| sixtieth(part).is_some())
                && clock[2].starts_with(|first: char| first.is_ascii_digit())
        }
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_those_of_yaml_1_1() {
        for (text, value) in [
            ("", NodeValue::Null),
            ("~", NodeValue::Null),
            ("yes", NodeValue::Bool(true)),
            ("Off", NodeValue::Bool(false)),
            ("0", NodeValue::Int(0)),
            ("-17", NodeValue::Int(-17)),
            ("010", NodeValue::Int(8)),
            ("0x10", NodeValue::Int(16)),
            ("0b11", NodeValue::Int(3)),
            ("1_000", NodeValue::Int(1000)),
            ("1:30", NodeValue::Int(90)),
            ("1:30:00", NodeValue::Int(5400)),
            ("1.5", NodeValue::Float(1.5)),
            ("1.", NodeValue::Float(1.0)),
            (".5", NodeValue::Float(0.5)),
            ("-1_0.5", NodeValue::Float(-10.5)),
            ("1.0e+3", NodeValue::Float(1000.0)),
            (".inf", NodeValue::Float(f64::INFINITY)),
            ("-.INF", NodeValue::Float(f64::NEG_INFINITY)),
            ("1:30.5", NodeValue::Float(90.5)),
            ("2026-01-31", NodeValue::Date("2026-01-31".into())),
            (
                "2026-01-31 10:20:30",
                NodeValue::Date("2026-01-31 10:20:30".into()),
            ),
        ] {
            assert_eq!(plain(text), value, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_number_is_text() {
        for text in [
            "y",
            "n",
            "TrUe",
            "1e3",
            "1.0e3",
            "0o10",
            "089",
            "1:99",
            "1.2.3",
            "10.0.0.1",
            "+",
            "-",
            ".",
            "-.5",
            "5s",
            "2026-1-1x",
            "localhost:8000",
            "0x",
            "1:2:",
            "é",
            "-é",
        ] {
            assert_eq!(plain(text), NodeValue::Text(text.into()), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_reading(text in "\\PC*") {
            let _ = plain(&text);
        }

        #[test]
        fn whole_numbers_come_back(number: i64) {
            assert_eq!(plain(&number.to_string()), NodeValue::Int(i128::from(number)));
        }
    }
}
