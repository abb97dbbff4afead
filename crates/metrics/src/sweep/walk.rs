//! One walk along the time line: the pieces of every curve within each window.

use super::changes::{Place, Stretch, time};
use super::state::{CHUNK_SHAPES, SHAPES, Shape, State};
use super::timeline::Timeline;

/// A stretch of time, in nanoseconds from the first start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    pub(crate) start: f64,
    pub(crate) end: f64,
}

/// Takes what a walk finds.
pub(super) trait Looks {
    /// Pieces of a curve within one window, in order of time, and whether the curve's mask is set.
    fn pieces(&mut self, shape: Shape, pieces: Pieces<'_>, is_active: bool);
    /// All pieces of the window are there.
    fn end_of_window(&mut self);
}

/// Values with their durations above 0, in nanoseconds; as many of one as of the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pieces<'a> {
    pub(super) values: &'a [f64],
    pub(super) durations: &'a [f64],
}

impl Pieces<'_> {
    pub(super) fn iter(&self) -> impl Iterator<Item = (f64, f64)> {
        self.values
            .iter()
            .copied()
            .zip(self.durations.iter().copied())
    }
}

/// A curve since its last change.
#[derive(Debug, Clone, Copy)]
struct Standing {
    value: f64,
    is_active: bool,
    since: f64,
}

const AT_REST: Standing = Standing {
    value: 0.0,
    is_active: false,
    since: f64::NEG_INFINITY,
};

/// Instants that are looked at together: few enough to stay in the innermost cache.
const BATCH: usize = 64;

/// Pieces of one curve that nobody has looked at yet, all with the mask in the same position.
#[derive(Debug, Clone, Copy)]
struct Unseen {
    values: [f64; BATCH],
    durations: [f64; BATCH],
    count: usize,
    is_active: bool,
}

const NO_PIECES: Unseen = Unseen {
    values: [0.0; BATCH],
    durations: [0.0; BATCH],
    count: 0,
    is_active: false,
};

impl Unseen {
    fn pieces(&self) -> Pieces<'_> {
        Pieces {
            values: &self.values[..self.count],
            durations: &self.durations[..self.count],
        }
    }
}

/// The values that the curves which change with every chunk take on at some instants in a row, all
/// of one window.
struct Instants {
    times: [f64; BATCH],
    values: [[f64; BATCH]; CHUNK_SHAPES.len()],
    count: usize,
    /// The same at all of them.
    decodes: bool,
}

struct Walk<'a, L> {
    /// The window that time is in or before; beyond the last one there is none.
    window: Option<Span>,
    later: std::slice::Iter<'a, Span>,
    curves: [Standing; SHAPES],
    instants: Instants,
    unseen: [Unseen; SHAPES],
    looks: L,
}

/// Walks along `timeline` through `windows`, which ascend and do not overlap.
pub(super) fn walk<L: Looks>(timeline: &Timeline<'_>, windows: &[Span], looks: L) -> L {
    let mut state = State::new(timeline.gaps.is_some());
    let mut later = windows.iter();
    let mut walk = Walk {
        window: later.next().copied(),
        later,
        curves: [AT_REST; SHAPES],
        instants: Instants {
            times: [0.0; BATCH],
            values: [[0.0; BATCH]; CHUNK_SHAPES.len()],
            count: 0,
            decodes: false,
        },
        unseen: [NO_PIECES; SHAPES],
        looks,
    };
    let mut instant = Vec::new();
    timeline.for_each_stretch(|stretch, order| {
        let mut rest = order;
        loop {
            rest = &rest[walk.chunks(stretch, rest, &mut state)..];
            let Some(first) = rest.first() else { break };
            let now = time(stretch.start + u64::from(first.instant));
            walk.close_windows(now);
            let is_now = |place: &&Place| place.instant == first.instant;
            let (places, later) = rest.split_at(rest.iter().take_while(is_now).count());
            rest = later;
            instant.clear();
            instant.extend(
                places
                    .iter()
                    .map(|place| stretch.events[place.index as usize]),
            );
            let has_edges = state.apply(&mut instant, &timeline.requests);
            walk.note(now, state.chunk_values(), state.decodes());
            if has_edges {
                for (shape, value, is_active) in state.edge_values() {
                    walk.set(shape, value, is_active, now);
                }
            }
        }
    });
    walk.close_windows(f64::INFINITY);
    walk.looks
}

/// `f64::min` where neither can be absent: one instruction.
#[inline]
fn lesser(left: f64, right: f64) -> f64 {
    if left < right { left } else { right }
}

#[inline]
fn greater(left: f64, right: f64) -> f64 {
    if left > right { left } else { right }
}

const SHAPE_LIST: [Shape; SHAPES] = [
    Shape::Concurrency,
    Shape::DecodeThroughput,
    Shape::PrefillThroughput,
    Shape::DecodeConcurrency,
    Shape::PrefillConcurrency,
    Shape::TotalThroughput,
    Shape::DecodeThroughputPerUser,
    Shape::PrefillThroughputPerUser,
    Shape::TokensInFlight,
];

