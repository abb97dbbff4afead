//! What a run does, with every default and derived value filled in. The rest of the program sees
//! this and nothing else of the command line.

mod control;
mod phase;
mod runs;

pub use control::{CacheReset, Readiness, ServerProfiler};
pub use phase::{
    Arrivals, CancellationConfig, Limit, PhaseConfig, Ramp, Rate, RatePattern, RateShape,
};

pub use runs::{RunsConfig, SlaLimit, SweepConfig};

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use aiperf_dataset::media::{AudioPlan, ImagePlan, VideoPlan};
use aiperf_dataset::public::PublicPlan;
use aiperf_dataset::trace::TracePlan;
use aiperf_dataset::{
    CacheBust, Law, PairedLengths, PoolBatch, PromptCorpus, PromptPrefix, RankingsPlan,
};
use aiperf_schedule::PhaseKind;
use serde_json::{Map, Value};

use crate::document::UserFiles;

use super::choices::{
    ConnectionReuse, DatasetFormat, EndpointType, ExportFormat, ExportLevel, HttpVersion, LogLevel,
    ModelSelection, RequestContentType, Sampling, ServerMetricsFormat, TimestampSource,
    TransportKind, Ui, UrlStrategy,
};

/// A whole run.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileConfig {
    /// The models that requests name.
    pub models: Models,
    /// Whom to ask, and how.
    pub endpoint: EndpointConfig,
    /// What to send.
    pub dataset: DatasetConfig,
    /// When what is sent, in this order. At least one phase is measured.
    pub phases: Vec<PhaseConfig>,
    /// How tokens are counted.
    pub tokenizer: TokenizerConfig,
    /// What is written, and where.
    pub output: OutputConfig,
    /// What is watched beside the requests.
    pub telemetry: TelemetryConfig,
    /// How the program itself runs.
    pub runtime: RuntimeConfig,
    /// The seed of all random choices; without one, two runs differ.
    pub random_seed: Option<u64>,
    /// How many runs there are, and how they differ.
    pub runs: RunsConfig,
}

impl ProfileConfig {
    /// The phases that are measured, in order.
    pub fn measured(&self) -> impl Iterator<Item = &PhaseConfig> {
        let phases = self.phases.iter();
        phases.filter(|phase| phase.kind == PhaseKind::Profiling)
    }

    /// The phases before and between them whose results do not count.
    pub fn warmups(&self) -> impl Iterator<Item = &PhaseConfig> {
        let phases = self.phases.iter();
        phases.filter(|phase| phase.kind == PhaseKind::Warmup)
    }
}

/// The models that requests name.
#[derive(Debug, Clone, PartialEq)]
pub struct Models {
    /// At least one, none of them empty.
    pub names: Vec<String>,
    /// Which one a request names.
    pub selection: ModelSelection,
    /// With `Weighted`: each model's share, 1 in all; else empty.
    pub weights: Vec<f64>,
    /// Tokenizers of single models, which go before the run's: as many as names, or none.
    pub tokenizers: Vec<Option<String>>,
}

/// Whom to ask, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct EndpointConfig {
    /// At least one; each has scheme `http` or `https`, a host and no invalid port, or is
    /// `unix:/path/of/socket`, perhaps followed by `:/base/path`.
    pub urls: Vec<String>,
    /// How sessions are spread over them, as typed; absent: in turn, which is the only way.
    pub url_strategy: Option<UrlStrategy>,
    /// The protocol.
    pub kind: EndpointType,
    /// Replaces the protocol's own path; starts with `/`.
    pub path: Option<String>,
    /// Whether answers are asked for piece by piece. Never for a type that cannot.
    pub streaming: bool,
    /// Sent with every request. Names differ from each other and are valid.
    pub headers: Vec<Header>,
    /// Merged into every request's body. `payload_template` and `response_field` are among them
    /// where the protocol takes them.
    pub extra: Map<String, Value>,
    /// Sent as a bearer token.
    pub api_key: Option<Secret>,
    /// How long a request may take in all; infinite where there is no limit.
    pub timeout_seconds: f64,
    /// Whether `max_tokens` is sent instead of `max_completion_tokens`.
    pub use_legacy_max_tokens: bool,
    /// Whether the server's own token counts are used instead of the tokenizer's.
    pub use_server_token_count: bool,
    /// Whether the server is asked for token counts in every chunk of a stream.
    pub per_chunk_usage: bool,
    /// When a connection is used again.
    pub connection_reuse: ConnectionReuse,
    /// How requests travel, as typed; there is one way.
    pub transport: Option<TransportKind>,
    /// Which version of HTTP is spoken.
    pub http_version: HttpVersion,
    /// Who is trusted, and who this client is.
    pub tls: TlsConfig,
    /// The format of bodies, as typed; it is the one that the protocol takes.
    pub request_content_type: Option<RequestContentType>,
    /// The header that names a request's session, where it is not the usual one. A valid name.
    pub session_header: Option<String>,
    /// Whether generated videos are fetched once they are ready.
    pub download_video_content: bool,
    /// Waiting for the server before anything else.
    pub readiness: Option<Readiness>,
    /// Emptying the server's prefix cache before the warmup.
    pub cache_reset: Option<CacheReset>,
    /// Running the server's profiler during the measurement.
    pub server_profiler: Option<ServerProfiler>,
}

