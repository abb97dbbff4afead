//! GPU telemetry: the block of the summary and the line of `gpu_telemetry_export.jsonl`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::{ErrorDetailsCount, MetricResult, NumberValue};

/// The GPU telemetry of a run. Present with empty endpoints when none could be reached.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TelemetryData {
    /// Which sources were asked, and when.
    pub summary: TelemetrySummary,
    /// `host:port` → its GPUs.
    pub endpoints: IndexMap<String, EndpointTelemetry>,
    /// The distinct failures of collecting.
    pub error_summary: Option<Vec<ErrorDetailsCount>>,
}

/// Which telemetry sources were asked, and when.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TelemetrySummary {
    /// The sources asked.
    pub endpoints_configured: Option<Vec<String>>,
    /// The sources that answered.
    pub endpoints_successful: Option<Vec<String>>,
    /// Start of the window, local wall time without zone.
    pub start_time: String,
    /// End of the window, local wall time without zone.
    pub end_time: String,
}

/// The GPUs of one telemetry source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointTelemetry {
    /// `gpu_0`, `gpu_1`, … → the GPU.
    pub gpus: IndexMap<String, GpuSummary>,
}

/// The statistics of one GPU over the run.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GpuSummary {
    /// Position of the GPU in its machine.
    pub gpu_index: u64,
    /// Name of the model.
    pub gpu_name: String,
    /// Identity of the device.
    pub gpu_uuid: String,
    /// `nvidia`, `amd` or `unknown`.
    #[serde(default = "unknown_platform")]
    pub platform: String,
    /// The machine. Written even when it is not known: readers of the reference insist on the key.
    #[serialize_always]
    pub hostname: Option<String>,
    /// Kubernetes namespace.
    pub namespace: Option<String>,
    /// Kubernetes pod.
    pub pod_name: Option<String>,
    /// Metric tag → statistics.
    pub metrics: IndexMap<String, MetricResult>,
}

/// One sample of one GPU.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GpuTelemetryRecord {
    /// Position of the GPU in its machine.
    pub gpu_index: u64,
    /// Identity of the device.
    pub gpu_uuid: String,
    /// Name of the model.
    pub gpu_model_name: String,
    /// Address on the PCI bus.
    pub pci_bus_id: Option<String>,
    /// Name of the device in its machine.
    pub device: Option<String>,
    /// The machine.
    pub hostname: Option<String>,
    /// Kubernetes namespace.
    pub namespace: Option<String>,
    /// Kubernetes pod.
    pub pod_name: Option<String>,
    /// `nvidia`, `amd` or `unknown`.
    #[serde(default = "unknown_platform")]
    pub platform: String,
    /// When the sample was taken, nanoseconds since the Unix epoch.
    pub timestamp_ns: u64,
    /// The source asked.
    pub telemetry_source_url: String,
    /// Metric tag → number in the display unit.
    pub telemetry_data: IndexMap<String, NumberValue>,
}

fn unknown_platform() -> String {
    "unknown".to_owned()
}
