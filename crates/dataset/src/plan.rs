//! What the user wants to be sent.

use aiperf_endpoint::model_selection::ModelSelection;
use std::path::PathBuf;
use std::time::Duration;

use crate::cache_bust::CacheBust;
use crate::file::FileFormat;
use crate::law::Law;
use crate::media::{AudioPlan, ImagePlan, VideoPlan};
use crate::prompt::{PromptCorpus, TemplateOverhead};
use crate::public::PublicPlan;
use crate::range_ratio::RangeRatio;
use crate::sequences::SequenceDistribution;
use crate::trace::TracePlan;

/// Everything that decides a dataset, except the seed and the tokenizer.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetPlan {
    /// Where the conversations come from.
    pub source: Source,
    /// The order in which they are played.
    pub sampling: SamplingStrategy,
    /// The models of the run. With several, every turn names one of them.
    pub models: Vec<String>,
    /// How turns share several models; in turn where absent.
    pub model_selection: Option<ModelSelection>,
    /// A text sent as the system message of every conversation, before any of the dataset's own.
    pub system_prompt: Option<String>,
    /// How conversations without an authored id are named.
    pub session_ids: SessionIdStyle,
    /// Sessions get marks, which count into the lengths of synthetic text. Putting them in is up
    /// to whoever plays the conversations: [`CacheBust::apply`].
    pub cache_bust: Option<CacheBust>,
}

impl DatasetPlan {
    /// A plan with the defaults of the command line.
    pub fn new(source: Source) -> Self {
        Self {
            source,
            sampling: SamplingStrategy::default(),
            models: Vec::new(),
            model_selection: None,
            system_prompt: None,
            session_ids: SessionIdStyle::default(),
            cache_bust: None,
        }
    }
}

/// Where conversations come from.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a run has one of them")]
pub enum Source {
    /// Made up.
    Synthetic(SyntheticPlan),
    /// Read from a file.
    File(FilePlan),
    /// Fetched from a hub.
    Public(PublicPlan),
}

/// Conversations made of generated text.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticPlan {
    /// Number of conversations.
    pub entries: usize,
    /// Tokens of each text; none for endpoints that take no text.
    pub prompt_tokens: Option<Law>,
    /// Upper bound of each answer in tokens; none sends no bound.
    pub output_tokens: Option<Law>,
    /// Texts in each turn.
    pub prompt_batch_size: usize,
    /// Turns of each conversation.
    pub turns: Law,
    /// Milliseconds before each turn after the first; a mean below 1 means none.
    pub turn_delay_ms: Law,
    /// Factor on every delay.
    pub turn_delay_ratio: f64,
    /// Text in front of the prompts.
    pub prefix: PromptPrefix,
    /// Input and output lengths that are drawn together. [`PairedLengths::Sequences`] replaces
    /// `prompt_tokens` and `output_tokens`, [`PairedLengths::Range`] takes their means.
    pub paired_lengths: Option<PairedLengths>,
    /// What texts are made of.
    pub corpus: PromptCorpus,
    /// What a chat template adds to prompts; taken off their lengths.
    pub template_overhead: TemplateOverhead,
    /// Images in each turn.
    pub images: Option<ImagePlan>,
    /// Audio clips in each turn.
    pub audio: Option<AudioPlan>,
    /// Video clips in each turn.
    pub video: Option<VideoPlan>,
    /// Queries with passages in place of all of the above but `entries` and `corpus`.
    pub rankings: Option<RankingsPlan>,
}

impl Default for SyntheticPlan {
    fn default() -> Self {
        Self {
            entries: 100,
            prompt_tokens: Some(Law::fixed(550.0)),
            output_tokens: None,
            prompt_batch_size: 1,
            turns: Law::fixed(1.0),
            turn_delay_ms: Law::fixed(0.0),
            turn_delay_ratio: 1.0,
            prefix: PromptPrefix::None,
            paired_lengths: None,
            corpus: PromptCorpus::default(),
            template_overhead: TemplateOverhead::default(),
            images: None,
            audio: None,
            video: None,
            rankings: None,
        }
    }
}

/// Input and output lengths that are drawn together.
#[derive(Debug, Clone, PartialEq)]
pub enum PairedLengths {
    /// From a mixture of pairs (`--seq-dist`).
    Sequences(SequenceDistribution),
    /// From windows around the means (`--random-range-ratio`).
    Range(RangeRatio),
}

/// Queries and passages, for endpoints that rank.
#[derive(Debug, Clone, PartialEq)]
pub struct RankingsPlan {
    /// Passages of each query.
    pub passages: Law,
    /// Tokens of each passage.
    pub passage_tokens: Law,
    /// Tokens of each query.
    pub query_tokens: Law,
}

