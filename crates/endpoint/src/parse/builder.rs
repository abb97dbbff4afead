//! Collects an answer while its responses are read.

use crate::failure::Failure;
use crate::parse::{Answer, Part, PartKind};
use crate::reply::ToolCallAssembly;
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
    /// The last usage with any member, still as text: of a stream that reports it with every
    /// chunk, only one is ever taken apart. Empty while there was none.
    usage: String,
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
            if self.answer.first_chunk_tokens.is_none() {
                self.answer.first_chunk_tokens = usage
                    .and_then(Usage::parse)
                    .and_then(|usage| usage.completion_tokens);
            }
        }
        if let Some(usage) = usage {
            self.usage.clear();
            self.usage.push_str(usage);
        }
    }

    fn add_part(&mut self, at: u64, content: Content<'_>) {
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

    /// Notes the failure that the server reported; the first one stands.
    pub(crate) fn fail(&mut self, failure: Failure) {
        self.answer.error.get_or_insert(failure);
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.answer.error.is_some()
    }

    pub(crate) fn finish(mut self) -> Answer {
        if !self.usage.is_empty() {
            self.answer.usage = Usage::parse(&self.usage);
        }
        self.answer.tool_calls = self.tool_calls.finish();
        self.answer
    }
}
