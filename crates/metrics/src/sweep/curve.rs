//! Step functions of time, and their time-weighted statistics.

use crate::result::{PERCENTILES, Statistics};

/// The percentiles of a curve; rarer ones say nothing about a few thousand steps.
const CURVE_PERCENTILES: [u8; 4] = [50, 90, 95, 99];

/// Sums this much smaller than the largest value of a curve are what rounding left of zero.
const RELATIVE_ZERO: f64 = 1e-9;

/// A stretch of time, in nanoseconds from some common origin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    pub(crate) start: f64,
    pub(crate) end: f64,
}

/// Changes of a curve, in any order.
#[derive(Debug, Default)]
pub(crate) struct Events(Vec<(f64, f64)>);

impl Events {
    /// Adds `weight` for the time of `span`; nothing if the span is empty.
    pub(crate) fn add(&mut self, span: Span, weight: f64) {
        if span.end > span.start {
            self.at(span.start, weight);
            self.at(span.end, -weight);
        }
    }

    /// Changes the curve by `change` at `time`.
    pub(crate) fn at(&mut self, time: f64, change: f64) {
        if change != 0.0 {
            self.0.push((time, change));
        }
    }
}

/// A step function that is zero before its first step.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Curve {
    /// (time, value from then on), ascending, one per time.
    steps: Vec<(f64, f64)>,
}

impl From<Events> for Curve {
    fn from(Events(mut events): Events) -> Self {
        radsort::sort_by_key(&mut events, |event| event.0);
        // Falling changes first, then by size: the same curve whatever the order of records.
        for simultaneous in events.chunk_by_mut(|left, right| left.0 == right.0) {
            simultaneous.sort_unstable_by(|left, right| left.1.total_cmp(&right.1));
        }
        let mut sum = 0.0;
        for event in &mut events {
            sum += event.1;
            event.1 = sum;
        }
        // Of several changes at one time, the last sum holds.
        events.dedup_by(|later, earlier| {
            let same_time = later.0 == earlier.0;
            if same_time {
                earlier.1 = later.1;
            }
            same_time
        });
        let largest = events
            .iter()
            .fold(0.0_f64, |largest, step| largest.max(step.1.abs()));
        for step in &mut events {
            if step.1.abs() < RELATIVE_ZERO * largest {
                step.1 = 0.0;
            }
        }
        Self { steps: events }
    }
}

impl Curve {
    /// `self / other` at every time, 0 where `other` is 0.
    pub(crate) fn divided_by(&self, other: &Self) -> Self {
        let divide = |value: f64, by: f64| if by == 0.0 { 0.0 } else { value / by };
        let mut steps = Vec::with_capacity(self.steps.len() + other.steps.len());
        merge(self, other, |time, value, by| {
            steps.push((time, divide(value, by)));
        });
        Self { steps }
    }

    /// From the first step to the last.
    pub(crate) fn extent(&self) -> Option<Span> {
        Some(Span {
            start: self.steps.first()?.0,
            end: self.steps.last()?.0,
        })
    }

    /// Statistics over `window`, all zero if it is empty.
    pub(crate) fn statistics(&self, window: Span) -> Statistics {
        let mut pieces = Vec::with_capacity(self.steps.len() + 2);
        self.segments(window, |_, value, duration| {
            pieces.push(Piece {
                value,
                duration,
                is_active: false,
            });
        });
        sort(&mut pieces);
        of_sorted(pieces.iter(), window.end - window.start)
    }

