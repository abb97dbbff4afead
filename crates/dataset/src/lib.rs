//! What to send: synthetic prompts and prompt files become conversations.
//!
//! [`open`] turns a [`DatasetPlan`] into [`Conversations`], which are asked for one by one;
//! [`build`] makes all of them at once, a [`Dataset`]. [`Sampler`] says which conversation a
//! session plays. All are functions of the run's seed and an index alone, so a workload does not
//! depend on threads, order or machines.
//!
//! - `plan`: what the user wants;
//! - `lengths`: how numbers of tokens, turns and milliseconds are drawn;
//! - `prompt`: text of an exact number of tokens;
//! - `synthetic`: conversations made of such text;
//! - `file`: conversations read from files of prompts;
//! - [`mod@trace`]: requests that a server once got, as compact rows, and figures about them;
//! - [`public`]: datasets of a hub, by name;
//! - `conversations`: conversations that are made when they are asked for;
//! - `sampler`: the order in which conversations are played.

mod conversations;
mod dataset;
mod error;
mod file;
mod lengths;
mod plan;
mod prompt;
pub mod public;
mod sampler;
mod session_ids;
mod synthetic;
pub mod trace;

pub use conversations::{ConversationSource, Conversations, Outline, TurnOutline};
pub use dataset::{Dataset, build, open, open_with};
pub use error::DatasetError;
pub use file::{FileFormat, SpeedBench};
pub use lengths::Normal;
pub use plan::{
    DatasetPlan, FilePlan, ModelSelection, PoolBatch, PromptPrefix, RemoteImages, SamplingStrategy,
    SessionIdStyle, Source, SyntheticPlan,
};
pub use prompt::PromptWriter;
pub use sampler::Sampler;
