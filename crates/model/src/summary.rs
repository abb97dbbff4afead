//! `profile_export_aiperf.json`: the figures of a run.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use crate::metric_result::metrics_among;
use crate::{ErrorDetailsCount, ExtraMember, MetricResult, TelemetryData};

/// The figures of a run, or of one phase of it.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Version of the layout, for example `1.4`.
    pub schema_version: Option<String>,
    /// Version of the program that wrote the file.
    pub aiperf_version: Option<String>,
    /// Identity of the run: 12 hexadecimal digits, or 32 in a run that is one of several.
    pub benchmark_id: Option<String>,
    /// Successful requests per second.
    pub request_throughput: Option<MetricResult>,
    /// From the start of a request to its last content.
    pub request_latency: Option<MetricResult>,
    /// Successful requests.
    pub request_count: Option<MetricResult>,
    /// From the start of a request to its first content.
    pub time_to_first_token: Option<MetricResult>,
    /// From the first to the second content.
    pub time_to_second_token: Option<MetricResult>,
    /// Mean time per output token after the first.
    pub inter_token_latency: Option<MetricResult>,
    /// Output tokens per second, all requests together.
    pub output_token_throughput: Option<MetricResult>,
    /// Output tokens per second that one user sees.
    pub output_token_throughput_per_user: Option<MetricResult>,
    /// Output tokens per request, reasoning included.
    pub output_sequence_length: Option<MetricResult>,
    /// Input tokens per request.
    pub input_sequence_length: Option<MetricResult>,
    /// Requests per second that met every service-level objective.
    pub goodput: Option<MetricResult>,
    /// Requests that met every service-level objective.
    pub good_request_count: Option<MetricResult>,
    /// Output tokens per request, reasoning not included.
    pub output_token_count: Option<MetricResult>,
    /// Reasoning tokens per request.
    pub reasoning_token_count: Option<MetricResult>,
    /// Start of the first request.
    pub min_request_timestamp: Option<MetricResult>,
    /// End of the last response.
    pub max_response_timestamp: Option<MetricResult>,
    /// Time between consecutive chunks with content.
    pub inter_chunk_latency: Option<MetricResult>,
    /// Output tokens of the run, reasoning not included.
    pub total_output_tokens: Option<MetricResult>,
    /// Reasoning tokens of the run.
    pub total_reasoning_tokens: Option<MetricResult>,
    /// From the start of the first request to the end of the last response.
    pub benchmark_duration: Option<MetricResult>,
    /// Input tokens of the run.
    pub total_isl: Option<MetricResult>,
    /// Output tokens of the run, reasoning included.
    pub total_osl: Option<MetricResult>,
    /// Failed requests.
    pub error_request_count: Option<MetricResult>,
    /// Input tokens per failed request.
    pub error_isl: Option<MetricResult>,
    /// Input tokens of all failed requests.
    pub total_error_isl: Option<MetricResult>,
    /// GPU telemetry.
    pub telemetry_data: Option<TelemetryData>,
    /// The configuration of the run, in the layout of the YAML file.
    pub input_config: Option<Value>,
    /// Identity and origin of the run.
    pub run_info: Option<RunInfo>,
    /// Whether the user broke the run off.
    pub was_cancelled: Option<bool>,
    /// Whether every planned request was recorded.
    pub is_complete: Option<bool>,
    /// Why the results are incomplete.
    pub incomplete_reason: Option<String>,
    /// The distinct failures of the measured part, in order of first occurrence.
    pub error_summary: Option<Vec<ErrorDetailsCount>>,
    /// Start of the measured part, local wall time without zone.
    pub start_time: Option<String>,
    /// End of the measured part, local wall time without zone.
    pub end_time: Option<String>,
    /// Counts of branching sessions.
    pub branch_stats: Option<BranchStats>,
    /// Metric tag → statistics of the warmup.
    pub warmup_metrics: Option<IndexMap<String, MetricResult>>,
    /// Number of accepted draft tokens in a step → number of such steps in the run.
    pub pooled_spec_decode_acceptance_histogram: Option<BTreeMap<u64, u64>>,
    /// Every other member, in the order of the file: further metrics, and what the writer adds.
    #[serde(flatten)]
    pub extra: IndexMap<String, ExtraMember>,
    /// Public data set and scenario of the run.
    pub metadata: Option<Map<String, Value>>,
}

