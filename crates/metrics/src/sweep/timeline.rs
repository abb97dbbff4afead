//! The changes of all records in order of time, a stretch at a time: memory holds the changes of
//! the requests that are under way, not those of the whole run.

use super::changes::{LONGEST, Order, Place, Ready, Stretch, key};
use super::cursor::Cursor;
use super::request::Request;
use crate::columns::View;

/// Changes of a stretch that fit into a core's own cache.
const STRETCH_EVENTS: usize = 16 * 1024;
/// The first stretch, in keys; later ones follow the density of the changes before.
const FIRST_STRETCH: u64 = 2_000_000;

/// The records of a window's phases, by start.
pub(super) struct Timeline<'a> {
    pub(super) requests: Vec<Request>,
    /// The list metric that holds the times between chunks, if any record of the run has some.
    pub(super) gaps: Option<(&'a View<'a>, u16)>,
}

/// The rest of a request that is under way.
struct Pending<'a> {
    position: u32,
    rest: Rest<'a>,
}

enum Rest<'a> {
    OnDemand(Cursor<'a>),
    /// In ascending order, and from which one on they are due.
    Ready(Ready, usize),
}

impl Pending<'_> {
    /// Appends the changes before the instant `until`; returns whether they were the last ones.
    fn advance(&mut self, until: u64, requests: &[Request], stretch: &mut Stretch) -> bool {
        match &mut self.rest {
            Rest::OnDemand(cursor) => {
                let request = &requests[self.position as usize];
                cursor.advance(until, request, self.position, stretch)
            }
            Rest::Ready(ready, next) => {
                let due = ready[*next..].iter().take_while(|(key, _)| *key < until);
                for (key, event) in due {
                    stretch.append(*key, *event);
                    *next += 1;
                }
                *next == ready.len()
            }
        }
    }
}

impl Timeline<'_> {
    /// Hands over all changes, stretch by stretch; those of one instant are in one stretch.
    pub(super) fn for_each_stretch(&self, mut take: impl FnMut(&Stretch, &[Place])) {
        let mut waiting = self.requests.iter().zip(0u32..).peekable();
        let mut under_way: Vec<Pending<'_>> = Vec::new();
        let mut stretch = Stretch::default();
        let mut order = Order::default();
        let mut width = FIRST_STRETCH;
        let mut start = 0;
        loop {
            if under_way.is_empty() {
                // Nothing is under way: on to the next start.
                match waiting.peek() {
                    Some((request, _)) => start = key(request.start),
                    None => return,
                }
            }
            let end = start.saturating_add(width);
            while let Some((request, position)) =
                waiting.next_if(|(request, _)| key(request.start) < end)
            {
                let rest = self.rest_of(request, position);
                under_way.push(Pending { position, rest });
            }
            stretch.begin(start);
            let mut index = 0;
            while let Some(pending) = under_way.get_mut(index) {
                if pending.advance(end, &self.requests, &mut stretch) {
                    under_way.swap_remove(index);
                } else {
                    index += 1;
                }
            }
            take(&stretch, order.of(&stretch, width));
            start = end;
            let wanted = STRETCH_EVENTS.max(8 * under_way.len());
            if stretch.events.len() < wanted / 2 {
                width = (2 * width).min(LONGEST);
            } else if stretch.events.len() > wanted {
                width = (width / 2).max(2);
            }
        }
    }

    fn rest_of(&self, request: &Request, position: u32) -> Rest<'_> {
        let mut ready = Ready::new();
        let gaps = self.gaps.and_then(|(view, slot)| {
            let row = request.row()?;
            view.elements_of(row, slot)
        });
        if let Some(gaps) = gaps {
            if let Some(cursor) = Cursor::new(request, gaps) {
                return Rest::OnDemand(cursor);
            }
            let gaps: Vec<i64> = gaps.collect();
            request.chunk_events(position, &gaps, &mut ready);
        } else {
            request.whole_events(position, &mut ready);
        }
        Rest::Ready(ready, 0)
    }
}
