//! Figures for people.

/// Two decimals and thousands separators: `1,022.44`.
pub(crate) fn with_two_decimals(value: f64) -> String {
    let text = format!("{value:.2}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, "00"));
    let (sign, digits) = whole
        .strip_prefix('-')
        .map_or(("", whole), |digits| ("-", digits));
    format!("{sign}{}.{fraction}", grouped(digits))
}

/// Thousands separators: `12,345`.
pub(crate) fn whole(value: u64) -> String {
    grouped(&value.to_string())
}

/// The value without a fraction when it has none: `5`, `2.5`.
pub(crate) fn trimmed(value: f64) -> String {
    format!("{value}")
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_two_decimals_and_groups_of_three() {
        let cases = [
            (0.0, "0.00"),
            (999.999, "1,000.00"),
            (1022.44, "1,022.44"),
            (-1234567.891, "-1,234,567.89"),
            (0.005, "0.01"),
            (123456.0, "123,456.00"),
        ];
        for (value, expected) in cases {
            assert_eq!(with_two_decimals(value), expected);
        }
        assert_eq!(whole(12_345), "12,345");
        assert_eq!(trimmed(5.0), "5");
        assert_eq!(trimmed(2.5), "2.5");
    }
}
