//! The conversations of a run: some are planned beforehand, the others when they are played.
//!
//! A dataset of millions would be hundreds of megabytes of plans, of which a run plays a few. So
//! plans stand in memory as far as they hold bodies, and the rest is made from the dataset.

use std::borrow::Cow;

use http::HeaderMap;

use crate::workload::PlannedConversation;

/// All conversations, by the index that sessions and exchanges carry.
#[derive(Default)]
pub struct ConversationPlans {
    ready: Vec<PlannedConversation>,
    later: Option<Box<dyn PlanLater>>,
}

/// Plans conversations when they are played.
///
/// Their bodies are made on demand or after replies, and their turns have no header fields of their
/// own.
pub trait PlanLater: Send + Sync {
    /// How many conversations there are, counted from the start of the dataset.
    fn end(&self) -> usize;

    /// Conversation `index` of the dataset: a function of `index` alone.
    fn plan(&self, index: usize) -> PlannedConversation;

    /// How many turns that has.
    fn turn_count(&self, index: usize) -> usize;
}

impl ConversationPlans {
    /// The first conversations of a dataset, and who plans those after them.
    pub fn new(ready: Vec<PlannedConversation>, later: Option<Box<dyn PlanLater>>) -> Self {
        let later = later.filter(|later| later.end() > ready.len());
        Self { ready, later }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.later
            .as_ref()
            .map_or(self.ready.len(), |later| later.end())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Conversation `index`, where there is one.
    pub fn get(&self, index: usize) -> Option<Cow<'_, PlannedConversation>> {
        if let Some(ready) = self.ready.get(index) {
            return Some(Cow::Borrowed(ready));
        }
        let later = self.later.as_ref()?;
        (index < later.end()).then(|| Cow::Owned(later.plan(index)))
    }

    /// How many turns conversation `index` has; 0 where there is none.
    pub fn turn_count(&self, index: usize) -> usize {
        match (self.ready.get(index), &self.later) {
            (Some(ready), _) => ready.turns.len(),
            (None, Some(later)) if index < later.end() => later.turn_count(index),
            (None, _) => 0,
        }
    }

    /// Those that were planned beforehand, which are the first.
    pub fn ready(&self) -> &[PlannedConversation] {
        &self.ready
    }

    /// Whether some are planned when they are played.
    pub fn has_later(&self) -> bool {
        self.later.is_some()
    }

    /// The header fields that a turn has for itself.
    pub(crate) fn headers(&self, conversation: usize, turn: usize) -> Option<&HeaderMap> {
        self.ready
            .get(conversation)?
            .turns
            .get(turn)?
            .headers
            .as_deref()
    }
}

impl From<Vec<PlannedConversation>> for ConversationPlans {
    fn from(ready: Vec<PlannedConversation>) -> Self {
        Self::new(ready, None)
    }
}

impl FromIterator<PlannedConversation> for ConversationPlans {
    fn from_iter<Conversations: IntoIterator<Item = PlannedConversation>>(
        conversations: Conversations,
    ) -> Self {
        Vec::from_iter(conversations).into()
    }
}

#[cfg(test)]
mod tests {
    use crate::workload::{PlannedTurn, TurnBody};

    use super::*;

    fn planned(name: &str, turns: usize) -> PlannedConversation {
        let turn = PlannedTurn {
            body: TurnBody::OnDemand,
            delay: 0,
            headers: None,
            timestamp_ms: None,
        };
        PlannedConversation {
            id: name.into(),
            turns: vec![turn; turns],
        }
    }

    struct Later;

    impl PlanLater for Later {
        fn end(&self) -> usize {
            4
        }

        fn plan(&self, index: usize) -> PlannedConversation {
            planned(&format!("later {index}"), self.turn_count(index))
        }

        fn turn_count(&self, index: usize) -> usize {
            index
        }
    }

    #[test]
    fn conversations_that_are_planned_later_come_after_the_others() {
        let ready = vec![planned("a", 1), planned("b", 1)];
        let plans = ConversationPlans::new(ready, Some(Box::new(Later)));
        let ids: Vec<_> = (0..plans.len())
            .map(|index| {
                (
                    plans.get(index).unwrap().id.to_string(),
                    plans.turn_count(index),
                )
            })
            .collect();
        let expected = [("a", 1), ("b", 1), ("later 2", 2), ("later 3", 3)];
        assert_eq!(ids, expected.map(|(id, turns)| (id.to_owned(), turns)));
        assert!(plans.has_later());
        assert!(plans.get(4).is_none());
        assert_eq!(plans.turn_count(4), 0);
    }

    #[test]
    fn where_all_are_ready_nothing_is_left_for_later() {
        let ready = (0..4).map(|_| planned("a", 1)).collect();
        let plans = ConversationPlans::new(ready, Some(Box::new(Later)));
        assert!(!plans.has_later());
        assert_eq!(plans.len(), 4);
    }
}
