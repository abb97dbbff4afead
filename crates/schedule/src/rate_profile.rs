//! A rate that changes with time, its integral, and the inverse of that.
//!
//! A profile is a constant, a ramp, a series of points, or a ramp followed by a series: pieces on
//! which the rate is a line or, in an exponential ramp, a parabola. The integral `Λ(t)` is the
//! number of requests that are due by `t` on average. Its inverse is exact in each piece, and
//! nothing is sampled in steps. An arrival process of rate 1 that goes through `Λ⁻¹` becomes a
//! process of exactly this rate.

use crate::ramp_curve::{RampCurve, poisson_steps};
use crate::rate_series::RateSeries;
use crate::time::{Nanos, SECOND};

/// From which moment of a rate ramp its starting value is taken, unless the environment says
/// otherwise (`AIPERF_TIMING_RATE_RAMP_UPDATE_INTERVAL`).
pub const RATE_RAMP_FIRST_STEP: Nanos = 100_000_000;

/// Requests per second as a function of the time since the phase started.
#[derive(Debug, Clone, PartialEq)]
pub struct RateProfile {
    /// In order of time, without pieces of no length.
    pieces: Vec<Piece>,
    /// After the last piece the rate stays as it is.
    tail: Tail,
}

/// A stretch in which the rate goes from one value to another. Times in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Piece {
    start: f64,
    length: f64,
    first_rate: f64,
    last_rate: f64,
    bend: Bend,
    /// Requests due before it.
    due_before: f64,
}

/// The way of the rate within a piece.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bend {
    /// With time.
    Line,
    /// With the square of time. The rate never falls.
    Square,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Tail {
    start: f64,
    rate: f64,
    due_before: f64,
}

impl RateProfile {
    /// Always `rate` requests per second.
    ///
    /// # Panics
    /// `rate` is not a positive finite number; the configuration refuses such values before.
    pub fn constant(rate: f64) -> Self {
        assert!(rate.is_finite() && rate > 0.0, "rate {rate}");
        Self::through(&[(0.0, rate)])
    }

    /// The rate of a series: linear between its points, constant before the first and after the
    /// last.
    pub fn series(series: &RateSeries) -> Self {
        let points: Vec<_> = series
            .points()
            .iter()
            .map(|point| (point.time_s, point.qps))
            .collect();
        Self::through(&points)
    }

    /// The same profile, begun `duration` later; until then the rate climbs linearly to its initial
    /// value `R` from `R * first_step / duration`, which is where a line from zero would be after
    /// `first_step`. A ramp shorter than that stays at `R`.
    #[must_use]
    pub fn ramped(&self, duration: Nanos, first_step: Nanos) -> Self {
        self.ramped_on(RampCurve::Linear, duration, first_step)
    }

    /// The same on another curve. A Poisson ramp has a step for each request per second that the
    /// rate climbs, on average.
    #[must_use]
    pub fn ramped_on(&self, curve: RampCurve, duration: Nanos, first_step: Nanos) -> Self {
        if duration == 0 {
            return self.clone();
        }
        let target = self.initial_rate();
        let length = duration as f64 / SECOND;
        let share = (first_step as f64 / duration as f64).clamp(f64::MIN_POSITIVE, 1.0);
        // A product of two tiny positive numbers may be zero, and a rate may not.
        let first_rate = (target * share).max(f64::MIN_POSITIVE);
        let mut pieces = Pieces::default();
        match curve {
            RampCurve::Linear => pieces.push(Bend::Line, length, first_rate, target),
            RampCurve::Exponential => pieces.push(Bend::Square, length, first_rate, target),
            RampCurve::Poisson(draws) => {
                let climb = target - first_rate;
                let steps = poisson_steps(climb, draws);
                let (mut rate, mut before) = (first_rate, 0.0);
                for (number, share) in steps.iter().enumerate() {
                    pieces.push(Bend::Line, (share - before) * length, rate, rate);
                    rate = first_rate + climb * (number + 1) as f64 / steps.len() as f64;
                    before = *share;
                }
            }
        }
        for piece in &self.pieces {
            pieces.push(piece.bend, piece.length, piece.first_rate, piece.last_rate);
        }
        pieces.then(self.tail.rate)
    }

