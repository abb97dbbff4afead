//! The rows of a trace, compact: about 64 bytes each and one or two for every hash id.

use serde_json::{Map, Value};

use super::RowFlaw;

/// A row as its loader reads it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NewRow {
    pub(super) timestamp_ms: Option<f64>,
    pub(super) delay_ms: Option<f64>,
    /// At least 1.
    pub(super) output_tokens: Option<u32>,
    /// The prompt's length as far as it was recorded.
    pub(super) input_tokens: Option<u32>,
    pub(super) input: Input,
    /// Keys merged into the body.
    pub(super) extra: Map<String, Value>,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Input {
    /// Text of the recorded length; the ids stand for its first blocks.
    Tokens {
        hash_ids: Vec<u64>,
    },
    Text(String),
    Messages {
        messages: Vec<Value>,
        tools: Option<Vec<Value>>,
    },
    Payload(Map<String, Value>),
}

/// What kind of input a row has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InputKind {
    Tokens,
    Text,
    Messages,
    Payload,
}

impl InputKind {
    /// Whether the input holds its whole history.
    pub(super) fn is_self_contained(self) -> bool {
        matches!(self, Self::Messages | Self::Payload)
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct RowHead {
    pub(super) timestamp_ms: Option<f64>,
    pub(super) delay_ms: Option<f64>,
    ids_at: u64,
    id_count: u32,
    pub(super) input_tokens: u32,
    /// 0 where none is known.
    output_tokens: u32,
    /// One more than the place among the literals; 0 for none.
    literal: u32,
    /// Line of the file, from 1.
    pub(super) line: u32,
    pub(super) kind: InputKind,
}

impl RowHead {
    pub(super) fn output_tokens(&self) -> Option<u32> {
        (self.output_tokens > 0).then_some(self.output_tokens)
    }

    pub(super) fn has_ids(&self) -> bool {
        self.id_count > 0
    }
}

/// What a row sends literally: as read, or as it is stored.
#[derive(Debug, Default)]
pub(super) struct Literal {
    pub(super) text: Option<String>,
    pub(super) messages: Option<Vec<Value>>,
    pub(super) tools: Option<Vec<Value>>,
    pub(super) payload: Option<Map<String, Value>>,
    pub(super) extra: Map<String, Value>,
}

/// All rows of a trace.
#[derive(Debug, Default)]
pub(super) struct Rows {
    heads: Vec<RowHead>,
    /// The hash ids of all rows: differences to the id before, zigzag, seven bits in each byte.
    ids: Vec<u8>,
    /// JSON objects with the keys of [`Literal`]; a tree of values would be many times as large.
    literals: Vec<Box<str>>,
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.heads.len()
    }

    pub(super) fn head(&self, index: usize) -> &RowHead {
        &self.heads[index]
    }

    pub(super) fn heads_mut(&mut self) -> &mut [RowHead] {
        &mut self.heads
    }

    pub(super) fn push(&mut self, line: usize, row: NewRow) {
        let kind = match &row.input {
            Input::Tokens { .. } => InputKind::Tokens,
            Input::Text(_) => InputKind::Text,
            Input::Messages { .. } => InputKind::Messages,
            Input::Payload(_) => InputKind::Payload,
        };
        let head = RowHead {
            timestamp_ms: row.timestamp_ms,
            delay_ms: row.delay_ms,
            ids_at: 0,
            id_count: 0,
            input_tokens: row.input_tokens.unwrap_or(0),
            output_tokens: row.output_tokens.unwrap_or(0),
            literal: 0,
            line: u32::try_from(line).unwrap_or(u32::MAX),
            kind,
        };
        let mut keys = Map::new();
        let mut hash_ids = Vec::new();
        match row.input {
            Input::Tokens { hash_ids: ids } => hash_ids = ids,
            Input::Text(text) => {
                keys.insert("text".to_owned(), text.into());
            }
            Input::Messages { messages, tools } => {
                keys.insert("messages".to_owned(), messages.into());
                if let Some(tools) = tools {
                    keys.insert("tools".to_owned(), tools.into());
                }
            }
            Input::Payload(payload) => {
                keys.insert("payload".to_owned(), payload.into());
            }
        }
        if !row.extra.is_empty() {
            keys.insert("extra".to_owned(), row.extra.into());
        }
        let literal = (!keys.is_empty()).then(|| Value::Object(keys).to_string());
        self.push_head(head, &hash_ids, literal.map(String::into_boxed_str));
    }

    /// Appends a row of another trace, with other ids.
    pub(super) fn push_copy(&mut self, from: &Self, head: RowHead, hash_ids: &[u64]) {
        let literal = match head.literal {
            0 => None,
            place => Some(from.literals[place as usize - 1].clone()),
        };
        self.push_head(head, hash_ids, literal);
    }

    fn push_head(&mut self, mut head: RowHead, hash_ids: &[u64], literal: Option<Box<str>>) {
        head.ids_at = self.ids.len() as u64;
        head.id_count = u32::try_from(hash_ids.len()).unwrap_or(u32::MAX);
        head.literal = 0;
        let mut previous = 0;
        for &id in hash_ids {
            push_difference(&mut self.ids, previous, id);
            previous = id;
        }
        if let Some(literal) = literal {
            self.literals.push(literal);
            head.literal = u32::try_from(self.literals.len()).unwrap_or(u32::MAX);
        }
        self.heads.push(head);
    }

    pub(super) fn hash_ids(&self, head: &RowHead) -> impl Iterator<Item = u64> + '_ {
        let mut at = head.ids_at as usize;
        let mut previous = 0;
        (0..head.id_count).map(move |_| {
            previous = read_difference(&self.ids, &mut at, previous);
            previous
        })
    }

