//! OpenAI text completions.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Dialect;
use super::content::contents;
use super::envelope::{Envelope, Text, failure_of, usage_of};
use crate::error::EndpointError;
use crate::format::{FormatContext, request_stream_usage};
use crate::parse::{AnswerBuilder, Content};

/// The dialect; it has no state.
pub(super) struct Completions;

#[derive(Deserialize)]
struct Choice<'t> {
    #[serde(borrow, default)]
    text: Option<Text<'t>>,
}

impl Dialect for Completions {
    fn body(&self, context: &FormatContext<'_>) -> Result<Map<String, Value>, EndpointError> {
        let turn = context.only_turn()?;
        let prompts: Vec<&str> = contents(&turn.texts).collect();
        let mut body = Map::new();
        body.insert(
            "prompt".into(),
            match prompts.as_slice() {
                [prompt] => (*prompt).into(),
                prompts => prompts.into(),
            },
        );
        body.insert("model".into(), context.model()?.into());
        body.insert("stream".into(), context.settings.streaming.into());
        if let Some(max_tokens) = turn.max_tokens {
            body.insert("max_tokens".into(), max_tokens.into());
        }
        context.merge_extras(&mut body)?;
        request_stream_usage(&mut body, false);
        Ok(body)
    }

    fn read(&self, text: &str, at: u64, answer: &mut AnswerBuilder) {
        if let Ok(response) = serde_json::from_str::<Envelope<'_, Choice<'_>>>(text) {
            if let Some(failure) = response.failure(text) {
                return answer.fail(failure);
            }
            let choice = response
                .choices
                .as_ref()
                .and_then(|choices| choices.0.as_ref());
            let completion = choice
                .and_then(|choice| choice.text.as_ref())
                .map(Text::as_str);
            let usage = response.usage.map(serde_json::value::RawValue::get);
            answer.add(at, content(response.object(), completion), usage);
        } else if let Ok(response) = serde_json::from_str::<Value>(text) {
            if let Some(failure) = failure_of(&response, text) {
                return answer.fail(failure);
            }
            let object = response
                .get("object")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let completion = response.pointer("/choices/0/text").and_then(Value::as_str);
            answer.add(
                at,
                content(object, completion),
                usage_of(&response).as_deref(),
            );
        }
    }
}

fn content<'t>(object: &str, completion: Option<&'t str>) -> Option<Content<'t>> {
    if !matches!(object, "completion" | "text_completion") {
        return None;
    }
    completion
        .filter(|text| !text.is_empty())
        .map(Content::Text)
}