    /// A profile through `points` of (seconds, requests per second): at least one, in order of time.
    fn through(points: &[(f64, f64)]) -> Self {
        let mut pieces = Pieces::default();
        let (first, last) = (points[0], points[points.len() - 1]);
        pieces.push(Bend::Line, first.0, first.1, first.1);
        for pair in points.windows(2) {
            pieces.push(Bend::Line, pair[1].0 - pair[0].0, pair[0].1, pair[1].1);
        }
        pieces.then(last.1)
    }

    /// The rate at the start of the phase, in requests per second.
    pub fn initial_rate(&self) -> f64 {
        self.pieces
            .first()
            .map_or(self.tail.rate, |piece| piece.first_rate)
    }

    /// The rate that is reached at last and kept, in requests per second.
    pub fn final_rate(&self) -> f64 {
        self.tail.rate
    }

    /// Whether the rate never changes.
    pub fn is_constant(&self) -> bool {
        self.pieces
            .iter()
            .all(|piece| piece.first_rate == self.tail.rate && piece.last_rate == self.tail.rate)
    }

    /// The rate, in requests per second, this many seconds after the start.
    pub fn rate_at(&self, seconds: f64) -> f64 {
        if seconds >= self.tail.start {
            return self.tail.rate;
        }
        self.piece_before(|piece| piece.start <= seconds)
            .map_or(self.initial_rate(), |piece| {
                piece.rate_after(seconds - piece.start)
            })
    }

    /// `Λ`: how many requests are due, on average, in the first so many seconds.
    pub fn expected_requests(&self, seconds: f64) -> f64 {
        if seconds >= self.tail.start {
            return self.tail.due_before + (seconds - self.tail.start) * self.tail.rate;
        }
        self.piece_before(|piece| piece.start <= seconds)
            .map_or(0.0, |piece| {
                let passed = (seconds - piece.start).min(piece.length);
                piece.due_before + piece.due_after(passed)
            })
    }

    /// `Λ⁻¹`: after how many seconds so many requests are due on average.
    pub fn seconds_until(&self, requests: f64) -> f64 {
        if requests >= self.tail.due_before {
            return self.tail.start + (requests - self.tail.due_before) / self.tail.rate;
        }
        self.piece_before(|piece| piece.due_before <= requests)
            .map_or(0.0, |piece| {
                piece.start + piece.seconds_until(requests - piece.due_before)
            })
    }

    /// The last piece for which `has_begun` holds.
    fn piece_before(&self, has_begun: impl Fn(&Piece) -> bool) -> Option<&Piece> {
        let begun = self.pieces.partition_point(has_begun);
        begun.checked_sub(1).map(|index| &self.pieces[index])
    }
}

/// Pieces that are put one behind the other.
#[derive(Default)]
struct Pieces {
    pieces: Vec<Piece>,
    end: f64,
    due: f64,
}

impl Pieces {
    fn push(&mut self, bend: Bend, length: f64, first_rate: f64, last_rate: f64) {
        if length <= 0.0 {
            return;
        }
        let piece = Piece {
            start: self.end,
            length,
            first_rate,
            last_rate,
            bend,
            due_before: self.due,
        };
        self.end += length;
        self.due += piece.due_after(length);
        self.pieces.push(piece);
    }

    /// Always `rate` from here on.
    fn then(self, rate: f64) -> RateProfile {
        RateProfile {
            pieces: self.pieces,
            tail: Tail {
                start: self.end,
                rate,
                due_before: self.due,
            },
        }
    }
}

impl Piece {
    /// The rate so many seconds after the start of the piece.
    fn rate_after(&self, passed: f64) -> f64 {
        let share = (passed / self.length).min(1.0);
        let climbed = match self.bend {
            Bend::Line => share,
            Bend::Square => share * share,
        };
        self.first_rate + (self.last_rate - self.first_rate) * climbed
    }