    /// Statistics over `window`, and over that part of it in which `mask` is above 0. Sorting is
    /// what costs, so both come from one sorted list.
    pub(crate) fn statistics_with_mask(
        &self,
        mask: &Self,
        window: Span,
    ) -> (Statistics, Statistics) {
        let mut steps = Vec::with_capacity(self.steps.len() + mask.steps.len());
        let mut is_active = Vec::with_capacity(steps.capacity());
        merge(self, mask, |time, value, mask| {
            steps.push((time, value));
            is_active.push(mask > 0.0);
        });
        let mut pieces = Vec::with_capacity(steps.len() + 2);
        let mut active_length = 0.0;
        Self { steps }.segments(window, |step, value, duration| {
            let is_active = step.is_some_and(|step| is_active[step]);
            if is_active {
                active_length += duration;
            }
            pieces.push(Piece {
                value,
                duration,
                is_active,
            });
        });
        sort(&mut pieces);
        let whole = of_sorted(pieces.iter(), window.end - window.start);
        let active = of_sorted(pieces.iter().filter(|piece| piece.is_active), active_length);
        (whole, active)
    }

    /// Hands over the pieces of the curve within `window`: the step that begins it (none before the
    /// first step), its value, its duration.
    fn segments(&self, window: Span, mut take: impl FnMut(Option<usize>, f64, f64)) {
        let mut piece = |step: Option<usize>, value: f64, start: f64, end: f64| {
            let duration = end.min(window.end) - start.max(window.start);
            if duration > 0.0 {
                take(step, value, duration);
            }
        };
        let first = self.steps.first().map_or(window.end, |step| step.0);
        piece(None, 0.0, window.start, first);
        // A slice of a long run sees few of its steps: start at the one in force.
        let skipped = self
            .steps
            .partition_point(|step| step.0 <= window.start)
            .saturating_sub(1);
        for (index, &(start, value)) in self.steps.iter().enumerate().skip(skipped) {
            if start >= window.end {
                break;
            }
            let end = self.steps.get(index + 1).map_or(window.end, |next| next.0);
            piece(Some(index), value, start, end);
        }
    }
}

/// Walks two curves together: every time at which either changes, with both values.
fn merge(left: &Curve, right: &Curve, mut take: impl FnMut(f64, f64, f64)) {
    let (mut left_steps, mut right_steps) =
        (left.steps.iter().peekable(), right.steps.iter().peekable());
    let (mut left_value, mut right_value) = (0.0, 0.0);
    loop {
        let left_time = left_steps.peek().map_or(f64::INFINITY, |step| step.0);
        let right_time = right_steps.peek().map_or(f64::INFINITY, |step| step.0);
        let time = left_time.min(right_time);
        if time == f64::INFINITY {
            return;
        }
        if left_time == time {
            left_value = left_steps.next().map_or(0.0, |step| step.1);
        }
        if right_time == time {
            right_value = right_steps.next().map_or(0.0, |step| step.1);
        }
        take(time, left_value, right_value);
    }
}

/// A stretch of time over which a curve has one value.
#[derive(Debug, Clone, Copy)]
struct Piece {
    value: f64,
    duration: f64,
    is_active: bool,
}

/// By value; pieces of one value stay in order of time.
fn sort(pieces: &mut [Piece]) {
    radsort::sort_by_key(pieces, |piece| piece.value);
}

/// Time-weighted statistics of pieces in ascending order that fill `length`; all zero if there are
/// none.
fn of_sorted<'a>(pieces: impl Iterator<Item = &'a Piece> + Clone, length: f64) -> Statistics {
    let mut percentiles = [None; PERCENTILES.len()];
    let (first, last) = (pieces.clone().next(), pieces.clone().last());
    let (Some(first), Some(last), true) = (first, last, length > 0.0) else {
        for q in CURVE_PERCENTILES {
            set_percentile(&mut percentiles, q, 0.0);
        }
        let zero = Some(0.0);
        return Statistics {
            avg: zero,
            percentiles,
            min: zero,
            max: zero,
            std: zero,
            ..Statistics::default()
        };
    };
    let avg = pieces
        .clone()
        .map(|piece| piece.value * piece.duration)
        .sum::<f64>()
        / length;
    let squares: f64 = pieces
        .clone()
        .map(|piece| piece.duration * (piece.value - avg).powi(2))
        .sum();

    let total: f64 = pieces.clone().map(|piece| piece.duration).sum();
    let mut wanted = CURVE_PERCENTILES.into_iter().peekable();
    let mut covered = 0.0;
    for piece in pieces {
        covered += piece.duration;
        while let Some(q) = wanted.next_if(|&q| covered / total >= f64::from(q) / 100.0) {
            set_percentile(&mut percentiles, q, piece.value);
        }
    }
    Statistics {
        avg: Some(avg),
        percentiles,
        min: Some(first.value),
        max: Some(last.value),
        std: Some((squares / length).sqrt()),
        ..Statistics::default()
    }
}