/// Who is trusted, and who this client is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsConfig {
    /// Whether certificates and host names are checked.
    pub verifies: bool,
    /// Certificates that are trusted in place of those of the system. Existed when the command line
    /// was resolved, as do the next two.
    pub ca_file: Option<PathBuf>,
    /// This client's certificate and its key; may be one file.
    pub client_identity: Option<(PathBuf, PathBuf)>,
}

/// What to send.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetConfig {
    /// Where conversations come from.
    pub source: DatasetSource,
    /// The order in which they are played.
    pub sampling: Sampling,
    /// The seed of conversations and their order, where it is not the run's.
    pub random_seed: Option<u64>,
    /// Whether a trace with times, whose format was named, is replayed at these times without
    /// `--fixed-schedule`. Already applied to the measurement's arrivals.
    pub replays_traces: bool,
    /// The system message of every conversation, before one that the dataset has. Only for
    /// protocols that have system messages.
    pub system_prompt: Option<SystemPrompt>,
    /// Marks that make each session's prompt new to the server's prefix cache. Only for protocols
    /// that send messages.
    pub cache_bust: Option<CacheBust>,
}

/// A system prompt in the user's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SystemPrompt {
    /// The words.
    Text(String),
    /// The file that holds them.
    File(PathBuf),
}

/// Where conversations come from.
#[derive(Debug, Clone, PartialEq)]
pub enum DatasetSource {
    /// They are made up.
    Synthetic(Box<SyntheticDataset>),
    /// They are read.
    File(FileDataset),
    /// They are fetched from a hub.
    Public(PublicPlan),
}

/// Conversations that are made up.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticDataset {
    /// How many, at least 1.
    pub entries: u64,
    /// Tokens of each prompt; none for protocols that take no text.
    pub isl: Option<Law>,
    /// Tokens that each answer is limited to; no limit where absent.
    pub osl: Option<Law>,
    /// Prompts in each request, at least 1.
    pub batch_size: u64,
    /// Turns of each conversation; the mean is at least 1.
    pub turns: Law,
    /// Milliseconds between an answer and the next turn.
    pub turn_delay_ms: Law,
    /// What all turn delays are multiplied with.
    pub turn_delay_ratio: f64,
    /// What prompts are made of.
    pub corpus: PromptCorpus,
    /// Text in front of prompts.
    pub prefix: PromptPrefix,
    /// Lengths of prompts and answers that are drawn together.
    pub paired_lengths: Option<PairedLengths>,
    /// Images in each turn.
    pub images: Option<ImagePlan>,
    /// Audio in each turn.
    pub audio: Option<AudioPlan>,
    /// Videos in each turn.
    pub video: Option<VideoPlan>,
    /// Queries with passages in place of all of the above, for protocols that rank.
    pub rankings: Option<RankingsPlan>,
}

/// Conversations that are read.
#[derive(Debug, Clone, PartialEq)]
pub struct FileDataset {
    /// It existed when the command line was resolved.
    pub path: PathBuf,
    /// What was asked for; to be found out from the content where absent. Always one of
    /// [`DatasetFormat::SUPPORTED`].
    pub format: Option<DatasetFormat>,
    /// How many conversations to read; all where absent.
    pub entries: Option<u64>,
    /// Tokens that each answer is limited to, where the file does not say it.
    pub osl: Option<Law>,
    /// Pauses between turns are cut down to so many seconds.
    pub turn_delay_cap_seconds: Option<f64>,
    /// How many conversations are drawn from a `random_pool`.
    pub pool_entries: u64,
    /// How many contents of each kind such a conversation has.
    pub pool_batch: PoolBatch,
    /// Whether an image that came earlier in a conversation is sent by its id alone.
    pub strip_repeated_images: bool,
    /// What traces need to know besides, with the window of the measurement's schedule.
    pub trace: TracePlan,
}

