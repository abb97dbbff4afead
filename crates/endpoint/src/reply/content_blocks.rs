//! The content blocks of an answer of the messages type, as later requests replay them.

use serde_json::{Map, Value, json};

use crate::parse::Answer;
use crate::reply::content_text;

/// Blocks that are more than text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlockKind {
    /// What the model thought, with a signature by which the server knows it again.
    Thinking,
    /// A call of a tool.
    ToolUse,
}

impl BlockKind {
    /// The kind of a block by its `type`.
    pub(crate) fn of(name: &str) -> Option<Self> {
        match name {
            "thinking" => Some(Self::Thinking),
            "tool_use" => Some(Self::ToolUse),
            _ => None,
        }
    }
}

/// The blocks of one answer that are more than text.
#[derive(Debug, Default)]
pub(crate) struct ContentBlocks {
    blocks: Vec<Block>,
}

#[derive(Debug)]
struct Block {
    kind: BlockKind,
    index: i64,
    members: Map<String, Value>,
    /// The arguments of a tool call that comes in pieces.
    arguments: Option<String>,
}

impl ContentBlocks {
    /// Adds a block that is complete.
    pub(crate) fn add_whole(&mut self, kind: BlockKind, block: &Map<String, Value>) {
        let index = self.next_index(kind);
        self.put(kind, index, block, None);
    }

    /// Opens a block whose pieces follow. One without an index is the next of its kind.
    pub(crate) fn open(&mut self, kind: BlockKind, index: Option<i64>, block: &Map<String, Value>) {
        let index = index.unwrap_or_else(|| self.next_index(kind));
        match kind {
            BlockKind::ToolUse => self.put(kind, index, block, Some(String::new())),
            BlockKind::Thinking => {
                // A server wants both members back, however it sent them.
                let mut members = block.clone();
                for member in ["thinking", "signature"] {
                    members.entry(member).or_insert_with(|| "".into());
                }
                self.put(kind, index, &members, None);
            }
        }
    }

    /// Appends to a member of an open thinking block: `thinking` or `signature`.
    pub(crate) fn append_thinking(&mut self, index: i64, member: &str, piece: &str) {
        if let Some(block) = self.find(BlockKind::Thinking, index) {
            let text = block.members.entry(member).or_insert_with(|| "".into());
            if let Value::String(text) = text {
                text.push_str(piece);
            } else {
                *text = piece.into();
            }
        }
    }

    /// Appends to the arguments of an open tool call.
    pub(crate) fn append_arguments(&mut self, index: i64, piece: &str) {
        if let Some(block) = self.find(BlockKind::ToolUse, index) {
            block.arguments.get_or_insert_default().push_str(piece);
        }
    }

    /// The content of the assistant's message: what it thought, what it said, which tools it
    /// called. None if it only said something.
    pub(crate) fn finish(&mut self, answer: &Answer) -> Option<Vec<Value>> {
        let mut blocks = std::mem::take(&mut self.blocks);
        if blocks.is_empty() {
            return None;
        }
        blocks.sort_by_key(|block| block.index);
        let (thinking, tool_uses): (Vec<_>, Vec<_>) = blocks
            .into_iter()
            .partition(|block| block.kind == BlockKind::Thinking);
        let mut content: Vec<Value> = thinking.into_iter().map(Block::finish).collect();
        let text = content_text(answer);
        if !text.is_empty() {
            content.push(json!({"type": "text", "text": text}));
        }
        content.extend(tool_uses.into_iter().map(Block::finish));
        Some(content)
    }

    fn next_index(&self, kind: BlockKind) -> i64 {
        let of_kind = self.blocks.iter().filter(|block| block.kind == kind);
        of_kind.count() as i64
    }

    fn find(&mut self, kind: BlockKind, index: i64) -> Option<&mut Block> {
        let mut blocks = self.blocks.iter_mut();
        blocks.find(|block| block.kind == kind && block.index == index)
    }

    fn put(
        &mut self,
        kind: BlockKind,
        index: i64,
        block: &Map<String, Value>,
        arguments: Option<String>,
    ) {
        let mut members = block.clone();
        members.shift_remove("type");
        let block = Block {
            kind,
            index,
            members,
            arguments,
        };
        match self.find(kind, index) {
            Some(known) => *known = block,
            None => self.blocks.push(block),
        }
    }
}

impl Block {
    fn finish(mut self) -> Value {
        match self.arguments.as_deref() {
            None => {}
            Some("") => {
                self.members
                    .entry("input")
                    .or_insert_with(|| Value::Object(Map::new()));
            }
            Some(arguments) => {
                // What is no JSON goes back as it came; the server then says what is wrong.
                let input = serde_json::from_str(arguments).unwrap_or_else(|_| arguments.into());
                self.members.insert("input".into(), input);
            }
        }
        let name = match self.kind {
            BlockKind::Thinking => "thinking",
            BlockKind::ToolUse => "tool_use",
        };
        let mut block = Map::with_capacity(self.members.len() + 1);
        block.insert("type".into(), name.into());
        block.extend(
            self.members
                .into_iter()
                .filter(|(_, value)| !value.is_null()),
        );
        Value::Object(block)
    }
}
