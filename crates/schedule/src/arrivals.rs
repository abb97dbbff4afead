//! Open-loop arrival times.
//!
//! Two steps, each a function of the seed and an index. First arrivals of a process with rate 1:
//! gap `i` is drawn from generator `i` of the pattern's stream. Then each goes through the inverse
//! of the [rate profile](crate::RateProfile)'s integral, which gives a process with exactly that
//! rate at every moment; for a Poisson pattern, a true inhomogeneous Poisson process.
//!
//! With a constant rate the first request is due one interval after the phase starts.

use std::sync::Arc;

use aiperf_random::{RootSeed, Stream};
use rand::Rng;
use rand_distr::{Distribution, Gamma};

use crate::rate_profile::RateProfile;
use crate::time::{Nanos, from_seconds};

/// How many arrivals are drawn at a time.
const BLOCK: usize = 256;

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

/// An arrival process.
#[derive(Debug, Clone, PartialEq)]
pub struct ArrivalProcess {
    gaps: UnitGaps,
    profile: Arc<RateProfile>,
}

/// The gaps of a process with rate 1.
#[derive(Debug, Clone, Copy, PartialEq)]
enum UnitGaps {
    Constant,
    Exponential(Stream),
    Gamma(Stream, Gamma<f64>),
}

impl ArrivalProcess {
    /// A process of `rate` requests per second.
    ///
    /// # Panics
    /// `rate` or the smoothness is not a positive finite number; the configuration refuses such
    /// values before it gets here.
    pub fn new(pattern: Pattern, rate: f64, seed: RootSeed) -> Self {
        Self::with_profile(pattern, RateProfile::constant(rate), seed)
    }

    /// A process whose rate changes with time.
    ///
    /// # Panics
    /// The smoothness is not a positive finite number.
    pub fn with_profile(pattern: Pattern, profile: RateProfile, seed: RootSeed) -> Self {
        Self {
            gaps: UnitGaps::new(pattern, seed),
            profile: Arc::new(profile),
        }
    }

    /// Requests per second, as a function of time.
    pub fn profile(&self) -> &RateProfile {
        &self.profile
    }

    /// Requests per second that are reached at last; with a constant rate, the rate.
    pub fn rate(&self) -> f64 {
        self.profile.final_rate()
    }

    /// Arrival times as offsets from the start of the phase, from index 0, without end.
    pub fn times(&self) -> ArrivalTimes {
        self.share(0, 1)
    }

    /// The arrivals of one of `threads` threads: every `threads`-th of the common sequence.
    pub fn share(&self, thread: u64, threads: u64) -> ArrivalTimes {
        ArrivalTimes {
            lookup: self.lookup(),
            index: thread,
            step: threads,
        }
    }

    /// Arrival times by index, in any order.
    pub fn lookup(&self) -> ArrivalLookup {
        ArrivalLookup {
            process: self.clone(),
            block_starts: vec![0.0],
            recent: [None, None],
        }
    }
}

impl UnitGaps {
    fn new(pattern: Pattern, seed: RootSeed) -> Self {
        match pattern {
            Pattern::Constant => Self::Constant,
            Pattern::Poisson => Self::Exponential(seed.stream("timing.request.poisson_interval")),
            Pattern::Gamma { smoothness } => {
                assert!(
                    smoothness.is_finite() && smoothness > 0.0,
                    "smoothness {smoothness}"
                );
                // Beyond these bounds the scale or the shape is no number any more.
                let shape = smoothness.clamp(1e-300, 1e300);
                let law = Gamma::new(shape, shape.recip()).expect("shape and scale are positive");
                Self::Gamma(seed.stream("timing.request.gamma_interval"), law)
            }
        }
    }

    fn gap(&self, index: u64) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Exponential(stream) => {
                let uniform: f64 = stream.at(index).random();
                -(1.0 - uniform).ln()
            }
            Self::Gamma(stream, law) => law.sample(&mut stream.at(index)),
        }
    }
}

/// Arrival times by index.
///
/// An index beyond all that were asked for so far costs the draws in between; any other costs a
/// few comparisons if it is near one that was asked for recently, else at most one block of draws.
/// So a thread that takes ever higher indices, in leaps or not quite in order, pays for each draw
/// once. The times do not depend on the order of asking.
#[derive(Debug, Clone)]
pub struct ArrivalLookup {
    process: ArrivalProcess,
    /// The time, at rate 1, of the last arrival before each block that was reached.
    block_starts: Vec<f64>,
    /// The blocks of even and of odd number that were used last: asking to and fro across the
    /// border of two blocks draws neither again.
    recent: [Option<Block>; 2],
}

#[derive(Debug, Clone)]
struct Block {
    number: usize,
    /// Arrival times at rate 1.
    times: Box<[f64; BLOCK]>,
}

impl ArrivalLookup {
    /// When arrival `index` is due, as an offset from the start of the phase.
    pub fn at(&mut self, index: u64) -> Nanos {
        let unit_time = match self.process.gaps {
            // Not a running sum: nothing to remember, and no rounding to add up.
            UnitGaps::Constant => (index + 1) as f64,
            UnitGaps::Exponential(_) | UnitGaps::Gamma(..) => {
                self.block(index as usize / BLOCK)[index as usize % BLOCK]
            }
        };
        from_seconds(self.process.profile.seconds_until(unit_time))
    }

    fn block(&mut self, number: usize) -> &[f64; BLOCK] {
        while self.block_starts.len() <= number {
            let block = self.draw(self.block_starts.len() - 1);
            self.block_starts.push(block.times[BLOCK - 1]);
            let place = block.number % 2;
            self.recent[place] = Some(block);
        }
        let known = self.recent[number % 2].take();
        let block = match known {
            Some(block) if block.number == number => block,
            _ => self.draw(number),
        };
        &self.recent[number % 2].insert(block).times
    }

    fn draw(&self, number: usize) -> Block {
        let mut time = self.block_starts[number];
        let mut times = Box::new([0.0; BLOCK]);
        for (index, place) in (number as u64 * BLOCK as u64..).zip(times.iter_mut()) {
            time += self.process.gaps.gap(index);
            *place = time;
        }
        Block { number, times }
    }
}

/// Iterator over (index, offset from the phase start), without end.
#[derive(Debug, Clone)]
pub struct ArrivalTimes {
    lookup: ArrivalLookup,
    index: u64,
    step: u64,
}

impl Iterator for ArrivalTimes {
    type Item = (u64, Nanos);

    fn next(&mut self) -> Option<Self::Item> {
        let index = self.index;
        self.index += self.step;
        Some((index, self.lookup.at(index)))
    }
}

#[cfg(test)]
mod tests;
