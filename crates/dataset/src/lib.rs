//! What to send: synthetic prompts and prompt files become conversations.
//!
//! [`build`] turns a [`DatasetPlan`] into a [`Dataset`]; [`Sampler`] says which conversation a
//! session plays. Both are functions of the run's seed and an index alone, so a workload does not
//! depend on threads, order or machines.
//!
//! - `plan`: what the user wants;
//! - `lengths`: how numbers of tokens, turns and milliseconds are drawn;
//! - `prompt`: text of an exact number of tokens;
//! - `synthetic`: conversations made of such text;
//! - `file`: conversations read from JSON Lines;
//! - `sampler`: the order in which conversations are played.

mod dataset;
mod error;
mod file;
mod lengths;
mod plan;
mod prompt;
mod sampler;
mod session_ids;
mod synthetic;

pub use dataset::{Dataset, build};
pub use error::DatasetError;
pub use file::FileFormat;
pub use lengths::Normal;
pub use plan::{
    DatasetPlan, FilePlan, ModelSelection, PromptPrefix, SamplingStrategy, SessionIdStyle, Source,
    SyntheticPlan,
};
pub use prompt::PromptWriter;
pub use sampler::Sampler;
