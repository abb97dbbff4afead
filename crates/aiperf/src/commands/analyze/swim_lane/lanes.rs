//! Which session stands where: each takes the first place that is free when it begins, with its subagents
//! in rows below.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet};

use super::sessions::{Session, Sessions};

/// A session of a group.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    /// Its number among the sessions.
    pub(super) session: usize,
    /// Its first row within the group.
    pub(super) row: usize,
    /// How many rows it takes: requests that overlap stand below each other.
    pub(super) rows: usize,
    /// The row of each turn, within its own.
    pub(super) turn_rows: Vec<usize>,
}

/// A session with its subagents.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    pub(super) root: String,
    pub(super) slot: usize,
    pub(super) rows: usize,
    pub(super) span: (f64, f64),
    pub(super) members: Vec<Member>,
}

/// All groups, in the order in which they begin.
#[derive(Debug, Clone)]
pub(super) struct Lanes {
    pub(super) groups: Vec<Group>,
    /// How many rows each slot has.
    pub(super) slot_rows: Vec<usize>,
}

impl Lanes {
    pub(super) fn new(sessions: &Sessions) -> Self {
        let mut members: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (number, root) in roots(sessions).into_iter().enumerate() {
            members.entry(root).or_default().push(number);
        }
        let mut groups: Vec<Group> = members
            .into_iter()
            .map(|(root, members)| group(root, &members, sessions))
            .collect();
        groups.sort_by(|one, other| one.span.0.total_cmp(&other.span.0));
        let mut places = Places::default();
        for group in &mut groups {
            group.slot = places.take(group.span);
        }
        let mut slot_rows = vec![1; places.count];
        for group in &groups {
            slot_rows[group.slot] = slot_rows[group.slot].max(group.rows);
        }
        Self { groups, slot_rows }
    }

    /// In how many groups each slot was taken again, with the time.
    pub(super) fn reuses(&self) -> Vec<(usize, f64)> {
        let mut taken = HashSet::new();
        let again = self.groups.iter().filter(|group| !taken.insert(group.slot));
        again.map(|group| (group.slot, group.span.0)).collect()
    }
}

/// Of each session, the one at the root of its tree.
///
/// Records that name it are believed. Otherwise parents are followed as far as there are records of them; a
/// parent without records holds its children together.
fn roots(sessions: &Sessions) -> Vec<String> {
    let all = &sessions.0;
    if all.iter().any(|session| session.root.is_some()) {
        let root = |session: &Session| session.root.clone().unwrap_or_else(|| session.id.clone());
        return all.iter().map(root).collect();
    }
    let parents: HashMap<&str, Option<&str>> = all
        .iter()
        .map(|session| (session.id.as_str(), session.parent.as_deref()))
        .collect();
    let root = |session: &Session| {
        let mut current = session.id.as_str();
        let mut seen = HashSet::from([current]);
        loop {
            match parents.get(current).copied().flatten() {
                None => return current.to_owned(),
                // A circle has no root.
                Some(parent) if seen.contains(parent) => return session.id.clone(),
                Some(parent) if !parents.contains_key(parent) => return parent.to_owned(),
                Some(parent) => {
                    seen.insert(parent);
                    current = parent;
                }
            }
        }
    };
    all.iter().map(root).collect()
}

/// The root's rows first; below it each subagent in the first rows that are free when it begins.
fn group(root: String, numbers: &[usize], sessions: &Sessions) -> Group {
    let (own, mut others): (Vec<usize>, Vec<usize>) = numbers
        .iter()
        .partition(|number| sessions.0[**number].id == root);
    others.sort_by(|one, other| {
        let start = |number: &usize| sessions.0[*number].span().0;
        start(one).total_cmp(&start(other))
    });
    let mut members: Vec<Member> = own
        .iter()
        .map(|number| member(*number, &sessions.0[*number]))
        .collect();
    let root_rows: usize = members.iter().map(|member| member.rows).sum();
    let mut row_ends: Vec<f64> = Vec::new();
    for number in others {
        let (start, end) = sessions.0[number].span();
        let mut member = member(number, &sessions.0[number]);
        let is_free = |row: usize| row_ends.get(row).is_none_or(|end| *end <= start);
        let first = (0..=row_ends.len())
            .find(|first| (*first..first + member.rows).all(is_free))
            .unwrap_or(row_ends.len());
        let last = first + member.rows;
        row_ends.resize(row_ends.len().max(last), 0.0);
        row_ends[first..last].fill(end);
        member.row = root_rows + first;
        members.push(member);
    }
    let spans = || numbers.iter().map(|number| sessions.0[*number].span());
    Group {
        root,
        slot: 0,
        rows: root_rows + row_ends.len(),
        span: (
            spans().map(|span| span.0).fold(f64::INFINITY, f64::min),
            spans().map(|span| span.1).fold(0.0, f64::max),
        ),
        members,
    }
}

