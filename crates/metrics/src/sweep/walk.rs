//! One walk along the time line: the pieces of every curve within each window.

use super::request::time;
use super::state::{SHAPES, Shape, State};
use super::timeline::Timeline;

/// A stretch of time, in nanoseconds from the first start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    pub(crate) start: f64,
    pub(crate) end: f64,
}

/// Takes what a walk finds.
pub(super) trait Pieces {
    /// A piece of a curve: its value, its duration above 0, and whether the curve's mask is set.
    fn piece(&mut self, shape: Shape, value: f64, duration: f64, is_active: bool);
    /// All pieces of the window are there.
    fn end_of_window(&mut self);
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

struct Walk<'a, P> {
    windows: &'a [Span],
    curves: [Standing; SHAPES],
    pieces: P,
}

/// Walks along `timeline` through `windows`, which ascend and do not overlap.
pub(super) fn walk<P: Pieces>(timeline: &Timeline<'_>, windows: &[Span], pieces: P) -> P {
    let mut state = State::new(timeline.gaps.is_some());
    let mut walk = Walk {
        windows,
        curves: [AT_REST; SHAPES],
        pieces,
    };
    timeline.for_each_instant(|events| {
        let now = events.first().map_or(0.0, |event| time(event.key));
        walk.close_windows(now);
        let has_edges = state.apply(events, &timeline.requests);
        for (shape, value, is_active) in state.chunk_values() {
            walk.set(shape, value, is_active, now);
        }
        if has_edges {
            for (shape, value, is_active) in state.edge_values() {
                walk.set(shape, value, is_active, now);
            }
        }
    });
    walk.close_windows(f64::INFINITY);
    walk.pieces
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

impl<P: Pieces> Walk<'_, P> {
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
        if let Some(window) = self.windows.first() {
            let duration = until.min(window.end) - standing.since.max(window.start);
            if duration > 0.0 {
                self.pieces
                    .piece(shape, standing.value, duration, standing.is_active);
            }
        }
    }

    /// Ends the windows that are over by `now`.
    #[inline]
    fn close_windows(&mut self, now: f64) {
        while let Some(window) = self.windows.first().filter(|window| window.end <= now) {
            for shape in SHAPE_LIST {
                self.piece(shape, self.curves[shape as usize], window.end);
            }
            self.pieces.end_of_window();
            self.windows = &self.windows[1..];
        }
    }
}
