//! Open-loop arrival times.
//!
//! The first request is due one interval after the phase starts. Gap `i` is drawn from generator
//! `i` of the pattern's stream, so the whole sequence is fixed by the seed, whoever asks for it.

use aiperf_random::{RootSeed, Stream};
use rand::Rng;
use rand_distr::{Distribution, Gamma};

/// Nanoseconds.
pub type Nanos = u64;

const SECOND: f64 = 1e9;

/// How the gaps between arrivals are distributed. All have mean `1 / rate`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pattern {
    /// All gaps equal.
    Constant,
    /// Exponential gaps: a Poisson process.
    Poisson,
    /// Gamma gaps with this shape: below 1 bursty, 1 exponential, above 1 more regular. The
    /// coefficient of variation is `1 / sqrt(smoothness)`.
    Gamma {
        /// The shape.
        smoothness: f64,
    },
}

/// A stationary arrival process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArrivalProcess {
    pattern: Pattern,
    /// Requests per second.
    rate: f64,
    stream: Stream,
}

impl ArrivalProcess {
    /// A process of `rate` requests per second.
    ///
    /// # Panics
    /// `rate` or the smoothness is not a positive finite number; the configuration refuses such
    /// values before it gets here.
    pub fn new(pattern: Pattern, rate: f64, seed: RootSeed) -> Self {
        assert!(rate.is_finite() && rate > 0.0, "rate {rate}");
        let name = match pattern {
            Pattern::Constant | Pattern::Poisson => "timing.request.poisson_interval",
            Pattern::Gamma { smoothness } => {
                assert!(
                    smoothness.is_finite() && smoothness > 0.0,
                    "smoothness {smoothness}"
                );
                "timing.request.gamma_interval"
            }
        };
        Self {
            pattern,
            rate,
            stream: seed.stream(name),
        }
    }

    /// Requests per second.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Arrival times as offsets from the start of the phase, from index 0, without end.
    pub fn times(&self) -> ArrivalTimes {
        let gamma = match self.pattern {
            Pattern::Gamma { smoothness } => {
                Gamma::new(smoothness, 1.0 / (self.rate * smoothness)).ok()
            }
            Pattern::Constant | Pattern::Poisson => None,
        };
        ArrivalTimes {
            process: *self,
            gamma,
            index: 0,
            elapsed_seconds: 0.0,
        }
    }

    /// The arrivals of one of `threads` threads: every `threads`-th of the common sequence.
    pub fn share(&self, thread: u64, threads: u64) -> impl Iterator<Item = (u64, Nanos)> + use<> {
        self.times()
            .filter(move |(index, _)| index % threads == thread)
    }
}

/// Iterator over (index, offset from the phase start).
#[derive(Debug, Clone)]
pub struct ArrivalTimes {
    process: ArrivalProcess,
    gamma: Option<Gamma<f64>>,
    index: u64,
    elapsed_seconds: f64,
}

impl Iterator for ArrivalTimes {
    type Item = (u64, Nanos);

    fn next(&mut self) -> Option<Self::Item> {
        let index = self.index;
        self.index += 1;
        let rate = self.process.rate;
        self.elapsed_seconds = match (self.process.pattern, &self.gamma) {
            // Not a running sum: its rounding errors would add up.
            (Pattern::Constant, _) => (index + 1) as f64 / rate,
            (Pattern::Gamma { .. }, Some(gamma)) => {
                self.elapsed_seconds + gamma.sample(&mut self.process.stream.at(index))
            }
            _ => {
                let uniform: f64 = self.process.stream.at(index).random();
                self.elapsed_seconds - (1.0 - uniform).ln() / rate
            }
        };
        Some((index, (self.elapsed_seconds * SECOND) as Nanos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: RootSeed = RootSeed::fixed(7);

    fn offsets(pattern: Pattern, rate: f64, count: usize) -> Vec<Nanos> {
        ArrivalProcess::new(pattern, rate, SEED)
            .times()
            .take(count)
            .map(|(_, at)| at)
            .collect()
    }

    /// Largest distance between the empirical distribution of `samples` and `cumulative`.
    fn kolmogorov_smirnov(mut samples: Vec<f64>, cumulative: impl Fn(f64) -> f64) -> f64 {
        samples.sort_by(f64::total_cmp);
        let count = samples.len() as f64;
        samples
            .iter()
            .enumerate()
            .map(|(rank, &sample)| {
                let expected = cumulative(sample);
                (expected - rank as f64 / count)
                    .abs()
                    .max((expected - (rank + 1) as f64 / count).abs())
            })
            .fold(0.0, f64::max)
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

    /// The critical value of the Kolmogorov-Smirnov statistic at the 0.1 % level.
    fn critical(count: usize) -> f64 {
        1.95 / (count as f64).sqrt()
    }

    #[test]
    fn constant_arrivals_lie_on_the_grid_and_start_one_interval_in() {
        assert_eq!(
            offsets(Pattern::Constant, 50.0, 3),
            [20_000_000, 40_000_000, 60_000_000]
        );
        // The millionth lies where it belongs: no drift.
        let late = ArrivalProcess::new(Pattern::Constant, 3.0, SEED)
            .times()
            .nth(2_999_999);
        assert_eq!(late, Some((2_999_999, 1_000_000_000_000_000)));
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
            let variance =
                gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
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
        let process = ArrivalProcess::new(Pattern::Poisson, 100.0, SEED);
        let whole: Vec<_> = process.times().take(24).collect();
        for threads in [1u64, 2, 8] {
            let mut parts: Vec<_> = (0..threads)
                .flat_map(|thread| process.share(thread, threads).take(24 / threads as usize))
                .collect();
            parts.sort_unstable();
            assert_eq!(parts, whole, "{threads} threads");
        }
    }
}
