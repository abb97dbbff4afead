//! Bodies that are made before the run, by all processors.

use std::ops::Range;

use aiperf_endpoint::conversation::Turn;
use aiperf_endpoint::format::{EndpointSettings, FormatContext, remarks};
use aiperf_engine::{PlannedConversation, TurnBody};
use anyhow::Result;
use bytes::Bytes;

use super::inputs;
use super::shelf::Shelf;
use super::workload::plan_conversation;

/// As many as there are processors.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Makes bodies before the run.
pub(super) struct Encoder<'a> {
    pub(super) shelf: &'a Shelf,
    pub(super) settings: &'a EndpointSettings,
    /// Whether sessions get marks, so that they need the conversation rather than its bodies.
    pub(super) is_marked: bool,
    /// Whether bodies that are the same for all sessions will be sent.
    pub(super) keeps_bodies: bool,
}

/// A conversation that was encoded.
pub(super) struct Encoded {
    pub(super) planned: PlannedConversation,
    /// The body of each turn by itself, where it is wanted.
    pub(super) alone: Vec<Bytes>,
    pub(super) audio_seconds: Vec<Option<f64>>,
    /// What of it is not sent, because the endpoint has no place for it.
    pub(super) remarks: Vec<String>,
}

/// So many conversations are looked at for remarks: most of a run give the same.
const REMARKED: usize = 8;

impl Encoder<'_> {
    /// Some conversations in their order, by all processors.
    pub(super) fn encode(&self, indices: Range<usize>, with_inputs: bool) -> Vec<Result<Encoded>> {
        let share = indices.len().div_ceil(threads()).max(1);
        if share >= indices.len() {
            return indices.map(|index| self.one(index, with_inputs)).collect();
        }
        std::thread::scope(|scope| {
            let workers: Vec<_> = indices
                .clone()
                .step_by(share)
                .map(|first| {
                    let own = first..indices.end.min(first + share);
                    scope.spawn(move || -> Vec<_> {
                        own.map(|index| self.one(index, with_inputs)).collect()
                    })
                })
                .collect();
            let results = workers.into_iter().flat_map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            results.collect()
        })
    }

    fn one(&self, index: usize, with_inputs: bool) -> Result<Encoded> {
        let conversation = self.shelf.made(index, self.is_marked)?;
        let planned = plan_conversation(&conversation, self.settings)?;
        let first = planned.turns.first().and_then(|turn| match &turn.body {
            TurnBody::Ready(body) => Some(body),
            _ => None,
        });
        let alone = if with_inputs {
            inputs::alone(&conversation, first, self.settings)?
        } else {
            Vec::new()
        };
        let planned = if self.keeps_bodies {
            planned
        } else {
            without_bodies(planned)
        };
        let turns = || conversation.turns.iter();
        let remarks = if index < REMARKED {
            turns().flat_map(|turn| self.remarks_on(turn)).collect()
        } else {
            Vec::new()
        };
        Ok(Encoded {
            planned,
            alone,
            audio_seconds: turns().map(|turn| turn.audio_duration_seconds).collect(),
            remarks,
        })
    }

    fn remarks_on(&self, turn: &Turn) -> Vec<String> {
        remarks(&FormatContext {
            turns: &[turn],
            system_message: None,
            user_context_message: None,
            previous_response_id: None,
            settings: self.settings,
        })
    }
}

/// The plan of sessions with bodies of their own.
fn without_bodies(mut planned: PlannedConversation) -> PlannedConversation {
    for turn in &mut planned.turns {
        if let TurnBody::Ready(_) = turn.body {
            turn.body = TurnBody::OnDemand;
        }
    }
    planned
}