fn set_percentile(percentiles: &mut [Option<f64>; PERCENTILES.len()], q: u8, value: f64) {
    if let Some(index) = PERCENTILES.iter().position(|&known| known == q) {
        percentiles[index] = Some(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(spans: &[(f64, f64, f64)]) -> Curve {
        let mut events = Events::default();
        for &(start, end, weight) in spans {
            events.add(Span { start, end }, weight);
        }
        events.into()
    }

    #[test]
    fn an_end_and_a_start_at_one_time_do_not_overlap() {
        let curve = curve(&[(0.0, 10.0, 1.0), (10.0, 20.0, 1.0)]);
        let statistics = curve.statistics(Span {
            start: 0.0,
            end: 20.0,
        });
        assert_eq!((statistics.min, statistics.max), (Some(1.0), Some(1.0)));
    }

    #[test]
    fn a_curve_is_zero_outside_its_steps() {
        let curve = curve(&[(10.0, 20.0, 4.0)]);
        let statistics = curve.statistics(Span {
            start: 0.0,
            end: 40.0,
        });
        assert_eq!(statistics.avg, Some(1.0));
        assert_eq!(statistics.percentile(50), Some(0.0));
        assert_eq!(statistics.percentile(90), Some(4.0));
        assert_eq!(statistics.percentile(75), None);
        let before = curve.statistics(Span {
            start: 0.0,
            end: 5.0,
        });
        assert_eq!(before.max, Some(0.0));
    }

    #[test]
    fn a_window_cuts_the_steps_at_its_bounds() {
        let curve = curve(&[(0.0, 100.0, 1.0), (50.0, 100.0, 1.0)]);
        let statistics = curve.statistics(Span {
            start: 40.0,
            end: 60.0,
        });
        assert_eq!(statistics.avg, Some(1.5));
        assert_eq!(statistics.std, Some(0.5));
    }

    #[test]
    fn an_empty_window_gives_zeros() {
        let statistics = curve(&[(0.0, 1.0, 1.0)]).statistics(Span {
            start: 5.0,
            end: 5.0,
        });
        assert_eq!(
            (statistics.avg, statistics.percentile(99)),
            (Some(0.0), Some(0.0))
        );
    }

    #[test]
    fn what_rounding_leaves_of_zero_is_zero() {
        let third = 1.0 / 3.0;
        let spans: Vec<_> = (0..7)
            .map(|index| (f64::from(index), 10.0, third))
            .collect();
        let curve = curve(&spans);
        assert_eq!(curve.steps.last().unwrap().1, 0.0);
    }

    #[test]
    fn masked_statistics_look_only_where_the_mask_is_set() {
        let value = curve(&[(0.0, 10.0, 6.0)]);
        let mask = curve(&[(5.0, 15.0, 1.0)]);
        let (_, statistics) = value.statistics_with_mask(
            &mask,
            Span {
                start: 0.0,
                end: 20.0,
            },
        );
        assert_eq!((statistics.avg, statistics.min), (Some(3.0), Some(0.0)));
        let (_, nowhere) = value.statistics_with_mask(
            &Curve::default(),
            Span {
                start: 0.0,
                end: 20.0,
            },
        );
        assert_eq!(nowhere.avg, Some(0.0));
    }
}
