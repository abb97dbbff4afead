//! The server's own metrics: `server_metrics_export.json` and one line of
//! `server_metrics_export.jsonl`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_with::skip_serializing_none;

use crate::ErrorDetailsCount;

/// The metrics that the server showed during a run.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServerMetricsExport {
    /// `1.1`.
    pub schema_version: String,
    /// Version of the program.
    pub aiperf_version: Option<String>,
    /// The run.
    pub benchmark_id: Option<String>,
    /// Which addresses were asked, when, and how often.
    pub summary: ServerMetricsSummary,
    /// The phases that [`Self::metrics`] covers: `profiling`.
    pub metrics_phase: String,
    /// Name → the metric during the measured phases.
    pub metrics: IndexMap<String, ServerMetric>,
    /// Name → the metric during the warmup; absent where none ran.
    pub warmup_metrics: Option<IndexMap<String, ServerMetric>>,
    /// The configuration.
    pub input_config: Option<Value>,
    /// Scrapes that failed, by what went wrong. The reference does not have this member here.
    pub error_summary: Option<Vec<ErrorDetailsCount>>,
}

/// Which addresses were asked for metrics, and when.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServerMetricsSummary {
    /// Every address that was tried.
    pub endpoints_configured: Vec<String>,
    /// The addresses that answered before the run.
    pub endpoints_successful: Vec<String>,
    /// Start of the measured requests, local wall time without zone.
    pub start_time: String,
    /// End of the measured requests, local wall time without zone.
    pub end_time: String,
    /// Address → how it was asked, over the whole collection.
    pub endpoint_info: Option<IndexMap<String, ServerMetricsEndpointInfo>>,
    /// `profiling`, `warmup` → the time that their figures cover.
    pub phase_time_ranges: Option<IndexMap<String, ServerMetricsTimeRange>>,
}

/// How one address was asked, from the first scrape to the last.
#[skip_serializing_none]
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServerMetricsEndpointInfo {
    /// Scrapes that succeeded.
    pub total_fetches: u64,
    /// The first of them, nanoseconds since the Unix epoch.
    pub first_fetch_ns: i64,
    /// The last of them.
    pub last_fetch_ns: i64,
    /// Mean time of a scrape, in milliseconds.
    pub avg_fetch_latency_ms: f64,
    /// Scrapes whose answer differed from the one before.
    pub unique_updates: u64,
    /// The first of these, nanoseconds since the Unix epoch.
    pub first_update_ns: i64,
    /// The last of these.
    pub last_update_ns: i64,
    /// From the first update to the last.
    pub duration_seconds: f64,
    /// Mean time between two updates, in milliseconds.
    pub avg_update_interval_ms: f64,
    /// Its median; absent with fewer than two updates.
    pub median_update_interval_ms: Option<f64>,
}

/// A span of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServerMetricsTimeRange {
    /// Nanoseconds since the Unix epoch.
    pub start_ns: i64,
    /// Nanoseconds since the Unix epoch.
    pub end_ns: i64,
}

/// One metric, whatever the labels and addresses under which it was found.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServerMetric {
    /// `counter`, `gauge`, `histogram` or `unknown`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the server says of it.
    pub description: String,
    /// As name and description tell it; absent where they do not.
    pub unit: Option<String>,
    /// One entry for each address and set of labels.
    pub series: Vec<ServerMetricSeries>,
}

/// One set of labels at one address.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServerMetricSeries {
    /// The address, without credentials.
    pub endpoint_url: Option<String>,
    /// Absent where there are none.
    pub labels: Option<IndexMap<String, String>>,
    /// The statistics.
    pub stats: Option<ServerMetricStats>,
    /// Histograms: upper bound → observations up to it. Absent after a reset of the server.
    pub buckets: Option<IndexMap<String, i64>>,
    /// Slices of time, with `--slice-duration`.
    pub timeslices: Option<Vec<ServerMetricSlice>>,
}

