//! Large files of texts. Every row is read when the file is opened, so that a bad one is refused
//! before anything is sent; what is kept is the line. A conversation is read from its lines again
//! when it is asked for.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use aiperf_endpoint::conversation::{ContextMode, Conversation, Turn};
use aiperf_random::RootSeed;
use memchr::memmem;

use super::fields::Flaw;
use super::format::FileFormat;
use super::glance::{self, TurnFacts};
use super::kept_lines::KeptLines;
use super::pieces::Slice;
use super::rows::{self, BadLines, parse_object};
use super::{OutputLengths, large_inputs, multi_turn, random_pool, raw_payload, single_turn};
use crate::conversations::{ConversationSource, Outline};
use crate::error::DatasetError;
use crate::plan::FilePlan;
use crate::session_ids::SessionIds;
use crate::sessions::{NamedSessions, SessionBuilder, SessionNames, Sessions};

/// Smaller files are read at once.
const LEAST_BYTES: u64 = 4 << 20;

/// Keys of media begin like this. Rows with media are made ready to send when they are read, which
/// is not to be done twice.
const MEDIA_KEYS: [&str; 3] = ["\"image", "\"audio", "\"video"];

/// How rows become turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rows {
    SingleTurn,
    MultiTurn {
        hoists_system_turns: bool,
    },
    RawPayload,
    /// Rows of a `random_pool`.
    Pool,
}

/// A large file that is ready to be played.
#[derive(Debug)]
pub(crate) struct LargeFile {
    path: PathBuf,
    rows: Rows,
    lines: KeptLines,
    sessions: NamedSessions,
    /// How many turns the sessions before each one have; empty where each line is a turn.
    turns_before: Vec<u32>,
    /// When the first turn of each session is due, not a number where nobody says; empty where
    /// nobody says anything.
    first_timestamps_ms: Vec<f64>,
    delay_cap_ms: Option<f64>,
    output_lengths: Option<OutputLengths>,
}

/// The file, if it is one that is better not held in memory as conversations.
pub(crate) fn open(
    plan: &FilePlan,
    format: FileFormat,
    ids: SessionIds,
    seed: RootSeed,
) -> Result<Option<Arc<dyn ConversationSource>>, DatasetError> {
    if !is_large(&plan.path) {
        return Ok(None);
    }
    if format == FileFormat::InputsJson {
        let inputs = large_inputs::open(plan, seed)?;
        return Ok(inputs.map(|inputs| inputs as Arc<dyn ConversationSource>));
    }
    let rows = open_any(plan, format, ids, seed)?;
    Ok(rows.map(|rows| rows as Arc<dyn ConversationSource>))
}

/// The rows of a `random_pool`, if they are better not held in memory as turns.
pub(super) fn pool_lines(path: &Path) -> Result<Option<KeptLines>, DatasetError> {
    if !is_large(path) {
        return Ok(None);
    }
    let read = Reading::of(path, Rows::Pool)?;
    Ok(read.map(|read| read.lines))
}

/// Whether a file is one that is better not held in memory as conversations.
pub(super) fn is_large(path: &Path) -> bool {
    let metadata = std::fs::metadata(path);
    metadata.is_ok_and(|metadata| metadata.is_file() && metadata.len() >= LEAST_BYTES)
}

/// [`open`] for files of any size.
fn open_any(
    plan: &FilePlan,
    format: FileFormat,
    ids: SessionIds,
    seed: RootSeed,
) -> Result<Option<Arc<LargeFile>>, DatasetError> {
    let rows = match format {
        FileFormat::SingleTurn => Rows::SingleTurn,
        FileFormat::MultiTurn if !plan.strip_repeated_images => Rows::MultiTurn {
            hoists_system_turns: plan.hoist_system_turns,
        },
        FileFormat::RawPayload => Rows::RawPayload,
        _ => return Ok(None),
    };
    let Some(read) = Reading::of(&plan.path, rows)? else {
        return Ok(None);
    };
    let mut sessions = read.sessions.finish();
    if let Some(limit) = plan.limit {
        sessions.truncate(limit);
    }
    Ok(Some(Arc::new(LargeFile {
        path: plan.path.clone(),
        turns_before: turns_before(&sessions, &read.facts, rows),
        first_timestamps_ms: first_timestamps(&sessions, &read.facts, rows),
        rows,
        lines: read.lines,
        sessions: NamedSessions::new(sessions, ids),
        delay_cap_ms: plan.delay_cap_ms,
        output_lengths: OutputLengths::new(plan.output_tokens.as_ref(), seed),
    })))
}

