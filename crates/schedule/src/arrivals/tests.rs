use super::*;
use crate::rate_profile::RATE_RAMP_FIRST_STEP;
use crate::rate_series::{RatePoint, RateSeries};
use crate::test_statistics::{critical, kolmogorov_smirnov};
use crate::time::SECOND;

const SEED: RootSeed = RootSeed::fixed(7);

fn offsets(process: &ArrivalProcess, count: usize) -> Vec<Nanos> {
    process.times().take(count).map(|(_, at)| at).collect()
}

fn milliseconds(times: &[Nanos]) -> Vec<u64> {
    times.iter().map(|time| time / 1_000_000).collect()
}

fn ramp(rate: f64, seconds: f64) -> RateProfile {
    RateProfile::constant(rate).ramped(from_seconds(seconds), RATE_RAMP_FIRST_STEP)
}

/// Up, down, and up again.
fn hills() -> RateProfile {
    let points = [(0.0, 50.0), (2.0, 400.0), (3.0, 10.0), (8.0, 200.0)]
        .map(|(time_s, qps)| RatePoint { time_s, qps });
    RateProfile::series(&RateSeries::new(points.to_vec()).unwrap())
}

/// The integral of the rate, found without the profile's own formula.
fn integral(profile: &RateProfile, seconds: f64) -> f64 {
    let cells = 20_000;
    let width = seconds / f64::from(cells);
    (0..cells)
        .map(|cell| profile.rate_at((f64::from(cell) + 0.5) * width) * width)
        .sum()
}

/// Gaps, in seconds, of the arrivals of all threads put together again.
fn union_gaps(pattern: Pattern, rate: f64, threads: u64, per_thread: usize) -> Vec<f64> {
    let process = ArrivalProcess::new(pattern, rate, SEED);
    let mut all: Vec<Nanos> = (0..threads)
        .flat_map(|thread| {
            process
                .share(thread, threads)
                .take(per_thread)
                .map(|(_, at)| at)
        })
        .collect();
    all.sort_unstable();
    std::iter::once(&0)
        .chain(&all)
        .zip(&all)
        .map(|(before, after)| (after - before) as f64 / SECOND)
        .collect()
}

#[test]
fn constant_arrivals_lie_on_the_grid_and_start_one_interval_in() {
    let process = ArrivalProcess::new(Pattern::Constant, 50.0, SEED);
    assert_eq!(offsets(&process, 3), [20_000_000, 40_000_000, 60_000_000]);
    // The millionth lies where it belongs: no drift.
    let late = ArrivalProcess::new(Pattern::Constant, 3.0, SEED)
        .times()
        .nth(2_999_999);
    assert_eq!(late, Some((2_999_999, 1_000_000_000_000_000)));
}

#[test]
fn constant_arrivals_under_a_ramp_solve_its_integral() {
    // t + 4.5 t² = 1, 2, …: the rate is 1/s at first and 10/s after one second.
    let process = ArrivalProcess::with_profile(Pattern::Constant, ramp(10.0, 1.0), SEED);
    let mut expected: Vec<Nanos> = (1..=5)
        .map(|count| from_seconds((-1.0 + (1.0 + 18.0 * f64::from(count)).sqrt()) / 9.0))
        .collect();
    // 5.5 requests are due at the end of the ramp; then one every 0.1 s.
    expected.extend([1_050_000_000, 1_150_000_000, 1_250_000_000]);
    assert_eq!(milliseconds(&expected[..2]), [373, 564]);
    assert_eq!(offsets(&process, 8), expected);
}

#[test]
fn constant_arrivals_follow_a_series_piece_by_piece() {
    // Two per second for 2 s, then down to one per second within 2 s: 4 + 3 requests.
    let points = [(2.0, 2.0), (4.0, 1.0)].map(|(time_s, qps)| RatePoint { time_s, qps });
    let series = RateSeries::new(points.to_vec()).unwrap();
    let process =
        ArrivalProcess::with_profile(Pattern::Constant, RateProfile::series(&series), SEED);
    let times = milliseconds(&offsets(&process, 9));
    // In the falling piece x seconds after its start 2x - x²/4 requests are due.
    assert_eq!(times, [500, 1000, 1500, 2000, 2535, 3171, 4000, 5000, 6000]);
}

