//! What recorders know of conversations: some is written down beforehand, the rest is looked up.

use std::borrow::Cow;

use crate::settings::{ConversationMeta, TurnMeta};

/// What is known of all conversations, by the index that exchanges carry.
#[derive(Default)]
pub struct ConversationMetas {
    known: Vec<ConversationMeta>,
    later: Option<Box<dyn DescribeLater>>,
}

/// Says what is known of conversations that nothing was written down about.
pub trait DescribeLater: Send + Sync {
    /// What is known of conversation `index` of the dataset; none where it has none. A function of
    /// `index` alone.
    fn describe(&self, index: usize) -> Option<ConversationMeta>;
}

impl ConversationMetas {
    /// The first conversations of a dataset, and who describes those after them.
    pub fn new(known: Vec<ConversationMeta>, later: Option<Box<dyn DescribeLater>>) -> Self {
        Self { known, later }
    }

    /// What is known of conversation `index`.
    pub fn get(&self, index: usize) -> Option<Cow<'_, ConversationMeta>> {
        match self.known.get(index) {
            Some(known) => Some(Cow::Borrowed(known)),
            None => self.later.as_ref()?.describe(index).map(Cow::Owned),
        }
    }

    /// What is known of a turn.
    pub fn turn(&self, conversation: usize, turn: usize) -> Option<TurnMeta> {
        self.get(conversation)?.turns.get(turn).copied()
    }

    /// Those that were written down beforehand, which are the first.
    pub(crate) fn known(&self) -> &[ConversationMeta] {
        &self.known
    }
}

impl From<Vec<ConversationMeta>> for ConversationMetas {
    fn from(known: Vec<ConversationMeta>) -> Self {
        Self::new(known, None)
    }
}

impl FromIterator<ConversationMeta> for ConversationMetas {
    fn from_iter<Metas: IntoIterator<Item = ConversationMeta>>(metas: Metas) -> Self {
        Vec::from_iter(metas).into()
    }
}
