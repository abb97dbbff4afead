//! Rows become conversations, one by one, when they are asked for.

use aiperf_endpoint::conversation::{ContextMode, Conversation, Media, Turn};
use aiperf_random::{Generator, RootSeed, Stream};

use super::blocks::BlockText;
use super::rows::{InputKind, RowHead, Rows};
use super::sagemaker::BOUNDS;
use crate::conversations::{ConversationSource, Outline, TurnOutline};
use crate::error::DatasetError;
use crate::law::Law;
use crate::sessions::NamedSessions;

/// A trace that is ready to be replayed.
#[derive(Debug)]
pub(crate) struct TraceReplay {
    rows: Rows,
    sessions: NamedSessions,
    /// None where no row has a length instead of a text.
    text: Option<BlockText>,
    /// Parameters beside recorded messages name the bound of the answer themselves.
    parameters_name_bounds: bool,
    /// Drawn for rows that name no output length.
    output_fallback: Option<Law>,
    output_lengths: Stream,
}

impl TraceReplay {
    pub(super) fn new(
        rows: Rows,
        sessions: NamedSessions,
        text: Option<BlockText>,
        output_fallback: Option<Law>,
        seed: RootSeed,
    ) -> Self {
        Self {
            rows,
            sessions,
            text,
            parameters_name_bounds: false,
            output_fallback,
            output_lengths: seed.stream("composer.turn.max_tokens"),
        }
    }

    /// The bound of an answer is sent under the name that a row's parameters have for it.
    pub(super) fn with_bounds_in_parameters(self) -> Self {
        Self {
            parameters_name_bounds: true,
            ..self
        }
    }

    fn heads(&self, index: usize) -> impl Iterator<Item = (u32, RowHead)> + '_ {
        let rows = self.sessions.rows_of(index);
        rows.iter().map(|&row| (row, self.rows.head(row as usize)))
    }

    fn context_mode(&self, index: usize) -> ContextMode {
        let first = self.heads(index).next();
        if first.is_some_and(|(_, head)| head.kind.is_self_contained()) {
            ContextMode::MessageArrayWithResponses
        } else {
            ContextMode::DeltasWithoutResponses
        }
    }

    fn output_draws(&self, index: usize) -> OutputDraws<'_> {
        OutputDraws {
            fallback: self.output_fallback.as_ref(),
            generator: self.output_lengths.at(index as u64),
        }
    }

    fn turn(
        &self,
        row: u32,
        head: &RowHead,
        max_tokens: Option<u32>,
    ) -> Result<Turn, DatasetError> {
        let literal = self.rows.literal(row as usize);
        let mut turn = Turn {
            max_tokens,
            delay_ms: head.delay_ms,
            timestamp_ms: head.timestamp_ms,
            extra_body: literal.extra,
            ..Turn::default()
        };
        match head.kind {
            InputKind::Tokens => {
                let writer = self.text.as_ref().ok_or(DatasetError::NoTokenizer)?;
                let hash_ids = self.rows.hash_ids(row as usize);
                let tokens = head.input_tokens as usize;
                turn.texts = vec![Media::unnamed(writer.prompt(
                    u64::from(row),
                    tokens,
                    hash_ids,
                )?)];
            }
            InputKind::Text => {
                turn.texts = vec![Media::unnamed(literal.text.unwrap_or_default())];
            }
            InputKind::Messages => {
                turn.raw_messages = literal.messages;
                turn.raw_tools = literal.tools;
                if self.parameters_name_bounds {
                    name_bound(&mut turn);
                }
            }
            InputKind::Payload => turn.raw_payload = literal.payload,
        }
        Ok(turn)
    }
}

/// Moves the bound of the answer to where the turn's parameters name it.
fn name_bound(turn: &mut Turn) {
    let Some(bound) = turn.max_tokens else {
        return;
    };
    for name in BOUNDS {
        if let Some(named) = turn.extra_body.get_mut(name) {
            *named = bound.into();
            turn.max_tokens = None;
        }
    }
}

/// The output lengths of one conversation's turns, in order.
struct OutputDraws<'a> {
    fallback: Option<&'a Law>,
    generator: Generator,
}

impl OutputDraws<'_> {
    /// A row's own length wins; a draw is made either way, so that it changes no other turn's.
    fn next(&mut self, head: &RowHead) -> Option<u32> {
        let drawn = self
            .fallback
            .map(|length| length.positive_integer(&mut self.generator));
        head.output_tokens.or(drawn)
    }
}

impl ConversationSource for TraceReplay {
    fn len(&self) -> usize {
        self.sessions.len()
    }

    fn outline(&self, index: usize) -> Outline {
        let mut draws = self.output_draws(index);
        Outline {
            id: self.sessions.id(index),
            context_mode: self.context_mode(index),
            turns: self
                .heads(index)
                .map(|(_, head)| TurnOutline {
                    model: None,
                    max_tokens: draws.next(&head),
                    delay_ms: head.delay_ms,
                    timestamp_ms: head.timestamp_ms,
                })
                .collect(),
        }
    }

    fn turn_count(&self, index: usize) -> usize {
        self.sessions.rows_of(index).len()
    }

    fn first_timestamp_ms(&self, index: usize) -> Option<f64> {
        self.heads(index).next()?.1.timestamp_ms
    }

    fn text_bytes(&self) -> Option<u64> {
        Some(self.rows.text_bytes())
    }

    fn turns_before(&self, index: usize) -> u64 {
        self.sessions.rows_before(index)
    }

    fn conversation(&self, index: usize) -> Result<Conversation, DatasetError> {
        let mut draws = self.output_draws(index);
        let turns = self
            .heads(index)
            .map(|(row, head)| {
                let max_tokens = draws.next(&head);
                self.turn(row, &head, max_tokens)
            })
            .collect::<Result<_, _>>()?;
        Ok(Conversation {
            id: self.sessions.id(index),
            turns,
            context_mode: self.context_mode(index),
            ..Conversation::default()
        })
    }
}
