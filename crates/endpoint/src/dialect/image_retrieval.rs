//! NVIDIA NIM image retrieval: images in, what was found on them out.

use serde_json::{Map, Value, json};

use super::content::contents;
use super::members::{Members, list};
use super::{Dialect, max_tokens_remark};
use crate::error::EndpointError;
use crate::format::FormatContext;
use crate::kind::{Capabilities, EndpointType, IMAGES, SCORING};
use crate::parse::{AnswerBuilder, MediaContent};

/// The dialect; it has no state.
pub(super) struct ImageRetrieval;

impl ImageRetrieval {
    /// What the type can do.
    pub(super) const ROW: Capabilities = Capabilities {
        endpoint_type: EndpointType::ImageRetrieval,
        name: "image_retrieval",
        path: Some("/v1/infer"),
        tokenizes_input: false,
        media: IMAGES,
        title: "Image Retrieval Metrics",
        ..SCORING
    };
}

impl Dialect for ImageRetrieval {
    fn body(&self, context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError> {
        let images = contents(&context.only_turn()?.images);
        let items: Vec<Value> = images
            .map(|url| json!({"type": "image_url", "url": url}))
            .collect();
        if items.is_empty() {
            return Err(EndpointError::Missing {
                endpoint_type: context.settings.endpoint_type,
                what: "an image",
            });
        }
        let mut body = Map::new();
        body.insert("input".into(), items.into());
        context.merge_extras(&mut body)?;
        Ok(body)
    }

    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder) {
        let Some(response) = Members::parse(text) else {
            return;
        };
        if let Some(failure) = response.failure(text) {
            return answer.fail(failure);
        }
        let data = response.get("data");
        let count = data.and_then(list).map_or_else(
            // Something other than a list is one result, if it is an object with members.
            || usize::from(response.get("data").is_some_and(is_filled_object)),
            |found| found.len(),
        );
        let content = (count > 0).then_some(MediaContent::Retrieved(count));
        answer.add_media(at, content, response.usage().as_deref());
    }

    fn remarks(&self, context: &FormatContext<'_>) -> Vec<String> {
        max_tokens_remark(context)
    }
}

fn is_filled_object(text: &str) -> bool {
    Members::parse(text).is_some_and(|members| !members.is_empty())
}

#[cfg(test)]
mod tests;
