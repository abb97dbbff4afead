//! The sessions of a run and their requests, from its record lines.

use std::collections::HashMap;
use std::path::Path;

use aiperf_model::MetricRecord;
use anyhow::{Result, bail};

const RECORDS: &str = "profile_export.jsonl";

/// One request. Times are seconds since the first request of the run began.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Turn {
    pub(super) index: u64,
    pub(super) start: f64,
    pub(super) end: f64,
    /// Milliseconds.
    pub(super) first_token: Option<f64>,
    /// Milliseconds.
    pub(super) latency: Option<f64>,
    pub(super) input_tokens: Option<f64>,
    pub(super) cached_tokens: Option<f64>,
    pub(super) output_tokens: Option<f64>,
    pub(super) depth: u64,
    pub(super) has_failed: bool,
    pub(super) is_overflow: bool,
}

/// One session, with its requests by turn.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) conversation: String,
    pub(super) parent: Option<String>,
    pub(super) root: Option<String>,
    pub(super) turns: Vec<Turn>,
}

/// All sessions, in the order of the file.
#[derive(Debug, Clone, Default)]
pub(super) struct Sessions(pub(super) Vec<Session>);

impl Sessions {
    /// # Errors
    /// The run has no records, or none with a beginning and an end, or one cannot be read.
    pub(super) fn read(run: &Path) -> Result<Self> {
        let path = run.join(RECORDS);
        if !path.is_file() {
            bail!("{} not found", path.display());
        }
        let mut records = Vec::new();
        for record in aiperf_model::open_records(&path)? {
            match record {
                Ok(record) if !record.metadata.was_cancelled => records.push(record),
                Ok(_) => {}
                // The last line of a run that was killed.
                Err(error) if error.is_truncated_line() => break,
                Err(error) => return Err(error.into()),
            }
        }
        let begin = records
            .iter()
            .map(|record| record.metadata.request_start_ns);
        let Some(begin) = begin.min() else {
            bail!("no valid records in {}", path.display());
        };
        Ok(Self::of(&records, begin))
    }

    fn of(records: &[MetricRecord], begin_ns: u64) -> Self {
        let mut sessions: Vec<Session> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for record in records {
            let metadata = &record.metadata;
            let conversation = metadata.conversation_id.as_deref().unwrap_or_default();
            let id = metadata.x_correlation_id.as_deref().unwrap_or(conversation);
            let place = *places.entry(id).or_insert_with(|| {
                sessions.push(Session {
                    id: id.to_owned(),
                    conversation: conversation.to_owned(),
                    ..Session::default()
                });
                sessions.len() - 1
            });
            let session = &mut sessions[place];
            let either = |known: &mut Option<String>, found: &Option<String>| {
                if known.is_none() {
                    known.clone_from(found);
                }
            };
            either(&mut session.parent, &metadata.parent_correlation_id);
            either(&mut session.root, &metadata.root_correlation_id);
            session.turns.push(turn_of(record, begin_ns));
        }
        for session in &mut sessions {
            session.turns.sort_by_key(|turn| turn.index);
        }
        Self(sessions)
    }

    pub(super) fn turns(&self) -> impl Iterator<Item = &Turn> {
        self.0.iter().flat_map(|session| &session.turns)
    }

    /// When the last request ended.
    pub(super) fn end(&self) -> f64 {
        self.turns().map(|turn| turn.end).fold(0.0, f64::max)
    }
}

fn turn_of(record: &MetricRecord, begin_ns: u64) -> Turn {
    let metadata = &record.metadata;
    let seconds = |at: u64| at.saturating_sub(begin_ns) as f64 / 1e9;
    let start = seconds(metadata.request_start_ns);
    Turn {
        index: metadata.turn_index.unwrap_or(0),
        start,
        end: seconds(metadata.request_end_ns).max(start),
        first_token: record.number("time_to_first_token"),
        latency: record.number("request_latency"),
        input_tokens: record.number("input_sequence_length"),
        cached_tokens: record.number("usage_prompt_cache_read_tokens"),
        output_tokens: record.number("output_sequence_length"),
        depth: metadata.agent_depth,
        has_failed: record.error.is_some(),
        is_overflow: metadata.context_overflow_skip,
    }
}

impl Session {
    pub(super) fn is_subagent(&self) -> bool {
        self.turns.iter().any(|turn| turn.depth > 0)
    }

    /// From its first request to the end of its last one.
    pub(super) fn span(&self) -> (f64, f64) {
        let start = self
            .turns
            .iter()
            .map(|turn| turn.start)
            .fold(f64::INFINITY, f64::min);
        let end = self.turns.iter().map(|turn| turn.end).fold(0.0, f64::max);
        (start.min(end), end)
    }

    /// The times between its requests.
    pub(super) fn gaps(&self) -> Vec<(f64, f64)> {
        let mut spans: Vec<(f64, f64)> = self
            .turns
            .iter()
            .map(|turn| (turn.start, turn.end))
            .collect();
        spans.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut gaps = Vec::new();
        let mut busy_until = f64::INFINITY;
        for (start, end) in spans {
            if start > busy_until {
                gaps.push((busy_until, start));
            }
            busy_until = if busy_until.is_finite() {
                busy_until.max(end)
            } else {
                end
            };
        }
        gaps
    }

    /// The input tokens of each turn that are not in the server's cache, as it says, or were not in the
    /// prompt before.
    pub(super) fn new_tokens(&self) -> Vec<f64> {
        let mut before = None;
        let turns = self.turns.iter().map(|turn| {
            let Some(input) = turn.input_tokens else {
                return 0.0;
            };
            let known = turn.cached_tokens.or(before.replace(input)).unwrap_or(0.0);
            before = Some(input);
            (input - known).max(0.0)
        });
        turns.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn turn(index: u64, start: f64, end: f64) -> Turn {
        Turn {
            index,
            start,
            end,
            ..Turn::default()
        }
    }

    #[test]
    fn gaps_are_where_no_request_is_under_way() {
        let session = Session {
            turns: vec![
                turn(0, 0.0, 2.0),
                turn(1, 1.0, 1.5),
                turn(2, 3.0, 4.0),
                turn(3, 4.0, 5.0),
            ],
            ..Session::default()
        };
        assert_eq!(session.gaps(), [(2.0, 3.0)]);
        assert_eq!(session.span(), (0.0, 5.0));
    }

    #[test]
    fn new_tokens_are_those_that_no_cache_holds() {
        let tokens = |input, cached| Turn {
            input_tokens: input,
            cached_tokens: cached,
            ..Turn::default()
        };
        let session = Session {
            turns: vec![
                tokens(Some(100.0), None),
                tokens(Some(150.0), None),
                tokens(None, None),
                tokens(Some(200.0), Some(190.0)),
                tokens(Some(120.0), None),
            ],
            ..Session::default()
        };
        assert_eq!(session.new_tokens(), [100.0, 50.0, 0.0, 10.0, 0.0]);
    }
}
