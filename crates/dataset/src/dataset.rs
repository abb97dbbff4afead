//! A finished dataset, and how it is built.

use std::sync::Arc;

use aiperf_endpoint::conversation::Conversation;
use aiperf_random::RootSeed;
use aiperf_tokenizer::{HubEnvironment, Tokenizer};

use crate::conversations::{ConversationSource, Conversations};
use crate::error::DatasetError;
use crate::file::FileFormat;
use crate::plan::{DatasetPlan, FilePlan, SamplingStrategy, Source};
use crate::public::{Fetch, HubFetch};
use crate::sampler::Sampler;
use crate::session_ids::SessionIds;
use crate::synthetic::SyntheticSource;
use crate::synthetic::rankings::RankingsSource;
use crate::{file, public, trace};

/// Conversations, ready to be played, all of them in memory.
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

/// Makes or reads the conversations of a plan, all at once. The tokenizer is needed for text that
/// is made up only.
///
/// # Errors
/// As [`open`].
pub fn build(
    plan: &DatasetPlan,
    tokenizer: Option<&Tokenizer>,
    seed: RootSeed,
) -> Result<Dataset, DatasetError> {
    Ok(Dataset {
        conversations: open(plan, tokenizer, seed)?.into_whole()?,
        sampling: plan.sampling,
        seed,
    })
}

/// Makes or reads the conversations of a plan; those of traces are assembled when they are asked
/// for. Public datasets come from the hub that the process's environment names.
///
/// # Errors
/// Whatever is wrong with the source, with file, line and key where there are such.
pub fn open(
    plan: &DatasetPlan,
    tokenizer: Option<&Tokenizer>,
    seed: RootSeed,
) -> Result<Conversations, DatasetError> {
    let hub = HubFetch::new(HubEnvironment::from_process());
    open_with(plan, tokenizer, seed, &hub)
}

/// [`open`], with another way to get the files of public datasets.
///
/// # Errors
/// As [`open`].
pub fn open_with(
    plan: &DatasetPlan,
    tokenizer: Option<&Tokenizer>,
    seed: RootSeed,
    hub: &dyn Fetch,
) -> Result<Conversations, DatasetError> {
    let ids = SessionIds::new(plan.session_ids, seed);
    let opened = match &plan.source {
        Source::Synthetic(synthetic) => {
            let source: Arc<dyn ConversationSource> = match &synthetic.rankings {
                Some(rankings) => Arc::new(RankingsSource::new(
                    synthetic, rankings, tokenizer, ids, seed,
                )?),
                None => Arc::new(SyntheticSource::new(synthetic, plan, tokenizer, ids, seed)?),
            };
            Conversations::from_source(source, plan, seed)
        }
        Source::File(file) => open_file(file, plan, tokenizer, ids, seed)?,
        Source::Public(public) => {
            let mut conversations = public::conversations(public, tokenizer, ids, hub)?;
            file::apply_output_length(&mut conversations, public.output_tokens.as_ref(), seed);
            Conversations::whole(conversations, plan, seed)
        }
    };
    if opened.is_empty() {
        return Err(DatasetError::NoConversations);
    }
    Ok(opened)
}

