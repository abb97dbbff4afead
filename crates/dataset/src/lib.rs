//! What to send: synthetic prompts and prompt files become conversations.
//!
//! [`open`] turns a [`DatasetPlan`] into [`Conversations`], which are asked for one by one;
//! [`build`] makes all of them at once, a [`Dataset`]. [`Sampler`] says which conversation a
//! session plays. All are functions of the run's seed and an index alone, so a workload does not
//! depend on threads, order or machines.
//!
//! - `plan`: what the user wants;
//! - `lengths`: how numbers of tokens, turns and milliseconds are drawn;
//! - `sequences`, `range_ratio`: lengths of input and output that are drawn together;
//! - `prompt`: text of an exact number of tokens;
//! - [`media`]: images, audio and video;
//! - `synthetic`: conversations made of such text and media;
//! - `system_prompt`, `cache_bust`: what the user puts in front of any conversation;
//! - `sessions`: which rows of a file follow each other in one conversation;
//! - `file`: conversations read from files of prompts;
//! - [`mod@trace`]: requests that a server once got, as compact rows, and figures about them;
//! - [`public`]: datasets of a hub, by name;
//! - `conversations`: conversations that are made when they are asked for;
//! - `sampler`: the order in which conversations are played.

mod cache_bust;
mod conversations;
mod dataset;
mod error;
mod file;
mod law;
mod lengths;
pub mod media;
mod plan;
mod prompt;
pub mod public;
mod range_ratio;
mod sampler;
mod sequences;
mod session_ids;
mod sessions;
mod synthetic;
mod system_prompt;
pub mod trace;

pub use cache_bust::CacheBust;
pub use conversations::{ConversationSource, Conversations, Outline, TurnOutline};
pub use dataset::{Dataset, build, open, open_with};
pub use error::DatasetError;
pub use file::{FileFormat, SpeedBench};
pub use law::Law;
pub use lengths::Normal;
pub use plan::{
    DatasetPlan, FilePlan, PairedLengths, PoolBatch, PromptPrefix, RankingsPlan, RemoteImages,
    SamplingStrategy, SessionIdStyle, Source, SyntheticPlan,
};
pub use prompt::{PromptCorpus, PromptWriter, TemplateOverhead};
pub use range_ratio::{CorpusStyle, LengthWindows, RangeRatio, Window};
pub use sampler::Sampler;
pub use sequences::{SequenceDistribution, SequencePair};
pub use system_prompt::read_system_prompt;
