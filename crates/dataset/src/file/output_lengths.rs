//! Upper bounds of answers for turns that name none.

use aiperf_endpoint::conversation::Conversation;
use aiperf_random::{RootSeed, Stream};

use crate::law::Law;

/// Draws a bound for each turn; a turn's own wins.
#[derive(Debug, Clone)]
pub(crate) struct OutputLengths {
    length: Law,
    stream: Stream,
}

impl OutputLengths {
    /// None where the plan names no length.
    pub(crate) fn new(wanted: Option<&Law>, seed: RootSeed) -> Option<Self> {
        Some(Self {
            length: wanted
                .map(Law::truncated)
                .filter(|length| length.mean() > 0.0)?,
            stream: seed.stream("composer.turn.max_tokens"),
        })
    }

    /// For conversation `index` of the dataset. A draw is made for every turn, so that a turn's own
    /// bound changes no other turn's.
    pub(crate) fn give(&self, conversation: &mut Conversation, index: usize) {
        let mut generator = self.stream.at(index as u64);
        for turn in &mut conversation.turns {
            let drawn = self.length.positive_integer(&mut generator);
            turn.max_tokens = turn.max_tokens.or(Some(drawn));
        }
    }
}
