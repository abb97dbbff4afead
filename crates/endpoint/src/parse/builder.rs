//! Collects an answer while its responses are read.

use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::parse::{Answer, MediaContent, Part, PartKind, Replay};
use crate::reply::{self, ContentBlocks, OutputItems, ToolCallAssembly};
use crate::speculative_decoding::Reports;
use crate::usage::Usage;

/// What a response carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content<'t> {
    /// Text of the answer.
    Text(&'t str),
    /// Reasoning, and the content beside it (perhaps empty).
    Reasoning {
        reasoning: &'t str,
        content: &'t str,
    },
    /// A piece of a tool call, and the content beside it (perhaps empty).
    ToolCall { text: &'t str, prose: &'t str },
}

/// An answer in the making.
#[derive(Debug, Default)]
pub(crate) struct AnswerBuilder {
    answer: Answer,
    /// Fragments of tool calls; a dialect adds to it beside the parts.
    pub(crate) tool_calls: ToolCallAssembly,
    /// Output items of the responses type; its dialect adds to them beside the parts.
    pub(crate) output_items: OutputItems,
    /// Content blocks of the messages type; its dialect adds to them beside the parts.
    pub(crate) content_blocks: ContentBlocks,
    /// Reports about speculative decoding.
    pub(crate) speculative_decoding: Reports,
    /// The last usage with any member, still as text: of a stream that reports it with every
    /// chunk, only one is ever taken apart. Empty while there was none.
    usage: String,
    /// Members of usage that were reported before the last one and belong to it.
    earlier_usage: Map<String, Value>,
    /// The index of the choice that came first.
    first_index: Option<i64>,
    /// What the first choice said, once there are others.
    first_choice: Option<FirstChoice>,
}

/// The texts of the first choice, when those of the answer are mixed with others'.
#[derive(Debug)]
struct FirstChoice {
    /// As [`reply::plain_text`] gives it.
    plain: String,
    /// As [`reply::content_text`] gives it.
    content: String,
}

impl FirstChoice {
    fn add(&mut self, content: Content<'_>) {
        let (plain, text) = match content {
            Content::Text(text) => (text, text),
            Content::Reasoning { reasoning, content } if content.is_empty() => (reasoning, content),
            Content::Reasoning { content, .. } => (content, content),
            Content::ToolCall { text, prose } => (text, prose),
        };
        self.plain.push_str(plain);
        self.content.push_str(text);
    }
}

impl AnswerBuilder {
    /// Notes that a message arrived, understood or not.
    pub(crate) fn begin_message(&mut self, at: u64) {
        self.answer.message_count += 1;
        self.answer.last_message_at = Some(at);
    }

    /// Adds what one response carries; nothing if it carries nothing.
    pub(crate) fn add(&mut self, at: u64, content: Option<Content<'_>>, usage: Option<&str>) {
        let usage = usage.filter(|usage| Usage::is_reported(usage));
        if let Some(content) = content {
            self.add_part(at, content);
            self.count_first_chunk(usage);
        }
        if let Some(usage) = usage {
            self.usage.clear();
            self.usage.push_str(usage);
        }
    }

    /// Adds what one response carries in a choice other than the first: it is counted like the
    /// first, and left out of the reply.
    pub(crate) fn add_other_choice(
        &mut self,
        at: u64,
        content: Option<Content<'_>>,
        usage: Option<&str>,
    ) {
        let contents: Vec<_> = content
            .map(|content| (false, content))
            .into_iter()
            .collect();
        self.add_choices(at, &contents, usage);
    }

