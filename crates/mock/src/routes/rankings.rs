//! Rankings in three protocols: `/v1/ranking` (NIM), `/v2/rerank` (Cohere), `/rerank` (Hugging Face).

use std::io;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::pieces::score;
use super::whole::{Document, text_member};
use super::{After, Service};
use crate::response::{JSON, Page};

/// Whose protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Nim,
    Cohere,
    HuggingFace,
}

impl Service<'_> {
    pub(super) async fn ranking(&mut self, kind: Kind) -> io::Result<After> {
        let read = self.json_object().and_then(|body| {
            let (query, passages) = read(kind, &body)?;
            let model = text_member(&body, "model");
            if model.is_none() && kind != Kind::HuggingFace {
                return Err("`model` is missing".to_owned());
            }
            Ok((model, query, passages))
        });
        let (model, query, passages) = match read {
            Ok(read) => read,
            Err(message) => return self.refuse(StatusCode::BAD_REQUEST, &message).await,
        };
        let tokens = |text: &String| self.count(text);
        let document = Document {
            model,
            items: passages.len() as u64,
            prompt_tokens: self.count(&query) + passages.iter().map(tokens).sum::<u64>(),
        };
        let prompt_tokens = document.prompt_tokens;
        self.document(document, |number, model| {
            let mut scored: Vec<(usize, f64)> = passages
                .iter()
                .map(|passage| score(&query, passage))
                .enumerate()
                .collect();
            scored.sort_by(|(_, left), (_, right)| right.total_cmp(left));
            let body = match kind {
                Kind::Nim => {
                    let rankings: Vec<_> = scored
                        .iter()
                        .map(|(index, score)| json!({ "index": index, "logit": score * 20.0 - 10.0 }))
                        .collect();
                    let usage = json!({ "prompt_tokens": prompt_tokens, "total_tokens": prompt_tokens });
                    json!({ "rankings": rankings, "usage": usage })
                }
                Kind::Cohere => {
                    let results: Vec<_> = scored
                        .iter()
                        .map(|(index, score)| json!({ "index": index, "relevance_score": score }))
                        .collect();
                    let meta = json!({
                        "api_version": { "version": "2" },
                        "billed_units": { "search_units": 1 },
                    });
                    json!({ "id": format!("rerank-{number:016x}"), "model": model,
                            "results": results, "meta": meta })
                }
                Kind::HuggingFace => scored
                    .iter()
                    .map(|(index, score)| json!({ "index": index, "score": score }))
                    .collect(),
            };
            Page::ok(JSON, body.to_string())
        })
        .await
    }
}

/// The query and the passages of a request.
fn read(kind: Kind, body: &Map<String, Value>) -> Result<(String, Vec<String>), String> {
    let (list, wrapped) = match kind {
        Kind::Nim => ("passages", true),
        Kind::Cohere => ("documents", false),
        Kind::HuggingFace => ("texts", false),
    };
    let text_of = |value: &Value| {
        let text = match value {
            Value::Object(object) => object.get("text"),
            _ if wrapped => None,
            plain => Some(plain),
        };
        text.and_then(Value::as_str).map(str::to_owned)
    };
    let query = body.get("query").ok_or("`query` is missing")?;
    let query = text_of(query).ok_or("`query` has no text")?;
    let passages = body
        .get(list)
        .and_then(Value::as_array)
        .ok_or_else(|| format!("`{list}` is missing"))?;
    let passages: Option<Vec<String>> = passages.iter().map(text_of).collect();
    let passages = passages.ok_or_else(|| format!("`{list}` has an item without text"))?;
    Ok((query, passages))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_has_its_own_shape_of_request() {
        for (kind, body, expected) in [
            (
                Kind::Nim,
                json!({"query": {"text": "q"}, "passages": [{"text": "a"}]}),
                Ok(("q".to_owned(), vec!["a".to_owned()])),
            ),
            (
                Kind::Nim,
                json!({"query": "q", "passages": []}),
                Err("`query` has no text".to_owned()),
            ),
            (
                Kind::Cohere,
                json!({"query": "q", "documents": ["a", {"text": "b"}]}),
                Ok(("q".to_owned(), vec!["a".to_owned(), "b".to_owned()])),
            ),
            (
                Kind::HuggingFace,
                json!({"query": "q", "texts": [1]}),
                Err("`texts` has an item without text".to_owned()),
            ),
            (
                Kind::HuggingFace,
                json!({"query": "q"}),
                Err("`texts` is missing".to_owned()),
            ),
        ] {
            assert_eq!(read(kind, body.as_object().unwrap()), expected);
        }
    }
}
