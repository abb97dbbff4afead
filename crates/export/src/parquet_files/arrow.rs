//! The columns as Arrow knows them: types, and a unit with each column that has one.
//!
//! Readers take this description from the file's metadata; without it they would see the types all the
//! same, but no metadata of single columns.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteOptions};
use arrow_schema::{DataType, Field, Schema};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::columns::{Column, Values};

/// Where readers look for it in the metadata of a file.
pub(super) const KEY: &str = "ARROW:schema";

/// The key of a column's unit.
const UNIT: &str = "unit";

/// The description as the metadata hold it: an Arrow IPC message in Base64, with its length before it.
/// Readers take `metadata` of the whole from here too, and not from the file.
pub(super) fn encoded(columns: &[Column], metadata: &[(String, String)]) -> String {
    let metadata: HashMap<String, String> = metadata.iter().cloned().collect();
    let fields: Vec<Field> = columns.iter().map(field).collect();
    let schema = Schema::new(fields).with_metadata(metadata);
    let mut dictionaries = DictionaryTracker::new(true);
    let message = IpcDataGenerator::default()
        .schema_to_bytes_with_dictionary_tracker(
            &schema,
            &mut dictionaries,
            &IpcWriteOptions::default(),
        )
        .ipc_message;
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let parts = [&u32::MAX.to_le_bytes()[..], &length.to_le_bytes(), &message];
    STANDARD.encode(parts.concat())
}

fn field(column: &Column) -> Field {
    let list = |element| DataType::List(Arc::new(Field::new("element", element, false)));
    let data_type = match column.values() {
        Values::Text(_) => DataType::Utf8,
        Values::Int(_) => DataType::Int64,
        Values::Float(_) => DataType::Float64,
        Values::Flag(_) => DataType::Boolean,
        Values::Floats { .. } => list(DataType::Float64),
        Values::Ints { .. } => list(DataType::Int64),
    };
    let metadata = column.unit().map(|unit| (UNIT.to_owned(), unit.to_owned()));
    Field::new(column.name(), data_type, true).with_metadata(HashMap::from_iter(metadata))
}
