//! Large documents of `inputs_json`: every session is looked at when the file is opened; its bodies
//! are read again when they are asked for.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use std::thread;

use aiperf_endpoint::conversation::{ContextMode, Conversation};
use aiperf_random::RootSeed;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::glance;
use super::lines::Lines;
use super::output_lengths::OutputLengths;
use super::raw_payload::payload_turn;
use crate::conversations::{ConversationSource, Outline};
use crate::error::DatasetError;
use crate::plan::FilePlan;

/// The document, as it was written.
#[derive(Debug)]
pub(super) struct LargeInputs {
    content: Vec<u8>,
    /// Where each session starts and ends.
    places: Vec<(usize, usize)>,
    /// How many payloads the sessions before each one have, with one number more for the end.
    turns_before: Vec<u64>,
    output_lengths: Option<OutputLengths>,
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Session<'a> {
    #[serde(borrow)]
    session_id: Cow<'a, str>,
    #[serde(borrow)]
    payloads: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct WholeSession {
    session_id: String,
    payloads: Vec<Map<String, Value>>,
}

/// Opens a document. One that is broken is left to the reader of small ones, which finds the words
/// for it.
pub(super) fn open(
    plan: &FilePlan,
    seed: RootSeed,
) -> Result<Option<Arc<LargeInputs>>, DatasetError> {
    let content = Lines::open(&plan.path)?.into_rest()?;
    let Some(Found {
        mut places,
        payloads,
    }) = sessions_of(&content)
    else {
        return Ok(None);
    };
    places.truncate(plan.limit.unwrap_or(usize::MAX));
    let mut turns_before = vec![0];
    for count in payloads.into_iter().take(places.len()) {
        turns_before.push(turns_before[turns_before.len() - 1] + count);
    }
    Ok(Some(Arc::new(LargeInputs {
        content,
        places,
        turns_before,
        output_lengths: OutputLengths::new(plan.output_tokens.as_ref(), seed),
    })))
}

/// Where the sessions of a document are, and how many payloads each has.
struct Found {
    places: Vec<(usize, usize)>,
    payloads: Vec<u64>,
}

/// The sessions of a document; none where anything is wrong.
fn sessions_of(content: &[u8]) -> Option<Found> {
    let document: Document<'_> = serde_json::from_slice(content).ok()?;
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let share = document.data.len().div_ceil(cores).max(1);
    let looked_at = thread::scope(|scope| {
        let workers: Vec<_> = document
            .data
            .chunks(share)
            .map(|share| scope.spawn(|| share.iter().map(look_at).collect()))
            .collect();
        let results = workers.into_iter().map(|worker| {
            worker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        results.collect::<Vec<Vec<Option<(Cow<'_, str>, u64)>>>>()
    });
    let mut ids = HashSet::with_capacity(document.data.len());
    let mut payloads = Vec::with_capacity(document.data.len());
    for session in looked_at.into_iter().flatten() {
        let (id, count) = session?;
        payloads.push(count);
        if !ids.insert(id) {
            return None;
        }
    }
    let start_of_content = content.as_ptr().addr();
    let place = |session: &&RawValue| {
        let start = session.get().as_ptr().addr() - start_of_content;
        (start, start + session.get().len())
    };
    Some(Found {
        places: document.data.iter().map(place).collect(),
        payloads,
    })
}

/// The session's name and how many payloads it has; none where anything is wrong.
fn look_at<'a>(session: &&'a RawValue) -> Option<(Cow<'a, str>, u64)> {
    let session: Session<'a> = serde_json::from_str(session.get()).ok()?;
    let are_objects = session
        .payloads
        .iter()
        .all(|payload| glance::is_object(payload.get()));
    let count = session.payloads.len() as u64;
    (are_objects && count > 0).then_some((session.session_id, count))
}

impl LargeInputs {
    fn read(&self, index: usize) -> Conversation {
        let (start, end) = self.places[index];
        // What could be read when the file was opened can be read now.
        let session = serde_json::from_slice(&self.content[start..end]);
        let session = session.unwrap_or_else(|_| WholeSession {
            session_id: String::new(),
            payloads: Vec::new(),
        });
        let mut conversation = Conversation {
            id: session.session_id,
            turns: session.payloads.into_iter().map(payload_turn).collect(),
            context_mode: ContextMode::MessageArrayWithResponses,
            ..Conversation::default()
        };
        if let Some(lengths) = &self.output_lengths {
            lengths.give(&mut conversation, index);
        }
        conversation
    }
}

impl ConversationSource for LargeInputs {
    fn len(&self) -> usize {
        self.places.len()
    }

    fn outline(&self, index: usize) -> Outline {
        Outline::of(&self.read(index))
    }

    fn turn_count(&self, index: usize) -> usize {
        (self.turns_before[index + 1] - self.turns_before[index]) as usize
    }

    fn first_timestamp_ms(&self, _: usize) -> Option<f64> {
        None
    }

    fn turns_before(&self, index: usize) -> u64 {
        self.turns_before[index]
    }

    fn conversation(&self, index: usize) -> Result<Conversation, DatasetError> {
        Ok(self.read(index))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::inputs_json;
    use super::*;

    fn open_text(content: &str) -> (tempfile::NamedTempFile, Option<Arc<LargeInputs>>) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        let large = open(&FilePlan::new(file.path()), RootSeed::fixed(1)).unwrap();
        (file, large)
    }

    #[test]
    fn sessions_are_the_same_in_both_ways() {
        let content = concat!(
            "\u{feff}{\"other\": [1], \"data\": [\n",
            "  {\"session_id\": \"a\\u00e4\", \"payloads\": [{\"x\": 1}, {\"y\": [2]}], \"z\": null},\n",
            "  {\"payloads\": [ {\"x\": 3} ], \"session_id\": \"b\"}\n",
            "]}"
        );
        let (file, large) = open_text(content);
        let large = large.unwrap();
        let read: Vec<_> = (0..large.len())
            .map(|index| large.conversation(index).unwrap())
            .collect();
        assert_eq!(read, inputs_json::conversations(file.path()).unwrap());
        assert_eq!((large.turn_count(0), large.turn_count(1)), (2, 1));
        assert_eq!(large.turns_before(1), 2);
    }

    #[test]
    fn what_is_broken_is_left_to_the_reader_that_tells_what_is_wrong() {
        for content in [
            "",
            "[]",
            "{}",
            "{\"data\": [1]}",
            "{\"data\": [{\"session_id\": \"a\", \"payloads\": []}]}",
            "{\"data\": [{\"session_id\": \"a\", \"payloads\": [1]}]}",
            "{\"data\": [{\"session_id\": 1, \"payloads\": [{}]}]}",
            "{\"data\": [{\"session_id\": \"a\", \"payloads\": [{}]}, {\"session_id\": \"a\", \"payloads\": [{}]}]}",
        ] {
            let (file, large) = open_text(content);
            assert!(large.is_none(), "{content}");
            assert!(
                inputs_json::conversations(file.path()).is_err(),
                "{content}"
            );
        }
    }
}