impl Default for RankingsPlan {
    fn default() -> Self {
        Self {
            passages: Law::fixed(10.0),
            passage_tokens: Law::fixed(128.0),
            query_tokens: Law::fixed(32.0),
        }
    }
}

/// Text in front of synthetic prompts, in addition to their own length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PromptPrefix {
    /// Nothing.
    #[default]
    None,
    /// Each conversation's first turn starts with one of `size` texts of `tokens` tokens.
    Pool {
        /// Number of different prefixes.
        size: usize,
        /// Tokens of each.
        tokens: usize,
    },
    /// Messages of their own, before the first turn.
    Messages {
        /// Tokens of a system message that all conversations share.
        shared_system_tokens: Option<usize>,
        /// Tokens of a user message that each conversation has for itself.
        user_context_tokens: Option<usize>,
    },
}

impl PromptPrefix {
    /// Tokens that a prefix of the pool adds to a first turn.
    pub(crate) fn pool_tokens(self) -> usize {
        match self {
            Self::Pool { size, tokens } if size > 0 => tokens,
            _ => 0,
        }
    }

    pub(crate) fn has_text(self) -> bool {
        match self {
            Self::None => false,
            Self::Pool { tokens, .. } => tokens > 0,
            Self::Messages {
                shared_system_tokens,
                user_context_tokens,
            } => shared_system_tokens.is_some() || user_context_tokens.is_some(),
        }
    }
}

/// Conversations read from a file.
#[derive(Debug, Clone, PartialEq)]
pub struct FilePlan {
    /// The file; relative paths start at the working directory.
    pub path: PathBuf,
    /// The rows' format; recognised from the first row where absent.
    pub format: Option<FileFormat>,
    /// Upper bound of the answer for rows that name none.
    pub output_tokens: Option<Law>,
    /// Longer delays between turns are cut to this many milliseconds.
    pub delay_cap_ms: Option<f64>,
    /// The endpoint has system messages: a leading system turn becomes one.
    pub hoist_system_turns: bool,
    /// At most this many conversations, from the start of the file.
    pub limit: Option<usize>,
    /// Number of conversations that are drawn from a `random_pool`.
    pub pool_entries: usize,
    /// Contents of each kind that a conversation draws from a `random_pool`.
    pub pool_batch: PoolBatch,
    /// An image whose identifier came in an earlier turn of the conversation is sent as a
    /// reference, without its content.
    pub strip_repeated_images: bool,
    /// What happens to images that rows name by `http` or `https` URLs.
    pub remote_images: RemoteImages,
    /// What traces need to know besides.
    pub trace: TracePlan,
}

/// What happens to images that rows name by URLs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RemoteImages {
    /// The server fetches them.
    #[default]
    Reference,
    /// They are downloaded once and become part of the bodies, for endpoints that fetch nothing.
    Inline {
        /// Longest time for one image.
        timeout: Duration,
        /// Downloads at the same time.
        parallel: usize,
    },
}

/// How many contents of each kind a conversation of a `random_pool` gets. All one means a row of
/// each pool as it is; anything else draws contents independently of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolBatch {
    /// Texts; 0 leaves them out.
    pub texts: usize,
    /// Images; 0 leaves them out.
    pub images: usize,
    /// Audio clips; 0 leaves them out.
    pub audios: usize,
    /// Video clips; 0 leaves them out.
    pub videos: usize,
}

impl Default for PoolBatch {
    fn default() -> Self {
        Self {
            texts: 1,
            images: 1,
            audios: 1,
            videos: 1,
        }
    }
}

impl FilePlan {
    /// A whole file for an endpoint with system messages.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            format: None,
            output_tokens: None,
            delay_cap_ms: None,
            hoist_system_turns: true,
            limit: None,
            pool_entries: 100,
            pool_batch: PoolBatch::default(),
            strip_repeated_images: false,
            remote_images: RemoteImages::default(),
            trace: TracePlan::default(),
        }
    }
}

/// The order in which conversations are played.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SamplingStrategy {
    /// As they come, and from the start again.
    #[default]
    Sequential,
    /// Every conversation once in random order, then all again in another.
    Shuffle,
    /// Each draw independent of the others.
    Random,
}

/// How conversations without an authored id are named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SessionIdStyle {
    /// `session_000000`, `session_000001` …: for runs with a seed, so that they can be compared.
    Numbered,
    /// UUIDs: for runs without, so that they cannot be mistaken for each other.
    #[default]
    Random,
}
