//! What went wrong with a request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_with::skip_serializing_none;

/// Why a request failed.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorDetails {
    /// HTTP status, or 499 for a request that the client cancelled.
    pub code: Option<i64>,
    /// Reason phrase of the response, or the kind of failure.
    pub r#type: Option<String>,
    /// Body of the response, or the text of the failure.
    pub message: String,
    /// The failure underneath, when one is known.
    pub cause: Option<String>,
    /// The kinds of failure from the outermost to the innermost.
    pub cause_chain: Option<Vec<String>>,
    /// Anything else that is known.
    pub details: Option<Value>,
}

/// A failure and how often it happened. Failures are the same when code, type and message are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorDetailsCount {
    /// The failure.
    pub error_details: ErrorDetails,
    /// How many requests ended in it.
    pub count: u64,
}