/// How tokens are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenizerConfig {
    /// Absent: each model's own name.
    pub name: Option<String>,
    /// The revision on the hub.
    pub revision: String,
    /// Whether prompts are counted, and made, with the tokenizer's chat template around them.
    pub applies_chat_template: bool,
}

/// What is written, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputConfig {
    /// Used as it is; absent: a directory named after model, endpoint and load.
    pub artifact_dir: Option<PathBuf>,
    /// What names of files begin with, as typed: a known ending may follow. Relative, and ends
    /// with a file name. Absent: the usual names.
    pub prefix: Option<PathBuf>,
    /// Whether the summary is written as JSON; it is always written as CSV.
    pub summary_json: bool,
    /// How much is written about each request.
    pub export_level: ExportLevel,
    /// Length of the time slices that have metrics of their own. Above 0; none where absent.
    pub slice_duration_seconds: Option<f64>,
    /// Whether the texts of all answers are written.
    pub outputs_json: bool,
    /// Formats of records and time slices besides the usual ones. None twice.
    pub formats: Vec<ExportFormat>,
    /// Whether records hold the instants of each connection.
    pub http_trace: bool,
    /// Whether the console shows a table of these instants.
    pub show_trace_timing: bool,
    /// Thresholds that good requests keep: metric tag and value in display units, in the order
    /// typed. No tag twice.
    pub goodput: Vec<(String, f64)>,
    /// Files of the user's own, which are made when the run begins.
    pub user_files: UserFiles,
}

/// What is known and watched beside the requests. No figures of GPUs are; that someone asked for
/// exactly this is kept because it shows in the files.
#[derive(Debug, Clone, PartialEq)]
pub struct TelemetryConfig {
    /// The server's own metrics; absent: they are not collected.
    pub server_metrics: Option<ServerMetricsConfig>,
    /// `--no-gpu-telemetry` was given.
    pub gpu_declined: bool,
    /// The round trip of the network that the user knows, in milliseconds.
    pub network_latency_mean_ms: Option<f64>,
    /// The round trip is measured.
    pub network_probes: Option<NetworkProbes>,
}

/// How the round trip of the network is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetworkProbes {
    /// The time between two probes, in seconds; absent: what the environment says.
    pub interval_seconds: Option<f64>,
}

/// The server's own metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerMetricsConfig {
    /// Addresses besides those of the servers.
    pub urls: Vec<String>,
    /// How they are written.
    pub formats: Vec<ServerMetricsFormat>,
    /// Someone said that they are collected; else it is what is usual.
    pub is_asked_for: bool,
}

/// How the program itself runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RuntimeConfig {
    /// What is drawn.
    pub ui: Ui,
    /// How often statistics are logged, in seconds; 0 never. Absent: where nobody asked.
    pub stats_interval_seconds: Option<f64>,
    /// The least severity of log lines that are shown.
    pub log_level: LogLevel,
    /// Threads that send at most; absent: as many as the machine suggests.
    pub io_threads: Option<usize>,
    /// Threads that record; absent: as many as the machine suggests.
    pub recorder_threads: Option<usize>,
    /// Who takes the time of an arriving byte.
    pub timestamp_source: TimestampSource,
    /// Whether a run that the client itself distorted ends with a failure code.
    pub fail_on_client_limit: bool,
}

/// Text that must not be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// A request header.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// As typed; case does not matter on the wire.
    pub name: String,
    /// May be a credential.
    pub value: String,
}

impl EndpointConfig {
    /// How long a request may take in all; `None` for ever.
    pub fn timeout(&self) -> Option<Duration> {
        finite_duration(self.timeout_seconds)
    }
}

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(aiperf_redact::REDACTED)
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: {}",
            self.name,
            aiperf_redact::header_value(&self.name, &self.value)
        )
    }
}

/// Seconds as a `Duration`; `None` where they are infinite or more than a `Duration` holds, which
/// is some 500 thousand million years.
fn finite_duration(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}