    /// Adds what one response carries in several choices, each with whether it is the first. They
    /// are one part, because they arrived as one.
    pub(crate) fn add_choices(
        &mut self,
        at: u64,
        contents: &[(bool, Content<'_>)],
        usage: Option<&str>,
    ) {
        let parts_before = self.answer.parts.len();
        for (is_first, content) in contents {
            let first_choice = match self.first_choice.take() {
                None if *is_first => None,
                None => Some(FirstChoice {
                    plain: reply::plain_text(&self.answer),
                    content: reply::content_text(&self.answer),
                }),
                known => known,
            };
            self.add_part(at, *content);
            self.first_choice = first_choice;
            if *is_first && let Some(first_choice) = &mut self.first_choice {
                first_choice.add(*content);
            }
        }
        let joined = self.answer.parts.drain(parts_before..).reduce(Part::joined);
        if joined.is_some() {
            self.count_first_chunk(usage);
        }
        self.answer.parts.extend(joined);
        self.add(at, None, usage);
    }

    /// Takes the completion tokens that are reported beside content, the first time there are any.
    fn count_first_chunk(&mut self, usage: Option<&str>) {
        if self.answer.first_chunk_tokens.is_none() {
            self.answer.first_chunk_tokens = usage
                .and_then(Usage::parse)
                .and_then(|usage| usage.completion_tokens);
        }
    }

    /// Whether the choice with this index is the one that the reply consists of: the one that came
    /// first.
    pub(crate) fn is_first_choice(&mut self, index: i64) -> bool {
        *self.first_index.get_or_insert(index) == index
    }

    /// Adds a report of usage that leaves out what an earlier one said.
    pub(crate) fn complete_usage(&mut self, usage: &str) {
        if !Usage::is_reported(usage) {
            return;
        }
        if let Ok(earlier) = serde_json::from_str::<Map<String, Value>>(&self.usage) {
            for (key, value) in earlier {
                self.earlier_usage.entry(key).or_insert(value);
            }
        }
        self.usage.clear();
        self.usage.push_str(usage);
    }

    /// Notes the name under which the server knows the answer.
    pub(crate) fn name(&mut self, id: &str, is_stored: bool) {
        let name = self.answer.response_id.get_or_insert_default();
        name.last.clear();
        name.last.push_str(id);
        if is_stored {
            name.stored = Some(id.to_owned());
        }
    }

    fn add_part(&mut self, at: u64, content: Content<'_>) {
        if let Some(first_choice) = &mut self.first_choice {
            first_choice.add(content);
        }
        let (kind, output, reasoning, prose) = match content {
            Content::Text(text) => (PartKind::Text, text, "", ""),
            Content::Reasoning { reasoning, content } => {
                (PartKind::Reasoning, content, reasoning, "")
            }
            Content::ToolCall { text, prose } => (PartKind::ToolCall, text, "", prose),
        };
        self.answer.output.push_str(output);
        self.answer.reasoning.push_str(reasoning);
        self.answer.tool_prose.push_str(prose);
        self.answer.parts.push(Part {
            at,
            kind,
            output_bytes: output.len(),
            reasoning_bytes: reasoning.len(),
            prose_bytes: prose.len(),
        });
    }

    /// Adds what one response carries that is no text; nothing if it carries nothing.
    pub(crate) fn add_media(
        &mut self,
        at: u64,
        content: Option<MediaContent>,
        usage: Option<&str>,
    ) {
        if let Some(content) = content {
            self.answer.media.get_or_insert_default().add(content);
            self.answer.parts.push(Part {
                at,
                kind: PartKind::Media,
                output_bytes: 0,
                reasoning_bytes: 0,
                prose_bytes: 0,
            });
        }
        self.add(at, None, usage);
    }

    /// Notes the failure that the server reported; the first one stands.
    pub(crate) fn fail(&mut self, failure: Failure) {
        self.answer.error.get_or_insert(failure);
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.answer.error.is_some()
    }

    pub(crate) fn finish(mut self) -> Answer {
        self.answer.usage = self.last_usage();
        let completion_tokens = self.answer.usage.and_then(|usage| usage.completion_tokens);
        self.answer.speculative_decoding = self
            .speculative_decoding
            .finish(completion_tokens)
            .map(Box::new);
        self.answer.tool_calls = self.tool_calls.finish();
        self.answer.replay = if let Some(items) = self.output_items.finish() {
            Some(Replay::Messages(items))
        } else if let Some(content) = self.content_blocks.finish(&self.answer) {
            let message = json!({"role": "assistant", "content": content});
            Some(Replay::Messages(vec![message]))
        } else {
            self.first_choice.map(|first_choice| {
                if self.answer.tool_calls.is_empty() {
                    Replay::Text(first_choice.plain)
                } else {
                    let calls = &self.answer.tool_calls;
                    Replay::Messages(vec![reply::tool_message(first_choice.content, calls)])
                }
            })
        };
        if self.output_items.has_failed() {
            // What the server gave up on must not be continued.
            self.answer.response_id = None;
        }
        self.answer
    }

    fn last_usage(&mut self) -> Option<Usage> {
        if self.earlier_usage.is_empty() {
            return Usage::parse(&self.usage);
        }
        let mut members: Map<String, Value> = serde_json::from_str(&self.usage).ok()?;
        for (key, value) in std::mem::take(&mut self.earlier_usage) {
            members.entry(key).or_insert(value);
        }
        Some(Usage::of(&members))
    }
}
