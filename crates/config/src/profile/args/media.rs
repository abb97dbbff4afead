//! What was typed about images, audio, video and rankings.

use crate::profile::choices::{
    AudioFormat, ImageFormat, ImageSampling, VideoAudioCodec, VideoAudioDepth, VideoFormat,
    VideoKind,
};

/// Images.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    missing_docs,
    reason = "each field is named after its flag, whose item documents it"
)]
pub struct ImageArgs {
    pub width_mean: Option<f64>,
    pub width_stddev: Option<f64>,
    pub height_mean: Option<f64>,
    pub height_stddev: Option<f64>,
    pub batch_size: Option<u64>,
    pub format: Option<ImageFormat>,
    /// As typed; `noise` and `assets` in lower case.
    pub source: Option<String>,
    pub sampling: Option<ImageSampling>,
}

/// Audio.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    missing_docs,
    reason = "each field is named after its flag, whose item documents it"
)]
pub struct AudioArgs {
    pub batch_size: Option<u64>,
    pub length_mean: Option<f64>,
    pub length_stddev: Option<f64>,
    pub format: Option<AudioFormat>,
    pub depths: Vec<u16>,
    /// In kilohertz.
    pub sample_rates: Vec<f64>,
    pub channels: Option<u64>,
}

/// Video.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    missing_docs,
    reason = "each field is named after its flag, whose item documents it"
)]
pub struct VideoArgs {
    pub batch_size: Option<u64>,
    pub duration: Option<f64>,
    pub fps: Option<u64>,
    pub width: Option<u64>,
    pub height: Option<u64>,
    pub kind: Option<VideoKind>,
    pub format: Option<VideoFormat>,
    pub codec: Option<String>,
    /// In kilohertz.
    pub audio_sample_rate: Option<f64>,
    pub audio_channels: Option<u64>,
    pub audio_codec: Option<VideoAudioCodec>,
    pub audio_depth: Option<VideoAudioDepth>,
}

/// Queries and passages.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    missing_docs,
    reason = "each field is named after its flag, whose item documents it"
)]
pub struct RankingsArgs {
    pub passages_mean: Option<u64>,
    pub passages_stddev: Option<u64>,
    pub passage_tokens_mean: Option<u64>,
    pub passage_tokens_stddev: Option<u64>,
    pub query_tokens_mean: Option<u64>,
    pub query_tokens_stddev: Option<u64>,
}

/// Changes to recorded requests.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    missing_docs,
    reason = "each field is named after its flag, whose item documents it"
)]
pub struct SynthesisArgs {
    pub speedup: Option<f64>,
    pub prefix_length: Option<f64>,
    pub prefix_roots: Option<u64>,
    pub prompt_length: Option<f64>,
    pub output_length: Option<f64>,
    pub max_isl: Option<u64>,
    pub max_osl: Option<u64>,
}

/// Text that goes in front of prompts.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    missing_docs,
    reason = "each field is named after its flag, whose item documents it"
)]
pub struct PrefixArgs {
    pub system_prompt: Option<String>,
    pub system_prompt_file: Option<std::path::PathBuf>,
    pub pool_size: Option<u64>,
    pub length: Option<u64>,
    pub shared_system_length: Option<u64>,
    pub user_context_length: Option<u64>,
}