#[test]
fn poisson_gaps_are_exponential_at_every_thread_count() {
    for threads in [1, 2, 8] {
        let gaps = union_gaps(Pattern::Poisson, 200.0, threads, 8_000 / threads as usize);
        let distance = kolmogorov_smirnov(gaps.clone(), |gap| 1.0 - (-200.0 * gap).exp());
        assert!(
            distance < critical(gaps.len()),
            "{threads} threads: distance {distance}"
        );
    }
}

#[test]
fn gamma_gaps_follow_their_law_at_every_thread_count() {
    // Shape 2 has a closed form: 1 - (1 + x) e^-x with x = gap * rate * shape.
    for threads in [1, 2, 8] {
        let pattern = Pattern::Gamma { smoothness: 2.0 };
        let gaps = union_gaps(pattern, 100.0, threads, 8_000 / threads as usize);
        let distance = kolmogorov_smirnov(gaps.clone(), |gap| {
            let x = gap * 200.0;
            1.0 - (1.0 + x) * (-x).exp()
        });
        assert!(
            distance < critical(gaps.len()),
            "{threads} threads: distance {distance}"
        );
    }
}

#[test]
fn gamma_smoothness_sets_the_coefficient_of_variation_and_keeps_the_rate() {
    for smoothness in [0.5, 1.0, 4.0] {
        let gaps = union_gaps(Pattern::Gamma { smoothness }, 50.0, 1, 20_000);
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        let variation = variance.sqrt() / mean;
        assert!((mean * 50.0 - 1.0).abs() < 0.05, "mean {mean}");
        assert!(
            (variation * smoothness.sqrt() - 1.0).abs() < 0.05,
            "variation {variation}"
        );
    }
}

#[test]
fn successive_gaps_are_not_correlated() {
    let gaps = union_gaps(Pattern::Poisson, 1.0, 1, 20_000);
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let covariance = gaps
        .windows(2)
        .map(|pair| (pair[0] - mean) * (pair[1] - mean))
        .sum::<f64>();
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>();
    assert!((covariance / variance).abs() < 0.03);
}

#[test]
fn threads_share_one_sequence_without_gaps_or_doubles() {
    for profile in [RateProfile::constant(100.0), ramp(100.0, 5.0), hills()] {
        let process = ArrivalProcess::with_profile(Pattern::Poisson, profile, SEED);
        let whole: Vec<_> = process.times().take(600).collect();
        for threads in [1u64, 2, 8] {
            let mut parts: Vec<_> = (0..threads)
                .flat_map(|thread| process.share(thread, threads).take(600 / threads as usize))
                .collect();
            parts.sort_unstable();
            assert_eq!(parts, whole, "{threads} threads");
        }
    }
}

#[test]
fn times_do_not_depend_on_the_order_of_asking() {
    let count = 5 * BLOCK as u64;
    for pattern in [
        Pattern::Constant,
        Pattern::Poisson,
        Pattern::Gamma { smoothness: 0.5 },
    ] {
        let process = ArrivalProcess::with_profile(pattern, hills(), SEED);
        let whole: Vec<Nanos> = offsets(&process, count as usize);
        let mut lookup = process.lookup();
        // 777 has no divisor in common with the count: every index once, in leaps to and fro.
        for index in (0..count)
            .map(|step| step * 777 % count)
            .chain([0, count - 1, 255, 256, 255])
        {
            assert_eq!(lookup.at(index), whole[index as usize], "index {index}");
        }
    }
}

#[test]
fn arrivals_never_run_backwards() {
    for profile in [ramp(1000.0, 2.0), hills()] {
        let process = ArrivalProcess::with_profile(Pattern::Poisson, profile, SEED);
        let times = offsets(&process, 5_000);
        assert!(times.is_sorted());
    }
}