    /// How many requests are due in the first so many seconds of the piece.
    fn due_after(&self, passed: f64) -> f64 {
        let rate = self.rate_after(passed);
        passed
            * match self.bend {
                Bend::Line => f64::midpoint(self.first_rate, rate),
                Bend::Square => self.first_rate + (rate - self.first_rate) / 3.0,
            }
    }

    /// After how many seconds of the piece so many requests are due. Rates are scaled to at most 1
    /// so that no square overflows.
    fn seconds_until(&self, requests: f64) -> f64 {
        if requests <= 0.0 {
            return 0.0;
        }
        let scale = self.first_rate.max(self.last_rate);
        let (first, last) = (self.first_rate / scale, self.last_rate / scale);
        let due = requests / scale / self.length;
        let share = match self.bend {
            Bend::Line => line_until(first, last, due),
            Bend::Square => square_until(first, last, due),
        };
        // No number if a rate is so small beside the other that it vanished: then nothing is due.
        self.length * if share.is_nan() { 0.0 } else { share.min(1.0) }
    }
}

/// Solves `first * x + (last - first) * x² / 2 = due`.
///
/// In the form `2c / (b + √(b² + 4ac))`, which neither divides by the slope nor subtracts nearly
/// equal numbers.
fn line_until(first: f64, last: f64, due: f64) -> f64 {
    // Never less than the square of the rate at the end; rounding may say otherwise.
    let square = (first * first + 2.0 * (last - first) * due).max(last.min(first).powi(2));
    2.0 * due / (first + square.sqrt())
}

/// Solves `first * x + (last - first) * x³ / 3 = due` for `first <= last`, by Newton's method from
/// the right end: the left side is convex, so no step goes beyond the solution.
fn square_until(first: f64, last: f64, due: f64) -> f64 {
    const ENOUGH: usize = 200;
    let climb = last - first;
    let mut x = 1.0;
    for _ in 0..ENOUGH {
        let excess = first * x + climb * x * x * x / 3.0 - due;
        let next = x - excess / (first + climb * x * x);
        if excess <= 0.0 || next.is_nan() || next >= x {
            break;
        }
        x = next.max(0.0);
    }
    x
}

#[cfg(test)]
mod tests {
    use aiperf_random::RootSeed;
    use proptest::prelude::*;

    use super::*;
    use crate::rate_series::RatePoint;

    const SECONDS: Nanos = 1_000_000_000;

    fn series(points: &[(f64, f64)]) -> RateProfile {
        let points = points
            .iter()
            .map(|&(time_s, qps)| RatePoint { time_s, qps })
            .collect();
        RateProfile::series(&RateSeries::new(points).unwrap())
    }

    fn ramp(rate: f64, seconds: u64) -> RateProfile {
        RateProfile::constant(rate).ramped(seconds * SECONDS, RATE_RAMP_FIRST_STEP)
    }

    fn close(value: f64, expected: f64) {
        let tolerance = 1e-12 * expected.abs().max(1.0);
        assert!(
            (value - expected).abs() <= tolerance,
            "{value}, expected {expected}"
        );
    }

    #[test]
    fn the_rate_follows_the_points() {
        let hill = series(&[(10.0, 5.0), (70.0, 20.0), (130.0, 5.0)]);
        for (seconds, rate) in [
            (0.0, 5.0),
            (10.0, 5.0),
            (40.0, 12.5),
            (70.0, 20.0),
            (100.0, 12.5),
            (130.0, 5.0),
            (1e6, 5.0),
        ] {
            close(hill.rate_at(seconds), rate);
        }
        assert_eq!((hill.initial_rate(), hill.final_rate()), (5.0, 5.0));
        assert!(!hill.is_constant());
        assert!(RateProfile::constant(3.0).is_constant());
    }

