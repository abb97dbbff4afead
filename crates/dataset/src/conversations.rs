//! Conversations that are made when they are asked for.
//!
//! A trace of a million rows is a hundred megabytes of numbers and a terabyte of prompts. So the
//! rows are kept and the prompts are not: [`Conversations::conversation`] assembles one from its
//! row and the seed, on whichever thread asks, as often as it asks, always the same.
//! [`Conversations::outline`] tells what a scheduler needs (times, bounds, ids) without assembling
//! anything.

use std::fmt;
use std::sync::Arc;
use std::thread;

use aiperf_endpoint::conversation::{ContextMode, Conversation, Turn};
use aiperf_endpoint::model_selection::ModelSelection;
use aiperf_random::{RootSeed, Stream};
use rand::Rng;

use crate::error::DatasetError;
use crate::plan::{DatasetPlan, SamplingStrategy};
use crate::sampler::Sampler;

/// Below this many conversations a thread costs more than it saves.
const CONVERSATIONS_PER_THREAD: usize = 16;

/// Makes conversations from something more compact.
pub trait ConversationSource: Send + Sync + fmt::Debug {
    /// How many conversations there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is known of conversation `index` without assembling it.
    fn outline(&self, index: usize) -> Outline;

    /// How many turns conversation `index` has.
    fn turn_count(&self, index: usize) -> usize {
        self.outline(index).turns.len()
    }

    /// When the first turn of conversation `index` is due, in milliseconds of the trace's clock.
    fn first_timestamp_ms(&self, index: usize) -> Option<f64> {
        self.outline(index).turns.first()?.timestamp_ms
    }

    /// About how many bytes of text all conversations have together, where that is easy to tell.
    fn text_bytes(&self) -> Option<u64> {
        None
    }

    /// How many turns the conversations before `index` have together.
    fn turns_before(&self, index: usize) -> u64;

    /// Conversation `index`: a function of the source and `index` alone.
    ///
    /// # Errors
    /// The tokenizer cannot write a text of the wanted length.
    fn conversation(&self, index: usize) -> Result<Conversation, DatasetError>;
}

/// A conversation without its content.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// Unique within the dataset.
    pub id: String,
    /// How the history of a later turn is built.
    pub context_mode: ContextMode,
    /// At least one.
    pub turns: Vec<TurnOutline>,
}

/// A turn without its content.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnOutline {
    /// The model to ask; the run's first model where absent.
    pub model: Option<String>,
    /// Upper bound of the answer's length in tokens.
    pub max_tokens: Option<u32>,
    /// Milliseconds to wait after the previous turn's answer.
    pub delay_ms: Option<f64>,
    /// When the turn is due, in milliseconds of the trace's clock.
    pub timestamp_ms: Option<f64>,
}

impl Outline {
    pub(crate) fn of(conversation: &Conversation) -> Self {
        Self {
            id: conversation.id.clone(),
            context_mode: conversation.context_mode,
            turns: conversation.turns.iter().map(TurnOutline::of).collect(),
        }
    }
}

impl TurnOutline {
    fn of(turn: &Turn) -> Self {
        Self {
            model: turn.model.clone(),
            max_tokens: turn.max_tokens,
            delay_ms: turn.delay_ms,
            timestamp_ms: turn.timestamp_ms,
        }
    }
}

/// The conversations of a dataset. Any number of threads may ask for any of them.
#[derive(Debug, Clone)]
pub struct Conversations {
    kept: Kept,
    finish: Arc<Finish>,
    /// The order in which they are played.
    pub sampling: SamplingStrategy,
    seed: RootSeed,
    repeats_a_file: bool,
}

#[derive(Debug, Clone)]
enum Kept {
    Whole(Vec<Arc<Conversation>>),
    Source(Arc<dyn ConversationSource>),
}

impl Conversations {
    pub(crate) fn whole(
        mut conversations: Vec<Conversation>,
        plan: &DatasetPlan,
        seed: RootSeed,
    ) -> Self {
        let finish = Finish::new(plan, seed);
        let mut turn_number = 0;
        for conversation in &mut conversations {
            finish.apply(conversation, &mut turn_number);
        }
        Self {
            kept: Kept::Whole(conversations.into_iter().map(Arc::new).collect()),
            finish: Arc::new(finish),
            sampling: plan.sampling,
            seed,
            repeats_a_file: false,
        }
    }

    pub(crate) fn from_source(
        source: Arc<dyn ConversationSource>,
        plan: &DatasetPlan,
        seed: RootSeed,
    ) -> Self {
        Self {
            kept: Kept::Source(source),
            finish: Arc::new(Finish::new(plan, seed)),
            sampling: plan.sampling,
            seed,
            repeats_a_file: false,
        }
    }

    pub(crate) fn with_bodies_of_a_file(self) -> Self {
        Self {
            repeats_a_file: true,
            ..self
        }
    }

    /// Whether the source is a file of ready-made bodies, so that writing down what is sent would say
    /// it twice.
    pub fn repeats_a_file(&self) -> bool {
        self.repeats_a_file
    }

    /// How many there are: at least one.
    pub fn len(&self) -> usize {
        match &self.kept {
            Kept::Whole(conversations) => conversations.len(),
            Kept::Source(source) => source.len(),
        }
    }

