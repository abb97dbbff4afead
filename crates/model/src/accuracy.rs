//! One line of `accuracy_export.jsonl`: how one answer was graded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use crate::PhaseKind;

/// How one answer was graded in an accuracy run.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccuracyRecord {
    /// Position in the phase's order of issue, from 0.
    pub session_num: u64,
    /// The conversation of the data set that was played.
    pub conversation_id: Option<String>,
    /// Value of the `X-Request-ID` header.
    pub x_request_id: Option<String>,
    /// The worker that sent the request.
    pub worker_id: String,
    /// Phase of the request.
    pub benchmark_phase: PhaseKind,
    /// When the answer was graded, nanoseconds since the Unix epoch.
    pub timestamp_ns: u64,
    /// The task of the benchmark that the question belongs to.
    pub task: Option<String>,
    /// The grader used.
    pub grader_name: String,
    /// Whether the answer counts as correct.
    pub passed: bool,
    /// Whether no answer could be found in the text.
    pub unparsed: bool,
    /// How sure the grader is, 0 to 1.
    pub confidence: Option<f64>,
    /// The correct answer.
    pub expected: Option<String>,
    /// The answer found in the text.
    pub actual: Option<String>,
    /// The grader's reason.
    pub explanation: Option<String>,
    /// The text that the model produced.
    pub model_output: Option<String>,
    /// The model's reasoning, when it came apart from its answer.
    pub model_thinking: Option<String>,
}