    #[test]
    fn the_integral_is_exact_in_every_piece() {
        let hill = series(&[(10.0, 5.0), (70.0, 20.0), (130.0, 5.0)]);
        for (seconds, due) in [
            (0.0, 0.0),
            (10.0, 50.0),
            (40.0, 50.0 + 30.0 * 8.75),
            (70.0, 50.0 + 60.0 * 12.5),
            (130.0, 50.0 + 120.0 * 12.5),
            (140.0, 50.0 + 120.0 * 12.5 + 50.0),
        ] {
            close(hill.expected_requests(seconds), due);
            close(hill.seconds_until(due), seconds);
        }
    }

    #[test]
    fn a_ramp_delivers_what_its_line_says() {
        // Ideal counts at the end of the ramp, for rate and duration.
        for (rate, seconds, due) in [(10.0, 6, 30.5), (10.0, 10, 50.5), (2.0, 10, 10.1)] {
            close(ramp(rate, seconds).expected_requests(seconds as f64), due);
        }
    }

    #[test]
    fn a_ramp_starts_one_step_up_its_line() {
        let ramp = ramp(10.0, 1);
        close(ramp.rate_at(0.0), 1.0);
        close(ramp.rate_at(0.1), 1.9);
        close(ramp.rate_at(0.9), 9.1);
        close(ramp.rate_at(1.0), 10.0);
        close(ramp.rate_at(2.0), 10.0);
    }

    #[test]
    fn a_ramp_shorter_than_its_first_step_never_exceeds_the_target() {
        let profile = RateProfile::constant(10.0).ramped(SECONDS / 20, RATE_RAMP_FIRST_STEP);
        assert!(profile.is_constant());
        let plain = RateProfile::constant(10.0);
        assert_eq!(plain.ramped(0, RATE_RAMP_FIRST_STEP), plain);
    }

    fn curved(curve: RampCurve, rate: f64, seconds: u64) -> RateProfile {
        RateProfile::constant(rate).ramped_on(curve, seconds * SECONDS, RATE_RAMP_FIRST_STEP)
    }

    #[test]
    fn an_exponential_ramp_climbs_with_the_square_of_time() {
        let ramp = curved(RampCurve::Exponential, 10.0, 2);
        close(ramp.rate_at(0.0), 0.5);
        close(ramp.rate_at(1.0), 0.5 + 9.5 / 4.0);
        close(ramp.rate_at(2.0), 10.0);
        // The integral of a parabola.
        close(ramp.expected_requests(1.0), 0.5 + 9.5 / 12.0);
        close(ramp.expected_requests(2.0), 1.0 + 9.5 * 2.0 / 3.0);
        close(ramp.expected_requests(3.0), 1.0 + 9.5 * 2.0 / 3.0 + 10.0);
        for seconds in [0.01, 0.5, 1.0, 1.7, 1.999, 2.0, 2.5] {
            close(ramp.seconds_until(ramp.expected_requests(seconds)), seconds);
        }
    }

    #[test]
    fn a_poisson_ramp_climbs_in_equal_steps_at_random_times() {
        let draws = RootSeed::fixed(9).stream("timing.ramp.poisson");
        let ramp = curved(RampCurve::Poisson(draws), 40.0, 2);
        let steps = poisson_steps(40.0 - 2.0, draws);
        let height = 38.0 / steps.len() as f64;
        close(ramp.rate_at(0.0), 2.0);
        for (number, share) in steps.iter().enumerate() {
            close(
                ramp.rate_at(share * 2.0 + 1e-9),
                2.0 + height * (number + 1) as f64,
            );
        }
        close(ramp.rate_at(2.0), 40.0);
        let due = ramp.expected_requests(2.0);
        assert!((due - 42.0).abs() < 25.0, "{due}");
        assert_eq!(ramp, curved(RampCurve::Poisson(draws), 40.0, 2));
    }

    #[test]
    fn a_curve_shorter_than_its_first_step_is_none() {
        let draws = RootSeed::fixed(9).stream("timing.ramp.poisson");
        for curve in [RampCurve::Exponential, RampCurve::Poisson(draws)] {
            let short =
                RateProfile::constant(10.0).ramped_on(curve, SECONDS / 20, RATE_RAMP_FIRST_STEP);
            assert!(short.is_constant(), "{short:?}");
        }
    }

