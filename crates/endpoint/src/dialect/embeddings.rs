//! Embeddings: of texts, of texts and images (NIM), and asked for with chat messages (vLLM).

use serde_json::{Map, Value};

use super::chat::Chat;
use super::content::contents;
use super::detect::embeddings;
use super::envelope::{failure_of, usage_of};
use super::members::{Members, objects};
use super::{Dialect, max_tokens_remark};
use crate::error::EndpointError;
use crate::failure::Failure;
use crate::format::FormatContext;
use crate::kind::{Capabilities, EndpointType, IMAGES, SCORING};
use crate::parse::{AnswerBuilder, MediaContent};

/// OpenAI embeddings.
pub(super) struct Embeddings;

/// NVIDIA NIM embeddings.
pub(super) struct NimEmbeddings;

/// Chat bodies that are answered with embeddings.
pub(super) struct ChatEmbeddings;

impl Embeddings {
    /// What the type can do.
    pub(super) const ROW: Capabilities = Capabilities {
        endpoint_type: EndpointType::Embeddings,
        name: "embeddings",
        path: Some("/v1/embeddings"),
        ..SCORING
    };
}

impl Dialect for Embeddings {
    fn body(&self, context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError> {
        let texts = contents(&context.only_turn()?.texts);
        body(context, texts.map(Value::from).collect())
    }

    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder) {
        read_data(text, at, answer);
    }

    fn remarks(&self, context: &FormatContext<'_>) -> Vec<String> {
        max_tokens_remark(context)
    }
}

impl NimEmbeddings {
    /// What the type can do.
    pub(super) const ROW: Capabilities = Capabilities {
        endpoint_type: EndpointType::NimEmbeddings,
        name: "nim_embeddings",
        path: Some("/v1/embeddings"),
        media: IMAGES,
        title: "NIM Embeddings Metrics",
        ..SCORING
    };
}

impl Dialect for NimEmbeddings {
    fn body(&self, context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError> {
        let turn = context.only_turn()?;
        let texts: Vec<&str> = contents(&turn.texts).collect();
        let images: Vec<&str> = contents(&turn.images).collect();
        let inputs: Vec<Value> = match (texts.as_slice(), images.as_slice()) {
            (texts, []) => texts.iter().copied().map(Value::from).collect(),
            ([], images) => images.iter().copied().map(Value::from).collect(),
            (texts, images) if texts.len() == images.len() => {
                let pairs = texts.iter().zip(images);
                pairs
                    .map(|(text, image)| format!("{text} {image}").into())
                    .collect()
            }
            (texts, images) => {
                return Err(EndpointError::UnpairedImages {
                    texts: texts.len(),
                    images: images.len(),
                });
            }
        };
        body(context, inputs)
    }

    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder) {
        read_data(text, at, answer);
    }

    fn remarks(&self, context: &FormatContext<'_>) -> Vec<String> {
        max_tokens_remark(context)
    }
}

impl ChatEmbeddings {
    /// What the type can do.
    pub(super) const ROW: Capabilities = Capabilities {
        endpoint_type: EndpointType::ChatEmbeddings,
        name: "chat_embeddings",
        path: Some("/v1/embeddings"),
        media: IMAGES,
        system_messages: true,
        single_turn: false,
        ..SCORING
    };
}

impl Dialect for ChatEmbeddings {
    fn body(&self, context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError> {
        Chat.body(context)
    }

    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder) {
        let Ok(response) = serde_json::from_str::<Value>(text) else {
            return;
        };
        if let Some(failure) = failure_of(&response, text) {
            return answer.fail(failure);
        }
        let content = response
            .as_object()
            .and_then(embeddings)
            .map(MediaContent::Embeddings);
        answer.add_media(at, content, usage_of(&response).as_deref());
    }
}

fn body(
    context: &FormatContext<'_>,
    inputs: Vec<Value>,
) -> Result<Map<String, Value>, EndpointError> {
    let mut body = Map::new();
    body.insert("model".into(), context.model()?.into());
    body.insert("input".into(), inputs.into());
    context.merge_extras(&mut body)?;
    Ok(body)
}

/// Reads the `data` of an embeddings answer. Anything in it that is no embedding fails the answer.
fn read_data(text: &str, at: u64, answer: &mut AnswerBuilder) {
    let Some(response) = Members::parse(text) else {
        return;
    };
    if let Some(failure) = response.failure(text) {
        return answer.fail(failure);
    }
    let items = response.list("data").unwrap_or_default();
    let embeddings: Vec<Members<'_>> = objects(&items).filter(is_embedding).collect();
    if embeddings.len() < items.len() {
        let reason = "The `data` of the answer holds something that is no embedding";
        return answer.fail(Failure::invalid_result(reason));
    }
    let count = with_values(&embeddings);
    let content = (count > 0).then_some(MediaContent::Embeddings(count));
    answer.add_media(at, content, response.usage().as_deref());
}

fn is_embedding(item: &Members<'_>) -> bool {
    item.text("object").as_deref() == Some("embedding")
}

/// How many of the items have a vector, as numbers or as base64.
fn with_values(items: &[Members<'_>]) -> usize {
    let has_value = |item: &&Members<'_>| item.get("embedding").is_some();
    items.iter().filter(has_value).count()
}

#[cfg(test)]
mod tests;
