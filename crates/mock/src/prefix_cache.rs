//! The pretended prefix cache: which beginnings of prompts were seen before.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;

/// Words in a block, which are its tokens as far as the cache is concerned.
pub(crate) const BLOCK_WORDS: usize = 16;

/// Hashes of the beginnings that were seen, each a whole number of blocks long.
pub(crate) struct PrefixCache {
    /// How many blocks are remembered; the oldest are forgotten first.
    capacity: usize,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    blocks: HashSet<u64>,
    by_age: VecDeque<u64>,
}

impl PrefixCache {
    pub(crate) fn new(tokens: u64) -> Self {
        Self {
            capacity: (tokens as usize / BLOCK_WORDS).max(1),
            seen: Mutex::default(),
        }
    }

    /// How many blocks at the beginning of the prompt were seen before. Now all of it was.
    pub(crate) fn look_up(&self, blocks: &[u64]) -> u64 {
        let mut guard = self.lock();
        let seen = &mut *guard;
        let hits = blocks
            .iter()
            .take_while(|block| seen.blocks.contains(block))
            .count();
        for &block in &blocks[hits..] {
            if seen.blocks.insert(block) {
                seen.by_age.push_back(block);
            }
            if seen.by_age.len() > self.capacity
                && let Some(oldest) = seen.by_age.pop_front()
            {
                seen.blocks.remove(&oldest);
            }
        }
        hits as u64
    }

    pub(crate) fn clear(&self) {
        *self.lock() = Seen::default();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        // A thread that panicked left the sets usable: at worst a block is in one of them only.
        self.seen
            .lock()
            .unwrap_or_else(|broken| broken.into_inner())
    }
}

/// One hash for each whole block of words, of everything up to its end.
pub(crate) fn block_hashes(text: &str) -> Vec<u64> {
    let mut hasher = DefaultHasher::new();
    let mut hashes = Vec::new();
    for (place, word) in text.split_ascii_whitespace().enumerate() {
        word.hash(&mut hasher);
        if (place + 1).is_multiple_of(BLOCK_WORDS) {
            hashes.push(hasher.finish());
        }
    }
    hashes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(range: std::ops::Range<u32>) -> String {
        range.map(|word| format!("w{word} ")).collect()
    }

    #[test]
    fn beginnings_are_found_again_up_to_the_first_difference() {
        let cache = PrefixCache::new(10_000);
        assert_eq!(cache.look_up(&block_hashes(&words(0..64))), 0);
        assert_eq!(cache.look_up(&block_hashes(&words(0..64))), 4);
        assert_eq!(cache.look_up(&block_hashes(&words(0..80))), 4);
        assert_eq!(
            cache.look_up(&block_hashes(&(words(0..40) + &words(90..120)))),
            2
        );
        assert_eq!(cache.look_up(&block_hashes(&words(1..65))), 0);
        cache.clear();
        assert_eq!(cache.look_up(&block_hashes(&words(0..64))), 0);
    }

    #[test]
    fn the_oldest_blocks_are_forgotten_first() {
        let cache = PrefixCache::new(32);
        cache.look_up(&block_hashes(&words(0..16)));
        cache.look_up(&block_hashes(&words(100..116)));
        cache.look_up(&block_hashes(&words(200..216)));
        assert_eq!(cache.look_up(&block_hashes(&words(200..216))), 1);
        assert_eq!(cache.look_up(&block_hashes(&words(0..16))), 0);
    }

    #[test]
    fn a_text_shorter_than_a_block_has_none() {
        assert!(block_hashes(&words(0..15)).is_empty());
    }
}
