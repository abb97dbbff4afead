//! SOLIDO retrieval-augmented generation.

use serde_json::{Map, Value, json};

use super::content::contents;
use super::envelope::{failure_of, usage_of};
use super::{Dialect, max_tokens_remark};
use crate::error::EndpointError;
use crate::format::FormatContext;
use crate::kind::{Capabilities, EndpointType, TEXT};
use crate::parse::{AnswerBuilder, Content};

/// The dialect; it has no state.
pub(super) struct SolidoRag;

impl SolidoRag {
    /// What the type can do.
    pub(super) const ROW: Capabilities = Capabilities {
        endpoint_type: EndpointType::SolidoRag,
        name: "solido_rag",
        path: Some("/rag/api/prompt"),
        single_turn: false,
        title: "SOLIDO RAG Metrics",
        ..TEXT
    };
}

impl Dialect for SolidoRag {
    fn body(&self, context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError> {
        let query: Vec<&str> = contents(&context.newest()?.texts).collect();
        let mut body = Map::new();
        body.insert("query".into(), query.into());
        body.insert("filters".into(), json!({"family": "Solido", "tool": "SDE"}));
        body.insert("inference_model".into(), context.model()?.into());
        context.merge_extras(&mut body)?;
        Ok(body)
    }

    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder) {
        let Ok(response) = serde_json::from_str::<Value>(text) else {
            return;
        };
        if let Some(failure) = failure_of(&response, text) {
            return answer.fail(failure);
        }
        let content = response.get("content").and_then(Value::as_str);
        let content = content.filter(|content| !content.is_empty());
        answer.add(
            at,
            content.map(Content::Text),
            usage_of(&response).as_deref(),
        );
    }

    fn remarks(&self, context: &FormatContext<'_>) -> Vec<String> {
        max_tokens_remark(context)
    }
}

#[cfg(test)]
mod tests;
