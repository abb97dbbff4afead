//! Which block of a prefix cache holds which part of a prompt.
//!
//! Blocks of the part that all share come first, then those of the groups, then those of sessions; each
//! group and session has a range of ids of its own.

use anyhow::{Result, ensure};

use super::settings::Settings;

const MOST_GROUP_BLOCKS: u64 = 200;
const MOST_GROUPS: u64 = 1_000;
const MOST_SESSION_BLOCKS: u64 = 4_000;

#[derive(Debug, Clone, Copy)]
pub(super) struct Blocks {
    pub(super) size: u64,
    /// Of the part that all share.
    pub(super) layer1: u64,
    /// Of the part that a group shares.
    pub(super) layer1_5: u64,
}

impl Blocks {
    /// # Errors
    /// The laws want more groups, or larger ones, than there are ids for.
    pub(super) fn new(settings: &Settings) -> Result<Self> {
        let size = settings.block_size;
        let cache = &settings.cache;
        let groups = cache.layer1_5_groups.num_groups;
        ensure!(
            groups <= MOST_GROUPS,
            "`cache.layer1_5_groups.num_groups` is {groups}; at most {MOST_GROUPS} groups have ids"
        );
        let layer1_5 = cache.layer1_5_tokens.div_ceil(size);
        ensure!(
            layer1_5 <= MOST_GROUP_BLOCKS,
            "`cache.layer1_5_tokens` needs {layer1_5} blocks; at most {MOST_GROUP_BLOCKS} have ids"
        );
        Ok(Self {
            size,
            layer1: cache.layer1_tokens.div_ceil(size),
            layer1_5,
        })
    }

    /// Tokens of what prompts share. Whole blocks: the last block of a prompt, which is not full, must be
    /// the session's own, or one id would stand for two lengths.
    pub(super) fn shared_tokens(&self) -> u64 {
        (self.layer1 + self.layer1_5) * self.size
    }

    /// How many blocks hold a context of so many tokens.
    pub(super) fn count(&self, tokens: u64) -> u64 {
        tokens.div_ceil(self.size)
    }

    /// The ids of a session's context.
    ///
    /// # Errors
    /// It is larger than the session's range of ids.
    pub(super) fn ids(&self, session: u64, group: u64, tokens: u64) -> Result<Vec<u64>> {
        let count = self.count(tokens);
        let layer1 = count.min(self.layer1);
        let layer1_5 = (count - layer1).min(self.layer1_5);
        let own = count - layer1 - layer1_5;
        ensure!(
            own <= MOST_SESSION_BLOCKS,
            "a context of {tokens} tokens needs {own} blocks of its own; at most {MOST_SESSION_BLOCKS} have ids\n  \
             hint: larger blocks (`block_size`) or smaller contexts (`--max-isl`)"
        );
        let group_base = self.layer1 + group * MOST_GROUP_BLOCKS;
        let base = self.layer1 + MOST_GROUPS * MOST_GROUP_BLOCKS + session * MOST_SESSION_BLOCKS;
        let ids = (0..layer1)
            .chain(group_base..group_base + layer1_5)
            .chain(base..base + own);
        Ok(ids.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCKS: Blocks = Blocks {
        size: 10,
        layer1: 2,
        layer1_5: 3,
    };

    #[test]
    fn a_context_is_what_all_share_then_the_groups_then_its_own() {
        assert_eq!(BLOCKS.shared_tokens(), 50);
        let base = 2 + 200_000 + 4_000 * 7;
        assert_eq!(
            BLOCKS.ids(7, 4, 61).unwrap(),
            [0, 1, 802, 803, 804, base, base + 1]
        );
        assert_eq!(BLOCKS.ids(7, 4, 30).unwrap(), [0, 1, 802]);
        assert_eq!(BLOCKS.ids(7, 4, 0).unwrap(), [0; 0]);
    }

    #[test]
    fn more_than_there_are_ids_for_is_refused() {
        assert!(BLOCKS.ids(0, 0, 50 + 40_000).is_ok());
        assert!(BLOCKS.ids(0, 0, 51 + 40_000).is_err());
        let mut settings = Settings::default();
        settings.cache.layer1_5_groups.num_groups = 1_001;
        assert!(Blocks::new(&settings).is_err());
        settings = Settings::default();
        settings.cache.layer1_5_tokens = 200 * 512 + 1;
        assert!(Blocks::new(&settings).is_err());
    }
}
