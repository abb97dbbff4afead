//! `inputs.json`: every request body of the data set, before the first request is sent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Every request body of the data set, in its order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InputsFile {
    /// One entry per conversation.
    #[serde(default)]
    pub data: Vec<SessionPayloads>,
}

/// The request bodies of one conversation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SessionPayloads {
    /// The conversation; records name it `conversation_id`.
    pub session_id: String,
    /// One body per turn, formatted for that turn alone: earlier turns are not repeated in it.
    #[serde(default)]
    pub payloads: Vec<Map<String, Value>>,
}
