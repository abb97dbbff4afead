//! Hugging Face text-generation-inference.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Dialect;
use super::content::contents;
use super::envelope::{Text, failure_of};
use crate::error::EndpointError;
use crate::format::FormatContext;
use crate::kind::{Capabilities, EndpointType, TEXT};
use crate::parse::{AnswerBuilder, Content};

/// The dialect; it has no state.
pub(super) struct HuggingfaceGenerate;

impl HuggingfaceGenerate {
    /// What the type can do.
    pub(super) const ROW: Capabilities = Capabilities {
        endpoint_type: EndpointType::HuggingfaceGenerate,
        name: "huggingface_generate",
        path: Some("/generate"),
        streaming_path: Some("/generate_stream"),
        ..TEXT
    };
}

impl Dialect for HuggingfaceGenerate {
    /// The run's extra inputs are parameters of the generation; a turn's keys are not.
    fn body(&self, context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError> {
        let turn = context.only_turn()?;
        let mut parameters = Map::new();
        if let Some(max_tokens) = turn.max_tokens {
            parameters.insert("max_new_tokens".into(), max_tokens.into());
        }
        for (key, value) in &context.settings.extra {
            parameters.insert(key.clone(), value.clone());
        }
        let inputs: Vec<&str> = contents(&turn.texts).collect();
        let mut body = Map::new();
        body.insert("inputs".into(), inputs.join(" ").into());
        body.insert("parameters".into(), parameters.into());
        for (key, value) in &turn.extra_body {
            body.insert(key.clone(), value.clone());
        }
        Ok(body)
    }

    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder) {
        // Nearly all events of a stream are a token and nothing else.
        if let Ok(Event {
            token: Some(token),
            details: None,
        }) = serde_json::from_str::<Event<'_>>(text)
        {
            return answer.add(at, content(Some(token.text.as_str())), None);
        }
        let Ok(response) = serde_json::from_str::<Value>(text) else {
            return;
        };
        // Without a stream, some versions answer with a list of one.
        let response = match &response {
            Value::Array(items) => items.first().unwrap_or(&Value::Null),
            response => response,
        };
        if let Some(failure) = failure_of(response, text) {
            return answer.fail(failure);
        }
        // The last event of a stream also holds the whole text, which its tokens already gave.
        let generated = match response.get("token") {
            Some(token) => token.get("text"),
            None => response.get("generated_text"),
        };
        let usage = usage(response);
        answer.add(
            at,
            content(generated.and_then(Value::as_str)),
            usage.as_deref(),
        );
    }
}

#[derive(Deserialize)]
struct Event<'t> {
    #[serde(borrow, default)]
    token: Option<Token<'t>>,
    #[serde(default)]
    details: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Token<'t> {
    #[serde(borrow)]
    text: Text<'t>,
}

fn content(text: Option<&str>) -> Option<Content<'_>> {
    text.filter(|text| !text.is_empty()).map(Content::Text)
}

/// The counts in the details of a generation, under the names that usage has elsewhere.
fn usage(response: &Value) -> Option<String> {
    let details = response.get("details")?;
    let mut usage = Map::new();
    let prefill = details.get("prefill").and_then(Value::as_array);
    let prompt = details
        .get("input_length")
        .and_then(Value::as_u64)
        .or_else(|| {
            // Listed only on request; empty otherwise.
            prefill
                .map(|tokens| tokens.len() as u64)
                .filter(|count| *count > 0)
        });
    if let Some(prompt) = prompt {
        usage.insert("prompt_tokens".into(), prompt.into());
    }
    if let Some(generated) = details.get("generated_tokens").and_then(Value::as_u64) {
        usage.insert("completion_tokens".into(), generated.into());
    }
    (!usage.is_empty()).then(|| json!(usage).to_string())
}

#[cfg(test)]
mod tests;
