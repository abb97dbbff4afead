//! The data that a finished run hands over: plain values, in display units, no handles.

use std::collections::BTreeMap;

use aiperf_metrics::TimeSlice;
use aiperf_metrics::result::MetricResult;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Everything that a finished run has to say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunReport {
    /// Version of the program, written to the summary.
    pub aiperf_version: String,
    /// What the main table is called, for example `LLM Metrics`; follows from the endpoint type.
    pub metrics_title: String,
    /// Where the run stands among others and how it was started.
    pub run_info: RunInfo,
    /// Metrics of the profiling phases.
    pub results: Vec<MetricResult>,
    /// Metrics of the warmup; absent when none ran.
    pub warmup_results: Option<Vec<MetricResult>>,
    /// Concrete phases in the order in which they ran.
    pub phases: Vec<PhaseReport>,
    /// Failures of the profiling phases, one entry per distinct (code, type, message), in order of
    /// first occurrence.
    pub errors: Vec<ErrorCount>,
    /// The resolved configuration. Readers validate it strictly: only the schema's own keys.
    pub input_config: Option<Value>,
    /// The user stopped the run.
    pub was_cancelled: bool,
    /// Why the figures cover only a part of the run; absent when they cover all of it.
    pub incomplete_reason: Option<String>,
    /// Start of profiling, nanoseconds since the Unix epoch.
    pub start_ns: i64,
    /// End of the last profiling request, nanoseconds since the Unix epoch.
    pub end_ns: i64,
    /// Profiling requests by outcome.
    pub counts: RequestCounts,
    /// The measured phases in slices of time; empty unless asked for.
    pub timeslices: Vec<TimeSlice>,
    /// Further top-level members of the summary, written last and in this order.
    pub extra: Map<String, Value>,
    /// The client's verdict on itself, for the console.
    pub self_check: Option<SelfCheckView>,
    /// Speculative decoding: number of accepted draft tokens in a step to number of such steps.
    /// Empty where no server reported any.
    pub acceptance_histogram: BTreeMap<u64, u64>,
    /// Certificates of the server were not checked.
    pub tls_verification_off: bool,
}

impl RunReport {
    /// Whether the figures cover the whole run.
    pub fn is_complete(&self) -> bool {
        self.incomplete_reason.is_none()
    }

    /// Whether there were requests and not one of them succeeded.
    pub fn all_failed(&self) -> bool {
        self.counts.successful == 0 && self.counts.failed > 0
    }

    /// The single value, or the mean, of a profiling metric.
    pub fn value_of(&self, tag: &str) -> Option<f64> {
        self.results
            .iter()
            .find(|result| result.tag == tag)?
            .statistics
            .avg
    }
}

/// How a run was started, and its place in a multi-run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunInfo {
    /// 12 hexadecimal digits for a single run, 32 for a child of a multi-run.
    pub benchmark_id: String,
    /// Shared by all children of a sweep.
    pub sweep_id: Option<String>,
    /// The seed, where one was set.
    pub random_seed: Option<u64>,
    /// Repetition, from 0.
    pub trial: u32,
    /// For example `run_0001`.
    pub run_label: Option<String>,
    /// For example `phases.profiling.concurrency=2`.
    pub variation_label: Option<String>,
    /// Position among the variations of a sweep.
    pub variation_index: Option<u32>,
    /// Swept values by path.
    pub variation_values: Option<Map<String, Value>>,
    /// The command line, without credentials: see `aiperf_redact::command_line`.
    pub cli_command: Option<String>,
}

/// One concrete phase of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseReport {
    /// Configured name, unique within the run; also the name of its directory.
    pub name: String,
    /// Whether its requests count.
    pub kind: PhaseKind,
    /// Position among all phases.
    pub phase_index: u32,
    /// Position among the profiling phases.
    pub profiling_index: Option<u32>,
    /// Start, nanoseconds since the Unix epoch.
    pub start_ns: i64,
    /// End, nanoseconds since the Unix epoch.
    pub end_ns: i64,
    /// Requests by outcome.
    pub counts: RequestCounts,
    /// Failures, as in [`RunReport::errors`].
    pub errors: Vec<ErrorCount>,
    /// Metrics over this phase alone.
    pub results: Vec<MetricResult>,
    /// The user stopped the run during this phase.
    pub was_cancelled: bool,
}

/// Whether the requests of a phase count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PhaseKind {
    /// Left out of the results.
    Warmup,
    /// Measured.
    Profiling,
}

impl PhaseKind {
    /// The word in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warmup => "warmup",
            Self::Profiling => "profiling",
        }
    }
}

/// Requests by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// Requests whose answer could be used.
    pub successful: u64,
    /// All others.
    pub failed: u64,
}

impl RequestCounts {
    /// Requests that ended, either way.
    pub fn total(self) -> u64 {
        self.successful + self.failed
    }
}

/// How often one kind of failure happened.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ErrorCount {
    /// HTTP status or the code for a failure of the client's own; absent for others.
    pub code: Option<i64>,
    /// Reason phrase or name of the failure.
    pub kind: Option<String>,
    /// What the server or the client said.
    pub message: String,
    /// The failure behind it.
    pub cause: Option<String>,
    /// Names of the failures from the outermost to the first.
    pub cause_chain: Option<Vec<String>>,
    /// Anything further.
    pub details: Option<Value>,
    /// Occurrences.
    pub count: u64,
}

/// The client's verdict on itself, ready to be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfCheckView {
    /// For example `VALID`.
    pub verdict: String,
    /// What the verdict rests on.
    pub facts: Vec<Fact>,
}

/// One row of the self-check table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What was measured, with its unit.
    pub label: String,
    /// The figure.
    pub value: String,
    /// The limit, or what the figure means; may be empty.
    pub note: String,
}
