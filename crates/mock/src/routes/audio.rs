//! `/v1/audio/transcriptions`.

use std::io;

use http::StatusCode;
use serde_json::{Value, json};

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
            let stream = form.text("stream").is_some_and(|stream| stream == "true");
            Ok((form.required_text("model")?, bytes, format, stream))
        });
        let (model, bytes, format, stream) = match read {
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
        // 16-bit mono at 16 kHz, for want of anything better to go by.
        let seconds = (bytes as f64 / 32_000.0).ceil();
        let usage = json!({ "type": "duration", "seconds": seconds });
        if stream {
            let events = stream_events(bytes, words, &usage);
            return self.document_stream(document, events).await;
        }
        self.document(document, |number, _model| {
            let mut text = Vec::new();
            Text::of_request(number).append(&mut text, 0, words);
            let text = String::from_utf8_lossy(&text).trim().to_owned();
            if format == "text" {
                return Page::ok(TEXT, text + "\n");
            }
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

/// A word in each event, then the whole text. The words depend on the length of the clip.
fn stream_events(bytes: u64, words: u64, usage: &Value) -> Vec<(&'static str, Value)> {
    let mut whole = Vec::new();
    Text::of_request(bytes).append(&mut whole, 0, words);
    let whole = String::from_utf8_lossy(&whole);
    let whole = whole.trim_start();
    let deltas = whole.split_inclusive(' ').map(|word| {
        let data = json!({ "type": "transcript.text.delta", "delta": word });
        ("transcript.text.delta", data)
    });
    let done = json!({ "type": "transcript.text.done", "text": whole, "usage": usage });
    deltas.chain([("transcript.text.done", done)]).collect()
}
