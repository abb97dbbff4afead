//! Conversations that were made are kept, up to a limit.
//!
//! Making up a conversation costs far more than formatting it. A session of several turns asks for
//! its conversation at each of them, and a dataset smaller than the run is played again and again.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aiperf_dataset::{Conversations, DatasetError};
use aiperf_endpoint::conversation::{Conversation, Media, Turn};

/// Bytes of content that are kept.
const CAPACITY: usize = 32 * 1024 * 1024;

/// The dataset, and those of its conversations that were made before.
#[derive(Debug)]
pub(crate) struct Shelf {
    dataset: Arc<Conversations>,
    /// Absent where the dataset keeps everything itself.
    kept: Option<Mutex<Kept>>,
}

#[derive(Debug)]
struct Kept {
    conversations: HashMap<usize, Arc<Conversation>>,
    /// Bytes that there is room for.
    left: usize,
}

impl Shelf {
    pub(crate) fn new(dataset: &Arc<Conversations>) -> Self {
        let kept = || {
            Mutex::new(Kept {
                conversations: HashMap::new(),
                left: CAPACITY,
            })
        };
        Self {
            dataset: Arc::clone(dataset),
            kept: dataset.is_assembled_on_demand().then(kept),
        }
    }

    /// Conversation `index` for someone who makes its bodies; kept only where it is needed beside
    /// them, which is for its later turns or where `keeps_all` says so.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn made(
        &self,
        index: usize,
        keeps_all: bool,
    ) -> Result<Arc<Conversation>, DatasetError> {
        if keeps_all || self.dataset.turn_count(index) > 1 {
            self.conversation(index)
        } else {
            self.dataset.conversation(index)
        }
    }

    /// Conversation `index`, kept for the next time if there is room.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn conversation(&self, index: usize) -> Result<Arc<Conversation>, DatasetError> {
        let Some(kept) = self.kept() else {
            return self.dataset.conversation(index);
        };
        if let Some(found) = kept.conversations.get(&index) {
            return Ok(Arc::clone(found));
        }
        drop(kept);
        let made = self.dataset.conversation(index)?;
        let size = content_size(&made);
        if let Some(mut kept) = self.kept() {
            kept.add(index, &made, size);
        }
        Ok(made)
    }

    fn kept(&self) -> Option<MutexGuard<'_, Kept>> {
        let kept = self.kept.as_ref()?;
        Some(kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Kept {
    /// Another thread may have been first.
    fn add(&mut self, index: usize, made: &Arc<Conversation>, size: usize) {
        if let Some(left) = self.left.checked_sub(size)
            && let Entry::Vacant(place) = self.conversations.entry(index)
        {
            place.insert(Arc::clone(made));
            self.left = left;
        }
    }
}

/// Bytes of texts and media, which are nearly all of a conversation.
fn content_size(conversation: &Conversation) -> usize {
    let contents = |media: &[Media]| -> usize {
        let contents = media.iter().flat_map(|media| &media.contents);
        contents.map(String::len).sum()
    };
    let of_turn = |turn: &Turn| {
        let media = [&turn.texts, &turn.images, &turn.audios, &turn.videos];
        let literal = turn.raw_messages.as_ref().map_or(0, |messages| {
            messages
                .iter()
                .map(|message| message.to_string().len())
                .sum()
        });
        size_of::<Turn>() + literal + media.map(|media| contents(media)).iter().sum::<usize>()
    };
    let messages = [
        &conversation.system_message,
        &conversation.user_context_message,
    ];
    let messages: usize = messages.into_iter().flatten().map(String::len).sum();
    messages + conversation.turns.iter().map(of_turn).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use aiperf_dataset::{DatasetPlan, Law, Source, SyntheticPlan, open};
    use aiperf_random::RootSeed;
    use aiperf_tokenizer::Tokenizer;

    use super::*;

    #[test]
    fn what_was_made_once_is_not_made_again_while_there_is_room() {
        let plan = DatasetPlan::new(Source::Synthetic(SyntheticPlan {
            entries: 3,
            prompt_tokens: Some(Law::fixed(20.0)),
            ..SyntheticPlan::default()
        }));
        let dataset = open(&plan, Some(&Tokenizer::builtin()), RootSeed::fixed(1)).unwrap();
        let shelf = Shelf::new(&Arc::new(dataset));
        let first = shelf.conversation(1).unwrap();
        assert!(Arc::ptr_eq(&first, &shelf.conversation(1).unwrap()));
        assert!(shelf.kept().unwrap().left < CAPACITY);

        shelf.kept().unwrap().left = 10;
        let other = shelf.conversation(2).unwrap();
        let again = shelf.conversation(2).unwrap();
        assert!(!Arc::ptr_eq(&other, &again));
        assert_eq!(other, again);
    }
}
