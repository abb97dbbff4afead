//! What a request body asks for.
//!
//! A prompt is every `content` (the `text` of its parts) of a chat, or the `prompt` of a completion.
//! Its tokens are what the [`PromptCounter`] of the options makes of these texts, joined by one
//! blank. Without one they are the words separated by ASCII white space, which are counted without
//! keeping the text. A token id counts as one either way.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::options::PromptCounter;
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
pub(crate) fn parse(
    endpoint: Endpoint,
    body: &[u8],
    counter: Option<&PromptCounter>,
) -> Result<Asked, String> {
    match counter {
        Some(counter) => read(endpoint, body, |prompt: Texts| {
            prompt.token_ids + counter.count(&prompt.texts.join(" "))
        }),
        None => read(endpoint, body, |prompt: WordCount| prompt.0),
    }
}

fn read<P: Prompt>(
    endpoint: Endpoint,
    body: &[u8],
    tokens_of: impl Fn(P) -> u64,
) -> Result<Asked, String> {
    let body: Body<P> =
        serde_json::from_slice(body).map_err(|error| format!("the body is not valid: {error}"))?;
    let prompt = match endpoint {
        Endpoint::Chat => {
            let messages = body.messages.ok_or("`messages` is missing")?;
            let mut prompt = P::default();
            for message in messages {
                prompt.append(message.content.0);
            }
            prompt
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
        prompt_tokens: tokens_of(prompt),
    })
}

#[derive(Deserialize)]
#[serde(bound = "P: Prompt")]
struct Body<P: Prompt> {
    model: Option<String>,
    messages: Option<Vec<Message<P>>>,
    prompt: Option<Content<P>>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    max_completion_tokens: Option<u64>,
    max_tokens: Option<u64>,
}

#[derive(Deserialize)]
#[serde(bound = "P: Prompt")]
struct Message<P: Prompt> {
    #[serde(default)]
    content: Content<P>,
}

#[derive(Default, Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
    continuous_usage_stats: Option<bool>,
}

/// What is kept of a prompt.
trait Prompt: Default {
    fn text(text: &str) -> Self;
    fn token_id() -> Self;
    fn append(&mut self, more: Self);
}

/// Its words, counted. The text is not kept.
#[derive(Default)]
struct WordCount(u64);

impl Prompt for WordCount {
    fn text(text: &str) -> Self {
        Self(count_words(text.as_bytes()))
    }

    fn token_id() -> Self {
        Self(1)
    }

    fn append(&mut self, more: Self) {
        self.0 += more.0;
    }
}

/// Its texts, for a counter that is better than words.
#[derive(Default)]
struct Texts {
    texts: Vec<String>,
    token_ids: u64,
}

impl Prompt for Texts {
    fn text(text: &str) -> Self {
        Self {
            texts: vec![text.to_owned()],
            token_ids: 0,
        }
    }

    fn token_id() -> Self {
        Self {
            texts: Vec::new(),
            token_ids: 1,
        }
    }

    fn append(&mut self, mut more: Self) {
        self.texts.append(&mut more.texts);
        self.token_ids += more.token_ids;
    }
}

/// A text, or all texts in a list or in its parts.
#[derive(Default)]
struct Content<P>(P);

impl<'de, P: Prompt> Deserialize<'de> for Content<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(ContentVisitor(PhantomData))
            .map(Self)
    }
}

struct ContentVisitor<P>(PhantomData<P>);

impl<'de, P: Prompt> Visitor<'de> for ContentVisitor<P> {
    type Value = P;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("text, a list of texts or parts, or token ids")
    }

    fn visit_str<E>(self, text: &str) -> Result<P, E> {
        Ok(P::text(text))
    }

    fn visit_u64<E>(self, _token_id: u64) -> Result<P, E> {
        Ok(P::token_id())
    }

    fn visit_unit<E>(self) -> Result<P, E> {
        Ok(P::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<P, A::Error> {
        let mut prompt = P::default();
        while let Some(item) = items.next_element::<Content<P>>()? {
            prompt.append(item.0);
        }
        Ok(prompt)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut part: A) -> Result<P, A::Error> {
        let mut prompt = P::default();
        while let Some(key) = part.next_key::<PartKey>()? {
            match key {
                PartKey::Text => prompt.append(part.next_value::<Content<P>>()?.0),
                PartKey::Other => drop(part.next_value::<IgnoredAny>()?),
            }
        }
        Ok(prompt)
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
                parse(endpoint, body.as_bytes(), None)
                    .unwrap()
                    .prompt_tokens,
                expected,
                "{body}"
            );
        }
    }

    #[test]
    fn a_counter_sees_all_texts_joined_by_one_blank_and_token_ids_are_added() {
        let letters = PromptCounter::new(|prompt| prompt.chars().count() as u64);
        for (endpoint, body, expected) in [
            (Endpoint::Chat, r#"{"messages":[]}"#, 0),
            (
                Endpoint::Chat,
                r#"{"messages":[{"content":"one  two"},{"content":"x"}]}"#,
                "one  two x".len() as u64,
            ),
            (
                Endpoint::Chat,
                r#"{"messages":[{"content":[{"type":"text","text":"x"},
                   {"type":"image_url","image_url":{"url":"a b c"}},
                   {"type":"text","text":"yz"}]},{"content":null}]}"#,
                "x yz".len() as u64,
            ),
            (Endpoint::Completions, r#"{"prompt":"one two"}"#, 7),
            (Endpoint::Completions, r#"{"prompt":["a","bc"]}"#, 4),
            (Endpoint::Completions, r#"{"prompt":[11,12,13,14]}"#, 4),
        ] {
            assert_eq!(
                parse(endpoint, body.as_bytes(), Some(&letters))
                    .unwrap()
                    .prompt_tokens,
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
                None,
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
            let error = parse(endpoint, body.as_bytes(), None).unwrap_err();
            assert!(error.starts_with(reason), "{body}: {error}");
        }
    }
}
