//! `aiperf profile`: its flags, what was typed, what is meant.

mod args;
mod choices;
mod config;
mod flags;
mod goodput;
mod input_config;
mod reference_names;
mod resolve;

pub use args::ProfileArgs;
pub use choices::{
    ArrivalOverflow, ArrivalPattern, ConnectionReuse, DatasetFormat, EndpointType, ExportLevel,
    LogLevel, ModelSelection, ReadinessMode, Sampling, TimestampSource, Ui, UrlStrategy,
};
pub use config::{
    Arrivals, CacheReset, CancellationConfig, DatasetConfig, DatasetSource, EndpointConfig,
    FileDataset, Header, Limit, Models, Normal, OutputConfig, PhaseConfig, ProfileConfig, Rate,
    RatePattern, RateShape, Readiness, RuntimeConfig, Secret, ServerProfiler, SyntheticDataset,
    TelemetryConfig, TokenizerConfig,
};
pub use flags::PROFILE;
pub use input_config::input_config;
pub use reference_names::REFERENCE_NAMES;
pub use resolve::{Resolved, Surroundings, resolve};
