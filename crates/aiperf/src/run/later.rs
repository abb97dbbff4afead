//! Conversations that nothing was laid out for before the run: their plans and what the recorder is to
//! know of them come from the dataset when they are asked for.

use std::sync::Arc;

use aiperf_dataset::Conversations;
use aiperf_engine::{PlanLater, PlannedConversation};
use aiperf_record::{ConversationMeta, DescribeLater};

use super::workload::{describe, plan_outline};

/// The conversations of a dataset that is assembled on demand.
#[derive(Clone)]
pub(super) struct Later {
    pub(super) dataset: Arc<Conversations>,
    pub(super) tokenizer_of_model: TokenizerOfModel,
    /// Whether sessions get marks, so that no two bodies are the same.
    pub(super) is_marked: bool,
}

/// Which tokenizer counts the turns of a model.
pub(crate) type TokenizerOfModel = Arc<dyn Fn(Option<&str>) -> usize + Send + Sync>;

impl PlanLater for Later {
    fn end(&self) -> usize {
        self.dataset.len()
    }

    fn plan(&self, index: usize) -> PlannedConversation {
        plan_outline(&self.dataset.outline(index))
    }

    fn turn_count(&self, index: usize) -> usize {
        self.dataset.turn_count(index)
    }
}

impl DescribeLater for Later {
    fn describe(&self, index: usize) -> Option<ConversationMeta> {
        if index >= self.dataset.len() {
            return None;
        }
        let outline = self.dataset.outline(index);
        let planned = plan_outline(&outline);
        let tokenizer_of_model = &*self.tokenizer_of_model;
        let mut meta = describe(&outline, &planned, &[], tokenizer_of_model);
        if self.is_marked {
            meta.turns
                .iter_mut()
                .for_each(|turn| turn.has_fixed_body = false);
        }
        Some(meta)
    }
}
