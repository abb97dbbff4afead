//! `/v1/audio/transcriptions`.

use std::io;

use http::StatusCode;
use serde_json::json;

use super::multipart::Form;
use super::whole::Document;
use super::{After, Service};
use crate::response::{JSON, Page, TEXT};
use crate::words::Text;

impl Service<'_> {
    pub(super) async fn transcription(&mut self) -> io::Result<After> {
        let form = Form::read(self.request).await;
        let read = form.and_then(|form| {
            let file = form.required_file("file")?;
            let bytes = file.bytes.len() as u64;
            let format = form.text("response_format");
            Ok((form.required_text("model")?, bytes, format))
        });
        let (model, bytes, format) = match read {
            Ok(read) => read,
            Err(message) => return self.refuse(StatusCode::BAD_REQUEST, &message).await,
        };
        let format = format.unwrap_or_else(|| "json".to_owned());
        if !["json", "text", "verbose_json"].contains(&format.as_str()) {
            let message = format!("`response_format` cannot be `{format}`");
            return self.refuse(StatusCode::BAD_REQUEST, &message).await;
        }
        let words = self.shared.options.default_output_tokens;
        let document = Document {
            model: Some(model),
            items: words,
            prompt_tokens: 0,
        };
        self.document(document, |number, _model| {
            let mut text = Vec::new();
            Text::of_request(number).append(&mut text, 0, words);
            let text = String::from_utf8_lossy(&text).trim().to_owned();
            if format == "text" {
                return Page::ok(TEXT, text + "\n");
            }
            // 16-bit mono at 16 kHz, for want of anything better to go by.
            let seconds = (bytes as f64 / 32_000.0).ceil();
            let usage = json!({ "type": "duration", "seconds": seconds });
            let mut body = json!({ "text": text, "usage": usage });
            if format == "verbose_json" {
                body["task"] = json!("transcribe");
                body["language"] = json!("english");
                body["duration"] = json!(seconds);
            }
            Page::ok(JSON, body.to_string())
        })
        .await
    }
}
