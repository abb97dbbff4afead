//! One line of `profile_export.jsonl`: one request, warmup and failed ones included.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::{ErrorDetails, MetricValue, SpecDecodeAcceptance, TraceData};

/// One request: who sent what when, and the figures that follow.
///
/// Warmup and profiling requests, good and failed ones, share the file.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetricRecord {
    /// Identity and instants of the request.
    pub metadata: RecordMetadata,
    /// Metric tag → value, in the order of the file. The order carries no meaning.
    pub metrics: IndexMap<String, MetricValue>,
    /// The instants on the wire; only with `--export-http-trace`.
    pub trace_data: Option<Box<TraceData>>,
    /// Speculative decoding; only when the server reports it.
    pub spec_decode_acceptance: Option<Box<SpecDecodeAcceptance>>,
    /// Why the request failed; absent when it did not.
    pub error: Option<ErrorDetails>,
}

/// Identity and instants of one request. Instants are nanoseconds since the Unix epoch.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecordMetadata {
    /// Position in the phase's order of issue, from 0. Counts requests (turns), not sessions.
    pub session_num: u64,
    /// Value of the `X-Request-ID` header.
    pub x_request_id: Option<String>,
    /// One per played session, the same for all its turns.
    pub x_correlation_id: Option<String>,
    /// The conversation of the data set that was played.
    pub conversation_id: Option<String>,
    /// Turn of the conversation, from 0.
    pub turn_index: Option<u64>,
    /// Trace replay: id in the trace file.
    pub source_trace_id: Option<String>,
    /// Trace replay: outer position in the trace file.
    pub source_outer_idx: Option<i64>,
    /// Trace replay: inner position in the trace file.
    pub source_inner_idx: Option<i64>,
    /// Trace replay: kind of entry in the trace file.
    pub source_kind: Option<String>,
    /// When it was decided to send.
    pub credit_issued_ns: Option<u64>,
    /// When a fixed schedule wanted it sent, in nanoseconds of the schedule; only in replays.
    pub scheduled_send_ns: Option<u64>,
    /// When the request started.
    pub request_start_ns: u64,
    /// When the response headers arrived; absent unless the status was 2xx.
    pub request_ack_ns: Option<u64>,
    /// When the last chunk arrived; equals the start when the status was not 2xx.
    pub request_end_ns: u64,
    /// The worker that sent it: `worker_` and 8 hexadecimal digits.
    pub worker_id: String,
    /// The processor that recorded it: `record_processor_` and 8 hexadecimal digits.
    pub record_processor_id: String,
    /// Whether the request belongs to the warmup or to the measured part of the run.
    pub benchmark_phase: PhaseKind,
    /// Position of the phase in the run, from 0.
    pub phase_index: Option<u64>,
    /// Position among the profiling phases, from 0; absent in a warmup.
    pub profiling_index: Option<u64>,
    /// Configured name of the phase.
    pub phase_name: Option<String>,
    /// Kind of the phase.
    pub phase_kind: Option<PhaseKind>,
    /// Whether the client broke the request off.
    #[serde(default)]
    pub was_cancelled: bool,
    /// When the client broke the request off.
    pub cancellation_time_ns: Option<u64>,
    /// Whether the request was left out because its context had grown too long.
    #[serde(default)]
    pub context_overflow_skip: bool,
    /// Depth in a tree of branching sessions; 0 for roots.
    #[serde(default)]
    pub agent_depth: u64,
    /// Session that this one branched from.
    pub parent_correlation_id: Option<String>,
    /// Session at the root of the tree; a root names itself.
    pub root_correlation_id: Option<String>,
}

/// Whether a phase warms up or measures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PhaseKind {
    /// Not part of the results.
    #[serde(alias = "WARMUP", alias = "Warmup")]
    Warmup,
    /// The measured part.
    #[default]
    #[serde(alias = "PROFILING", alias = "Profiling")]
    Profiling,
}

impl MetricRecord {
    /// The value of a metric.
    pub fn metric(&self, tag: &str) -> Option<&MetricValue> {
        self.metrics.get(tag)
    }

    /// The value of a metric as a float; `None` when it is absent or a list.
    pub fn number(&self, tag: &str) -> Option<f64> {
        self.metric(tag)?.value.as_f64()
    }

    /// Whether the request belongs to the measured part of the run.
    pub fn is_profiling(&self) -> bool {
        self.metadata.benchmark_phase == PhaseKind::Profiling
    }

    /// Whether the request failed; a cancelled one counts as failed.
    pub fn is_error(&self) -> bool {
        self.error.is_some()
    }
}

impl PhaseKind {
    /// `warmup` or `profiling`, as in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warmup => "warmup",
            Self::Profiling => "profiling",
        }
    }
}
