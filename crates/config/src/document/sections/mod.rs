//! The sections of a configuration, one file for each or for a few: keys, types, defaults, limits.
//!
//! What two keys must not say together is in `rules`, what the run does with them in `lower`.

pub(crate) mod artifacts;
pub(crate) mod communication;
pub(crate) mod dataset;
pub(crate) mod distribution;
pub(crate) mod endpoint;
pub(crate) mod envelope;
pub(crate) mod media;
pub(crate) mod phase;
pub(crate) mod prompts;
pub(crate) mod runtime;
pub(crate) mod sweep;
pub(crate) mod telemetry;
