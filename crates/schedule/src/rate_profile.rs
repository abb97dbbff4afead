//! A rate that changes with time, its integral, and the inverse of that.
//!
//! A profile is piecewise linear: a constant, a ramp, a series of points, or a ramp followed by a
//! series. The integral `Λ(t)` is the number of requests that are due by `t` on average; it is
//! quadratic in each piece, so its inverse has a closed form and nothing is sampled in steps. An
//! arrival process of rate 1 that goes through `Λ⁻¹` becomes a process of exactly this rate.

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

/// A stretch in which the rate goes linearly from one value to another. Times in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Piece {
    start: f64,
    length: f64,
    first_rate: f64,
    last_rate: f64,
    /// Requests due before it.
    due_before: f64,
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
        if duration == 0 {
            return self.clone();
        }
        let target = self.initial_rate();
        let length = duration as f64 / SECOND;
        let share = (first_step as f64 / duration as f64).clamp(f64::MIN_POSITIVE, 1.0);
        // A product of two tiny positive numbers may be zero, and a rate may not.
        let first_rate = (target * share).max(f64::MIN_POSITIVE);
        let mut points = vec![(0.0, first_rate), (length, target)];
        for piece in &self.pieces {
            points.push((length + piece.start, piece.first_rate));
        }
        points.push((length + self.tail.start, self.tail.rate));
        Self::through(&points)
    }

    /// A profile through `points` of (seconds, requests per second): at least one, in order of time.
    fn through(points: &[(f64, f64)]) -> Self {
        let mut pieces = Vec::with_capacity(points.len());
        let mut due = 0.0;
        let mut push = |start: f64, end: f64, first_rate: f64, last_rate: f64| {
            if end > start {
                pieces.push(Piece {
                    start,
                    length: end - start,
                    first_rate,
                    last_rate,
                    due_before: due,
                });
                due += (end - start) * f64::midpoint(first_rate, last_rate);
            }
        };
        let (first, last) = (points[0], points[points.len() - 1]);
        push(0.0, first.0, first.1, first.1);
        for pair in points.windows(2) {
            push(pair[0].0, pair[1].0, pair[0].1, pair[1].1);
        }
        Self {
            pieces,
            tail: Tail {
                start: last.0,
                rate: last.1,
                due_before: due,
            },
        }
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
                let share = ((seconds - piece.start) / piece.length).min(1.0);
                piece.first_rate + (piece.last_rate - piece.first_rate) * share
            })
    }

    /// `Λ`: how many requests are due, on average, in the first so many seconds.
    pub fn expected_requests(&self, seconds: f64) -> f64 {
        if seconds >= self.tail.start {
            return self.tail.due_before + (seconds - self.tail.start) * self.tail.rate;
        }
        self.piece_before(|piece| piece.start <= seconds)
            .map_or(0.0, |piece| {
                let passed = seconds - piece.start;
                let rate = self.rate_at(seconds);
                piece.due_before + passed * f64::midpoint(piece.first_rate, rate)
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

impl Piece {
    /// Solves `first * x + (last - first) * x² / (2 * length) = requests` for `x`.
    ///
    /// In the form `2c / (b + √(b² + 4ac))`, which neither divides by the slope nor subtracts
    /// nearly equal numbers; rates are scaled to at most 1 so that no square overflows.
    fn seconds_until(&self, requests: f64) -> f64 {
        if requests <= 0.0 {
            return 0.0;
        }
        let scale = self.first_rate.max(self.last_rate);
        let (first, last) = (self.first_rate / scale, self.last_rate / scale);
        let due = requests / scale / self.length;
        // Never less than the square of the rate at the end; rounding may say otherwise.
        let square = (first * first + 2.0 * (last - first) * due).max(last.min(first).powi(2));
        let share = 2.0 * due / (first + square.sqrt());
        // No number if a rate is so small beside the other that it vanished: then nothing is due.
        self.length * if share.is_nan() { 0.0 } else { share.min(1.0) }
    }
}

#[cfg(test)]
mod tests {
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
        (0.0..10.0f64, 1e-3..1e4f64, steps, 0..20_000u64).prop_map(
            |(start, rate, steps, ramp_ms)| {
                let mut points = vec![(start, rate)];
                for (wait, rate) in steps {
                    points.push((points[points.len() - 1].0 + wait, rate));
                }
                series(&points).ramped(ramp_ms * 1_000_000, RATE_RAMP_FIRST_STEP)
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
            // The midpoint rule is exact on a line; pieces end where the rule does not know.
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
