//! The rows of a file: Parquet, JSON Lines, or one JSON document.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::Type;
use serde_json::Value;

use super::cell::Cell;
use crate::file::lines::Lines;

type Take<'a> = &'a mut dyn FnMut(Cell) -> ControlFlow<()>;

/// Hands rows to `take` until it has enough. Of Parquet files only the named columns are read.
pub(super) fn rows(path: &Path, columns: &[&str], take: Take<'_>) -> Result<(), String> {
    let is_parquet = path.extension().is_some_and(|ending| ending == "parquet");
    if is_parquet {
        parquet_rows(path, columns, take)
    } else {
        json_rows(path, take)
    }
}

fn parquet_rows(path: &Path, columns: &[&str], take: Take<'_>) -> Result<(), String> {
    let bad = |error: &dyn std::fmt::Display| format!("not readable as Parquet: {error}");
    let file = File::open(path).map_err(|error| bad(&error))?;
    let reader = SerializedFileReader::new(file).map_err(|error| bad(&error))?;
    let schema = reader.metadata().file_metadata().schema();
    let wanted: Vec<Arc<Type>> = schema
        .get_fields()
        .iter()
        .filter(|field| columns.contains(&field.name()))
        .cloned()
        .collect();
    // Without any of them, all columns: whoever misses one can say which there are.
    let projection = if wanted.is_empty() {
        None
    } else {
        let projection = Type::group_type_builder(schema.name())
            .with_fields(wanted)
            .build();
        Some(projection.map_err(|error| bad(&error))?)
    };
    let rows = reader
        .get_row_iter(projection)
        .map_err(|error| bad(&error))?;
    for row in rows {
        let row = row.map_err(|error| bad(&error))?;
        if take(Cell::from_row(&row)).is_break() {
            break;
        }
    }
    Ok(())
}

/// A list of objects, an object with one such list, or an object on each line.
fn json_rows(path: &Path, take: Take<'_>) -> Result<(), String> {
    let mut lines = Lines::open(path).map_err(|error| error.to_string())?;
    let Some(first) = lines.next() else {
        return Ok(());
    };
    let (_, first) = first.map_err(|error| error.to_string())?;
    let first_row = serde_json::from_slice::<Value>(&first);
    if let Ok(first_row @ Value::Object(_)) = first_row {
        if take(Cell::from_json(first_row)).is_break() {
            return Ok(());
        }
        for numbered in lines {
            let (line, content) = numbered.map_err(|error| error.to_string())?;
            let row = serde_json::from_slice(&content)
                .map_err(|error| format!("line {line}: not valid JSON: {error}"))?;
            if take(Cell::from_json(row)).is_break() {
                break;
            }
        }
        return Ok(());
    }
    let document = Lines::open(path)
        .and_then(Lines::into_rest)
        .map_err(|error| error.to_string())?;
    let document =
        serde_json::from_slice(&document).map_err(|error| format!("not valid JSON: {error}"))?;
    let rows = match document {
        Value::Array(rows) => rows,
        Value::Object(document) => {
            let lists = document.into_iter().find_map(|(_, value)| match value {
                Value::Array(rows) => Some(rows),
                _ => None,
            });
            lists.ok_or("the JSON document holds no list of rows")?
        }
        _ => return Err("the JSON document holds no list of rows".to_owned()),
    };
    for row in rows {
        if take(Cell::from_json(row)).is_break() {
            break;
        }
    }
    Ok(())
}