    #[test]
    fn a_series_after_a_ramp_begins_when_the_ramp_ends() {
        let profile = series(&[(0.0, 5.0), (10.0, 20.0)]).ramped(2 * SECONDS, RATE_RAMP_FIRST_STEP);
        close(profile.rate_at(0.0), 0.25);
        close(profile.rate_at(2.0), 5.0);
        close(profile.rate_at(7.0), 12.5);
        close(profile.rate_at(12.0), 20.0);
        close(profile.expected_requests(12.0), 2.0 * 2.625 + 125.0);
        // A first point that is not at zero is waited for at the first rate.
        let late = series(&[(3.0, 5.0), (10.0, 20.0)]).ramped(2 * SECONDS, RATE_RAMP_FIRST_STEP);
        close(late.rate_at(5.0), 5.0);
        close(late.rate_at(12.0), 20.0);
    }

    #[test]
    fn a_slope_that_is_almost_zero_is_as_exact_as_none() {
        for slope in [0.0, 1e-300, 1e-18, -1e-18, 1e-12, -1e-12] {
            let profile = series(&[(0.0, 100.0), (1000.0, 100.0 * (1.0 + slope))]);
            close(profile.seconds_until(50_000.0), 500.0);
        }
    }

    #[test]
    fn extreme_rates_stay_finite() {
        let profile = series(&[(0.0, 1e-300), (1.0, 1e300), (2.0, 1e-300)]);
        for due in [0.0, 1e-310, 1.0, 1e299, 5e299, 9.99e299] {
            let seconds = profile.seconds_until(due);
            assert!((0.0..=2.0).contains(&seconds), "{due}: {seconds}");
        }
    }

    fn any_profile() -> impl Strategy<Value = RateProfile> {
        let steps = prop::collection::vec((1e-6..100.0f64, 1e-3..1e4f64), 1..8);
        let curve = prop::sample::select(vec![RampCurve::Linear, RampCurve::Exponential]);
        (0.0..10.0f64, 1e-3..1e4f64, steps, 0..20_000u64, curve).prop_map(
            |(start, rate, steps, ramp_ms, curve)| {
                let mut points = vec![(start, rate)];
                for (wait, rate) in steps {
                    points.push((points[points.len() - 1].0 + wait, rate));
                }
                series(&points).ramped_on(curve, ramp_ms * 1_000_000, RATE_RAMP_FIRST_STEP)
            },
        )
    }

    proptest! {
        #[test]
        fn the_inverse_undoes_the_integral(profile in any_profile(), seconds in 0.0..1500.0f64) {
            let due = profile.expected_requests(seconds);
            let back = profile.expected_requests(profile.seconds_until(due));
            prop_assert!((back - due).abs() <= 1e-9 * due.max(1.0), "{due} came back as {back}");
        }

        #[test]
        fn the_inverse_never_runs_backwards(
            profile in any_profile(),
            due in 0.0..1e6f64,
            more in 0.0..10.0f64,
        ) {
            let (early, late) = (profile.seconds_until(due), profile.seconds_until(due + more));
            prop_assert!(late >= early - 1e-9, "{late} after {early}");
        }

        #[test]
        fn the_integral_is_that_of_the_rate(
            profile in any_profile(),
            from in 0.0..500.0f64,
            length in 0.0..200.0f64,
        ) {
            // The midpoint rule is exact on a line, and nearly so on a parabola; pieces end where the rule does not know.
            let cells = 4_000;
            let width = length / f64::from(cells);
            let sum: f64 = (0..cells)
                .map(|cell| profile.rate_at(from + (f64::from(cell) + 0.5) * width) * width)
                .sum();
            let exact = profile.expected_requests(from + length) - profile.expected_requests(from);
            // At most nine corners, each in one cell, each off by less than the largest rate there.
            prop_assert!((sum - exact).abs() <= 1e-9 * exact + 10.0 * 1e4 * width, "{sum} {exact}");
        }
    }
}
