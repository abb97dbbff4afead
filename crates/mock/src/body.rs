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
use crate::prefix_cache::block_hashes;
use crate::protocol::Endpoint;

/// The longest answer that is given. It bounds what one request can make the server hold.
const MAX_OUTPUT_TOKENS: u64 = 10_000_000;

/// Choices of one request.
const MAX_CHOICES: u64 = 128;

/// A generation request, as far as the answer depends on it.
#[derive(Debug, PartialEq, Eq, Default)]
pub(crate) struct Asked {
    pub(crate) model: Option<String>,
    pub(crate) stream: bool,
    pub(crate) include_usage: bool,
    pub(crate) continuous_usage: bool,
    /// The limit on output tokens.
    pub(crate) limit: Option<u64>,
    pub(crate) prompt_tokens: u64,
    /// How many answers are wanted at once, at least 1.
    pub(crate) choices: u64,
    /// The tool that must be called, else the first that is offered.
    pub(crate) tool: Option<String>,
    pub(crate) tool_choice: ToolChoice,
    /// Whether the answer is to be kept for later (Responses).
    pub(crate) store: bool,
    pub(crate) previous_response_id: Option<String>,
    /// The prompt's beginnings, for the prefix cache; empty where there is none.
    pub(crate) blocks: Vec<u64>,
}

/// Whether tools are to be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ToolChoice {
    /// As the server likes.
    #[default]
    Auto,
    Never,
    /// At least once.
    Required,
}

/// How prompts are looked at.
#[derive(Clone, Copy, Default)]
pub(crate) struct PromptReading<'a> {
    pub(crate) counter: Option<&'a PromptCounter>,
    pub(crate) with_blocks: bool,
}

/// Reads the body of a generation request. The error is a message for the client.
pub(crate) fn parse(
    endpoint: Endpoint,
    body: &[u8],
    reading: PromptReading<'_>,
) -> Result<Asked, String> {
    if reading.counter.is_none() && !reading.with_blocks {
        return read(endpoint, body, |prompt: WordCount| (prompt.0, Vec::new()));
    }
    read(endpoint, body, |prompt: Texts| {
        let text = prompt.texts.join(" ");
        let tokens = match reading.counter {
            Some(counter) => counter.count(&text),
            None => count_words(text.as_bytes()),
        };
        let blocks = if reading.with_blocks {
            block_hashes(&text)
        } else {
            Vec::new()
        };
        (prompt.token_ids + tokens, blocks)
    })
}

