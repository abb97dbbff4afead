//! `sampling_design.json`: the points of a sweep that samples a space.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The points of a sweep that samples a space. What was not given is `null`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SamplingDesign {
    /// `sobol` or `latin_hypercube`.
    pub r#type: String,
    /// Number of points.
    pub samples: u64,
    /// The seed that was given.
    pub seed: Option<u64>,
    /// Whether the points of a Sobol sequence are scrambled.
    pub scramble: Option<bool>,
    /// What was done to spread the points of a Latin hypercube.
    pub optimization: Option<String>,
    /// The space.
    pub dimensions: Vec<SampledDimension>,
    /// The points, each with a value for each dimension.
    pub samples_mapped: Vec<Vec<Value>>,
}

/// A dimension of the space.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SampledDimension {
    /// The path below `benchmark`.
    pub path: String,
    /// Lower end.
    pub lo: Option<f64>,
    /// Upper end.
    pub hi: Option<f64>,
    /// `linear` or `log`.
    pub scale: String,
    /// `real` or `int`.
    pub kind: String,
    /// The values, where they are listed.
    pub choices: Option<Vec<Value>>,
}
