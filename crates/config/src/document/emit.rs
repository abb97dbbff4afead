//! From JSON to YAML that every reader of YAML 1.1 and 1.2 reads as the same.

use serde_json::Value;

use super::node::NodeValue;
use super::scalar::plain;

/// The value as a YAML document in block style.
pub fn to_yaml(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(members) if !members.is_empty() => block(value, 0, &mut text),
        Value::Array(items) if !items.is_empty() => block(value, 0, &mut text),
        _ => {
            text.push_str(&flat(value));
            text.push('\n');
        }
    }
    text
}

fn block(value: &Value, indent: usize, text: &mut String) {
    let space = " ".repeat(indent);
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                text.push_str(&format!("{space}{}:", scalar(key)));
                below(value, indent, indent + 2, text);
            }
        }
        Value::Array(items) => {
            for item in items {
                match item {
                    Value::Object(members) if !members.is_empty() => {
                        let mut inner = String::new();
                        block(item, indent + 2, &mut inner);
                        text.push_str(&format!("{space}- {}", inner.trim_start_matches(' ')));
                    }
                    _ => {
                        text.push_str(&format!("{space}-"));
                        below(item, indent + 2, indent + 2, text);
                    }
                }
            }
        }
        _ => {}
    }
}

/// What stands behind a key or a dash. Lists may stand as far left as their key.
fn below(value: &Value, of_list: usize, of_map: usize, text: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            text.push('\n');
            block(value, of_map, text);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            block(value, of_list, text);
        }
        _ => text.push_str(&format!(" {}\n", flat(value))),
    }
}

fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Number(number) => match number.as_f64() {
            // An exponent needs a point and a sign in YAML 1.1.
            Some(float) if number.is_f64() => {
                let text = number.to_string();
                if text.contains('e') {
                    with_exponent(float)
                } else {
                    text
                }
            }
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

fn with_exponent(number: f64) -> String {
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let point = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with('-') { "" } else { "+" };
    format!("{mantissa}{point}e{sign}{exponent}")
}

/// A text, in quotes where it would be taken for something else.
pub(crate) fn scalar(text: &str) -> String {
    let is_text = matches!(plain(text), NodeValue::Text(_));
    let first = text.chars().next();
    let begins_plainly =
        first.is_some_and(|first| first.is_ascii_alphabetic() || "_/.$".contains(first));
    let goes_on_plainly = text
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || " _-./:@$%+=()".contains(letter));
    let misleads = text.contains(": ") || text.ends_with(':') || text.ends_with(' ');
    // What other versions of YAML have other opinions of.
    let is_short = matches!(text, "y" | "Y" | "n" | "N");
    if is_text && begins_plainly && goes_on_plainly && !misleads && !is_short {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::parse::parse;
    use super::*;

    #[test]
    fn what_is_written_reads_well() {
        let value = json!({
            "a": {"b": [1, {"c": "x", "d": []}, [2, 3]], "e": {}},
            "url": "http://h:1", "on": "yes", "n": null, "f": 1.5, "t": "a: b",
        });
        assert_eq!(
            to_yaml(&value),
            "a:\n  b:\n  - 1\n  - c: x\n    d: []\n  -\n    - 2\n    - 3\n  e: {}\n\
             url: http://h:1\n\"on\": \"yes\"\n\"n\": null\nf: 1.5\nt: \"a: b\"\n"
        );
    }

    #[test]
    fn exponents_have_the_point_and_the_sign_that_yaml_1_1_wants() {
        assert_eq!(
            to_yaml(&json!({"small": 1e-135, "large": 2.5e300})),
            "small: 1.0e-135\nlarge: 2.5e+300\n"
        );
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_again(
            texts in proptest::collection::vec("\\PC{0,12}|[a-z0-9:_. -]{0,8}|[yn]|1e5|010", 0..5),
            number: f64,
            whole: i64,
        ) {
            let finite = if number.is_finite() { number } else { 0.5 };
            let value = json!({
                "texts": texts, "number": finite, "whole": whole,
                "nested": [{"a": texts, "b": {"c": texts}}],
            });
            let read = parse(&to_yaml(&value)).unwrap().to_json();
            proptest::prop_assert_eq!(read, value);
        }
    }
}
