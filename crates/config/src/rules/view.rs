//! What the shared rules look at, whoever said it.

use std::path::PathBuf;

use serde_json::Value;

use super::said::{Said, Words};
use crate::document::Mark;
use crate::profile::{
    ConvergenceMode, DatasetFormat, EndpointType, ImageSampling, ModelSelection, PromptCorpus,
    ReadinessMode, RequestContentType, Sampling, SweepMode,
};

/// Where conversations come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Synthetic,
    File,
    Public,
}

/// What makes the requests of a phase start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timing {
    ClosedLoop,
    Rate,
    UserCentric,
    FixedSchedule,
}

/// The settings that rules compare. `()` stands for a value that no rule asks for.
pub(crate) struct View {
    pub(crate) words: Words,

    pub(crate) models: Said<()>,
    pub(crate) model_selection: Said<ModelSelection>,
    /// For each model.
    pub(crate) model_weights: Said<Vec<Option<f64>>>,
    pub(crate) kind: Said<EndpointType>,
    pub(crate) streaming: Said<bool>,
    pub(crate) urls: Said<Vec<String>>,
    pub(crate) template: Said<()>,
    /// The extra input of this name.
    pub(crate) store: Said<Value>,
    pub(crate) use_server_token_count: Said<bool>,
    pub(crate) per_chunk_usage: Said<bool>,
    pub(crate) uuid_and_strip: Said<bool>,
    pub(crate) request_content_type: Said<RequestContentType>,
    pub(crate) readiness_timeout: Said<f64>,
    pub(crate) readiness_mode: Said<ReadinessMode>,
    pub(crate) readiness_interval: Said<f64>,
    /// All that is said about it.
    pub(crate) tokenizer: Vec<Said<()>>,

    pub(crate) source: Source,
    /// What says so, where it is not made up.
    pub(crate) source_name: String,
    pub(crate) file: Said<PathBuf>,
    pub(crate) format: Said<DatasetFormat>,
    pub(crate) sampling: Said<Sampling>,
    pub(crate) system_prompt: Said<()>,
    pub(crate) system_prompt_file: Said<()>,
    pub(crate) prefix_pool_size: Said<u64>,
    pub(crate) prefix_length: Said<u64>,
    pub(crate) shared_system_length: Said<u64>,
    pub(crate) user_context_length: Said<u64>,
    pub(crate) cache_bust: Said<String>,
    pub(crate) corpus: Said<PromptCorpus>,
    pub(crate) image_source: Said<String>,
    pub(crate) image_sampling: Said<ImageSampling>,
    pub(crate) video_audio_codec: Said<()>,
    pub(crate) video_audio_channels: Said<u64>,
    /// How much of each kind is drawn for a turn.
    pub(crate) batch_sizes: Vec<Said<u64>>,
    pub(crate) isl_mean: Said<f64>,
    pub(crate) osl_mean: Said<f64>,
    pub(crate) range_ratio: Said<()>,
    pub(crate) sequence_distribution: Said<()>,

    pub(crate) phases: Vec<PhaseView>,
    pub(crate) runs: RunsView,
}

/// What is said about several runs.
pub(crate) struct RunsView {
    pub(crate) trials: Said<u64>,
    pub(crate) convergence: Said<()>,
    pub(crate) convergence_mode: Said<ConvergenceMode>,
    /// Which loop is the outer one; nothing without a sweep.
    pub(crate) order: Said<SweepMode>,
    pub(crate) keeps_records: Said<bool>,
    /// How it is said that they are not kept.
    pub(crate) leaves_out_records: &'static str,
}

/// A phase, as it is after it has inherited what it inherits.
pub(crate) struct PhaseView {
    pub(crate) timing: Timing,
    /// What asks for this timing.
    pub(crate) timing_name: String,
    pub(crate) timing_mark: Mark,
    pub(crate) requests: Said<u64>,
    pub(crate) sessions: Said<u64>,
    pub(crate) duration: Said<f64>,
    pub(crate) grace: Said<f64>,
    pub(crate) concurrency: Said<u64>,
    pub(crate) prefill: Said<u64>,
    pub(crate) users: Said<u64>,
    pub(crate) rate: Said<f64>,
    pub(crate) series: Said<()>,
    pub(crate) auto_offset: Said<bool>,
    pub(crate) start_offset: Said<u64>,
    pub(crate) end_offset: Said<u64>,
}

impl View {
    /// The protocol; chat where none is named.
    pub(crate) fn kind(&self) -> EndpointType {
        self.kind.value().copied().unwrap_or(EndpointType::Chat)
    }

    /// Whether answers come piece by piece.
    pub(crate) fn streams(&self) -> bool {
        self.streaming.is(true) && self.kind().capabilities().streams
    }

    /// Whether the protocol has anything to do with tokens.
    pub(crate) fn takes_text(&self) -> bool {
        let kind = self.kind().capabilities();
        kind.tokenizes_input || kind.produces_tokens
    }

    /// The protocol as a setting.
    pub(crate) fn kind_name(&self) -> String {
        self.kind.asked(self.kind())
    }
}
