//! Files in columns, for pandas, polars and DuckDB.
//!
//! | File | Rows |
//! |---|---|
//! | `profile_export.parquet` | one per request: ids, instants, every metric, error |
//! | `profile_export_aiperf_timeslices.parquet` | one per slice and metric |
//! | `server_metrics_export.parquet` | one per sample, of histograms one per bucket |
//!
//! Integers are 64-bit integers, all other figures doubles, list metrics lists; what does not exist
//! is null. Columns with a unit name it in their metadata, key `unit`; who does not see metadata of
//! columns finds all units in those of the file: key `aiperf.units`, a JSON object from column to unit.
//! In the second file the unit of a metric is a column.

mod arrow;
mod columns;
mod records;
mod server_metrics;
mod slices;

pub use records::write_records;
pub use server_metrics::{ServerMetricsFile, ServerMetricsRow};
pub use slices::write_slices;

/// The key of the units in the file's metadata.
pub const UNITS_KEY: &str = "aiperf.units";
