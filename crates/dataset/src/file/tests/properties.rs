//! What holds for any content whatever.

use proptest::prelude::*;
use serde_json::Value;

use super::super::FileFormat;
use super::{load_bytes, rows, texts};
use crate::error::DatasetError;

/// JSON values of any shape, with the formats' own keys more often than chance has it.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z0-9:/.]{0,8}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("text"),
        Just("texts"),
        Just("turns"),
        Just("image"),
        Just("audios"),
        Just("output_length"),
        Just("delay"),
        Just("timestamp"),
        Just("session_id"),
        Just("extra"),
        Just("role"),
        Just("name"),
        Just("contents"),
        Just("type"),
        Just("x"),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|pairs| Value::Object(
                pairs
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()
            )),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_make_a_loader_panic(content in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in [None, Some(FileFormat::SingleTurn), Some(FileFormat::MultiTurn)] {
            let _ = load_bytes(&content, |plan| plan.format = format);
        }
    }

    #[test]
    fn rows_of_any_shape_load_or_are_refused_with_their_line(row in any_json()) {
        for format in [FileFormat::SingleTurn, FileFormat::MultiTurn] {
            match load_bytes(row.to_string().as_bytes(), |plan| plan.format = Some(format)) {
                Ok(loaded) => prop_assert!(!loaded.is_empty() && !loaded[0].turns.is_empty()),
                Err(DatasetError::Row { line, .. }) => prop_assert_eq!(line, 1),
                Err(DatasetError::TopLevelArray { .. }) => prop_assert!(row.is_array()),
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }

    #[test]
    fn texts_survive_the_way_through_a_file(text in "\\PC{1,40}", id in "[a-z]{1,9}") {
        let row = serde_json::json!({"text": text, "session_id": id}).to_string();
        let loaded = rows(&row);
        prop_assert_eq!(&loaded[0].id, &id);
        prop_assert_eq!(texts(&loaded[0]), vec![text.as_str()]);
    }
}