fn member(number: usize, session: &Session) -> Member {
    let mut order: Vec<usize> = (0..session.turns.len()).collect();
    order.sort_by(|one, other| {
        session.turns[*one]
            .start
            .total_cmp(&session.turns[*other].start)
    });
    let mut places = Places::default();
    let mut turn_rows = vec![0; order.len()];
    for place in order {
        let turn = &session.turns[place];
        turn_rows[place] = places.take((turn.start, turn.end));
    }
    Member {
        session: number,
        row: 0,
        rows: places.count,
        turn_rows,
    }
}

/// Places that are taken for a time, always the first that is free. Spans come in the order of their
/// beginnings.
#[derive(Default)]
struct Places {
    count: usize,
    free: BTreeSet<usize>,
    taken: BinaryHeap<Taken>,
}

impl Places {
    fn take(&mut self, (start, end): (f64, f64)) -> usize {
        while self.taken.peek().is_some_and(|taken| taken.end <= start) {
            self.free.extend(self.taken.pop().map(|taken| taken.place));
        }
        let place = self.free.pop_first().unwrap_or_else(|| {
            self.count += 1;
            self.count - 1
        });
        self.taken.push(Taken { end, place });
        place
    }
}

/// The one that ends first is the greatest.
#[derive(Debug, PartialEq)]
struct Taken {
    end: f64,
    place: usize,
}

impl Eq for Taken {}

impl PartialOrd for Taken {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Taken {
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .end
            .total_cmp(&self.end)
            .then(other.place.cmp(&self.place))
    }
}

#[cfg(test)]
mod tests {
    use super::super::sessions::Turn;
    use super::*;

    fn session(id: &str, spans: &[(f64, f64)]) -> Session {
        let turns = spans.iter().enumerate().map(|(index, (start, end))| Turn {
            index: index as u64,
            start: *start,
            end: *end,
            ..Turn::default()
        });
        Session {
            id: id.to_owned(),
            turns: turns.collect(),
            ..Session::default()
        }
    }

    fn child(id: &str, parent: &str, spans: &[(f64, f64)]) -> Session {
        let mut session = session(id, spans);
        session.parent = Some(parent.to_owned());
        session.turns.iter_mut().for_each(|turn| turn.depth = 1);
        session
    }

    #[test]
    fn a_session_takes_the_first_place_that_is_free() {
        let sessions = Sessions(vec![
            session("a", &[(0.0, 2.0)]),
            session("b", &[(1.0, 5.0)]),
            session("c", &[(2.0, 3.0)]),
            session("d", &[(2.5, 4.0)]),
        ]);
        let lanes = Lanes::new(&sessions);
        let slots: Vec<_> = lanes
            .groups
            .iter()
            .map(|group| (group.root.as_str(), group.slot))
            .collect();
        assert_eq!(slots, [("a", 0), ("b", 1), ("c", 0), ("d", 2)]);
        assert_eq!(lanes.reuses(), [(0, 2.0)]);
        assert_eq!(lanes.slot_rows, [1, 1, 1]);
    }

    #[test]
    fn requests_that_overlap_stand_below_each_other() {
        let sessions = Sessions(vec![session("a", &[(0.0, 2.0), (1.0, 3.0), (2.0, 4.0)])]);
        let group = &Lanes::new(&sessions).groups[0];
        assert_eq!(
            (group.rows, &group.members[0].turn_rows[..]),
            (2, &[0, 1, 0][..])
        );
    }

    #[test]
    fn subagents_stand_below_their_root_where_there_is_room() {
        let sessions = Sessions(vec![
            child("x", "r", &[(1.0, 3.0)]),
            session("r", &[(0.0, 1.0), (6.0, 7.0)]),
            child("y", "x", &[(2.0, 4.0)]),
            child("z", "r", &[(3.0, 5.0)]),
            child("lost", "gone", &[(0.5, 1.0)]),
            child("p", "q", &[(9.0, 9.5)]),
            child("q", "p", &[(9.0, 9.5)]),
        ]);
        let lanes = Lanes::new(&sessions);
        let group = &lanes.groups[0];
        assert_eq!(
            (group.root.as_str(), group.rows, group.span),
            ("r", 3, (0.0, 7.0))
        );
        let rows: Vec<_> = group
            .members
            .iter()
            .map(|member| (member.session, member.row))
            .collect();
        assert_eq!(rows, [(1, 0), (0, 1), (2, 2), (3, 1)]);
        let names: Vec<_> = lanes
            .groups
            .iter()
            .map(|group| group.root.as_str())
            .collect();
        assert_eq!(names, ["r", "gone", "p", "q"]);
        assert_eq!(lanes.groups[1].members[0].row, 0);
    }

    #[test]
    fn records_that_name_the_root_are_believed() {
        let mut one = session("a", &[(0.0, 1.0)]);
        let mut other = session("b", &[(0.0, 1.0)]);
        one.root = Some("t".to_owned());
        other.root = Some("t".to_owned());
        let lanes = Lanes::new(&Sessions(vec![one, other]));
        assert_eq!((lanes.groups.len(), lanes.groups[0].rows), (1, 2));
    }
}
