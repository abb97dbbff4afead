//! What a request body asks for.
//!
//! The server has no tokenizer: a prompt's tokens are its words separated by ASCII white space,
//! over every `content` (the `text` of its parts) of a chat, or over the `prompt` of a completion,
//! where a token id counts as one. That is an approximation, off by a third or so for English prose
//! and by far more for text without blanks; a client that needs the true count must tokenize.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::render::Endpoint;

/// The longest answer that is given. It bounds what one request can make the server hold.
const MAX_OUTPUT_TOKENS: u64 = 10_000_000;

/// A generation request, as far as the answer depends on it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) model: Option<String>,
    pub(crate) stream: bool,
    pub(crate) include_usage: bool,
    pub(crate) continuous_usage: bool,
    /// The limit on output tokens.
    pub(crate) limit: Option<u64>,
    pub(crate) prompt_tokens: u64,
}

/// Reads the body of a generation request. The error is a message for the client.
pub(crate) fn parse(endpoint: Endpoint, body: &[u8]) -> Result<Asked, String> {
    let body: Body =
        serde_json::from_slice(body).map_err(|error| format!("the body is not valid: {error}"))?;
    let prompt_tokens = match endpoint {
        Endpoint::Chat => {
            let messages = body.messages.ok_or("`messages` is missing")?;
            messages.iter().map(|message| message.content.0).sum()
        }
        Endpoint::Completions => body.prompt.ok_or("`prompt` is missing")?.0,
    };
    let limit = body.max_completion_tokens.or(body.max_tokens);
    match limit {
        Some(0) => return Err("the limit on output tokens must be at least 1".to_owned()),
        Some(limit) if limit > MAX_OUTPUT_TOKENS => {
            return Err(format!(
                "the limit on output tokens exceeds {MAX_OUTPUT_TOKENS}"
            ));
        }
        _ => {}
    }
    let stream_options = body.stream_options.unwrap_or_default();
    Ok(Asked {
        model: body.model,
        stream: body.stream.unwrap_or(false),
        include_usage: stream_options.include_usage.unwrap_or(false),
        continuous_usage: stream_options.continuous_usage_stats.unwrap_or(false),
        limit,
        prompt_tokens,
    })
}

#[derive(Deserialize)]
struct Body {
    model: Option<String>,
    messages: Option<Vec<Message>>,
    prompt: Option<WordCount>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    max_completion_tokens: Option<u64>,
    max_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: WordCount,
}

#[derive(Default, Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
    continuous_usage_stats: Option<bool>,
}

/// Counts the words of a text, or of all texts in a list or in its parts, without keeping them.
#[derive(Debug, Default)]
struct WordCount(u64);

impl<'de> Deserialize<'de> for WordCount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordVisitor).map(Self)
    }
}

struct WordVisitor;

impl<'de> Visitor<'de> for WordVisitor {
    type Value = u64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("text, a list of texts or parts, or token ids")
    }

    fn visit_str<E>(self, text: &str) -> Result<u64, E> {
        Ok(count_words(text.as_bytes()))
    }

    fn visit_u64<E>(self, _token_id: u64) -> Result<u64, E> {
        Ok(1)
    }

    fn visit_unit<E>(self) -> Result<u64, E> {
        Ok(0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<u64, A::Error> {
        let mut words = 0;
        while let Some(item) = items.next_element::<WordCount>()? {
            words += item.0;
        }
        Ok(words)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut part: A) -> Result<u64, A::Error> {
        let mut words = 0;
        while let Some(key) = part.next_key::<PartKey>()? {
            match key {
                PartKey::Text => words += part.next_value::<WordCount>()?.0,
                PartKey::Other => drop(part.next_value::<IgnoredAny>()?),
            }
        }
        Ok(words)
    }
}

/// Only the text of a content part is counted; images and audio are free.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum PartKey {
    Text,
    #[serde(other)]
    Other,
}

fn count_words(text: &[u8]) -> u64 {
    let mut words = 0;
    let mut in_blank = true;
    for byte in text {
        let is_blank = byte.is_ascii_whitespace();
        words += u64::from(in_blank && !is_blank);
        in_blank = is_blank;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompt_tokens_are_the_words_of_all_texts() {
        for (endpoint, body, expected) in [
            (Endpoint::Chat, r#"{"messages":[]}"#, 0),
            (
                Endpoint::Chat,
                r#"{"messages":[{"role":"user","content":"one two"}]}"#,
                2,
            ),
            (
                Endpoint::Chat,
                r#"{"messages":[{"content":"a\nb"},{"content":" c "}]}"#,
                3,
            ),
            (
                Endpoint::Chat,
                r#"{"messages":[{"role":"assistant","content":null},{}]}"#,
                0,
            ),
            (
                Endpoint::Chat,
                r#"{"messages":[{"content":[{"type":"text","text":"x y"},
                   {"type":"image_url","image_url":{"url":"a b c"}}]}]}"#,
                2,
            ),
            (Endpoint::Completions, r#"{"prompt":"one two three"}"#, 3),
            (Endpoint::Completions, r#"{"prompt":["a b","c"]}"#, 3),
            (Endpoint::Completions, r#"{"prompt":[11,12,13,14]}"#, 4),
            (Endpoint::Completions, r#"{"prompt":[[1,2],[3]]}"#, 3),
        ] {
            assert_eq!(
                parse(endpoint, body.as_bytes()).unwrap().prompt_tokens,
                expected,
                "{body}"
            );
        }
    }

    #[test]
    fn max_completion_tokens_outranks_max_tokens() {
        let limit = |fields: &str| {
            parse(
                Endpoint::Completions,
                format!(r#"{{"prompt":""{fields}}}"#).as_bytes(),
            )
            .unwrap()
            .limit
        };
        assert_eq!(limit(""), None);
        assert_eq!(limit(r#","max_tokens":7"#), Some(7));
        assert_eq!(
            limit(r#","max_tokens":7,"max_completion_tokens":5"#),
            Some(5)
        );
        assert_eq!(
            limit(r#","max_tokens":7,"max_completion_tokens":null"#),
            Some(7)
        );
    }

    #[test]
    fn bodies_that_ask_for_nothing_sensible_are_refused_with_a_reason() {
        for (endpoint, body, reason) in [
            (Endpoint::Chat, "", "the body is not valid"),
            (Endpoint::Chat, "{", "the body is not valid"),
            (Endpoint::Chat, "[]", "the body is not valid"),
            (
                Endpoint::Chat,
                r#"{"messages":"hi"}"#,
                "the body is not valid",
            ),
            (
                Endpoint::Chat,
                r#"{"prompt":"hi"}"#,
                "`messages` is missing",
            ),
            (
                Endpoint::Completions,
                r#"{"messages":[]}"#,
                "`prompt` is missing",
            ),
            (
                Endpoint::Completions,
                r#"{"prompt":"","max_tokens":0}"#,
                "the limit on output",
            ),
            (
                Endpoint::Completions,
                r#"{"prompt":"","max_tokens":-1}"#,
                "the body is not valid",
            ),
            (
                Endpoint::Completions,
                r#"{"prompt":"","max_tokens":99999999}"#,
                "the limit on out",
            ),
        ] {
            let error = parse(endpoint, body.as_bytes()).unwrap_err();
            assert!(error.starts_with(reason), "{body}: {error}");
        }
    }
}
