//! `/echo`: an answer of no particular protocol, for bodies that users write themselves.

use std::io;

use serde_json::{Value, json};

use super::whole::Document;
use super::{After, Service};
use crate::response::{JSON, Page};
use crate::words::Text;

impl Service<'_> {
    /// Any body will do. It comes back, with the headers, beside a text.
    pub(super) async fn echo(&mut self) -> io::Result<After> {
        let body: Value = serde_json::from_slice(&self.request.body).unwrap_or_else(|_| {
            Value::String(String::from_utf8_lossy(&self.request.body).into_owned())
        });
        let headers: Vec<Value> = self
            .request
            .headers()
            .map(|(name, value)| json!([name, value]))
            .collect();
        let model = body.get("model").and_then(Value::as_str).map(str::to_owned);
        let words = self.shared.options.default_output_tokens;
        let document = Document {
            model,
            items: words,
            prompt_tokens: self.count(&String::from_utf8_lossy(&self.request.body)),
        };
        self.document(document, |number, _model| {
            let mut text = Vec::new();
            Text::of_request(number).append(&mut text, 0, words);
            let text = String::from_utf8_lossy(&text);
            let echo = json!({ "text": text, "request": { "headers": headers, "body": body } });
            Page::ok(JSON, echo.to_string())
        })
        .await
    }
}
