//! What was typed after `aiperf profile`, nothing more.

mod media;
mod runs;

use std::path::PathBuf;

pub use runs::{RunsArgs, Swept, ValueList};

pub use media::{AudioArgs, ImageArgs, PrefixArgs, RankingsArgs, SynthesisArgs, VideoArgs};

use aiperf_dataset::SequenceDistribution;
use aiperf_dataset::public::PublicDataset;
use aiperf_schedule::RateSeries;
use serde_json::{Map, Value};

use super::choices::{
    ArrivalOverflow, ArrivalPattern, CacheBustTarget, CapturedBody, ConnectionReuse, DatasetFormat,
    EndpointType, ExportFormat, ExportLevel, HttpVersion, LogLevel, ModelSelection, PromptCorpus,
    RandomCorpusStyle, ReadinessMode, RequestContentType, Sampling, ServerMetricsFormat,
    TimestampSource, TransportKind, Ui, UrlStrategy,
};
use super::config::{Header, Secret};

/// What was typed. `None` and empty lists mean "not given": no default is filled in here, because
/// whether a flag was given decides about more than its own value.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    missing_docs,
    reason = "each field is named after its flag, whose item documents it"
)]
pub struct ProfileArgs {
    // Endpoint
    pub models: Vec<String>,
    pub model_selection: Option<ModelSelection>,
    pub model_weights: Vec<f64>,
    pub custom_endpoint: Option<String>,
    pub endpoint_type: Option<EndpointType>,
    pub streaming: Option<bool>,
    pub urls: Vec<String>,
    pub url_strategy: Option<UrlStrategy>,
    pub request_timeout_seconds: Option<f64>,
    pub wait_for_model_timeout_seconds: Option<f64>,
    pub wait_for_model_mode: Option<ReadinessMode>,
    pub wait_for_model_interval_seconds: Option<f64>,
    pub reset_kv_cache: Option<bool>,
    pub reset_kv_cache_timeout_seconds: Option<f64>,
    pub reset_kv_cache_path: Option<String>,
    pub server_profiler: Option<bool>,
    pub server_profiler_timeout_seconds: Option<f64>,
    pub server_profiler_start_path: Option<String>,
    pub server_profiler_stop_path: Option<String>,
    pub api_key: Option<Secret>,
    pub use_legacy_max_tokens: Option<bool>,
    pub use_server_token_count: Option<bool>,
    pub per_chunk_usage: Option<bool>,
    pub connection_reuse: Option<ConnectionReuse>,
    pub transport: Option<TransportKind>,
    pub download_video_content: Option<bool>,
    pub request_content_type: Option<RequestContentType>,
    pub session_header: Option<String>,
    pub uuid_and_strip: Option<bool>,

    // Transport: not in the reference
    pub http_version: Option<HttpVersion>,
    pub tls_ca_file: Option<PathBuf>,
    pub tls_client_cert: Option<PathBuf>,
    pub tls_client_key: Option<PathBuf>,
    pub no_tls_verify: Option<bool>,

    // Tokenizer
    pub tokenizer: Option<String>,
    pub tokenizer_revision: Option<String>,
    pub apply_chat_template: Option<bool>,

    // Input
    pub extra_inputs: Map<String, Value>,
    pub headers: Vec<Header>,
    pub input_file: Option<PathBuf>,
    pub public_dataset: Option<&'static PublicDataset>,
    pub hf_subset: Option<String>,
    /// `key=value` words.
    pub dataset_filters: Vec<String>,
    pub custom_dataset_type: Option<DatasetFormat>,
    pub ignore_trace_delays: Option<bool>,
    pub captured_body: Option<CapturedBody>,
    pub sampling: Option<Sampling>,
    pub random_seed: Option<u64>,

    /// The configuration file that all other flags are written over.
    pub config: Option<PathBuf>,

    // Fixed schedule
    pub fixed_schedule: Option<bool>,
    pub no_fixed_schedule: Option<bool>,
    pub fixed_schedule_auto_offset: Option<bool>,
    pub fixed_schedule_start_offset_ms: Option<u64>,
    pub fixed_schedule_end_offset_ms: Option<u64>,