impl<L: Looks> Walk<'_, L> {
    /// Applies the changes at the begin of `places`, as long as each is the only one of its instant
    /// and nothing but a chunk, and there is room to take them down; returns their number. The same
    /// could be done one by one, but nearly all changes are of this kind.
    fn chunks(&mut self, stretch: &Stretch, places: &[Place], state: &mut State) -> usize {
        self.make_room(state.decodes());
        let window_end = self.window.map_or(f64::INFINITY, |window| window.end);
        let instants = &mut self.instants;
        let mut now_state = *state;
        let mut done = 0;
        for (two, index) in places.windows(2).zip(instants.count..BATCH) {
            let event = &stretch.events[two[0].index as usize];
            let now = time(stretch.start + u64::from(two[0].instant));
            if two[0].instant == two[1].instant || event.edges != 0 || now >= window_end {
                break;
            }
            now_state.apply_chunk(event);
            instants.times[index] = now;
            for (list, value) in instants.values.iter_mut().zip(now_state.chunk_values()) {
                list[index] = value;
            }
            done += 1;
        }
        instants.count += done;
        *state = now_state;
        done
    }

    /// Takes down the values of the curves which change with every chunk.
    fn note(&mut self, now: f64, values: [f64; CHUNK_SHAPES.len()], decodes: bool) {
        self.make_room(decodes);
        let instants = &mut self.instants;
        let index = instants.count;
        instants.times[index] = now;
        for (list, value) in instants.values.iter_mut().zip(values) {
            list[index] = value;
        }
        instants.count += 1;
    }

    /// Lets what was taken down be evaluated unless more can be added to it.
    #[inline]
    fn make_room(&mut self, decodes: bool) {
        if self.instants.count == BATCH || self.instants.decodes != decodes {
            self.evaluate();
            self.instants.decodes = decodes;
        }
    }

    /// Turns what was taken down into pieces.
    fn evaluate(&mut self) {
        let count = std::mem::take(&mut self.instants.count);
        let Some(window) = self.window else { return };
        if count == 0 {
            return;
        }
        for (index, shape) in CHUNK_SHAPES.into_iter().enumerate() {
            let is_active = shape.is_masked_by_decoding() && self.instants.decodes;
            // What was before may have had the mask in another position.
            self.set(
                shape,
                self.instants.values[index][0],
                is_active,
                self.instants.times[0],
            );
            if self.curves[shape as usize].since >= window.start {
                self.append(index, shape, count);
            } else {
                for instant in 1..count {
                    let value = self.instants.values[index][instant];
                    self.set(shape, value, is_active, self.instants.times[instant]);
                }
            }
        }
    }

    /// The same as setting the values at all instants but the first, for a curve that stands since
    /// some time within the window.
    fn append(&mut self, index: usize, shape: Shape, count: usize) {
        let standing = &mut self.curves[shape as usize];
        let unseen = &mut self.unseen[shape as usize];
        self.looks.pieces(shape, unseen.pieces(), unseen.is_active);
        unseen.is_active = standing.is_active;
        let (mut value, mut since, mut pieces) = (standing.value, standing.since, 0);
        let instants = self.instants.values[index][1..count].iter();
        for (&next, &now) in instants.zip(&self.instants.times[1..count]) {
            // Written in any case and counted if it is a piece: a change without a branch.
            let place = pieces % BATCH;
            unseen.values[place] = value;
            unseen.durations[place] = now - since;
            let has_changed = next != value;
            pieces += usize::from(has_changed);
            since = if has_changed { now } else { since };
            value = next;
        }
        unseen.count = pieces;
        (standing.value, standing.since) = (value, since);
    }

    #[inline]
    fn set(&mut self, shape: Shape, value: f64, is_active: bool, now: f64) {
        let standing = self.curves[shape as usize];
        if standing.value != value || standing.is_active != is_active {
            self.piece(shape, standing, now);
            self.curves[shape as usize] = Standing {
                value,
                is_active,
                since: now,
            };
        }
    }

    #[inline]
    fn piece(&mut self, shape: Shape, standing: Standing, until: f64) {
        let Some(window) = self.window else { return };
        let duration = lesser(until, window.end) - greater(standing.since, window.start);
        if duration > 0.0 {
            let unseen = &self.unseen[shape as usize];
            if unseen.count == BATCH || unseen.is_active != standing.is_active {
                self.show(shape, standing.is_active);
            }
            let unseen = &mut self.unseen[shape as usize];
            unseen.values[unseen.count] = standing.value;
            unseen.durations[unseen.count] = duration;
            unseen.count += 1;
        }
    }

    /// Lets the pieces of a curve be looked at; the next ones have the mask in the given position.
    #[inline]
    fn show(&mut self, shape: Shape, is_active: bool) {
        let unseen = &mut self.unseen[shape as usize];
        self.looks.pieces(shape, unseen.pieces(), unseen.is_active);
        unseen.count = 0;
        unseen.is_active = is_active;
    }

    /// Ends the windows that are over by `now`.
    #[inline]
    fn close_windows(&mut self, now: f64) {
        while let Some(window) = self.window.filter(|window| window.end <= now) {
            self.close(window);
        }
    }

    #[cold]
    fn close(&mut self, window: Span) {
        self.evaluate();
        for shape in SHAPE_LIST {
            self.piece(shape, self.curves[shape as usize], window.end);
            self.show(shape, false);
        }
        self.looks.end_of_window();
        self.window = self.later.next().copied();
    }
}
