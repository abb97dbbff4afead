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
        let mut order = Order::default();
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
                let due = rest.iter().take_while(|event| event.key < stretch_end);
                let before = stretch.len();
                stretch.extend(due);
                pending.next += stretch.len() - before;
                if pending.next == pending.events.len() {
                    let mut done = under_way.swap_remove(index);
                    done.events.clear();
                    done.next = 0;
                    spare.push(done);
                } else {
                    index += 1;
                }
            }
            order.sort(&mut stretch, stretch_start, width);
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

/// Sorts stretches by time. Their changes are spread rather evenly, so most find their place by
/// arithmetic; what then stands wrong does so by a few places.
#[derive(Default)]
struct Order {
    ends: Vec<u32>,
    sorted: Vec<Event>,
}

impl Order {
    /// A cell with more changes than this means that they are not spread evenly.
    const CROWDED: u32 = 32;

    fn sort(&mut self, events: &mut Vec<Event>, start: u64, width: u64) {
        let cells = (events.len() / 2).next_power_of_two().max(2);
        let bits = u64::BITS - width.leading_zeros();
        let shift = bits.saturating_sub(cells.ilog2());
        let cell_of = |event: &Event| ((event.key - start) >> shift) as usize;
        // The width need not be a power of two, nor has it to have as many bits as there are cells.
        self.ends.clear();
        self.ends.resize((width >> shift) as usize + 2, 0);
        for event in events.iter() {
            self.ends[cell_of(event) + 1] += 1;
        }
        if self.ends.iter().any(|&count| count > Self::CROWDED) {
            return events.sort_unstable_by_key(|event| event.key);
        }
        let mut sum = 0;
        for end in &mut self.ends {
            sum += *end;
            *end = sum;
        }
        self.sorted.clear();
        self.sorted.resize(events.len(), NO_EVENT);
        for event in events.iter() {
            // The end of the cell before is where this one begins, and moves on with each change.
            let place = &mut self.ends[cell_of(event)];
            self.sorted[*place as usize] = *event;
            *place += 1;
        }
        for index in 1..self.sorted.len() {
            let event = self.sorted[index];
            let mut place = index;
            while place > 0 && self.sorted[place - 1].key > event.key {
                self.sorted[place] = self.sorted[place - 1];
                place -= 1;
            }
            if place != index {
                self.sorted[place] = event;
            }
        }
        std::mem::swap(events, &mut self.sorted);
    }
}

const NO_EVENT: Event = Event {
    key: 0,
    rate: 0.0,
    tokens: 0.0,
    request: 0,
    edges: 0,
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_stretch_is_in_order_of_time_however_its_changes_are_spread(
            start in 0..1_000_000_u64,
            width in 2..5_000_000_u64,
            places in proptest::collection::vec(prop_oneof![0.0..1.0_f64, 0.5..0.501_f64], 0..400),
        ) {
            let mut events: Vec<Event> = places
                .iter()
                .map(|place| start + (place * width as f64) as u64)
                .map(|key| Event { key, ..NO_EVENT })
                .collect();
            let mut expected: Vec<u64> = events.iter().map(|event| event.key).collect();
            expected.sort_unstable();
            Order::default().sort(&mut events, start, width);
            let found: Vec<u64> = events.iter().map(|event| event.key).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
