//! `/v1/images/generations`, whole and streamed, and `/v1/images/edits`.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::multipart::Form;
use super::whole::{Document, text_member};
use super::{After, Service};
use crate::response::{JSON, Page};

/// A green picture of 2 × 2 pixels.
const PNG: &[u8] = include_bytes!("../../assets/pixel.png");
const JPEG: &[u8] = include_bytes!("../../assets/pixel.jpg");

const MAX_IMAGES: u64 = 100;

/// What is asked for.
struct Asked {
    model: Option<String>,
    prompt: String,
    count: u64,
    as_url: bool,
    format: &'static str,
    size: String,
    quality: String,
    stream: bool,
    partial_images: u64,
}

impl Service<'_> {
    pub(super) async fn image_generation(&mut self) -> io::Result<After> {
        let asked = self.json_object().and_then(|body| Asked::of_json(&body));
        match asked {
            Ok(asked) if asked.stream => self.image_stream(asked).await,
            Ok(asked) => self.images(asked).await,
            Err(message) => self.refuse(StatusCode::BAD_REQUEST, &message).await,
        }
    }

    pub(super) async fn image_edit(&mut self) -> io::Result<After> {
        let form = Form::read(self.request).await;
        match form.and_then(|form| Asked::of_form(&form)) {
            Ok(asked) => self.images(asked).await,
            Err(message) => self.refuse(StatusCode::BAD_REQUEST, &message).await,
        }
    }

    async fn images(&mut self, asked: Asked) -> io::Result<After> {
        let (document, prompt_tokens) = self.image_document(&asked, asked.count);
        let created = self.created();
        let base = self.base_url();
        self.document(document, |number, _model| {
            let data: Vec<Value> = (0..asked.count)
                .map(|index| {
                    let mut image = if asked.as_url {
                        json!({ "url": format!("{base}/mock/image-{number}-{index}.png") })
                    } else {
                        json!({ "b64_json": STANDARD.encode(asked.bytes()) })
                    };
                    image["revised_prompt"] = json!(asked.prompt);
                    image
                })
                .collect();
            let body = json!({
                "created": created, "data": data, "size": asked.size, "quality": asked.quality,
                "output_format": asked.format, "background": "opaque",
                "usage": usage(prompt_tokens, asked.count),
            });
            Page::ok(JSON, body.to_string())
        })
        .await
    }

    /// Partial images and then the whole one, each an inter-token latency after the one before.
    async fn image_stream(&mut self, asked: Asked) -> io::Result<After> {
        let (document, prompt_tokens) = self.image_document(&asked, 1);
        let created = self.created();
        let image = STANDARD.encode(asked.bytes());
        let common = json!({
            "b64_json": image, "created_at": created, "size": asked.size,
            "quality": asked.quality, "output_format": asked.format, "background": "opaque",
        });
        let mut events = Vec::new();
        for index in 0..asked.partial_images {
            let mut data = common.clone();
            data["type"] = json!("image_generation.partial_image");
            data["partial_image_index"] = json!(index);
            events.push(("image_generation.partial_image", data));
        }
        let mut data = common;
        data["type"] = json!("image_generation.completed");
        data["usage"] = usage(prompt_tokens, 1);
        events.push(("image_generation.completed", data));
        self.document_stream(document, events).await
    }

    fn image_document(&self, asked: &Asked, items: u64) -> (Document, u64) {
        let prompt_tokens = self.count(&asked.prompt);
        let document = Document {
            model: asked.model.clone(),
            items,
            prompt_tokens,
        };
        (document, prompt_tokens)
    }

    /// The server's base URL as the client wrote it.
    pub(super) fn base_url(&self) -> String {
        let scheme = if self.shared.options.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let host = self.request.header("host").unwrap_or("localhost");
        format!("{scheme}://{host}")
    }
}

impl Asked {
    fn of_json(body: &Map<String, Value>) -> Result<Self, String> {
        let number = |name: &str, default| match body.get(name) {
            None | Some(Value::Null) => Ok(default),
            Some(value) => value
                .as_u64()
                .ok_or_else(|| format!("`{name}` is not a count")),
        };
        let prompt = text_member(body, "prompt").ok_or("`prompt` is missing")?;
        Self {
            model: text_member(body, "model"),
            prompt,
            count: number("n", 1)?,
            as_url: text_member(body, "response_format").as_deref() == Some("url"),
            format: format_named(text_member(body, "output_format").as_deref()),
            size: text_member(body, "size").unwrap_or_else(|| "1024x1024".to_owned()),
            quality: text_member(body, "quality").unwrap_or_else(|| "auto".to_owned()),
            stream: body.get("stream").and_then(Value::as_bool).unwrap_or(false),
            partial_images: number("partial_images", 1)?,
        }
        .checked()
    }

    fn of_form(form: &Form) -> Result<Self, String> {
        if form.text("url").is_none() {
            let image = form.required_file("image")?;
            let content_type = image.content_type.as_deref().unwrap_or_default();
            if !content_type.starts_with("image/") {
                return Err("file `image` has no content type of an image".to_owned());
            }
        }
        let count = match form.text("n") {
            Some(text) => text.parse().map_err(|_| "`n` is not a count")?,
            None => 1,
        };
        Self {
            model: form.text("model"),
            prompt: form.required_text("prompt")?,
            count,
            as_url: form.text("response_format").as_deref() == Some("url"),
            format: format_named(form.text("output_format").as_deref()),
            size: form.text("size").unwrap_or_else(|| "1024x1024".to_owned()),
            quality: form.text("quality").unwrap_or_else(|| "auto".to_owned()),
            stream: false,
            partial_images: 0,
        }
        .checked()
    }

    fn checked(self) -> Result<Self, String> {
        if (1..=MAX_IMAGES).contains(&self.count) && self.partial_images <= MAX_IMAGES {
            return Ok(self);
        }
        Err(format!("`n` must be from 1 to {MAX_IMAGES}"))
    }

    fn bytes(&self) -> &'static [u8] {
        if self.format == "jpeg" { JPEG } else { PNG }
    }
}

fn format_named(name: Option<&str>) -> &'static str {
    match name {
        Some("jpeg" | "jpg") => "jpeg",
        _ => "png",
    }
}

fn usage(prompt_tokens: u64, images: u64) -> Value {
    /// Output tokens of one image, as many as a small one costs at OpenAI.
    const IMAGE_TOKENS: u64 = 272;
    let output_tokens = images * IMAGE_TOKENS;
    json!({
        "input_tokens": prompt_tokens,
        "input_tokens_details": { "text_tokens": prompt_tokens, "image_tokens": 0 },
        "output_tokens": output_tokens,
        "total_tokens": prompt_tokens + output_tokens,
    })
}
