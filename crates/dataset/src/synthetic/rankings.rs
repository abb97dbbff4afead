//! Made-up queries with passages to be put in order of relevance.

use aiperf_endpoint::conversation::{ContextMode, Conversation, Media, Turn};
use aiperf_random::{RootSeed, Stream};
use aiperf_tokenizer::Tokenizer;

use crate::conversations::{ConversationSource, Outline, TurnOutline};
use crate::error::DatasetError;
use crate::plan::{RankingsPlan, SyntheticPlan};
use crate::prompt::Prompts;
use crate::session_ids::SessionIds;

/// One query with its passages is one conversation of one turn.
#[derive(Debug)]
pub(crate) struct RankingsSource {
    entries: usize,
    plan: RankingsPlan,
    ids: SessionIds,
    prompts: Prompts,
    passage_counts: Stream,
    lengths: Stream,
    texts: Stream,
}

impl RankingsSource {
    pub(crate) fn new(
        plan: &SyntheticPlan,
        rankings: &RankingsPlan,
        tokenizer: Option<&Tokenizer>,
        ids: SessionIds,
        seed: RootSeed,
    ) -> Result<Self, DatasetError> {
        let tokenizer = tokenizer.ok_or(DatasetError::NoTokenizer)?;
        Ok(Self {
            entries: plan.entries,
            plan: rankings.clone(),
            ids,
            prompts: Prompts::new(tokenizer, plan.corpus, seed)?,
            passage_counts: seed.stream("dataset.rankings.passages"),
            lengths: seed.stream("dataset.prompt.length"),
            texts: seed.stream("dataset.prompt.corpus"),
        })
    }
}

impl ConversationSource for RankingsSource {
    fn len(&self) -> usize {
        self.entries
    }

    fn outline(&self, index: usize) -> Outline {
        Outline {
            id: self.ids.name(index as u64),
            context_mode: ContextMode::default(),
            turns: vec![TurnOutline {
                model: None,
                max_tokens: None,
                delay_ms: None,
                timestamp_ms: None,
            }],
        }
    }

    fn turns_before(&self, index: usize) -> u64 {
        index as u64
    }

    fn conversation(&self, index: usize) -> Result<Conversation, DatasetError> {
        let number = index as u64;
        let mut lengths = self.lengths.at(number);
        let mut generator = self.texts.at(number);
        let passages = self
            .plan
            .passages
            .truncated()
            .positive_integer(&mut self.passage_counts.at(number));
        // Wherever the other texts' numbers lie, these are their own.
        let mut next_number = number << 20;
        let mut text = |tokens: u32| {
            next_number += 1;
            self.prompts
                .text(tokens as usize, next_number, &mut generator)
        };
        let query = text(
            self.plan
                .query_tokens
                .truncated()
                .positive_integer(&mut lengths),
        )?;
        let passage_tokens = self.plan.passage_tokens.truncated();
        let passages: Result<Vec<String>, DatasetError> = (0..passages)
            .map(|_| text(passage_tokens.positive_integer(&mut lengths)))
            .collect();
        let named = |name: &str, contents| Media {
            name: name.to_owned(),
            contents,
        };
        let turn = Turn {
            texts: vec![named("query", vec![query]), named("passages", passages?)],
            ..Turn::default()
        };
        Ok(Conversation {
            id: self.ids.name(number),
            turns: vec![turn],
            ..Conversation::default()
        })
    }
}
