//! OpenAI text completions.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Dialect;
use super::content::contents;
use super::envelope::{Envelope, Text, choices, failure_of, usage_of};
use crate::error::EndpointError;
use crate::format::{FormatContext, request_stream_usage};
use crate::kind::{Capabilities, EndpointType, TEXT};
use crate::parse::{AnswerBuilder, Content};

/// The dialect; it has no state.
pub(super) struct Completions;

#[derive(Deserialize)]
struct Choice<'t> {
    #[serde(borrow, default)]
    text: Option<Text<'t>>,
}

impl Completions {
    /// What the type can do.
    pub(super) const ROW: Capabilities = Capabilities {
        endpoint_type: EndpointType::Completions,
        name: "completions",
        path: Some("/v1/completions"),
        ..TEXT
    };
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
        let Ok(response) = serde_json::from_str::<Envelope<'_, Choice<'_>>>(text) else {
            return read_leniently(text, at, answer);
        };
        if response.has_several_choices() {
            return read_leniently(text, at, answer);
        }
        if let Some(failure) = response.failure(text) {
            return answer.fail(failure);
        }
        response.note_metrics(answer);
        let completion = response.choice().and_then(|choice| choice.text.as_ref());
        let content = content(response.object(), completion.map(Text::as_str));
        answer.add(at, content, response.usage.map(RawValue::get));
    }
}

/// Reads a response of several choices, or of a shape that the typed reading refuses. The texts of
/// all choices are counted.
fn read_leniently(text: &str, at: u64, answer: &mut AnswerBuilder) {
    let Ok(response) = serde_json::from_str::<Value>(text) else {
        return;
    };
    if let Some(failure) = failure_of(&response, text) {
        return answer.fail(failure);
    }
    if let Some(metrics) = response.get("metrics") {
        answer.speculative_decoding.add(&metrics.to_string());
    }
    let object = response.get("object").and_then(Value::as_str);
    let completions: String = choices(&response)
        .filter_map(|(_, choice)| choice.get("text")?.as_str())
        .collect();
    answer.add(
        at,
        content(object.unwrap_or_default(), Some(&completions)),
        usage_of(&response).as_deref(),
    );
}

fn content<'t>(object: &str, completion: Option<&'t str>) -> Option<Content<'t>> {
    if !matches!(object, "completion" | "text_completion") {
        return None;
    }
    completion
        .filter(|text| !text.is_empty())
        .map(Content::Text)
}
