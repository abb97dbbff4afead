//! An answer becomes a turn of the session's history.

mod content_blocks;
mod output_items;
mod tool_calls;

use serde_json::{Value, json};

use crate::conversation::{Media, Turn};
use crate::parse::{Answer, PartKind, Replay};

pub(crate) use content_blocks::{BlockKind, ContentBlocks};
pub(crate) use output_items::OutputItems;
pub(crate) use tool_calls::ToolCallAssembly;

/// The assistant's turn, as later requests of the session replay it; none if the answer is empty.
///
/// A failed answer is captured too: what arrived before the failure is what the session saw. If the
/// model called tools, or the endpoint type has a form of its own for what the model said, the turn
/// is that; otherwise it is the text, where reasoning stands in for content that did not come with
/// it.
pub fn capture(answer: &Answer) -> Option<Turn> {
    match &answer.replay {
        Some(Replay::Messages(messages)) => Some(raw_turn(messages.clone())),
        Some(Replay::Text(text)) => text_turn(text.clone()),
        None if !answer.tool_calls.is_empty() => {
            let message = tool_message(content_text(answer), &answer.tool_calls);
            Some(raw_turn(vec![message]))
        }
        None => text_turn(plain_text(answer)),
    }
}

fn raw_turn(messages: Vec<Value>) -> Turn {
    Turn {
        role: Some("assistant".into()),
        raw_messages: Some(messages),
        ..Turn::default()
    }
}

fn text_turn(text: String) -> Option<Turn> {
    (!text.is_empty()).then(|| Turn {
        role: Some("assistant".into()),
        texts: vec![Media::unnamed(text)],
        ..Turn::default()
    })
}

/// The chat message of a model that called tools.
pub(crate) fn tool_message(content: String, tool_calls: &[Value]) -> Value {
    let content = if content.is_empty() {
        Value::Null
    } else {
        content.into()
    };
    json!({"role": "assistant", "content": content, "tool_calls": tool_calls})
}

/// The content of all parts, without reasoning and without the text of tool calls.
pub(crate) fn content_text(answer: &Answer) -> String {
    pieces(answer)
        .map(|piece| {
            if piece.kind == PartKind::ToolCall {
                piece.prose
            } else {
                piece.output
            }
        })
        .collect()
}

/// The content of all parts, with the reasoning of those that have only that.
pub(crate) fn plain_text(answer: &Answer) -> String {
    pieces(answer)
        .map(|piece| {
            let is_bare_reasoning = piece.kind == PartKind::Reasoning && piece.output.is_empty();
            if is_bare_reasoning {
                piece.reasoning
            } else {
                piece.output
            }
        })
        .collect()
}

/// Everything that came back as text, in the order of its parts: of each its reasoning, its prose and
/// its output.
pub fn all_text(answer: &Answer) -> String {
    pieces(answer)
        .flat_map(|piece| [piece.reasoning, piece.prose, piece.output])
        .collect()
}

/// A part with the texts that it added.
struct Piece<'a> {
    kind: PartKind,
    output: &'a str,
    reasoning: &'a str,
    prose: &'a str,
}

fn pieces(answer: &Answer) -> impl Iterator<Item = Piece<'_>> {
    let (mut output, mut reasoning, mut prose) = (
        answer.output.as_str(),
        answer.reasoning.as_str(),
        answer.tool_prose.as_str(),
    );
    answer.parts.iter().map(move |part| Piece {
        kind: part.kind,
        output: cut(&mut output, part.output_bytes),
        reasoning: cut(&mut reasoning, part.reasoning_bytes),
        prose: cut(&mut prose, part.prose_bytes),
    })
}

/// Takes the first `length` bytes off a text.
fn cut<'a>(text: &mut &'a str, length: usize) -> &'a str {
    let (head, tail) = text.split_at_checked(length).unwrap_or((text, ""));
    *text = tail;
    head
}

#[cfg(test)]
mod tests;
