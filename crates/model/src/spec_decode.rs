//! How well speculative decoding did in one request, as the server reports it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

/// Speculative decoding of one request: what the draft model proposed and what was accepted.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpecDecodeAcceptance {
    /// The inference engine that reported it.
    pub engine: String,
    /// Tokens gained per verification step, the bonus token included.
    pub mean_acceptance_length: f64,
    /// Accepted draft tokens as a share of proposed ones, 0 to 1.
    pub draft_acceptance_rate: f64,
    /// Number of accepted draft tokens in a step → number of such steps.
    pub acceptance_histogram: BTreeMap<u64, u64>,
    /// Draft tokens that were accepted.
    pub num_accepted_draft_tokens: u64,
    /// Draft tokens that were proposed.
    pub num_draft_tokens: u64,
    /// Verification steps.
    pub num_spec_steps: u64,
    /// Draft tokens proposed per step, where the engine has a fixed number.
    pub num_spec_tokens: Option<u64>,
    /// Tokens of the completion.
    pub completion_tokens: Option<u64>,
    /// Accepted draft tokens of each step.
    pub per_step_accepted: Option<Vec<u64>>,
    /// Proposed draft tokens of each step.
    pub per_step_drafted: Option<Vec<u64>>,
}