/// What some lines hold, found while they were looked at.
struct Reading {
    lines: KeptLines,
    sessions: SessionBuilder,
    facts: Vec<RowFacts>,
}

/// What is kept of a row until the sessions are known.
#[derive(Debug, Clone, Copy, Default)]
struct RowFacts {
    turns: u32,
    first: TurnFacts,
    second: TurnFacts,
}

/// What one thread makes of some lines.
#[derive(Default)]
struct Part {
    lines: KeptLines,
    sessions: SessionNames,
    facts: Vec<RowFacts>,
    bad: BadLines,
}

impl Reading {
    /// None where a row may have media.
    fn of(path: &Path, rows: Rows) -> Result<Option<Self>, DatasetError> {
        let has_media = AtomicBool::new(false);
        let mut bad = BadLines::default();
        let length = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let mut all = Self {
            lines: KeptLines::with_capacity(usize::try_from(length).unwrap_or(0)),
            sessions: SessionBuilder::default(),
            facts: Vec::new(),
        };
        rows::for_each_slice(
            path,
            |slice| Part::read(slice, rows, &has_media),
            |part| {
                bad.append(part.bad);
                if bad.is_none() {
                    all.lines.append(part.lines);
                    all.sessions.append(part.sessions);
                    all.facts.extend(part.facts);
                }
            },
        )?;
        if has_media.into_inner() {
            return Ok(None);
        }
        bad.refuse(path)?;
        Ok(Some(all))
    }
}

impl Part {
    fn read(slice: Slice<'_>, rows: Rows, has_media: &AtomicBool) -> Self {
        let mut part = Self {
            lines: KeptLines::with_capacity(slice.len()),
            ..Self::default()
        };
        let media = MEDIA_KEYS.map(memmem::Finder::new);
        for (line, content) in slice.lines() {
            if let Some((session, facts)) = rows.glance(content) {
                part.push(session, facts, content);
                continue;
            }
            let may_have_media = media.iter().any(|key| key.find(content).is_some());
            if rows != Rows::RawPayload && may_have_media {
                has_media.store(true, Relaxed);
            }
            if has_media.load(Relaxed) {
                break;
            }
            match rows.read(content) {
                Ok((session, turns)) => {
                    part.push(session.map(Arc::from), RowFacts::of(&turns), content);
                }
                Err(flaw) => part.bad.note(line, flaw),
            }
        }
        part
    }

    fn push(&mut self, session: Option<Arc<str>>, facts: RowFacts, line: &[u8]) {
        self.sessions.push(session);
        self.facts.push(facts);
        self.lines.push(line);
    }
}

impl Rows {
    /// The name of the row's session, and its facts; none where the row has to be read for that.
    fn glance(self, line: &[u8]) -> Option<(Option<Arc<str>>, RowFacts)> {
        let (session, turns, [first, second]) = match self {
            Self::SingleTurn | Self::Pool => {
                let (session, turn) = glance::single_turn(line)?;
                (session, 1, [turn, TurnFacts::default()])
            }
            Self::MultiTurn { .. } => glance::multi_turn(line)?,
            Self::RawPayload => {
                let is_payload = glance::is_payload(line);
                is_payload.then_some((None, 1, [TurnFacts::default(); 2]))?
            }
        };
        let session = session.filter(|name| !name.is_empty() && self != Self::Pool);
        let facts = RowFacts {
            turns: u32::try_from(turns).unwrap_or(u32::MAX),
            first,
            second,
        };
        Some((session.map(Arc::from), facts))
    }

    /// The name of the row's session, and its turns.
    fn read(self, line: &[u8]) -> Result<(Option<String>, Vec<Turn>), Flaw> {
        let row = parse_object(line)?;
        Ok(match self {
            Self::SingleTurn => {
                let row = single_turn::read_row(row)?;
                (row.session_id, vec![row.turn])
            }
            Self::MultiTurn { .. } => {
                let row = multi_turn::read_row(row)?;
                (row.session_id, row.turns)
            }
            Self::RawPayload => (None, vec![raw_payload::read_row(row)?]),
            Self::Pool => (None, vec![random_pool::read_row(row)?]),
        })
    }

    /// Whether the first turn of a session with these rows becomes its system message.
    fn hoists(self, rows: &[u32], facts: &[RowFacts]) -> bool {
        let Self::MultiTurn {
            hoists_system_turns: true,
        } = self
        else {
            return false;
        };
        let first = facts[rows[0] as usize];
        let second_is_system = match (first.turns, rows.get(1)) {
            (1, Some(&second)) => facts[second as usize].first.is_system,
            (1, None) => return false,
            _ => first.second.is_system,
        };
        first.first.may_be_hoisted && !second_is_system
    }
}

