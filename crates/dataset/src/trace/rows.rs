//! The rows of a trace, compact: 40 bytes each and one or two for every hash id.

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

/// What is known of a row besides its content.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowHead {
    pub(super) timestamp_ms: Option<f64>,
    pub(super) delay_ms: Option<f64>,
    pub(super) input_tokens: u32,
    pub(super) output_tokens: Option<u32>,
    /// Line of the file, from 1.
    pub(super) line: u32,
    pub(super) kind: InputKind,
    id_count: u32,
}

impl RowHead {
    pub(super) fn has_ids(&self) -> bool {
        self.id_count > 0
    }
}

/// A [`RowHead`] as it is kept, with the places of what is kept elsewhere.
#[derive(Debug, Clone, Copy)]
struct KeptHead {
    /// Not a number where there is none.
    timestamp_ms: f64,
    ids_at: u64,
    id_count: u32,
    input_tokens: u32,
    /// 0 where none is known.
    output_tokens: u32,
    line: u32,
    /// One more than the place among the rarities; 0 for none.
    rarity: u32,
    kind: InputKind,
}

/// What few rows have.
#[derive(Debug, Clone, Default)]
struct Rarity {
    delay_ms: Option<f64>,
    /// A JSON object with the keys of [`Literal`]; a tree of values would be many times as large.
    literal: Option<Box<str>>,
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
    heads: Vec<KeptHead>,
    /// The hash ids of all rows: differences to the id before, zigzag, seven bits in each byte.
    ids: Vec<u8>,
    rarities: Vec<Rarity>,
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.heads.len()
    }

    pub(super) fn head(&self, index: usize) -> RowHead {
        let kept = &self.heads[index];
        RowHead {
            timestamp_ms: Some(kept.timestamp_ms).filter(|time| !time.is_nan()),
            delay_ms: self.rarity(kept).and_then(|rarity| rarity.delay_ms),
            input_tokens: kept.input_tokens,
            output_tokens: Some(kept.output_tokens).filter(|tokens| *tokens > 0),
            line: kept.line,
            kind: kept.kind,
            id_count: kept.id_count,
        }
    }

    fn rarity(&self, kept: &KeptHead) -> Option<&Rarity> {
        self.rarities.get((kept.rarity as usize).checked_sub(1)?)
    }

    /// Changes the times of all rows.
    pub(super) fn change_times(&mut self, change: impl Fn(f64) -> Option<f64>) {
        for head in &mut self.heads {
            if !head.timestamp_ms.is_nan() {
                head.timestamp_ms = change(head.timestamp_ms).unwrap_or(f64::NAN);
            }
        }
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
            input_tokens: row.input_tokens.unwrap_or(0),
            output_tokens: row.output_tokens,
            line: u32::try_from(line).unwrap_or(u32::MAX),
            kind,
            id_count: 0,
        };
        if row.extra.is_empty()
            && let Input::Tokens { hash_ids } = &row.input
        {
            self.push_head(head, hash_ids, None);
            return;
        }
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

    /// Appends row `index` of another trace with another head and other ids.
    pub(super) fn push_copy(&mut self, from: &Self, index: usize, head: RowHead, hash_ids: &[u64]) {
        let rarity = from.rarity(&from.heads[index]);
        self.push_head(
            head,
            hash_ids,
            rarity.and_then(|rarity| rarity.literal.clone()),
        );
    }

    fn push_head(&mut self, head: RowHead, hash_ids: &[u64], literal: Option<Box<str>>) {
        let ids_at = self.ids.len() as u64;
        let mut previous = 0;
        for &id in hash_ids {
            push_difference(&mut self.ids, previous, id);
            previous = id;
        }
        let is_rare = literal.is_some() || head.delay_ms.is_some();
        if is_rare {
            self.rarities.push(Rarity {
                delay_ms: head.delay_ms,
                literal,
            });
        }
        self.heads.push(KeptHead {
            timestamp_ms: head.timestamp_ms.unwrap_or(f64::NAN),
            ids_at,
            id_count: u32::try_from(hash_ids.len()).unwrap_or(u32::MAX),
            input_tokens: head.input_tokens,
            output_tokens: head.output_tokens.unwrap_or(0),
            line: head.line,
            rarity: if is_rare {
                u32::try_from(self.rarities.len()).unwrap_or(u32::MAX)
            } else {
                0
            },
            kind: head.kind,
        });
    }

    /// Appends all rows of another part of the same trace.
    pub(super) fn append(&mut self, mut later: Self) {
        let ids_before = self.ids.len() as u64;
        let rarities_before = u32::try_from(self.rarities.len()).unwrap_or(u32::MAX);
        self.heads.extend(later.heads.iter().map(|head| KeptHead {
            ids_at: head.ids_at + ids_before,
            rarity: match head.rarity {
                0 => 0,
                place => place.saturating_add(rarities_before),
            },
            ..*head
        }));
        self.ids.append(&mut later.ids);
        self.rarities.append(&mut later.rarities);
    }

    pub(super) fn hash_ids(&self, index: usize) -> impl Iterator<Item = u64> + '_ {
        let kept = &self.heads[index];
        let mut at = kept.ids_at as usize;
        let mut previous = 0;
        (0..kept.id_count).map(move |_| {
            previous = read_difference(&self.ids, &mut at, previous);
            previous
        })
    }

    pub(super) fn literal(&self, index: usize) -> Literal {
        let rarity = self.rarity(&self.heads[index]);
        let Some(literal) = rarity.and_then(|rarity| rarity.literal.as_deref()) else {
            return Literal::default();
        };
        let Ok(Value::Object(mut keys)) = serde_json::from_str(literal) else {
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
                head.output_tokens = max_osl;
                capped += 1;
            }
        }
        if capped > 0 {
            tracing::info!("{capped} rows had longer answers and were cut to {max_osl} tokens");
        }
    }

    /// About how many bytes all prompts have together; prose has more than four for each token.
    pub(super) fn text_bytes(&self) -> u64 {
        let of_lengths = self
            .heads
            .iter()
            .filter(|head| head.kind == InputKind::Tokens);
        let tokens: u64 = of_lengths.map(|head| u64::from(head.input_tokens)).sum();
        let literals = self
            .rarities
            .iter()
            .filter_map(|rarity| rarity.literal.as_deref());
        4 * tokens + literals.map(|literal| literal.len() as u64).sum::<u64>()
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
        for head in self.heads.iter().filter(|head| head.id_count > 0) {
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
            let ids = |index| rows.hash_ids(index).collect::<Vec<_>>();
            prop_assert_eq!(ids(0), first);
            prop_assert_eq!(ids(1), second);
        }
    }

    #[test]
    fn parts_that_were_read_by_themselves_make_one_trace() {
        let literal = |text: &str| NewRow {
            input: Input::Text(text.to_owned()),
            delay_ms: Some(3.0),
            ..row(Vec::new())
        };
        let mut rows = Rows::default();
        rows.push(1, row(vec![7]));
        rows.push(2, literal("a"));
        let mut later = Rows::default();
        later.push(3, row(vec![9, 8]));
        later.push(4, literal("b"));
        rows.append(later);
        let found: Vec<_> = (0..rows.len())
            .map(|index| {
                let ids: Vec<u64> = rows.hash_ids(index).collect();
                let head = rows.head(index);
                (head.line, head.delay_ms, ids, rows.literal(index).text)
            })
            .collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            found,
            [
                (1, None, vec![7], None),
                (2, Some(3.0), vec![], text("a")),
                (3, None, vec![9, 8], None),
                (4, Some(3.0), vec![], text("b")),
            ]
        );
    }

    #[test]
    fn ids_that_count_up_take_one_byte_each() {
        let mut rows = Rows::default();
        rows.push(1, row((50..150).collect()));
        assert!(rows.ids.len() <= 102, "{}", rows.ids.len());
        assert!(size_of::<KeptHead>() <= 40, "{}", size_of::<KeptHead>());
    }
}
