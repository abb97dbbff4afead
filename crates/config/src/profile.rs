//! `aiperf profile`: its flags, what was typed, what is meant.

mod args;
mod choices;
mod config;
mod flags;
mod goodput;
mod input_config;
mod reference_names;
mod resolve;
mod template;
mod variations;

pub use args::{
    AudioArgs, ImageArgs, PrefixArgs, ProfileArgs, RankingsArgs, RunsArgs, Swept, SynthesisArgs,
    ValueList, VideoArgs,
};
pub use choices::{
    ArrivalOverflow, ArrivalPattern, AudioFormat, CacheBustTarget, CapturedBody, ConnectionReuse,
    ConvergenceMode, ConvergenceStat, DatasetFormat, EndpointType, ExportFormat, ExportLevel,
    HttpVersion, ImageFormat, ImageSampling, LogLevel, ModelSelection, PromptCorpus,
    RandomCorpusStyle, ReadinessMode, RequestContentType, Sampling, ServerMetricsFormat, SweepMode,
    SweepType, TimestampSource, TransportKind, Ui, UrlStrategy, VideoAudioCodec, VideoAudioDepth,
    VideoFormat, VideoKind,
};
pub use config::{
    Arrivals, CacheReset, CancellationConfig, DatasetConfig, DatasetSource, EndpointConfig,
    FileDataset, Header, Limit, Models, NetworkProbes, OutputConfig, PhaseConfig, ProfileConfig,
    Ramp, Rate, RatePattern, RateShape, Readiness, RunsConfig, RuntimeConfig, Secret,
    ServerMetricsConfig, ServerProfiler, SlaLimit, SweepConfig, SyntheticDataset, SystemPrompt,
    TelemetryConfig, TlsConfig, TokenizerConfig,
};
pub use flags::{ESSENTIAL_FLAGS, PROFILE};
pub use input_config::input_config;
pub use reference_names::REFERENCE_NAMES;
pub(crate) use resolve::order_of_runs;
pub(crate) use resolve::{
    DEFAULT_READINESS_INTERVAL_SECONDS, DEFAULT_READINESS_MODE, DEFAULT_REQUESTS, RULE_EXAMPLES,
    check_url, generated_prefix, generated_turns, resolve_with_phases, rule_names,
};
pub use resolve::{Resolved, Surroundings, resolve};
pub use template::template_text;
pub use variations::{FlagVariation, changes, variations};