    // Conversation input, prompt, sequence lengths
    pub conversation_num: Option<u64>,
    pub num_dataset_entries: Option<u64>,
    pub turn_mean: Option<u64>,
    pub turn_stddev: Option<u64>,
    pub turn_delay_mean_ms: Option<f64>,
    pub turn_delay_stddev_ms: Option<f64>,
    pub turn_delay_ratio: Option<f64>,
    pub turn_delay_cap_seconds: Option<f64>,
    pub prompt_batch_size: Option<u64>,
    pub prompt_corpus: Option<PromptCorpus>,
    pub cache_bust: Option<CacheBustTarget>,
    pub prefix: PrefixArgs,
    pub isl_mean: Option<u64>,
    pub isl_stddev: Option<f64>,
    pub isl_block_size: Option<u64>,
    pub sequence_distribution: Option<SequenceDistribution>,
    /// As typed: what it means depends on `random_corpus_style`.
    pub random_range_ratio: Option<String>,
    pub random_corpus_style: Option<RandomCorpusStyle>,
    pub osl_mean: Option<u64>,
    pub osl_stddev: Option<f64>,

    // Media, rankings, changes to traces
    pub audio: AudioArgs,
    pub image: ImageArgs,
    pub video: VideoArgs,
    pub rankings: RankingsArgs,
    pub synthesis: SynthesisArgs,

    // Load generator
    pub benchmark_duration_seconds: Option<f64>,
    pub benchmark_grace_seconds: Option<f64>,
    pub concurrency: Option<u64>,
    pub prefill_concurrency: Option<u64>,
    pub request_rate: Option<f64>,
    pub arrival_pattern: Option<ArrivalPattern>,
    pub arrival_smoothness: Option<f64>,
    pub request_count: Option<u64>,
    pub concurrency_ramp_seconds: Option<f64>,
    pub prefill_ramp_seconds: Option<f64>,
    pub rate_ramp_seconds: Option<f64>,
    /// What the file said.
    pub request_rate_series: Option<RateSeries>,
    pub failed_request_threshold: Option<f64>,
    pub arrival_overflow: Option<ArrivalOverflow>,

    // Warmup
    pub warmup_request_count: Option<u64>,
    pub warmup_duration_seconds: Option<f64>,
    pub warmup_sessions: Option<u64>,
    pub warmup_concurrency: Option<u64>,
    pub warmup_prefill_concurrency: Option<u64>,
    pub warmup_request_rate: Option<f64>,
    pub warmup_arrival_pattern: Option<ArrivalPattern>,
    pub warmup_grace_seconds: Option<f64>,
    pub warmup_concurrency_ramp_seconds: Option<f64>,
    pub warmup_prefill_ramp_seconds: Option<f64>,
    pub warmup_rate_ramp_seconds: Option<f64>,

    // User-centric rate, cancellation
    pub user_centric_rate: Option<f64>,
    pub num_users: Option<u64>,
    pub cancellation_percent: Option<f64>,
    pub cancellation_delay_seconds: Option<f64>,

    // Output
    pub goodput: Vec<(String, f64)>,
    pub artifact_dir: Option<PathBuf>,
    pub export_prefix: Option<PathBuf>,
    pub export_level: Option<ExportLevel>,
    pub slice_duration_seconds: Option<f64>,
    pub export_outputs_json: Option<bool>,
    /// Not in the reference.
    pub export_formats: Vec<ExportFormat>,
    pub export_http_trace: Option<bool>,
    pub show_trace_timing: Option<bool>,

    // Telemetry, service
    pub no_server_metrics: Option<bool>,
    pub server_metrics: Option<Vec<String>>,
    pub server_metrics_formats: Vec<ServerMetricsFormat>,
    pub no_gpu_telemetry: Option<bool>,
    pub network_latency_automatic: Option<bool>,
    pub network_latency_mean_ms: Option<f64>,
    pub network_latency_ping_interval_seconds: Option<f64>,
    pub ui: Option<Ui>,
    pub stats_interval_seconds: Option<f64>,
    pub log_level: Option<LogLevel>,
    pub verbose: Option<bool>,
    pub extra_verbose: Option<bool>,
    pub record_processors: Option<u64>,
    pub workers_max: Option<u64>,

    // Multi-Run
    pub runs: RunsArgs,

    // Measurement: not in the reference
    pub timestamp_source: Option<TimestampSource>,
    pub fail_on_client_limit: Option<bool>,
}