fn read<P: Prompt>(
    endpoint: Endpoint,
    body: &[u8],
    look_at: impl Fn(P) -> (u64, Vec<u64>),
) -> Result<Asked, String> {
    let mut body: Body<P> =
        serde_json::from_slice(body).map_err(|error| format!("the body is not valid: {error}"))?;
    let prompt = body.take_prompt(endpoint)?;
    let parameters = body.parameters.unwrap_or_default();
    let limit = match endpoint {
        Endpoint::Chat | Endpoint::Completions => body.max_completion_tokens.or(body.max_tokens),
        Endpoint::Responses => body.max_output_tokens,
        Endpoint::Messages => Some(body.max_tokens.ok_or("`max_tokens` is missing")?),
        Endpoint::Generate => parameters.max_new_tokens,
        Endpoint::Rag => None,
    };
    match limit {
        Some(0) => return Err("the limit on output tokens must be at least 1".to_owned()),
        Some(limit) if limit > MAX_OUTPUT_TOKENS => {
            return Err(format!(
                "the limit on output tokens exceeds {MAX_OUTPUT_TOKENS}"
            ));
        }
        _ => {}
    }
    let choices = match endpoint {
        Endpoint::Chat | Endpoint::Completions => body.n.unwrap_or(1),
        _ => 1,
    };
    if !(1..=MAX_CHOICES).contains(&choices) {
        return Err(format!("`n` must be from 1 to {MAX_CHOICES}"));
    }
    let stream_options = body.stream_options.unwrap_or_default();
    let (prompt_tokens, blocks) = look_at(prompt);
    let first_tool = body.tools.into_iter().flatten().next();
    let (tool_choice, chosen_tool) = body.tool_choice.map(TypedChoice::read).unwrap_or_default();
    Ok(Asked {
        model: body.model.or(body.inference_model),
        stream: body.stream.unwrap_or(false),
        include_usage: stream_options.include_usage.unwrap_or(false),
        continuous_usage: stream_options.continuous_usage_stats.unwrap_or(false),
        limit,
        prompt_tokens,
        choices,
        tool: first_tool.map(|tool| chosen_tool.unwrap_or_else(|| tool.into_name())),
        tool_choice,
        store: body.store.unwrap_or(false),
        previous_response_id: body.previous_response_id,
        blocks,
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
    n: Option<u64>,
    tools: Option<Vec<Tool>>,
    tool_choice: Option<TypedChoice>,
    // Responses
    input: Option<Content<P>>,
    instructions: Option<Content<P>>,
    max_output_tokens: Option<u64>,
    store: Option<bool>,
    previous_response_id: Option<String>,
    // Messages
    system: Option<Content<P>>,
    // Text generation inference
    inputs: Option<Content<P>>,
    parameters: Option<Parameters>,
    // Retrieval-augmented generation
    query: Option<Content<P>>,
    inference_model: Option<String>,
}

impl<P: Prompt> Body<P> {
    fn take_prompt(&mut self, endpoint: Endpoint) -> Result<P, &'static str> {
        let mut prompt = P::default();
        let before = match endpoint {
            Endpoint::Responses => self.instructions.take(),
            Endpoint::Messages => self.system.take(),
            _ => None,
        };
        if let Some(before) = before {
            prompt.append(before.0);
        }
        match endpoint {
            Endpoint::Chat | Endpoint::Messages => {
                let messages = self.messages.take().ok_or("`messages` is missing")?;
                for message in messages {
                    prompt.append(message.content.0);
                }
            }
            Endpoint::Completions => {
                prompt.append(self.prompt.take().ok_or("`prompt` is missing")?.0);
            }
            Endpoint::Responses => {
                prompt.append(self.input.take().ok_or("`input` is missing")?.0);
            }
            Endpoint::Generate => {
                prompt.append(self.inputs.take().ok_or("`inputs` is missing")?.0);
            }
            Endpoint::Rag => prompt.append(self.query.take().ok_or("`query` is missing")?.0),
        }
        Ok(prompt)
    }
}

/// A tool in any of the three shapes: named beside its type, or within `function`.
#[derive(Deserialize)]
struct Tool {
    name: Option<String>,
    function: Option<Function>,
}

#[derive(Deserialize)]
struct Function {
    name: Option<String>,
}

impl Tool {
    fn name(self) -> Option<String> {
        let within = self.function.and_then(|function| function.name);
        self.name.or(within)
    }

    fn into_name(self) -> String {
        self.name().unwrap_or_else(|| "tool".to_owned())
    }
}

/// A choice of tools in any of its shapes: a word, or an object with a type and perhaps a name.
#[derive(Deserialize)]
#[serde(untagged)]
enum TypedChoice {
    Word(String),
    Object {
        #[serde(rename = "type")]
        kind: String,
        #[serde(flatten)]
        tool: Tool,
    },
}

impl TypedChoice {
    fn read(self) -> (ToolChoice, Option<String>) {
        let (kind, name) = match self {
            Self::Word(word) => (word, None),
            Self::Object { kind, tool } => (kind, tool.name()),
        };
        let choice = match kind.as_str() {
            "none" => ToolChoice::Never,
            "required" | "any" | "tool" | "function" => ToolChoice::Required,
            _ => ToolChoice::Auto,
        };
        (choice, name)
    }
}

#[derive(Default, Deserialize)]
struct Parameters {
    max_new_tokens: Option<u64>,
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
                PartKey::Text | PartKey::Content => {
                    prompt.append(part.next_value::<Content<P>>()?.0);
                }
                PartKey::Other => drop(part.next_value::<IgnoredAny>()?),
            }
        }
        Ok(prompt)
    }
}

/// Only the text of a content part is counted, and that of an item's content; images and audio are
/// free.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum PartKey {
    Text,
    Content,
    #[serde(other)]
    Other,
}

/// The words of a text, separated by ASCII white space.
pub(crate) fn count_words(text: &[u8]) -> u64 {
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
            (
                Endpoint::Responses,
                r#"{"instructions":"be brief","input":[{"type":"message","role":"user",
                   "content":[{"type":"input_text","text":"one two"}]},{"content":"three"}]}"#,
                5,
            ),
            (Endpoint::Responses, r#"{"input":"a b c"}"#, 3),
            (
                Endpoint::Messages,
                r#"{"max_tokens":1,"system":[{"type":"text","text":"a b"}],
                   "messages":[{"role":"user","content":"c"}]}"#,
                3,
            ),
            (Endpoint::Generate, r#"{"inputs":"a b"}"#, 2),
            (Endpoint::Rag, r#"{"query":["a b"]}"#, 2),
        ] {
            assert_eq!(
                parse(endpoint, body.as_bytes(), PromptReading::default())
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
        let reading = PromptReading {
            counter: Some(&letters),
            with_blocks: false,
        };
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
                parse(endpoint, body.as_bytes(), reading)
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
                PromptReading::default(),
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
    fn the_first_tool_is_found_in_every_shape() {
        for tools in [
            r#"[{"type":"function","function":{"name":"look"}},{"name":"other"}]"#,
            r#"[{"type":"function","name":"look"}]"#,
        ] {
            let body = format!(r#"{{"messages":[],"tools":{tools}}}"#);
            let asked = parse(Endpoint::Chat, body.as_bytes(), PromptReading::default()).unwrap();
            assert_eq!(asked.tool.as_deref(), Some("look"));
        }
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
                Endpoint::Messages,
                r#"{"messages":[]}"#,
                "`max_tokens` is missing",
            ),
            (Endpoint::Responses, "{}", "`input` is missing"),
            (Endpoint::Generate, "{}", "`inputs` is missing"),
            (Endpoint::Rag, "{}", "`query` is missing"),
            (
                Endpoint::Completions,
                r#"{"prompt":"","n":0}"#,
                "`n` must be from 1",
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
            let error = parse(endpoint, body.as_bytes(), PromptReading::default()).unwrap_err();
            assert!(error.starts_with(reason), "{body}: {error}");
        }
    }
}
