//! `burst_gpt_trace`: CSV with a time and two lengths in each record.

use std::path::Path;

use csv::{ReaderBuilder, StringRecord};
use serde_json::Map;

use super::Loaded;
use super::rows::{Input, NewRow, Rows};
use super::select::Selection;
use crate::error::DatasetError;
use crate::file::lines::Lines;
use crate::sessions::SessionBuilder;

const COLUMNS: [&str; 3] = ["Timestamp", "Request tokens", "Response tokens"];
const MILLISECONDS: f64 = 1000.0;
const BYTE_ORDER_MARK: char = '\u{feff}';

pub(super) fn load(path: &Path, selection: &mut Selection) -> Result<Loaded, DatasetError> {
    let unreadable = |error: csv::Error| DatasetError::Unreadable {
        path: path.to_path_buf(),
        reason: error.to_string(),
    };
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .from_reader(Lines::open(path)?.into_reader());
    let header = reader.headers().map_err(unreadable)?.clone();
    let columns = find_columns(path, &header)?;

    let mut rows = Rows::default();
    let mut sessions = SessionBuilder::default();
    let mut record = StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) => {
                selection.unusable += 1;
                continue;
            }
            Err(error) => return Err(unreadable(error)),
        }
        let line = record.position().map_or(0, csv::Position::line);
        let Some(mut row) = read_record(&record, columns) else {
            selection.unusable += 1;
            continue;
        };
        if selection.keeps(&mut row) {
            if selection.ignores_times() {
                row.timestamp_ms = None;
            }
            sessions.push(None);
            rows.push(usize::try_from(line).unwrap_or(usize::MAX), row);
        }
    }
    Ok(Loaded {
        rows,
        sessions: sessions.finish(),
    })
}

fn find_columns(path: &Path, header: &StringRecord) -> Result<[usize; 3], DatasetError> {
    let mut found = [0; 3];
    for (place, wanted) in found.iter_mut().zip(COLUMNS) {
        let position = header
            .iter()
            .position(|name| name.trim_start_matches(BYTE_ORDER_MARK).trim() == wanted);
        *place = position.ok_or_else(|| DatasetError::Row {
            path: path.to_path_buf(),
            line: 1,
            flaw: format!("the CSV header has no column `{wanted}`"),
            further_lines: 0,
        })?;
    }
    Ok(found)
}

/// The record's request; none where a column is missing or is no number.
fn read_record(record: &StringRecord, columns: [usize; 3]) -> Option<NewRow> {
    let [time, request, response] = columns.map(|column| record.get(column).map(str::trim));
    let seconds: f64 = time?.parse().ok().filter(|time: &f64| time.is_finite())?;
    Some(NewRow {
        timestamp_ms: Some(seconds * MILLISECONDS),
        delay_ms: None,
        output_tokens: Some(response?.parse().ok()?),
        input_tokens: Some(request?.parse().ok()?),
        input: Input::Tokens {
            hash_ids: Vec::new(),
        },
        extra: Map::new(),
    })
}
