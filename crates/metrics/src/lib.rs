//! The metric catalog, per-record formulas and exact aggregation.
//!
//! Pure: numbers in, numbers out. No socket, no file, no clock, no thread.

pub mod result;

pub use result::{ConsoleGroup, MetricResult, Statistics, Visibility};
