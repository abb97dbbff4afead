//! Serde types and readers for every file that aiperf writes.
//!
//! The public face for programs that *read* results: it depends on no other crate of the workspace,
//! opens files only when asked to, and never prints.
//!
//! | File | Type | Reader |
//! |---|---|---|
//! | `profile_export.jsonl` | [`MetricRecord`] per line | [`open_records`] |
//! | `profile_export_raw.jsonl` | [`RawRecord`] per line | [`open_raw_records`] |
//! | `profile_export_aiperf.json` | [`Summary`] | [`read_summary`] |
//! | `profile_export_aiperf_timeslices.json` | [`Timeslices`] | [`read_timeslices`] |
//! | `inputs.json` | [`InputsFile`] | [`read_inputs`] |
//! | `outputs.json` | [`OutputsFile`] | [`read_outputs`] |
//! | `profile_export_aiperf_aggregate.json` | [`Aggregate`] | [`read_document`] |
//! | `profile_export_aiperf_sweep.json` | [`SweepAggregate`] | [`read_document`] |
//! | `profile_export_aiperf_collated.json` | [`Collated`] | [`read_document`] |
//! | `sampling_design.json` | [`SamplingDesign`] | [`read_document`] |
//! | `phase_manifest.json` | [`PhaseManifest`] | [`read_phase_manifest`] |
//! | `.aiperf_results_ready.json` | [`ReadyMarker`] | [`read_ready_marker`] |
//! | `gpu_telemetry_export.jsonl` | [`GpuTelemetryRecord`] per line | [`open_lines`] |
//! | `profile_export_network_latency.jsonl` | [`NetworkLatencyRecord`] per line | [`open_lines`] |
//! | `accuracy_export.jsonl` | [`AccuracyRecord`] per line | [`open_lines`] |
//! | `server_metrics_export.json` | [`ServerMetricsExport`] | [`read_document`] |
//! | `server_metrics_export.jsonl` | [`ServerMetricsRecord`] per line | [`open_lines`] |
//!
//! Three rules hold for all of them: an unknown member is tolerated; an absent member is `None`,
//! never `null` (the phase manifest and the files about several runs do write nulls); integers stay integers and
//! floats stay floats.
//!
//! ```no_run
//! for record in aiperf_model::open_records("artifacts/run/profile_export.jsonl")? {
//!     let record = record?;
//!     if let Some(milliseconds) = record.number("time_to_first_token") {
//!         println!("{}: {milliseconds} ms", record.metadata.session_num);
//!     }
//! }
//! # Ok::<(), aiperf_model::ReadError>(())
//! ```

mod accuracy;
mod aggregate;
mod collated;
mod error_details;
mod inputs;
mod metric_result;
mod network_latency;
mod outputs;
mod phase_manifest;
mod raw_json;
mod raw_record;
mod read;
mod ready_marker;
mod record;
mod sampling_design;
mod schema;
mod server_metrics;
mod spec_decode;
mod summary;
mod sweep_aggregate;
mod telemetry;
mod timeslices;
mod trace;
mod value;

pub use accuracy::AccuracyRecord;
pub use aggregate::{Aggregate, AggregateMetadata, ConfidenceMetric, FailedRun};
pub use collated::{Collated, CollatedMetadata, CollatedMetric, CombinedValues, ValuesOfRun};
pub use error_details::{ErrorDetails, ErrorDetailsCount};
pub use inputs::{InputsFile, SessionPayloads};
pub use metric_result::{ExtraMember, MetricResult};
pub use network_latency::NetworkLatencyRecord;
pub use outputs::{OutputEntry, OutputsFile};
pub use phase_manifest::{ManifestError, ManifestErrorCount, ManifestPhase, PhaseManifest};
pub use raw_json::RawJson;
pub use raw_record::{
    BinaryResponse, EventResponse, RawRecord, RawResponse, SsePacket, TextResponse,
};
#[cfg(feature = "async")]
pub use read::{AsyncRecordReader, open_lines_async, open_raw_records_async, open_records_async};
pub use read::{
    ReadError, RecordReader, open_lines, open_raw_records, open_records, read_document,
    read_inputs, read_outputs, read_phase_manifest, read_ready_marker, read_summary,
    read_timeslices,
};
pub use ready_marker::ReadyMarker;
pub use record::{MetricRecord, PhaseKind, RecordMetadata};
pub use sampling_design::{SampledDimension, SamplingDesign};
pub use schema::{SCHEMA_NAMES, schema};
pub use server_metrics::{
    ServerMetric, ServerMetricSample, ServerMetricSeries, ServerMetricSlice, ServerMetricStats,
    ServerMetricsEndpointInfo, ServerMetricsExport, ServerMetricsRecord, ServerMetricsSummary,
    ServerMetricsTimeRange,
};
pub use spec_decode::SpecDecodeAcceptance;
pub use summary::{BranchStats, NAMED_METRICS, RunInfo, Summary};
pub use sweep_aggregate::{
    BestConfiguration, BestConfigurations, Combination, CombinationMetric, SlaConstraints,
    SlaFilter, SweepAggregate, SweepMetadata, SweepParameter,
};
pub use telemetry::{
    EndpointTelemetry, GpuSummary, GpuTelemetryRecord, TelemetryData, TelemetrySummary,
};
pub use timeslices::{Timeslice, Timeslices};
pub use trace::TraceData;
pub use value::{MetricData, MetricValue, NumberValue};