    /// Whether there are none, which [`open`](crate::open) refuses.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether conversations are assembled each time they are asked for, so that asking costs
    /// time and keeping them costs memory.
    pub fn is_assembled_on_demand(&self) -> bool {
        matches!(self.kept, Kept::Source(_))
    }

    /// Conversation `index`, which is below [`Conversations::len`].
    ///
    /// # Errors
    /// The tokenizer cannot write a text of the wanted length.
    pub fn conversation(&self, index: usize) -> Result<Arc<Conversation>, DatasetError> {
        match &self.kept {
            Kept::Whole(conversations) => Ok(Arc::clone(&conversations[index])),
            Kept::Source(source) => {
                let mut conversation = source.conversation(index)?;
                let mut turn_number = source.turns_before(index);
                self.finish.apply(&mut conversation, &mut turn_number);
                Ok(Arc::new(conversation))
            }
        }
    }

    /// What is known of conversation `index` without assembling it.
    pub fn outline(&self, index: usize) -> Outline {
        match &self.kept {
            Kept::Whole(conversations) => Outline::of(&conversations[index]),
            Kept::Source(source) => {
                let mut outline = source.outline(index);
                let mut turn_number = source.turns_before(index);
                for turn in &mut outline.turns {
                    self.finish.choose_model(&mut turn.model, &mut turn_number);
                }
                outline
            }
        }
    }

    /// How many turns conversation `index` has.
    pub fn turn_count(&self, index: usize) -> usize {
        match &self.kept {
            Kept::Whole(conversations) => conversations[index].turns.len(),
            Kept::Source(source) => source.turn_count(index),
        }
    }

    /// About how many bytes of text all conversations have together, where that is easy to tell.
    pub fn text_bytes(&self) -> Option<u64> {
        match &self.kept {
            Kept::Whole(_) => None,
            Kept::Source(source) => source.text_bytes(),
        }
    }

    /// When the first turn of conversation `index` is due, in milliseconds of the trace's clock.
    pub fn first_timestamp_ms(&self, index: usize) -> Option<f64> {
        match &self.kept {
            Kept::Whole(conversations) => conversations[index].turns.first()?.timestamp_ms,
            Kept::Source(source) => source.first_timestamp_ms(index),
        }
    }

    /// Says which conversation each session plays.
    pub fn sampler(&self) -> Sampler {
        Sampler::new(self.sampling, self.len(), self.seed)
    }

    pub(crate) fn into_whole(self) -> Result<Vec<Arc<Conversation>>, DatasetError> {
        match self.kept {
            Kept::Whole(conversations) => Ok(conversations),
            Kept::Source(_) => self.assembled(),
        }
    }

    /// All of them, by as many threads as pay.
    fn assembled(&self) -> Result<Vec<Arc<Conversation>>, DatasetError> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let thread_count = cores.min(self.len() / CONVERSATIONS_PER_THREAD).max(1);
        let share = self.len().div_ceil(thread_count).max(1);
        let shares = thread::scope(|scope| {
            let workers: Vec<_> = (0..thread_count)
                .map(|number| {
                    let indices =
                        (number * share).min(self.len())..((number + 1) * share).min(self.len());
                    scope.spawn(move || indices.map(|index| self.conversation(index)).collect())
                })
                .collect();
            workers
                .into_iter()
                .map(|worker| {
                    worker
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect::<Vec<Result<Vec<Arc<Conversation>>, DatasetError>>>()
        });
        let mut conversations = Vec::with_capacity(self.len());
        for share in shares {
            conversations.extend(share?);
        }
        Ok(conversations)
    }
}

/// What a plan does to every conversation, whatever its source.
#[derive(Debug)]
struct Finish {
    models: Vec<String>,
    selection: ModelSelection,
    draws: Stream,
    system_prompt: Option<String>,
}

impl Finish {
    fn new(plan: &DatasetPlan, seed: RootSeed) -> Self {
        Self {
            models: plan.models.clone(),
            selection: plan
                .model_selection
                .clone()
                .unwrap_or_else(|| ModelSelection::round_robin(plan.models.len())),
            draws: seed.stream("composer.turn.model_selection"),
            system_prompt: plan.system_prompt.clone(),
        }
    }

    fn apply(&self, conversation: &mut Conversation, turn_number: &mut u64) {
        for turn in &mut conversation.turns {
            self.choose_model(&mut turn.model, turn_number);
        }
        if let Some(system_prompt) = &self.system_prompt {
            let message = match conversation.system_message.take() {
                Some(own) => format!("{system_prompt}\n\n{own}"),
                None => system_prompt.clone(),
            };
            conversation.system_message = Some(message);
        }
    }

    /// Gives a turn its model where a run has several. A run with one model needs no name in the
    /// turns: absent means the first.
    fn choose_model(&self, model: &mut Option<String>, turn_number: &mut u64) {
        if self.models.len() < 2 || model.is_some() {
            return;
        }
        let index = *turn_number;
        let chosen = self
            .selection
            .model_of(index, || self.draws.at(index).random());
        *turn_number += 1;
        *model = Some(self.models[chosen].clone());
    }
}
