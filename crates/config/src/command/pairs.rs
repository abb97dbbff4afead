//! `key:value` items and JSON objects, as `--extra-inputs` and `--header` take them.
//!
//! A word that starts with `{` is one JSON object, whose values are kept as they are. Any other
//! word is split at commas and each item at its first colon. A value that holds a comma therefore
//! needs the JSON form.

use serde_json::{Map, Value};

/// The items of one word with the types that the reference gives them: `n:1` is a number, `z:007`
/// and `e:1e5` are text.
pub(super) fn typed(word: &str) -> Result<Map<String, Value>, String> {
    if let Some(object) = json_object(word)? {
        return Ok(object);
    }
    let items = split(word)?;
    Ok(items
        .into_iter()
        .map(|(key, value)| (key, typed_value(&value)))
        .collect())
}

/// The items of one word, as text. Numbers and booleans of a JSON object become text too.
///
/// The reference turns `X:1` into a number here and then refuses it.
pub(super) fn text(word: &str) -> Result<Vec<(String, String)>, String> {
    let Some(object) = json_object(word)? else {
        return split(word);
    };
    let mut items = Vec::with_capacity(object.len());
    for (key, value) in object {
        let value = match value {
            Value::String(text) => text,
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                return Err(format!("the value of `{key}` must be text"));
            }
        };
        items.push((key, value));
    }
    Ok(items)
}

fn json_object(word: &str) -> Result<Option<Map<String, Value>>, String> {
    if !word.trim_start().starts_with('{') {
        return Ok(None);
    }
    serde_json::from_str(word)
        .map(Some)
        .map_err(|error| format!("not a JSON object: {error}"))
}

fn split(word: &str) -> Result<Vec<(String, String)>, String> {
    let mut items = Vec::new();
    for (index, item) in word.split(',').enumerate() {
        // The item itself is not repeated in the message: it may be a credential.
        let (key, value) = item.split_once(':').ok_or_else(|| {
            format!(
                "item {} is not in the form `key:value`; a value with a comma needs the form `{{\"key\": \"value\"}}`",
                index + 1
            )
        })?;
        items.push((key.trim().to_owned(), value.trim().to_owned()));
    }
    Ok(items)
}

fn typed_value(text: &str) -> Value {
    match text.to_ascii_lowercase().as_str() {
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        "none" | "null" => return Value::Null,
        _ => {}
    }
    if let Some(number) = whole_number(text).or_else(|| decimal_number(text)) {
        return Value::Number(number);
    }
    Value::String(text.to_owned())
}

/// Digits without a leading zero, perhaps after a minus sign. More digits than 64 bits hold stay
/// text: a rounded number on the wire would not be what was typed.
fn whole_number(text: &str) -> Option<serde_json::Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let leading_zero = digits.len() > 1 && digits.starts_with('0');
    if leading_zero || digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse::<i64>()
        .map(Into::into)
        .or_else(|_| text.parse::<u64>().map(Into::into))
        .ok()
}

/// Digits around exactly one dot, at least one digit in all.
fn decimal_number(text: &str) -> Option<serde_json::Number> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.')?;
    let only_digits = whole
        .bytes()
        .chain(fraction.bytes())
        .all(|byte| byte.is_ascii_digit());
    if !only_digits || whole.len() + fraction.len() == 0 {
        return None;
    }
    serde_json::Number::from_f64(text.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn values_get_the_types_that_reach_the_wire() {
        let word = "a:-5,b:-1.5,c:+5,d:1.,e:.5,f:NULL,g:None,h:TRUE,i:,j:0,k:007,l:1e5,m:1.5e3,n: x ,o:http://h:1/,p:1.2.3,q:.";
        assert_eq!(
            Value::Object(typed(word).unwrap()),
            json!({"a": -5, "b": -1.5, "c": "+5", "d": 1.0, "e": 0.5, "f": null, "g": null, "h": true, "i": "",
                "j": 0, "k": "007", "l": "1e5", "m": "1.5e3", "n": "x", "o": "http://h:1/", "p": "1.2.3", "q": "."})
        );
    }

    #[test]
    fn a_json_object_keeps_its_types_and_its_commas() {
        let typed = typed(r#"{"stop": "a,b", "n": {"x": [1, "1"]}}"#).unwrap();
        assert_eq!(
            Value::Object(typed),
            json!({"stop": "a,b", "n": {"x": [1, "1"]}})
        );
    }

    #[test]
    fn a_later_duplicate_wins_and_keeps_the_place_of_the_first() {
        let typed = typed("a:1,b:2,a:3").unwrap();
        assert_eq!(serde_json::to_string(&typed).unwrap(), r#"{"a":3,"b":2}"#);
    }

    #[test]
    fn header_values_stay_text() {
        assert_eq!(
            text("X:1,Y:true").unwrap(),
            [("X".into(), "1".into()), ("Y".into(), "true".into())]
        );
        assert_eq!(
            text(r#"{"X": 1, "Y": "a,b"}"#).unwrap(),
            [("X".into(), "1".into()), ("Y".into(), "a,b".into())]
        );
        assert!(text(r#"{"X": null}"#).is_err());
    }

    #[test]
    fn malformed_items_are_refused_without_repeating_them() {
        let reason = text("Authorization:a,sk-secret").unwrap_err();
        assert!(reason.starts_with("item 2 is not in the form"), "{reason}");
        assert!(!reason.contains("sk-secret"));
        assert!(typed("{\"a\":").is_err());
        assert!(typed("").is_err());
    }

    proptest! {
        #[test]
        fn any_map_of_plain_texts_survives_the_json_form(map in proptest::collection::btree_map(".*", ".*", 0..5)) {
            let object: Map<String, Value> = map.into_iter().map(|(key, value)| (key, Value::String(value))).collect();
            prop_assert_eq!(typed(&serde_json::to_string(&object).unwrap()).unwrap(), object);
        }

        #[test]
        fn no_word_makes_the_reader_panic(word in ".*") {
            let _ = typed(&word);
            let _ = text(&word);
        }

        #[test]
        fn whole_numbers_come_back_as_they_were(number in any::<i64>()) {
            prop_assert_eq!(typed_value(&number.to_string()), json!(number));
        }
    }
}
