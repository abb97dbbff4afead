//! What is watched beside the load: the metrics that a server shows of itself, and the round trip of
//! the network.
//!
//! Servers show counters, gauges and histograms on a page in Prometheus' format. A thread of its own
//! asks for the page a few times per second while a run goes on, and what has changed during the
//! measured phases becomes statistics.
//!
//! | Module | |
//! |---|---|
//! | [`exposition`] | reading a page |
//! | [`page`] | what of it is kept |
//! | [`history`] | what an address showed, scrape by scrape |
//! | [`statistics`] | a series over the phases of one kind |
//! | [`estimate`] | percentiles of a histogram |
//! | [`unit`] | the unit of a metric |
//! | [`document`] | the members of the files |
//! | [`collector`] | the thread that asks |
//! | [`network`] | the thread that measures the round trip |
//!
//! All but the last two are pure: no clock, no socket, no file. Absent: writing whole files, which is the
//! crate `export`, and the life of a run, which tells the thread of its phases.

mod address;
mod client;
pub mod collector;
pub mod document;
pub mod estimate;
pub mod exposition;
pub mod history;
mod lines;
pub mod network;
pub mod page;
pub mod statistics;
pub mod unit;

pub use address::metrics_urls;
pub use collector::{Collector, CollectorSettings};
pub use document::{Collected, SampleRow};
pub use history::{PhaseStamp, Stamp};
pub use network::{NetworkProbe, ProbeSettings, RoundTrip};
pub use statistics::Span;
