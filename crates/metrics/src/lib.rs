//! The metric catalog, per-record formulas and exact aggregation.
//!
//! Pure: numbers in, numbers out. No socket, no file, no clock, no thread.
//!
//! The walk of a figure:
//!
//! 1. [`catalog`] says what exists: one row per metric, one file per family.
//! 2. [`ActiveMetrics`] chooses, from a [`RunContext`], what applies to a run.
//! 3. [`compute_record`] turns the [`RecordFacts`] of one request into its [`RecordValues`].
//! 4. [`Columns`] keeps the values of all requests, packed; what follows from other values is not
//!    kept.
//! 5. [`summarise`] and [`timeslices`] turn columns into [`MetricResult`]s.
//!
//! Beside it, [`LiveFigures`] says what is known while a run goes on.

pub mod aggregate;
pub mod catalog;
pub mod columns;
pub mod flags;
pub mod live;
pub mod metric;
pub mod result;
pub mod sweep;

mod active;
mod context;
mod error;
mod facts;
mod objectives;
mod rebuild;
mod record;
mod reference;
mod unit;
mod value;

pub use active::ActiveMetrics;
pub use aggregate::{
    Bounds, InjectedLatencies, Injections, PhaseWindow, TimeSlice, summarise, summarise_with,
    timeslices, timeslices_with,
};
pub use columns::{Columns, LIST_BUDGET_BYTES};
pub use context::{EndpointTraits, RunContext, Thresholds};
pub use error::MetricsError;
pub use facts::{HttpTraceFacts, InvalidRecord, RecordFacts, SpeculativeDecodingFacts, UsageFacts};
pub use live::LiveFigures;
pub use metric::{Kind, Metric, ValueType};
pub use objectives::{Objective, check_slos};
pub use rebuild::{FileValue, rebuild_record};
pub use record::{ExportedList, ExportedNumber, ExportedValue, RecordValues, compute_record};
pub use reference::reference_markdown;
pub use result::{ConsoleGroup, MetricResult, PERCENTILES, Statistics, Visibility};
pub use unit::Unit;
pub use value::{Absence, Outcome, Value};
