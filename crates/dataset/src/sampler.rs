//! Which conversation a session plays, as a function of the seed and the session's number.

use aiperf_random::{RootSeed, Stream};
use rand::{Rng, RngCore};

use crate::plan::SamplingStrategy;

/// Answers which conversation a session plays. Holds no state: any thread may ask for any session.
#[derive(Debug, Clone, Copy)]
pub struct Sampler {
    strategy: SamplingStrategy,
    conversation_count: u64,
    stream: Stream,
}

impl Sampler {
    /// A sampler over `conversation_count` conversations, at least one.
    pub fn new(strategy: SamplingStrategy, conversation_count: usize, seed: RootSeed) -> Self {
        let stream = match strategy {
            SamplingStrategy::Random => "dataset.sampler.random",
            SamplingStrategy::Sequential | SamplingStrategy::Shuffle => "dataset.sampler.shuffle",
        };
        Self::of_stream(strategy, conversation_count, seed.stream(stream))
    }

    /// A sampler over anything, with draws of its own.
    pub(crate) fn of_stream(strategy: SamplingStrategy, count: usize, stream: Stream) -> Self {
        Self {
            strategy,
            conversation_count: count.max(1) as u64,
            stream,
        }
    }

    /// The conversation that session number `session_index` plays.
    pub fn conversation_for(&self, session_index: u64) -> usize {
        let count = self.conversation_count;
        let conversation = match self.strategy {
            SamplingStrategy::Sequential => session_index % count,
            SamplingStrategy::Random => self.stream.at(session_index).random_range(0..count),
            SamplingStrategy::Shuffle => {
                let round = session_index / count;
                permute(
                    session_index % count,
                    count,
                    self.stream.at(round).next_u64(),
                )
            }
        };
        conversation as usize
    }
}

/// Where a keyed random permutation of `0..count` sends `position`.
///
/// A Feistel network permutes the next larger power of four; positions that land outside are
/// sent through again until they land inside (Black and Rogaway, "Ciphers with Arbitrary Finite
/// Domains", 2002). So any position of any round is found without building the permutation.
fn permute(position: u64, count: u64, key: u64) -> u64 {
    if count <= 1 {
        return 0;
    }
    // On smaller domains the network visibly favours some orders.
    let bits = (u64::BITS - (count - 1).leading_zeros()).max(6);
    let half_bits = bits.div_ceil(2);
    let mut position = position;
    loop {
        position = feistel(position, half_bits, key);
        if position < count {
            return position;
        }
    }
}

fn feistel(value: u64, half_bits: u32, key: u64) -> u64 {
    const ROUNDS: u64 = 12;
    let mask = (1u64 << half_bits) - 1;
    let (mut left, mut right) = (value >> half_bits, value & mask);
    for round in 0..ROUNDS {
        let mixed = mix(right ^ mix(key.wrapping_add(round.wrapping_mul(0x9E37_79B9_7F4A_7C15))));
        (left, right) = (right, (left ^ mixed) & mask);
    }
    left << half_bits | right
}

/// The finaliser of SplitMix64.
fn mix(value: u64) -> u64 {
    let value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ value >> 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sampler(strategy: SamplingStrategy, count: usize) -> Sampler {
        Sampler::new(strategy, count, RootSeed::fixed(9))
    }

    fn round(sampler: &Sampler, count: usize, round: usize) -> Vec<usize> {
        (round * count..(round + 1) * count)
            .map(|index| sampler.conversation_for(index as u64))
            .collect()
    }

    #[test]
    fn sequential_wraps() {
        let sampler = sampler(SamplingStrategy::Sequential, 3);
        let played: Vec<usize> = (0..7)
            .map(|index| sampler.conversation_for(index))
            .collect();
        assert_eq!(played, [0, 1, 2, 0, 1, 2, 0]);
        assert_eq!(sampler.conversation_for(u64::MAX), (u64::MAX % 3) as usize);
    }

    proptest! {
        #[test]
        fn shuffle_plays_every_conversation_once_in_each_round(count in 1usize..300, number in 0usize..5) {
            let mut played = round(&sampler(SamplingStrategy::Shuffle, count), count, number);
            played.sort_unstable();
            prop_assert_eq!(played, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn shuffle_takes_another_order_in_each_round() {
        let sampler = sampler(SamplingStrategy::Shuffle, 100);
        assert_ne!(round(&sampler, 100, 0), round(&sampler, 100, 1));
        assert_ne!(round(&sampler, 100, 0), (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn shuffle_takes_all_orders_equally_often() {
        let sampler = sampler(SamplingStrategy::Shuffle, 4);
        let mut counts = std::collections::HashMap::new();
        let rounds = 24_000;
        for number in 0..rounds {
            *counts.entry(round(&sampler, 4, number)).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 24);
        let chi_square: f64 = counts
            .values()
            .map(|count| (f64::from(*count) - 1000.0).powi(2) / 1000.0)
            .sum();
        // 23 degrees of freedom: beyond 49.7 once in a thousand fair samples.
        assert!(chi_square < 49.7, "chi square {chi_square}");
    }

    #[test]
    fn random_draws_every_conversation_equally_often() {
        let sampler = sampler(SamplingStrategy::Random, 10);
        let mut counts = [0u32; 10];
        for index in 0..20_000 {
            counts[sampler.conversation_for(index)] += 1;
        }
        let chi_square: f64 = counts
            .iter()
            .map(|count| (f64::from(*count) - 2000.0).powi(2) / 2000.0)
            .sum();
        // 9 degrees of freedom: beyond 27.9 once in a thousand fair samples.
        assert!(chi_square < 27.9, "chi square {chi_square}");
    }
}