impl RowFacts {
    fn of(turns: &[Turn]) -> Self {
        let facts = |index: usize| {
            let turn = turns.get(index);
            turn.map_or_else(TurnFacts::default, |turn| TurnFacts {
                is_system: multi_turn::is_system(turn),
                may_be_hoisted: multi_turn::may_be_hoisted(turn),
                timestamp_ms: turn.timestamp_ms,
            })
        };
        Self {
            turns: u32::try_from(turns.len()).unwrap_or(u32::MAX),
            first: facts(0),
            second: facts(1),
        }
    }
}

fn turns_before(sessions: &Sessions, facts: &[RowFacts], rows: Rows) -> Vec<u32> {
    let Rows::MultiTurn { .. } = rows else {
        return Vec::new();
    };
    let mut before = 0;
    let of_session = |session| {
        let own = sessions.rows_of(session);
        let turns: u32 = own.iter().map(|&row| facts[row as usize].turns).sum();
        let this = before;
        before += turns - u32::from(rows.hoists(own, facts));
        this
    };
    let mut starts: Vec<u32> = (0..sessions.len()).map(of_session).collect();
    starts.push(before);
    starts
}

fn first_timestamps(sessions: &Sessions, facts: &[RowFacts], rows: Rows) -> Vec<f64> {
    let has_time = |facts: &RowFacts| {
        facts.first.timestamp_ms.is_some() || facts.second.timestamp_ms.is_some()
    };
    if !facts.iter().any(has_time) {
        return Vec::new();
    }
    let of_session = |session| {
        let own = sessions.rows_of(session);
        let first = facts[own[0] as usize];
        let timestamp = if !rows.hoists(own, facts) {
            first.first.timestamp_ms
        } else if first.turns > 1 {
            first.second.timestamp_ms
        } else {
            facts[own[1] as usize].first.timestamp_ms
        };
        timestamp.unwrap_or(f64::NAN)
    };
    (0..sessions.len()).map(of_session).collect()
}

impl LargeFile {
    fn read(&self, index: usize) -> Result<Conversation, DatasetError> {
        let mut conversation = Conversation {
            id: self.sessions.id(index),
            context_mode: match self.rows {
                Rows::SingleTurn | Rows::RawPayload | Rows::Pool => {
                    ContextMode::MessageArrayWithResponses
                }
                Rows::MultiTurn { .. } => ContextMode::DeltasWithoutResponses,
            },
            ..Conversation::default()
        };
        for &row in self.sessions.rows_of(index) {
            let turns = self.rows.read(self.lines.get(row as usize));
            let (_, turns) = turns.map_err(|flaw| DatasetError::Source {
                path: self.path.clone(),
                reason: flaw.to_string(),
            })?;
            conversation.turns.extend(turns);
        }
        if let Rows::MultiTurn {
            hoists_system_turns: true,
        } = self.rows
        {
            multi_turn::hoist_system_turn(&mut conversation);
        }
        super::cap_delays(&mut conversation, self.delay_cap_ms);
        if let Some(lengths) = &self.output_lengths {
            lengths.give(&mut conversation, index);
        }
        Ok(conversation)
    }
}

impl ConversationSource for LargeFile {
    fn len(&self) -> usize {
        self.sessions.len()
    }

    fn outline(&self, index: usize) -> Outline {
        Outline::of(&self.read(index).unwrap_or_default())
    }

    fn turn_count(&self, index: usize) -> usize {
        match self.turns_before.get(index..index + 2) {
            Some(&[start, end]) => (end - start) as usize,
            _ => self.sessions.rows_of(index).len(),
        }
    }

    fn first_timestamp_ms(&self, index: usize) -> Option<f64> {
        let found = self.first_timestamps_ms.get(index).copied();
        found.filter(|time| !time.is_nan())
    }

    fn text_bytes(&self) -> Option<u64> {
        Some(self.lines.bytes() as u64)
    }

    fn turns_before(&self, index: usize) -> u64 {
        match self.turns_before.get(index) {
            Some(&before) => u64::from(before),
            None => self.sessions.rows_before(index),
        }
    }

    fn conversation(&self, index: usize) -> Result<Conversation, DatasetError> {
        self.read(index)
    }
}

#[cfg(test)]
mod tests;
