//! Which rows follow each other in one conversation.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use crate::session_ids::SessionIds;

/// Sessions in the order of their first rows, each with its rows.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    /// Authored names; the others are made up. Empty where all are.
    names: Vec<Option<Arc<str>>>,
    /// Where the rows of each session start in `order`.
    starts: Vec<u32>,
    /// Row numbers, session after session.
    order: Vec<u32>,
}

impl Sessions {
    /// Each of these rows is a session of its own.
    pub(crate) fn of_single_rows(rows: Vec<u32>) -> Self {
        Self {
            names: Vec::new(),
            starts: (0..rows.len() as u32).collect(),
            order: rows,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Keeps the first sessions.
    pub(crate) fn truncate(&mut self, limit: usize) {
        if limit < self.len() {
            self.order.truncate(self.starts[limit] as usize);
            self.starts.truncate(limit);
            self.names.truncate(limit);
        }
    }

    pub(crate) fn rows_of(&self, session: usize) -> &[u32] {
        &self.order[self.range(session)]
    }

    /// How many rows the sessions before this one have.
    pub(crate) fn rows_before(&self, session: usize) -> u64 {
        u64::from(self.starts[session])
    }

    fn range(&self, session: usize) -> Range<usize> {
        let end = self.starts.get(session + 1).copied();
        self.starts[session] as usize..end.map_or(self.order.len(), |end| end as usize)
    }

    /// All rows, session after session.
    pub(crate) fn rows(&self) -> &[u32] {
        &self.order
    }

    /// Says that the rows now lie in the order of the sessions.
    pub(crate) fn rows_are_in_order(&mut self) {
        self.order = (0..self.order.len() as u32).collect();
    }

    pub(crate) fn name(&self, session: usize) -> Option<&str> {
        self.names.get(session)?.as_deref()
    }
}

/// The names of some rows' sessions, in order.
#[derive(Debug, Default)]
pub(crate) struct SessionNames {
    /// Rows without name that are not in `names` yet.
    unnamed: usize,
    names: Vec<Option<Arc<str>>>,
}

impl SessionNames {
    /// The next row belongs to this session; without a name it is one of its own.
    pub(crate) fn push(&mut self, name: Option<Arc<str>>) {
        if name.is_none() && self.names.is_empty() {
            self.unnamed += 1;
        } else {
            self.names.push(name);
        }
    }
}

/// Sessions, each with a name of its own.
#[derive(Debug)]
pub(crate) struct NamedSessions {
    sessions: Sessions,
    /// Numbers of made-up names, none for authored ones; empty where all are made up and each has
    /// the number of its session.
    numbers: Vec<Option<u64>>,
    ids: SessionIds,
}

impl NamedSessions {
    pub(crate) fn new(sessions: Sessions, mut ids: SessionIds) -> Self {
        let named = sessions.names.iter().flatten();
        // Where all have names, none is made up that could meet one.
        let authored: HashSet<&str> = if sessions.names.iter().all(Option::is_some) {
            HashSet::new()
        } else {
            named.map(AsRef::as_ref).collect()
        };
        let number = |name: &Option<Arc<str>>| match name {
            Some(_) => None,
            None => Some(ids.next_number(|id| authored.contains(id))),
        };
        Self {
            numbers: sessions.names.iter().map(number).collect(),
            sessions,
            ids,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.sessions.len()
    }

    pub(crate) fn rows_of(&self, session: usize) -> &[u32] {
        self.sessions.rows_of(session)
    }

    pub(crate) fn rows_before(&self, session: usize) -> u64 {
        self.sessions.rows_before(session)
    }

    /// The name of a session.
    pub(crate) fn id(&self, session: usize) -> String {
        let number = match self.numbers.get(session) {
            Some(number) => *number,
            None => Some(session as u64),
        };
        match number {
            Some(number) => self.ids.name(number),
            None => self.sessions.name(session).unwrap_or_default().to_owned(),
        }
    }
}

/// Collects rows by the names of their sessions.
#[derive(Debug, Default)]
pub(crate) struct SessionBuilder {
    count: u32,
    /// Empty as long as nobody has a name.
    names: Vec<Option<Arc<str>>>,
    session_of_name: HashMap<Arc<str>, u32>,
    /// Empty as long as each row is a session of its own.
    session_of_row: Vec<u32>,
    rows: u32,
}

impl SessionBuilder {
    /// Adds rows that come later.
    pub(crate) fn append(&mut self, later: SessionNames) {
        for _ in 0..later.unnamed {
            self.push(None);
        }
        for name in later.names {
            self.push(name);
        }
    }

    /// The next row belongs to this session; without a name it is one of its own.
    pub(crate) fn push(&mut self, name: Option<Arc<str>>) {
        let row = self.rows;
        self.rows += 1;
        let next = self.count;
        let session = match name {
            None => next,
            Some(name) => match self.session_of_name.entry(name) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(place) => {
                    self.names.resize(next as usize, None);
                    self.names.push(Some(Arc::clone(place.key())));
                    *place.insert(next)
                }
            },
        };
        self.count = self.count.max(session + 1);
        if session != row && self.session_of_row.is_empty() {
            self.session_of_row = (0..row).collect();
        }
        if session != row || !self.session_of_row.is_empty() {
            self.session_of_row.push(session);
        }
    }

    /// Rows of a session keep their order.
    pub(crate) fn finish(mut self) -> Sessions {
        if !self.names.is_empty() {
            self.names.resize(self.count as usize, None);
        }
        if self.session_of_row.is_empty() {
            return Sessions {
                names: self.names,
                ..Sessions::of_single_rows((0..self.rows).collect())
            };
        }
        let mut starts = vec![0u32; self.count as usize];
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
    pub(crate) fn sort_rows_by_key<Key: Ord>(&mut self, key: impl Fn(u32) -> Key) {
        for session in 0..self.len() {
            let range = self.range(session);
            self.order[range].sort_by_key(|&row| key(row));
        }
    }
}