/// Identity and origin of a run.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunInfo {
    /// Identity of the run.
    pub benchmark_id: Option<String>,
    /// Identity that all runs of a sweep share.
    pub sweep_id: Option<String>,
    /// The seed of the run.
    pub random_seed: Option<u64>,
    /// Repetition, from 0.
    pub trial: Option<u64>,
    /// Name of the repetition, for example `run_0001`.
    pub run_label: Option<String>,
    /// Name of the point of the sweep, for example `phases.profiling.concurrency=2`.
    pub variation_label: Option<String>,
    /// Position of the point in the sweep, from 0.
    pub variation_index: Option<u64>,
    /// The swept parameters and their values at this point.
    pub variation_values: Option<IndexMap<String, Value>>,
    /// The command line, credentials redacted.
    pub cli_command: Option<String>,
    /// What else the writer says about the run.
    #[serde(flatten)]
    pub extra: IndexMap<String, Value>,
}

/// Counts of branching sessions and of their join points.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BranchStats {
    /// Child sessions started.
    pub children_spawned: u64,
    /// Child sessions that finished.
    pub children_completed: u64,
    /// Child sessions that failed.
    pub children_errored: u64,
    /// Child sessions cut short.
    pub children_truncated: u64,
    /// Child sessions that started late.
    pub children_delayed: u64,
    /// Parents that waited for children.
    pub parents_suspended: u64,
    /// Parents that went on after their children.
    pub parents_resumed: u64,
    /// Parents that failed because a child did.
    pub parents_failed_due_to_child_error: u64,
    /// Join points that did not take place.
    pub joins_suppressed: u64,
    /// Trees of sessions started.
    pub graphs_admitted: u64,
    /// Trees of sessions that ran to their end.
    pub graphs_completed_to_end: u64,
}

/// One list of the metrics with a field of their own, for the lookup by tag; a test holds it
/// against the fields.
macro_rules! named_metrics {
    ($($tag:ident,)*) => {
        /// The tags of the metrics with a field of their own, in the order of the file.
        pub const NAMED_METRICS: [&str; [$(stringify!($tag)),*].len()] = [$(stringify!($tag)),*];

        impl Summary {
            fn named(&self, tag: &str) -> Option<&MetricResult> {
                match tag {
                    $(stringify!($tag) => self.$tag.as_ref(),)*
                    _ => None,
                }
            }

            fn named_field(&mut self, tag: &str) -> Option<&mut Option<MetricResult>> {
                match tag {
                    $(stringify!($tag) => Some(&mut self.$tag),)*
                    _ => None,
                }
            }
        }
    };
}

named_metrics! {
    request_throughput,
    request_latency,
    request_count,
    time_to_first_token,
    time_to_second_token,
    inter_token_latency,
    output_token_throughput,
    output_token_throughput_per_user,
    output_sequence_length,
    input_sequence_length,
    goodput,
    good_request_count,
    output_token_count,
    reasoning_token_count,
    min_request_timestamp,
    max_response_timestamp,
    inter_chunk_latency,
    total_output_tokens,
    total_reasoning_tokens,
    benchmark_duration,
    total_isl,
    total_osl,
    error_request_count,
    error_isl,
    total_error_isl,
}

/// All metrics are reached alike, whether they have a field or stand among the further members.
impl Summary {
    /// The statistics of a metric.
    pub fn metric(&self, tag: &str) -> Option<&MetricResult> {
        self.named(tag).or_else(|| self.extra.get(tag)?.as_metric())
    }

    /// All metrics with their tags, in the order of the file.
    pub fn metrics(&self) -> impl Iterator<Item = (&str, &MetricResult)> {
        let named = NAMED_METRICS
            .iter()
            .filter_map(|tag| Some((*tag, self.named(tag)?)));
        named.chain(metrics_among(&self.extra))
    }

    /// Puts a metric where it belongs: into its field, or after the members that have one.
    pub fn insert_metric(&mut self, tag: &str, result: MetricResult) {
        match self.named_field(tag) {
            Some(field) => *field = Some(result),
            None => {
                self.extra.insert(tag.to_owned(), result.into());
            }
        }
    }
}
