//! From a token's bytes to its rank and back, straight on the generated tables.

use super::layout::{self, RANK_BITS};

/// The ordinary tokens of one encoding.
#[derive(Debug)]
pub(super) struct RankTable {
    /// All tokens' bytes, one after the other.
    text: &'static [u8],
    /// Where each token starts in `text`, plus the end of the last: little-endian `u32`.
    starts: &'static [u8],
    /// Open-addressing hash table: little-endian `u32`.
    slots: &'static [u8],
}

macro_rules! rank_table {
    ($name:literal) => {
        RankTable {
            text: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".text")),
            starts: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".starts")),
            slots: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".slots")),
        }
    };
}

pub(super) static O200K: RankTable = rank_table!("o200k_base");
pub(super) static CL100K: RankTable = rank_table!("cl100k_base");
/// Holds r50k as well: that is the same list without the last 24 tokens.
pub(super) static P50K: RankTable = rank_table!("p50k_base");

impl RankTable {
    /// The bytes of a token, or nothing if no token has this rank.
    pub(super) fn token(&self, rank: u32) -> Option<&'static [u8]> {
        let rank = rank as usize;
        if rank + 1 >= self.starts.len() / 4 {
            return None;
        }
        let token = self
            .text
            .get(word(self.starts, rank) as usize..word(self.starts, rank + 1) as usize)?;
        (!token.is_empty()).then_some(token)
    }

    /// The rank of the token with exactly these bytes.
    pub(super) fn rank(&self, bytes: &[u8]) -> Option<u32> {
        let slot_count = self.slots.len() / 4;
        let hash = layout::hash(bytes);
        let fingerprint = layout::slot_value(hash, 0) >> RANK_BITS;
        let mut slot = layout::first_slot(hash, slot_count);
        loop {
            let value = word(self.slots, slot);
            if value == 0 {
                return None;
            }
            if value >> RANK_BITS == fingerprint {
                let rank = (value & ((1 << RANK_BITS) - 1)) - 1;
                if self.token(rank) == Some(bytes) {
                    return Some(rank);
                }
            }
            slot = (slot + 1) & (slot_count - 1);
        }
    }
}

fn word(table: &[u8], index: usize) -> u32 {
    let at = index * 4;
    u32::from_le_bytes([table[at], table[at + 1], table[at + 2], table[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_is_found_by_its_bytes() {
        for table in [&O200K, &CL100K, &P50K] {
            let count = table.starts.len() / 4 - 1;
            let found = (0..count as u32)
                .filter_map(|rank| table.token(rank).map(|token| (rank, token)))
                .filter(|(rank, token)| table.rank(token) == Some(*rank))
                .count();
            // p50k leaves the number of its end-of-text token free.
            assert!(count - found <= 1, "{found} of {count}");
        }
    }

    #[test]
    fn unknown_bytes_and_ranks_are_not_found() {
        assert_eq!(O200K.rank(b"zqxjkvzqxjkv"), None);
        assert_eq!(O200K.rank(b""), None);
        assert_eq!(O200K.token(199_998), None);
        assert_eq!(O200K.token(u32::MAX), None);
        assert_eq!(P50K.token(50_256), None);
    }
}