    pub(super) fn literal(&self, head: &RowHead) -> Literal {
        let Some(place) = (head.literal as usize).checked_sub(1) else {
            return Literal::default();
        };
        let Ok(Value::Object(mut keys)) = serde_json::from_str(&self.literals[place]) else {
            return Literal::default();
        };
        let mut take = |key: &str| keys.get_mut(key).map(Value::take);
        let array = |value: Option<Value>| match value {
            Some(Value::Array(items)) => Some(items),
            _ => None,
        };
        let object = |value: Option<Value>| match value {
            Some(Value::Object(object)) => Some(object),
            _ => None,
        };
        Literal {
            text: match take("text") {
                Some(Value::String(text)) => Some(text),
                _ => None,
            },
            messages: array(take("messages")),
            tools: array(take("tools")),
            payload: object(take("payload")),
            extra: object(take("extra")).unwrap_or_default(),
        }
    }

    pub(super) fn cap_output(&mut self, max_osl: u32) {
        let mut capped = 0;
        for head in &mut self.heads {
            if head.output_tokens > max_osl {
                head.set_output_tokens(max_osl);
                capped += 1;
            }
        }
        if capped > 0 {
            tracing::info!("{capped} rows had longer answers and were cut to {max_osl} tokens");
        }
    }

    pub(super) fn need_text(&self) -> bool {
        self.heads.iter().any(|head| head.kind == InputKind::Tokens)
    }

    /// Ids must cover the prompt: the last of them may stand for less than a block, not for
    /// nothing.
    pub(super) fn refuse_bad_blocks(&self, block_size: u32) -> Result<(), RowFlaw> {
        let block_size = u64::from(block_size);
        if block_size == 0 {
            return Err(RowFlaw {
                line: 1,
                reason: "the block size must be at least 1".to_owned(),
            });
        }
        for head in self.heads.iter().filter(|head| head.has_ids()) {
            let (tokens, ids) = (u64::from(head.input_tokens), u64::from(head.id_count));
            if tokens <= (ids - 1) * block_size {
                return Err(RowFlaw {
                    line: head.line,
                    reason: format!(
                        "`hash_ids`: {ids} blocks of {block_size} tokens are more than \
                         `input_length` {tokens} has; set the block size with `--isl-block-size`"
                    ),
                });
            }
        }
        Ok(())
    }
}

impl RowHead {
    pub(super) fn set_output_tokens(&mut self, tokens: u32) {
        self.output_tokens = tokens;
    }
}

fn push_difference(bytes: &mut Vec<u8>, previous: u64, id: u64) {
    let difference = id.wrapping_sub(previous) as i64;
    let mut rest = ((difference << 1) ^ (difference >> 63)) as u64;
    while rest >= 0x80 {
        bytes.push((rest & 0x7F) as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

fn read_difference(bytes: &[u8], at: &mut usize, previous: u64) -> u64 {
    let mut zigzag = 0u64;
    let mut shift = 0;
    loop {
        let byte = bytes[*at];
        *at += 1;
        zigzag |= u64::from(byte & 0x7F) << shift;
        shift += 7;
        if byte < 0x80 {
            break;
        }
    }
    let difference = (zigzag >> 1) ^ (zigzag & 1).wrapping_neg();
    previous.wrapping_add(difference)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(hash_ids: Vec<u64>) -> NewRow {
        NewRow {
            timestamp_ms: None,
            delay_ms: None,
            output_tokens: None,
            input_tokens: Some(1),
            input: Input::Tokens { hash_ids },
            extra: Map::new(),
        }
    }

    proptest! {
        #[test]
        fn hash_ids_of_any_size_come_back(
            first in prop::collection::vec(any::<u64>(), 0..20),
            second in prop::collection::vec(0u64..300, 0..20),
        ) {
            let mut rows = Rows::default();
            rows.push(1, row(first.clone()));
            rows.push(2, row(second.clone()));
            let ids = |index| rows.hash_ids(rows.head(index)).collect::<Vec<_>>();
            prop_assert_eq!(ids(0), first);
            prop_assert_eq!(ids(1), second);
        }
    }

    #[test]
    fn ids_that_count_up_take_one_byte_each() {
        let mut rows = Rows::default();
        rows.push(1, row((50..150).collect()));
        assert!(rows.ids.len() <= 102, "{}", rows.ids.len());
        assert!(size_of::<RowHead>() <= 64, "{}", size_of::<RowHead>());
    }
}