fn open_file(
    file: &FilePlan,
    plan: &DatasetPlan,
    tokenizer: Option<&Tokenizer>,
    ids: SessionIds,
    seed: RootSeed,
) -> Result<Conversations, DatasetError> {
    let format = file::format_of(file)?;
    if plan.cache_bust.is_some()
        && matches!(format, FileFormat::RawPayload | FileFormat::InputsJson)
    {
        return Err(DatasetError::Settings {
            reason: format!(
                "`--cache-bust` cannot mark the ready-made bodies of `{}` (format `{}`)",
                file.path.display(),
                format.name()
            ),
        });
    }
    if let Some(format) = format.as_trace() {
        let source = trace::open(file, format, tokenizer, ids, seed)?;
        return Ok(Conversations::from_source(Arc::new(source), plan, seed));
    }
    if file.trace.changes_rows() {
        return Err(DatasetError::Settings {
            reason: format!(
                "`--synthesis-*` options work on traces only; `{}` has the format `{}`",
                file.path.display(),
                format.name()
            ),
        });
    }
    let conversations = match file::large::open(file, format, ids.clone(), seed)? {
        Some(large) => Conversations::from_source(large, plan, seed),
        None => Conversations::whole(file::conversations(file, format, ids, seed)?, plan, seed),
    };
    Ok(match format {
        FileFormat::RawPayload | FileFormat::InputsJson => conversations.with_bodies_of_a_file(),
        _ => conversations,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::Law;
    use crate::plan::{SessionIdStyle, SyntheticPlan};
    use aiperf_endpoint::model_selection::ModelSelection;

    fn small_plan(models: &[&str], selection: ModelSelection) -> DatasetPlan {
        DatasetPlan {
            models: models.iter().map(|model| (*model).to_owned()).collect(),
            model_selection: Some(selection),
            session_ids: SessionIdStyle::Numbered,
            ..DatasetPlan::new(Source::Synthetic(SyntheticPlan {
                entries: 40,
                prompt_tokens: Some(Law::fixed(8.0)),
                turns: Law::fixed(2.0),
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
        let models = models_of(&small_plan(
            &["a", "b", "c"],
            ModelSelection::round_robin(3),
        ));
        let expected: Vec<_> = ["a", "b", "c", "a"]
            .map(|model| Some(model.to_owned()))
            .into();
        assert_eq!(models[..4], expected);
    }

    #[test]
    fn several_models_can_be_drawn() {
        let models = models_of(&small_plan(&["a", "b"], ModelSelection::random(2)));
        let share = models
            .iter()
            .filter(|model| model.as_deref() == Some("a"))
            .count();
        // 80 fair draws: between 22 and 58 in all but one of ten thousand cases.
        assert!((22..=58).contains(&share), "{share} of 80");
    }

    #[test]
    fn several_models_share_by_weight() {
        let weighted = ModelSelection::weighted(&[0.75, 0.25]).unwrap();
        let models = models_of(&small_plan(&["a", "b"], weighted));
        let of_b = models.iter().filter(|model| model.as_deref() == Some("b"));
        assert!((19..=21).contains(&of_b.count()), "a quarter of 80");
    }

    #[test]
    fn one_model_is_not_repeated_in_every_turn() {
        assert!(
            models_of(&small_plan(&["a"], ModelSelection::round_robin(1)))
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
            ..DatasetPlan::new(Source::File(FilePlan::new(file.path())))
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
        let plan = small_plan(&["a"], ModelSelection::round_robin(1));
        let tokenizer = Tokenizer::builtin();
        let of_seed = |seed| build(&plan, Some(&tokenizer), RootSeed::fixed(seed)).unwrap();
        assert_eq!(of_seed(1).conversations, of_seed(1).conversations);
        assert_ne!(of_seed(1).conversations, of_seed(2).conversations);
    }

    #[test]
    fn ready_made_bodies_cannot_be_marked() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(
            file.path(),
            r#"{"messages":[{"role":"user","content":"hi"}]}"#,
        )
        .unwrap();
        let plan = DatasetPlan {
            cache_bust: Some(crate::CacheBust::SystemPrefix),
            ..DatasetPlan::new(Source::File(FilePlan {
                format: Some(FileFormat::RawPayload),
                ..FilePlan::new(file.path())
            }))
        };
        let error = build(&plan, None, RootSeed::fixed(1)).unwrap_err();
        assert!(error.to_string().contains("--cache-bust"), "{error}");
    }

    #[test]
    fn no_entries_are_an_error() {
        let mut plan = small_plan(&[], ModelSelection::round_robin(1));
        plan.source = Source::Synthetic(SyntheticPlan {
            entries: 0,
            ..SyntheticPlan::default()
        });
        let error = build(&plan, Some(&Tokenizer::builtin()), RootSeed::fixed(1)).unwrap_err();
        assert!(matches!(error, DatasetError::NoConversations));
    }
}
