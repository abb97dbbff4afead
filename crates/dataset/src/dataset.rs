//! A finished dataset, and how it is built.

use std::collections::HashSet;
use std::sync::Arc;

use aiperf_endpoint::conversation::Conversation;
use aiperf_random::RootSeed;
use aiperf_tokenizer::Tokenizer;
use rand::Rng;

use crate::error::DatasetError;
use crate::plan::{DatasetPlan, ModelSelection, SamplingStrategy, Source};
use crate::sampler::Sampler;
use crate::session_ids::SessionIds;
use crate::{file, synthetic};

/// Conversations, ready to be played.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// At least one; ids are unique.
    pub conversations: Vec<Arc<Conversation>>,
    /// The order in which they are played.
    pub sampling: SamplingStrategy,
    seed: RootSeed,
}

impl Dataset {
    /// Says which conversation each session plays.
    pub fn sampler(&self) -> Sampler {
        Sampler::new(self.sampling, self.conversations.len(), self.seed)
    }
}

/// Makes or reads the conversations of a plan. The tokenizer is needed for synthetic text only.
pub fn build(
    plan: &DatasetPlan,
    tokenizer: Option<&Tokenizer>,
    seed: RootSeed,
) -> Result<Dataset, DatasetError> {
    let mut conversations = match &plan.source {
        Source::Synthetic(synthetic) => {
            let mut conversations = synthetic::conversations(synthetic, tokenizer, seed)?;
            let mut ids = SessionIds::new(plan.session_ids, seed);
            for conversation in &mut conversations {
                conversation.id = ids.next(&HashSet::new());
            }
            conversations
        }
        Source::File(file) => {
            file::conversations(file, SessionIds::new(plan.session_ids, seed), seed)?
        }
    };
    if conversations.is_empty() {
        return Err(DatasetError::NoConversations);
    }
    assign_models(&mut conversations, plan, seed);
    if let Some(system_prompt) = &plan.system_prompt {
        for conversation in &mut conversations {
            let message = match conversation.system_message.take() {
                Some(own) => format!("{system_prompt}\n\n{own}"),
                None => system_prompt.clone(),
            };
            conversation.system_message = Some(message);
        }
    }
    let conversations = conversations.into_iter().map(Arc::new).collect();
    Ok(Dataset {
        conversations,
        sampling: plan.sampling,
        seed,
    })
}

/// Gives every turn its model where a run has several. A run with one model needs no name in the
/// turns: absent means the first.
fn assign_models(conversations: &mut [Conversation], plan: &DatasetPlan, seed: RootSeed) {
    let models = &plan.models;
    if models.len() < 2 {
        return;
    }
    let stream = seed.stream("composer.turn.model_selection");
    let turns = conversations
        .iter_mut()
        .flat_map(|conversation| &mut conversation.turns);
    for (index, turn) in turns.filter(|turn| turn.model.is_none()).enumerate() {
        let chosen = match plan.model_selection {
            ModelSelection::RoundRobin => index % models.len(),
            ModelSelection::Random => stream.at(index as u64).random_range(0..models.len()),
        };
        turn.model = Some(models[chosen].clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lengths::Normal;
    use crate::plan::{SessionIdStyle, SyntheticPlan};

    fn small_plan(models: &[&str], selection: ModelSelection) -> DatasetPlan {
        DatasetPlan {
            models: models.iter().map(|model| (*model).to_owned()).collect(),
            model_selection: selection,
            session_ids: SessionIdStyle::Numbered,
            ..DatasetPlan::new(Source::Synthetic(SyntheticPlan {
                entries: 40,
                prompt_tokens: Some(Normal::fixed(8.0)),
                turns: Normal::fixed(2.0),
                ..SyntheticPlan::default()
            }))
        }
    }

    fn models_of(plan: &DatasetPlan) -> Vec<Option<String>> {
        let tokenizer = Tokenizer::builtin();
        let dataset = build(plan, Some(&tokenizer), RootSeed::fixed(4)).unwrap();
        dataset
            .conversations
            .iter()
            .flat_map(|conversation| conversation.turns.iter().map(|turn| turn.model.clone()))
            .collect()
    }

    #[test]
    fn several_models_take_turns() {
        let models = models_of(&small_plan(&["a", "b", "c"], ModelSelection::RoundRobin));
        let expected: Vec<_> = ["a", "b", "c", "a"]
            .map(|model| Some(model.to_owned()))
            .into();
        assert_eq!(models[..4], expected);
    }

    #[test]
    fn several_models_can_be_drawn() {
        let models = models_of(&small_plan(&["a", "b"], ModelSelection::Random));
        let share = models
            .iter()
            .filter(|model| model.as_deref() == Some("a"))
            .count();
        // 80 fair draws: between 22 and 58 in all but one of ten thousand cases.
        assert!((22..=58).contains(&share), "{share} of 80");
    }

    #[test]
    fn one_model_is_not_repeated_in_every_turn() {
        assert!(
            models_of(&small_plan(&["a"], ModelSelection::RoundRobin))
                .iter()
                .all(Option::is_none)
        );
    }

    #[test]
    fn a_system_prompt_goes_before_the_datasets_own() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let rows = concat!(
            r#"{"turns":[{"role":"system","text":"theirs"},{"text":"hi"}]}"#,
            "\n",
            r#"{"turns":[{"text":"hi"}]}"#,
        );
        std::fs::write(file.path(), rows).unwrap();
        let plan = DatasetPlan {
            system_prompt: Some("ours".to_owned()),
            ..DatasetPlan::new(Source::File(crate::FilePlan::new(file.path())))
        };
        let dataset = build(&plan, None, RootSeed::fixed(1)).unwrap();
        let messages: Vec<_> = dataset
            .conversations
            .iter()
            .map(|found| found.system_message.as_deref())
            .collect();
        assert_eq!(messages, [Some("ours\n\ntheirs"), Some("ours")]);
    }

    #[test]
    fn the_same_seed_gives_the_same_dataset_and_another_seed_another() {
        let plan = small_plan(&["a"], ModelSelection::RoundRobin);
        let tokenizer = Tokenizer::builtin();
        let of_seed = |seed| build(&plan, Some(&tokenizer), RootSeed::fixed(seed)).unwrap();
        assert_eq!(of_seed(1).conversations, of_seed(1).conversations);
        assert_ne!(of_seed(1).conversations, of_seed(2).conversations);
    }

    #[test]
    fn no_entries_are_an_error() {
        let mut plan = small_plan(&[], ModelSelection::RoundRobin);
        plan.source = Source::Synthetic(SyntheticPlan {
            entries: 0,
            ..SyntheticPlan::default()
        });
        let error = build(&plan, Some(&Tokenizer::builtin()), RootSeed::fixed(1)).unwrap_err();
        assert!(matches!(error, DatasetError::NoConversations));
    }
}
