//! `server_metrics_export.parquet`: the samples of the measured phases, one row each, of histograms
//! one row for each bucket.

use std::path::Path;

use super::columns::{Column, ColumnFile};
use crate::ExportError;

/// Rows of a group.
const ROWS: usize = 10_000;

/// Columns that every file has, before those of the labels and after them.
const BEFORE: [&str; 5] = [
    "endpoint_url",
    "metric_name",
    "metric_type",
    "unit",
    "description",
];
const TIME: &str = "timestamp_ns";
const AFTER: [&str; 5] = ["value", "sum", "count", "bucket_le", "bucket_count"];

/// A sample.
#[derive(Debug, Clone, Default)]
pub struct ServerMetricsRow<'a> {
    /// Address, metric, type, unit, description.
    pub texts: [Option<&'a str>; 5],
    /// When it was, nanoseconds since the epoch.
    pub timestamp_ns: i64,
    /// Names and values.
    pub labels: &'a [(String, String)],
    /// Of all but histograms.
    pub value: Option<f64>,
    /// Of a histogram.
    pub sum: Option<f64>,
    /// Of a histogram.
    pub count: Option<f64>,
    /// A bound of a histogram, and the observations up to it.
    pub bucket: Option<(&'a str, f64)>,
}

/// The file, row by row.
pub struct ServerMetricsFile {
    file: ColumnFile,
    columns: Vec<Column>,
    labels: Vec<String>,
    rows: usize,
}

impl ServerMetricsFile {
    /// Labels that get a column: a label that is called like another column gets none.
    pub fn label_columns<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let is_taken = |name: &str| BEFORE.contains(&name) || AFTER.contains(&name) || name == TIME;
        let free = names.into_iter().filter(|name| !is_taken(name));
        let mut labels: Vec<String> = free.map(str::to_owned).collect();
        labels.sort();
        labels.dedup();
        labels
    }

    /// Begins the file. `labels` come from [`Self::label_columns`].
    ///
    /// # Errors
    /// The file cannot be written; it then does not exist.
    pub fn create(
        path: &Path,
        labels: Vec<String>,
        metadata: Vec<(String, String)>,
    ) -> Result<Self, ExportError> {
        let mut columns: Vec<Column> = BEFORE.map(Column::text).into();
        columns.push(Column::int(TIME));
        columns.extend(labels.iter().map(|name| Column::text(name)));
        columns.extend(["value", "sum", "count"].map(Column::float));
        columns.push(Column::text("bucket_le"));
        columns.push(Column::float("bucket_count"));
        let file = ColumnFile::create_about(path, &columns, metadata)?;
        Ok(Self {
            file,
            columns,
            labels,
            rows: 0,
        })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// The file cannot be written; it then does not exist.
    pub fn push(&mut self, row: &ServerMetricsRow<'_>) -> Result<(), ExportError> {
        let mut columns = self.columns.iter_mut();
        for (text, column) in row.texts.iter().zip(columns.by_ref()) {
            column.push_text(*text);
        }
        if let Some(column) = columns.next() {
            column.push_int(Some(row.timestamp_ns));
        }
        for (label, column) in self.labels.iter().zip(columns.by_ref()) {
            let own = row.labels.iter().find(|(name, _)| name == label);
            column.push_text(own.map(|(_, value)| &**value));
        }
        let numbers = [row.value, row.sum, row.count];
        for (number, column) in numbers.into_iter().zip(columns.by_ref()) {
            column.push_float(number);
        }
        if let Some(column) = columns.next() {
            column.push_text(row.bucket.map(|(le, _)| le));
        }
        if let Some(column) = columns.next() {
            column.push_float(row.bucket.map(|(_, count)| count));
        }
        self.rows += 1;
        if self.rows.is_multiple_of(ROWS) {
            self.file.write_group(&mut self.columns)?;
        }
        Ok(())
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// The file cannot be written; it then does not exist.
    pub fn finish(mut self) -> Result<(), ExportError> {
        if !self.rows.is_multiple_of(ROWS) {
            self.file.write_group(&mut self.columns)?;
        }
        self.file.finish()
    }
}
