//! Images made from a prompt, and from a prompt and an image.

use serde_json::{Map, Value};

use super::members::{Members, objects};
use super::upload::{file, merge_extras_except, prompt, reserved_remarks};
use super::{Dialect, max_tokens_remark};
use crate::error::EndpointError;
use crate::format::FormatContext;
use crate::kind::{Capabilities, EndpointType, IMAGES, MediaSupport, NO_MEDIA, SCORING, TEXT};
use crate::parse::media::{GeneratedImage, ImageOptions};
use crate::parse::{AnswerBuilder, MediaContent};

/// OpenAI image generation.
pub(super) struct Generation;

/// OpenAI image edit.
pub(super) struct Edit;

/// Made from the turn; extras of these names are not sent.
const RESERVED: [&str; 4] = ["prompt", "image", "url", "mask"];

impl Generation {
    /// What the type can do.
    pub(super) const ROW: Capabilities = Capabilities {
        endpoint_type: EndpointType::ImageGeneration,
        name: "image_generation",
        path: Some("/v1/images/generations"),
        produces_tokens: false,
        media: MediaSupport {
            produces_images: true,
            ..NO_MEDIA
        },
        single_turn: false,
        title: "Image Generation Metrics",
        ..TEXT
    };
}

impl Dialect for Generation {
    fn body(&self, context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError> {
        let mut body = head(context)?;
        if context.settings.streaming {
            body.insert("stream".into(), true.into());
        }
        context.merge_extras(&mut body)?;
        Ok(body)
    }

    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder) {
        read_images(text, at, answer);
    }

    fn remarks(&self, context: &FormatContext<'_>) -> Vec<String> {
        max_tokens_remark(context)
    }
}

impl Edit {
    /// What the type can do.
    pub(super) const ROW: Capabilities = Capabilities {
        endpoint_type: EndpointType::ImageEdit,
        name: "image_edit",
        path: Some("/v1/images/edits"),
        media: MediaSupport {
            produces_images: true,
            ..IMAGES
        },
        single_turn: false,
        multipart: true,
        title: "Image Edit Metrics",
        ..SCORING
    };
}

impl Dialect for Edit {
    fn body(&self, context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError> {
        let mut body = head(context)?;
        let image = context.newest()?.images.first();
        let image = image
            .and_then(|image| image.contents.first())
            .filter(|image| !image.is_empty())
            .ok_or(EndpointError::Missing {
                endpoint_type: context.settings.endpoint_type,
                what: "a reference image",
            })?;
        if is_http(image) {
            body.insert("url".into(), image.as_str().into());
        } else {
            body.insert("image".into(), image_file(image)?);
        }
        merge_extras_except(&RESERVED, context, &mut body)?;
        Ok(body)
    }

    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder) {
        read_images(text, at, answer);
    }

    fn remarks(&self, context: &FormatContext<'_>) -> Vec<String> {
        [
            reserved_remarks(&RESERVED, context),
            max_tokens_remark(context),
        ]
        .concat()
    }
}

/// What both bodies begin with. Images come back in the answer itself, because not every server
/// offers them at a URL.
fn head(context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError> {
    let mut body = Map::new();
    body.insert("prompt".into(), prompt(context)?.into());
    body.insert("model".into(), context.model()?.into());
    body.insert("response_format".into(), "b64_json".into());
    body.insert("n".into(), 1.into());
    Ok(body)
}

fn is_http(image: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        image
            .get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// The file of an image that is given as a data URL or as base64. The media type is the one that
/// the data URL names, if it is an image's; else it is recognised by the first bytes.
fn image_file(image: &str) -> Result<Value, EndpointError> {
    let unrecognised = || EndpointError::Image {
        start: image.chars().take(32).collect(),
    };
    let (named, base64) = match image.strip_prefix("data:") {
        None => (None, image),
        Some(url) => {
            let (head, base64) = url.split_once(',').ok_or_else(unrecognised)?;
            let named = head.split_once(';').map(|(media_type, _)| media_type);
            (
                named.filter(|media_type| media_type.starts_with("image/")),
                base64,
            )
        }
    };
    let media_type = named.or_else(|| sniff(base64)).ok_or_else(unrecognised)?;
    let subtype = media_type
        .split_once('/')
        .map_or("png", |(_, subtype)| subtype);
    let extension = match subtype.split('+').next().unwrap_or(subtype) {
        "jpeg" => "jpg",
        extension => extension,
    };
    let content_type = match extension {
        "jpg" => "image/jpeg",
        _ => media_type,
    };
    Ok(file(base64, &format!("image.{extension}"), content_type))
}

/// The media type by the first bytes of a file, in base64.
fn sniff(base64: &str) -> Option<&'static str> {
    const STARTS: [(&str, &str); 6] = [
        ("iVBORw0KGgo", "image/png"),
        ("/9j/", "image/jpeg"),
        ("R0lGODlh", "image/gif"),
        ("R0lGODdh", "image/gif"),
        ("UklGR", "image/webp"),
        ("Qk", "image/bmp"),
    ];
    STARTS
        .iter()
        .find(|(start, _)| base64.starts_with(start))
        .map(|(_, media_type)| *media_type)
}

/// Reads a whole answer, or an event of a stream. Without an image it carries nothing.
fn read_images(text: &str, at: u64, answer: &mut AnswerBuilder) {
    let Some(response) = Members::parse(text) else {
        return;
    };
    if let Some(failure) = response.failure(text) {
        return answer.fail(failure);
    }
    let items = response.list("data").unwrap_or_default();
    let images: Vec<GeneratedImage> = match image(&response) {
        Some(image) if response.get("b64_json").is_some() => vec![image],
        _ => objects(&items).filter_map(|item| image(&item)).collect(),
    };
    let content = (!images.is_empty()).then(|| MediaContent::Images {
        images,
        options: ImageOptions {
            size: response.string("size"),
            quality: response.string("quality"),
            output_format: response.string("output_format"),
            background: response.string("background"),
        },
    });
    answer.add_media(at, content, response.usage().as_deref());
}

/// An image; none if there is neither a URL nor a file.
fn image(item: &Members<'_>) -> Option<GeneratedImage> {
    let url = item.string("url");
    let base64 = item.text("b64_json").filter(|base64| !base64.is_empty());
    if url.is_none() && base64.is_none() {
        return None;
    }
    Some(GeneratedImage {
        url,
        base64_bytes: base64.map(|base64| base64.len()),
        revised_prompt: item.string("revised_prompt"),
        partial_image_index: item
            .get("partial_image_index")
            .and_then(|index| index.parse().ok()),
    })
}

#[cfg(test)]
mod tests;