/// Statistics of a series. Which members there are follows from the type: of counters `total` and
/// the rates, of gauges and unknown metrics `avg` to `p99`, of histograms the others and `avg`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServerMetricStats {
    /// By how much the counter grew.
    pub total: Option<f64>,
    /// The same per second.
    pub rate: Option<f64>,
    /// Mean rate of complete slices.
    pub rate_avg: Option<f64>,
    /// Least rate of complete slices.
    pub rate_min: Option<f64>,
    /// Greatest rate of complete slices.
    pub rate_max: Option<f64>,
    /// Sample standard deviation of these rates.
    pub rate_std: Option<f64>,
    /// Observations of a histogram.
    pub count: Option<i64>,
    /// Their sum.
    pub sum: Option<f64>,
    /// Mean of the samples, or of a histogram's observations.
    pub avg: Option<f64>,
    /// Least sample.
    pub min: Option<f64>,
    /// Greatest sample.
    pub max: Option<f64>,
    /// Sample standard deviation.
    pub std: Option<f64>,
    /// 1st percentile.
    pub p1: Option<f64>,
    /// 5th percentile.
    pub p5: Option<f64>,
    /// 10th percentile.
    pub p10: Option<f64>,
    /// 25th percentile.
    pub p25: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// 75th percentile.
    pub p75: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// Observations per second.
    pub count_rate: Option<f64>,
    /// Their sum per second.
    pub sum_rate: Option<f64>,
    /// 1st percentile, estimated from buckets.
    pub p1_estimate: Option<f64>,
    /// 5th percentile, estimated.
    pub p5_estimate: Option<f64>,
    /// 10th percentile, estimated.
    pub p10_estimate: Option<f64>,
    /// 25th percentile, estimated.
    pub p25_estimate: Option<f64>,
    /// Median, estimated.
    pub p50_estimate: Option<f64>,
    /// 75th percentile, estimated.
    pub p75_estimate: Option<f64>,
    /// 90th percentile, estimated.
    pub p90_estimate: Option<f64>,
    /// 95th percentile, estimated.
    pub p95_estimate: Option<f64>,
    /// 99th percentile, estimated.
    pub p99_estimate: Option<f64>,
}

/// A slice of time of a series; the members beside the bounds follow from the type, as in
/// [`ServerMetricStats`].
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServerMetricSlice {
    /// Nanoseconds since the Unix epoch.
    pub start_ns: i64,
    /// Nanoseconds since the Unix epoch.
    pub end_ns: i64,
    /// `false` where the slice is shorter than the others, else absent.
    pub is_complete: Option<bool>,
    /// By how much the counter grew.
    pub total: Option<f64>,
    /// The same per second.
    pub rate: Option<f64>,
    /// Observations of a histogram.
    pub count: Option<i64>,
    /// Their sum.
    pub sum: Option<f64>,
    /// Mean.
    pub avg: Option<f64>,
    /// Least sample.
    pub min: Option<f64>,
    /// Greatest sample.
    pub max: Option<f64>,
    /// Upper bound → observations up to it.
    pub buckets: Option<IndexMap<String, i64>>,
}

/// One scrape: what the server showed, as it showed it.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServerMetricsRecord {
    /// The address, without credentials.
    pub endpoint_url: String,
    /// When the first byte of the answer arrived, nanoseconds since the Unix epoch.
    pub timestamp_ns: i64,
    /// From the request to the last byte of the answer, in nanoseconds.
    pub endpoint_latency_ns: u64,
    /// Name → its samples. Counters and histograms count since the server's start.
    pub metrics: IndexMap<String, Vec<ServerMetricSample>>,
    /// When the request was sent, nanoseconds since the Unix epoch.
    pub request_sent_ns: Option<i64>,
    /// When the first byte of the answer arrived.
    pub first_byte_ns: Option<i64>,
    /// `warmup` or `profiling`; absent outside the phases.
    pub benchmark_phase: Option<String>,
    /// Position of the phase in the run.
    pub phase_index: Option<u32>,
    /// Position among the measured phases.
    pub profiling_index: Option<u32>,
    /// Name of the phase.
    pub phase_name: Option<String>,
    /// Kind of the phase.
    pub phase_kind: Option<String>,
}

/// One set of labels of a metric in one scrape.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServerMetricSample {
    /// Absent where there are none.
    pub labels: Option<IndexMap<String, String>>,
    /// Of all but histograms.
    pub value: Option<f64>,
    /// Histograms: upper bound → observations up to it.
    pub buckets: Option<IndexMap<String, f64>>,
    /// Histograms: sum of the observations.
    pub sum: Option<f64>,
    /// Histograms: number of the observations.
    pub count: Option<f64>,
}