#[test]
fn poisson_arrivals_of_any_profile_are_a_unit_poisson_process_in_expected_requests() {
    for profile in [ramp(400.0, 20.0), hills()] {
        let process = ArrivalProcess::with_profile(Pattern::Poisson, profile.clone(), SEED);
        let due: Vec<f64> = offsets(&process, 4_000)
            .into_iter()
            .map(|time| profile.expected_requests(time as f64 / SECOND))
            .collect();
        let gaps: Vec<f64> = std::iter::once(&0.0)
            .chain(&due)
            .zip(&due)
            .map(|(before, after)| after - before)
            .collect();
        let distance = kolmogorov_smirnov(gaps.clone(), |gap| 1.0 - (-gap).exp());
        assert!(distance < critical(gaps.len()), "distance {distance}");
    }
}

#[test]
fn gamma_arrivals_of_a_ramp_keep_their_law_in_expected_requests() {
    let profile = ramp(400.0, 20.0);
    let pattern = Pattern::Gamma { smoothness: 2.0 };
    let process = ArrivalProcess::with_profile(pattern, profile.clone(), SEED);
    let due: Vec<f64> = offsets(&process, 4_000)
        .into_iter()
        .map(|time| profile.expected_requests(time as f64 / SECOND))
        .collect();
    let gaps: Vec<f64> = due.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let distance = kolmogorov_smirnov(gaps.clone(), |gap| {
        1.0 - (1.0 + 2.0 * gap) * (-2.0 * gap).exp()
    });
    assert!(distance < critical(gaps.len()), "distance {distance}");
}

/// The times in the first `seconds` of many runs, each with its own seed.
fn many_runs(profile: &RateProfile, seconds: f64, runs: u64) -> Vec<Vec<f64>> {
    (0..runs)
        .map(|seed| {
            let process = ArrivalProcess::with_profile(
                Pattern::Poisson,
                profile.clone(),
                RootSeed::fixed(seed),
            );
            process
                .times()
                .map(|(_, time)| time as f64 / SECOND)
                .take_while(|&time| time < seconds)
                .collect()
        })
        .collect()
}

#[test]
fn counts_of_a_changing_rate_are_poisson_around_its_integral() {
    // Ramps at which a process with steps of 0.1 s sends half as much again and more.
    for (profile, seconds) in [
        (ramp(10.0, 6.0), 6.0),
        (ramp(10.0, 10.0), 10.0),
        (ramp(2.0, 10.0), 10.0),
        (hills(), 5.0),
    ] {
        let expected = integral(&profile, seconds);
        let counts: Vec<f64> = many_runs(&profile, seconds, 1_000)
            .iter()
            .map(|run| run.len() as f64)
            .collect();
        let runs = counts.len() as f64;
        let mean = counts.iter().sum::<f64>() / runs;
        let variance = counts
            .iter()
            .map(|count| (count - mean).powi(2))
            .sum::<f64>()
            / (runs - 1.0);
        // Four standard errors each; those of the variance are about expected * sqrt(2 / runs).
        assert!(
            (mean - expected).abs() < 4.0 * (expected / runs).sqrt(),
            "mean {mean}, expected {expected}"
        );
        assert!(
            (variance / expected - 1.0).abs()
                < 4.0 * (2.0 / runs).sqrt() + 2.0 / expected / runs.sqrt(),
            "variance {variance}, expected {expected}"
        );
    }
}

#[test]
fn requests_of_a_changing_rate_lie_where_the_rate_puts_them() {
    for (profile, seconds) in [(ramp(20.0, 10.0), 10.0), (hills(), 7.0)] {
        let total = integral(&profile, seconds);
        let times: Vec<f64> = many_runs(&profile, seconds, 60).concat();
        let distance = kolmogorov_smirnov(times.clone(), |time| {
            profile.expected_requests(time) / total
        });
        assert!(distance < critical(times.len()), "distance {distance}");
    }
}

#[test]
fn a_tiny_smoothness_gives_times_and_no_panic() {
    for smoothness in [f64::MIN_POSITIVE, 1e-320, f64::MAX] {
        let process = ArrivalProcess::new(Pattern::Gamma { smoothness }, 1.0, SEED);
        assert_eq!(process.times().take(3).count(), 3);
    }
}
