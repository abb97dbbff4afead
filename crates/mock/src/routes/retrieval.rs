//! `/v1/infer`: finding things in images.

use std::io;

use http::StatusCode;
use serde_json::{Value, json};

use super::whole::{Document, text_member};
use super::{After, Service};
use crate::response::{JSON, Page};

impl Service<'_> {
    pub(super) async fn image_retrieval(&mut self) -> io::Result<After> {
        let read = self.json_object().and_then(|body| {
            let count = count_images(body.get("input"))?;
            Ok((text_member(&body, "model"), count))
        });
        let (model, count) = match read {
            Ok(read) => read,
            Err(message) => return self.refuse(StatusCode::BAD_REQUEST, &message).await,
        };
        let document = Document {
            model,
            items: count,
            prompt_tokens: 0,
        };
        self.document(document, |_number, _model| {
            let data: Vec<Value> = (0..count)
                .map(|index| {
                    let found = json!([{
                        "x_min": 0.1, "y_min": 0.2, "x_max": 0.6, "y_max": 0.7, "confidence": 0.9,
                    }]);
                    json!({ "index": index, "bounding_boxes": { "table": found, "chart": [] } })
                })
                .collect();
            let usage = json!({ "images_size_mb": 0.1 });
            Page::ok(JSON, json!({ "data": data, "usage": usage }).to_string())
        })
        .await
    }
}

/// How many images the input has; they must all be data URLs.
fn count_images(input: Option<&Value>) -> Result<u64, String> {
    let items = input
        .and_then(Value::as_array)
        .filter(|items| !items.is_empty())
        .ok_or("`input` is not a list of images")?;
    for item in items {
        let is_image = item.get("type").and_then(Value::as_str) == Some("image_url");
        let url = item.get("url").and_then(Value::as_str).unwrap_or_default();
        if !is_image || !url.starts_with("data:image/") {
            return Err("`input` has an item that is no `image_url` with a data URL".to_owned());
        }
    }
    Ok(items.len() as u64)
}
