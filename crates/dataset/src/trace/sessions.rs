//! Which rows follow each other in one conversation.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use crate::error::DatasetError;
use crate::session_ids::SessionIds;

use super::rows::{InputKind, Rows};

/// Sessions in the order of their first rows, each with its rows.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    /// Authored names; the others are made up.
    names: Vec<Option<Box<str>>>,
    /// Where the rows of each session start in `order`.
    starts: Vec<u32>,
    /// Row numbers, session after session.
    order: Vec<u32>,
}

impl Sessions {
    /// Each of these rows is a session of its own.
    pub(super) fn of_single_rows(rows: Vec<u32>) -> Self {
        Self {
            names: vec![None; rows.len()],
            starts: (0..rows.len() as u32).collect(),
            order: rows,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Keeps the first sessions.
    pub(super) fn truncate(&mut self, limit: usize) {
        if limit < self.len() {
            self.order.truncate(self.starts[limit] as usize);
            self.starts.truncate(limit);
            self.names.truncate(limit);
        }
    }

    pub(super) fn rows_of(&self, session: usize) -> &[u32] {
        &self.order[self.range(session)]
    }

    /// How many rows the sessions before this one have.
    pub(super) fn rows_before(&self, session: usize) -> u64 {
        u64::from(self.starts[session])
    }

    fn range(&self, session: usize) -> Range<usize> {
        let end = self.starts.get(session + 1).copied();
        self.starts[session] as usize..end.map_or(self.order.len(), |end| end as usize)
    }

    /// All rows, session after session.
    pub(super) fn rows(&self) -> &[u32] {
        &self.order
    }

    /// Says that the rows now lie in the order of the sessions.
    pub(super) fn rows_are_in_order(&mut self) {
        self.order = (0..self.order.len() as u32).collect();
    }

    /// The number of each made-up name, or none for authored ones.
    pub(super) fn number(&self, ids: &mut SessionIds) -> Vec<Option<u64>> {
        let authored: std::collections::HashSet<&str> =
            self.names.iter().flatten().map(AsRef::as_ref).collect();
        self.names
            .iter()
            .map(|name| match name {
                Some(_) => None,
                None => Some(ids.next_number(|id| authored.contains(id))),
            })
            .collect()
    }

    pub(super) fn name(&self, session: usize) -> Option<&str> {
        self.names[session].as_deref()
    }

    /// A session whose rows hold their whole history cannot have others beside them.
    pub(super) fn refuse_mixed(&self, rows: &Rows, path: &Path) -> Result<(), DatasetError> {
        for session in 0..self.len() {
            let mut kinds = self
                .rows_of(session)
                .iter()
                .map(|&row| rows.head(row as usize));
            let Some(first) = kinds.next() else { continue };
            let goes_with = |kind: InputKind| {
                kind == first.kind || !(kind.is_self_contained() || first.kind.is_self_contained())
            };
            if let Some(other) = kinds.find(|head| !goes_with(head.kind)) {
                return Err(DatasetError::Row {
                    path: path.to_path_buf(),
                    line: other.line as usize,
                    flaw: format!(
                        "session `{}` has {} here and {} in line {}; a session holds one of \
                         `messages`, `payload`, or texts",
                        self.name(session).unwrap_or_default(),
                        word(other.kind),
                        word(first.kind),
                        first.line
                    ),
                    further_lines: 0,
                });
            }
        }
        Ok(())
    }
}

fn word(kind: InputKind) -> &'static str {
    match kind {
        InputKind::Tokens => "`input_length`",
        InputKind::Text => "`text_input`",
        InputKind::Messages => "`messages`",
        InputKind::Payload => "`payload`",
    }
}

/// Collects rows by the names of their sessions.
#[derive(Debug, Default)]
pub(super) struct SessionBuilder {
    names: Vec<Option<Box<str>>>,
    session_of_name: HashMap<Box<str>, u32>,
    session_of_row: Vec<u32>,
}

impl SessionBuilder {
    /// The next row belongs to this session; without a name it is one of its own.
    pub(super) fn push(&mut self, name: Option<String>) {
        let next = self.names.len() as u32;
        let session = match name.map(String::into_boxed_str) {
            None => {
                self.names.push(None);
                next
            }
            Some(name) => match self.session_of_name.get(&name) {
                Some(&session) => session,
                None => {
                    self.names.push(Some(name.clone()));
                    self.session_of_name.insert(name, next);
                    next
                }
            },
        };
        self.session_of_row.push(session);
    }

    /// Rows of a session keep their order.
    pub(super) fn finish(self) -> Sessions {
        let mut starts = vec![0u32; self.names.len()];
        for &session in &self.session_of_row {
            starts[session as usize] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += std::mem::replace(start, sum);
        }
        let mut next = starts.clone();
        let mut order = vec![0; self.session_of_row.len()];
        for (row, &session) in self.session_of_row.iter().enumerate() {
            let place = &mut next[session as usize];
            order[*place as usize] = row as u32;
            *place += 1;
        }
        Sessions {
            names: self.names,
            starts,
            order,
        }
    }
}

impl Sessions {
    /// Sorts the rows of each session; rows that compare equal keep their order.
    pub(super) fn sort_rows_by_key<Key: Ord>(&mut self, key: impl Fn(u32) -> Key) {
        for session in 0..self.len() {
            let range = self.range(session);
            self.order[range].sort_by_key(|&row| key(row));
        }
    }
}
