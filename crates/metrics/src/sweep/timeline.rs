//! The changes of all records in order of time, a stretch at a time: memory holds the changes of
//! the requests that are under way, not those of the whole run.

use super::request::{Event, Request, key};
use crate::columns::View;

/// Changes of a stretch that fit into a core's own cache.
const STRETCH_EVENTS: usize = 32 * 1024;
/// The first stretch, in keys; later ones follow the density of the changes before.
const FIRST_STRETCH: u64 = 2_000_000;

/// The records of a window's phases, by start.
pub(super) struct Timeline<'a> {
    pub(super) requests: Vec<Request>,
    /// The list metric that holds the times between chunks, if any record of the run has some.
    pub(super) gaps: Option<(&'a View<'a>, u16)>,
}

/// The changes of a request that is under way.
#[derive(Default)]
struct Pending {
    events: Vec<Event>,
    next: usize,
}

impl Timeline<'_> {
    /// Hands over all changes, those of one instant together.
    pub(super) fn for_each_instant(&self, mut take: impl FnMut(&mut [Event])) {
        let mut waiting = self.requests.iter().zip(0u32..).peekable();
        let mut under_way: Vec<Pending> = Vec::new();
        let mut spare: Vec<Pending> = Vec::new();
        let mut stretch = Vec::with_capacity(2 * STRETCH_EVENTS);
        let mut gaps = Vec::new();
        let mut width = FIRST_STRETCH;
        let mut stretch_start = 0;
        loop {
            if under_way.is_empty() {
                // Nothing is under way: on to the next start.
                match waiting.peek() {
                    Some((request, _)) => stretch_start = key(request.start),
                    None => return,
                }
            }
            let stretch_end = stretch_start.saturating_add(width);
            while let Some((request, position)) =
                waiting.next_if(|(request, _)| key(request.start) < stretch_end)
            {
                let mut pending = spare.pop().unwrap_or_default();
                self.events_of(request, position, &mut gaps, &mut pending.events);
                under_way.push(pending);
            }
            stretch.clear();
            let mut index = 0;
            while let Some(pending) = under_way.get_mut(index) {
                let rest = &pending.events[pending.next..];
                let due = rest.iter().take_while(|event| event.key < stretch_end).count();
                stretch.extend_from_slice(&rest[..due]);
                pending.next += due;
                if pending.next == pending.events.len() {
                    let mut done = under_way.swap_remove(index);
                    done.events.clear();
                    done.next = 0;
                    spare.push(done);
                } else {
                    index += 1;
                }
            }
            stretch.sort_unstable_by_key(|event: &Event| event.key);
            for instant in stretch.chunk_by_mut(|left, right| left.key == right.key) {
                take(instant);
            }
            stretch_start = stretch_end;
            let wanted = STRETCH_EVENTS.max(8 * under_way.len());
            if stretch.len() < wanted / 2 {
                width = width.saturating_mul(2);
            } else if stretch.len() > wanted {
                width = (width / 2).max(2);
            }
        }
    }

    fn events_of(
        &self,
        request: &Request,
        position: u32,
        gaps: &mut Vec<i64>,
        events: &mut Vec<Event>,
    ) {
        let Some((view, slot)) = self.gaps else {
            return request.whole_events(position, events);
        };
        gaps.clear();
        match request.row {
            Some(row) => {
                view.list_of_row(row, slot, gaps);
                request.chunk_events(position, gaps, events);
            }
            None => request.whole_events(position, events),
        }
    }
}
