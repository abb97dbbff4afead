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
    ArrivalPattern, ConnectionReuse, DatasetFormat, EndpointType, ExportLevel, LogLevel,
    ModelSelection, Sampling, TimestampSource, Ui,
};
pub use config::{
    Arrivals, DatasetConfig, DatasetSource, EndpointConfig, FileDataset, Header, Models, Normal,
    OutputConfig, PhaseConfig, ProfileConfig, RatePattern, RuntimeConfig, Secret, SyntheticDataset,
    TelemetryConfig, TokenizerConfig,
};
pub use flags::PROFILE;
pub use input_config::input_config;
pub use reference_names::REFERENCE_NAMES;
pub use resolve::{Resolved, Surroundings, resolve};
