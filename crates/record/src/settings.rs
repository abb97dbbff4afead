//! What a recorder knows of the run beforehand.

use std::path::PathBuf;
use std::sync::Arc;

use aiperf_clock::Clock;
use aiperf_endpoint::format::EndpointSettings;
use aiperf_endpoint::headers::HeaderTemplate;
use aiperf_engine::Exchange;
use aiperf_metrics::ActiveMetrics;
use aiperf_redact::Secrets;
use aiperf_tokenizer::Tokenizer;

use crate::conversations::ConversationMetas;
use crate::live::LiveRecords;

/// What is the same for all records of a run.
pub struct RecorderSettings {
    /// Places instants on the wall clock.
    pub clock: Clock,
    /// How answers are read.
    pub endpoint: Arc<EndpointSettings>,
    /// Whether token counts come from the server's usage blocks.
    pub use_server_token_count: bool,
    /// Tokenizers; turns name theirs by index. Empty where no tokens are counted here.
    pub tokenizers: Vec<Tokenizer>,
    /// Whether the tokens of a prompt are those of its messages in the tokenizer's chat template,
    /// where it has one.
    pub applies_chat_template: bool,
    /// The conversations of the dataset, by the index that exchanges carry.
    pub conversations: ConversationMetas,
    /// The phases of the run, by index.
    pub phases: Vec<PhaseMeta>,
    /// Which metrics apply.
    pub metrics: Arc<ActiveMetrics>,
    /// Name of each I/O thread in records.
    pub worker_ids: Vec<String>,
    /// Where the per-request lines go; absent with export level `summary`.
    pub records_path: Option<PathBuf>,
    /// Where raw requests and answers go; only with export level `raw`.
    pub raw_path: Option<PathBuf>,
    /// Where the texts of answers go; absent unless asked for.
    pub outputs: Option<OutputSettings>,
    /// Whether lines hold the instants of the exchange on the wire.
    pub with_http_trace: bool,
    /// The request headers, for the raw lines and the traces.
    pub headers: HeaderTemplate,
    /// Told after each record: phase, failed and all records of the phase so far.
    pub on_record: Option<OnRecord>,
    /// Figures of the measured phases while the run goes on; absent where nobody looks at them.
    pub live: Option<Arc<LiveRecords>>,
    /// Says which mark a request carries; absent where none does.
    pub mark_of: Option<MarkOf>,
    /// The credentials that requests carry; a server that repeats them in an error is not quoted
    /// with them.
    pub secrets: Secrets,
    /// Texts by which a server says that a prompt does not fit.
    pub context_overflow_texts: Vec<String>,
}

/// Where the texts of answers go.
#[derive(Debug, Clone)]
pub struct OutputSettings {
    /// A file with an `aiperf_model::OutputEntry` on each line, one for each measured request. Its
    /// folder exists.
    pub path: PathBuf,
    /// The metrics that stand beside the text.
    pub metrics: &'static [&'static str],
}

/// Told after each record: phase, failed and all records of the phase so far.
pub type OnRecord = Arc<dyn Fn(usize, u64, u64) + Send + Sync>;

/// Says which mark against prefix caches a request carries, and where it is.
pub type MarkOf =
    Arc<dyn Fn(&Exchange, &PhaseMeta, &ConversationMeta) -> Option<CacheMark> + Send + Sync>;

/// A mark against prefix caches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheMark {
    /// Its text.
    pub text: String,
    /// The name of its place.
    pub target: &'static str,
}

/// What is known of a conversation.
#[derive(Debug, Clone)]
pub struct ConversationMeta {
    /// Its id in the dataset.
    pub id: Arc<str>,
    /// Its turns.
    pub turns: Vec<TurnMeta>,
}

/// What is known of a turn.
#[derive(Debug, Clone, Copy)]
pub struct TurnMeta {
    /// The output length that was asked for.
    pub max_tokens: Option<u32>,
    /// Its time in the trace, in milliseconds; absent where the run does not replay one.
    pub timestamp_ms: Option<f64>,
    /// How long its first audio clip is, where the dataset knows.
    pub audio_seconds: Option<f64>,
    /// Which tokenizer counts it.
    pub tokenizer: usize,
    /// Whether every request of this turn sends the same body, so that its tokens need counting
    /// only once.
    pub has_fixed_body: bool,
}

/// What is known of a phase.
#[derive(Debug, Clone)]
pub struct PhaseMeta {
    /// Its name.
    pub name: String,
    /// Whether it is measured.
    pub is_profiling: bool,
    /// Position among the measured phases.
    pub profiling_index: Option<usize>,
}
