//! The sessions: contexts that grow turn by turn until one end or the other.

use aiperf_random::{Generator, RootSeed};
use anyhow::{Result, bail};
use rand::Rng as _;

use super::blocks::Blocks;
use super::laws::{Zipf, delay, log_normal, new_tokens};
use super::settings::{LogNormal, Settings, Turns};

/// Beyond this share of the sessions none is broken off and taken up again.
const RESTARTS_END: f64 = 0.75;
/// A session is taken up again at the earliest after this share of all sessions, so that it does not
/// overlap with its first part.
const RESTART_DISTANCE: f64 = 0.25;

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The next prompt would not have fitted.
    ContextFull,
    /// By chance.
    Reset,
    /// It is taken up again later.
    Split,
    /// It has the turns it was to have.
    Turns,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Turn {
    /// Tokens of the whole prompt.
    pub(super) context: u64,
    /// Tokens that were not in the prompt or the answer before.
    pub(super) new: u64,
    pub(super) output: u64,
    /// Milliseconds after the answer before.
    pub(super) delay: f64,
}

#[derive(Debug, Clone)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) group: u64,
    /// Block ids of its first prompt.
    pub(super) first_ids: Vec<u64>,
    pub(super) turns: Vec<Turn>,
    pub(super) end: End,
    /// It takes an earlier one up again.
    pub(super) is_restart: bool,
}

pub(super) struct Sessions {
    pub(super) all: Vec<Session>,
    pub(super) blocks: Blocks,
}

impl Sessions {
    /// As many sessions as are asked for, and the second parts of those that are split. Session i is a
    /// function of the seed and of i.
    ///
    /// # Errors
    /// The laws cannot be kept.
    pub(super) fn make(settings: &Settings, seed: u64, count: u64) -> Result<Self> {
        let maker = Maker::new(settings)?;
        let seed = RootSeed::fixed(seed);
        let (sessions, restarts) = (
            seed.stream("synthesize.agentic_code.session"),
            seed.stream("synthesize.agentic_code.restart"),
        );
        let mut all = Vec::new();
        let mut later = Vec::new();
        for index in 0..count {
            let split_at = maker.split_at(index, count, &mut restarts.at(index));
            let mut random = sessions.at(index);
            let (session, rest) = match &settings.turns {
                Some(turns) => (maker.of_turns(turns, index, &mut random)?, None),
                None => maker.session(index, split_at, &mut random)?,
            };
            later.extend(rest.map(|rest| (rest, index)));
            all.push(session);
        }
        let distance = ((count as f64 * RESTART_DISTANCE) as u64).max(1);
        let mut random = seed.stream("synthesize.agentic_code.restart_place").at(0);
        for (rest, origin) in later {
            let earliest = ((origin + distance) as usize).min(all.len());
            let place = random.random_range(earliest..=all.len());
            all.insert(place, rest);
        }
        Ok(Self {
            all,
            blocks: maker.blocks,
        })
    }

    pub(super) fn turn_count(&self) -> usize {
        self.all.iter().map(|session| session.turns.len()).sum()
    }
}

struct Maker<'s> {
    settings: &'s Settings,
    blocks: Blocks,
    groups: Zipf,
}

impl<'s> Maker<'s> {
    fn new(settings: &'s Settings) -> Result<Self> {
        let groups = settings.cache.layer1_5_groups;
        Ok(Self {
            settings,
            blocks: Blocks::new(settings)?,
            groups: Zipf::new(groups.num_groups, groups.zipf_alpha),
        })
    }

    /// At which turn a session is broken off, if it is: the less probably, the later it comes.
    fn split_at(&self, index: u64, count: u64, random: &mut Generator) -> Option<usize> {
        let progress = index as f64 / count.saturating_sub(1).max(1) as f64;
        let fading = (1.0 - progress / RESTARTS_END).max(0.0);
        let probability = self.settings.restart_initial_probability * fading;
        let [first, end] = self.settings.restart_turn_range;
        (random.random::<f64>() < probability).then(|| random.random_range(first..end) as usize)
    }

    /// A session, and its second part if it is split.
    fn session(
        &self,
        index: u64,
        split_at: Option<usize>,
        random: &mut Generator,
    ) -> Result<(Session, Option<Session>)> {
        let mut session = self.begin(index, random)?;
        session.end = self.grow(&mut session.turns, split_at, random);
        let rest = match (session.end, session.turns.last()) {
            (End::Split, Some(last)) => {
                let context = self.fitting(last.context + last.output);
                let first = Turn {
                    context,
                    new: context,
                    output: self.output(random),
                    delay: 0.0,
                };
                let mut rest = Session {
                    id: session_id(random),
                    first_ids: self.blocks.ids(index, session.group, context)?,
                    turns: vec![first],
                    is_restart: true,
                    ..session.clone()
                };
                rest.end = self.grow(&mut rest.turns, None, random);
                Some(rest)
            }
            _ => None,
        };
        Ok((session, rest))
    }

    /// A session of a drawn number of turns; one that would not fit is made anew.
    fn of_turns(&self, turns: &Turns, index: u64, random: &mut Generator) -> Result<Session> {
        let mean = turns.mean as f64;
        let median = turns.median as f64;
        let law = LogNormal {
            mu: Some(median.ln()),
            sigma: Some((2.0 * (mean / median).ln()).max(0.0).sqrt()),
            mean,
            median,
            min: Some(turns.min as f64),
            max: Some(turns.max as f64),
        };
        let wanted = log_normal(&law, random).round_ties_even() as u64;
        let wanted = wanted.clamp(turns.min, turns.max) as usize;
        for _ in 0..turns.max_session_attempts.unwrap_or(1) {
            let mut session = self.begin(index, random)?;
            session.end = End::Turns;
            while session.turns.len() < wanted {
                match self.next(&session.turns, random) {
                    Some(turn) => session.turns.push(turn),
                    None => {
                        session.end = End::ContextFull;
                        break;
                    }
                }
            }
            if session.end == End::Turns || turns.allow_truncation {
                return Ok(session);
            }
        }
        bail!(
            "no session of {wanted} turns fits into `max_prompt_tokens`, {}, after {} attempts\n  \
             hint: fewer `turns`, or `turns.allow_truncation`",
            self.settings.max_prompt_tokens,
            turns.max_session_attempts.unwrap_or(1)
        )
    }

    fn begin(&self, index: u64, random: &mut Generator) -> Result<Session> {
        let id = session_id(random);
        let group = self.groups.draw(random);
        let own = (log_normal(&self.settings.cache.layer2, random) as u64).max(1);
        let context = self.fitting(self.blocks.shared_tokens().saturating_add(own));
        let first = Turn {
            context,
            new: context,
            output: self.output(random),
            delay: 0.0,
        };
        Ok(Session {
            id,
            group,
            first_ids: self.blocks.ids(index, group, context)?,
            turns: vec![first],
            end: End::ContextFull,
            is_restart: false,
        })
    }

    /// Adds turns until the session ends.
    fn grow(&self, turns: &mut Vec<Turn>, split_at: Option<usize>, random: &mut Generator) -> End {
        loop {
            if split_at == Some(turns.len()) {
                return End::Split;
            }
            let Some(turn) = self.next(turns, random) else {
                return End::ContextFull;
            };
            if self.is_reset(turn.context, random) {
                return End::Reset;
            }
            turns.push(turn);
        }
    }

    /// The next turn; none if it would not fit.
    fn next(&self, turns: &[Turn], random: &mut Generator) -> Option<Turn> {
        let before = turns.last()?;
        let delay = delay(
            &self.settings.inter_turn_delay,
            self.fullness(before.context),
            random,
        );
        let new = new_tokens(&self.settings.new_tokens_per_turn, random);
        let context = before
            .context
            .saturating_add(before.output)
            .saturating_add(new);
        (context < self.settings.max_prompt_tokens).then(|| Turn {
            context,
            new,
            output: self.output(random),
            delay,
        })
    }

    fn is_reset(&self, context: u64, random: &mut Generator) -> bool {
        self.settings.reset.is_some_and(|reset| {
            let growth = (reset.context_scaling - 1.0) * self.fullness(context);
            random.random::<f64>() < reset.base_probability * (1.0 + growth)
        })
    }

    fn fullness(&self, context: u64) -> f64 {
        context as f64 / self.settings.max_prompt_tokens as f64
    }

    fn fitting(&self, context: u64) -> u64 {
        context.min(self.settings.max_prompt_tokens - 1).max(1)
    }

    fn output(&self, random: &mut Generator) -> u64 {
        let drawn = log_normal(&self.settings.generation_length, random) as u64;
        drawn.max(self.settings.least_output()).max(1)
    }
}

fn session_id(random: &mut Generator) -> String {
    format!("sess-{:012x}", random.random::<u64>() >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings::default().checked().unwrap()
    }

    #[test]
    fn a_session_is_a_function_of_seed_and_index() {
        let ids = |count| {
            let sessions = Sessions::make(&settings(), 5, count).unwrap();
            let shown = |session: &Session| format!("{session:?}");
            sessions.all.iter().map(shown).collect::<Vec<_>>()
        };
        assert_eq!(ids(20)[..5], ids(5));
        let other = Sessions::make(&settings(), 6, 1).unwrap();
        assert_ne!(format!("{:?}", other.all[0]), ids(1)[0]);
    }

    #[test]
    fn contexts_grow_by_what_was_answered_and_added_and_stay_below_the_limit() {
        let settings = settings();
        let sessions = Sessions::make(&settings, 1, 200).unwrap();
        assert_eq!(sessions.all.len(), 200);
        let shared = sessions.blocks.shared_tokens();
        for session in &sessions.all {
            assert!(session.turns[0].context > shared);
            assert_eq!(session.turns[0].new, session.turns[0].context);
            assert_eq!(
                session.first_ids.len() as u64,
                sessions.blocks.count(session.turns[0].context)
            );
            for pair in session.turns.windows(2) {
                assert_eq!(
                    pair[1].context,
                    pair[0].context + pair[0].output + pair[1].new
                );
            }
            let is_good = |turn: &Turn| turn.context < 200_000 && turn.output >= 30 && turn.new > 0;
            assert!(session.turns.iter().all(is_good));
        }
        let ended = |end| {
            sessions
                .all
                .iter()
                .filter(|session| session.end == end)
                .count()
        };
        assert!(ended(End::Reset) > 100, "{}", ended(End::Reset));
        assert!(ended(End::ContextFull) > 10, "{}", ended(End::ContextFull));
    }

    #[test]
    fn split_sessions_are_taken_up_again_with_their_whole_context() {
        let settings = Settings {
            restart_initial_probability: 0.2,
            restart_turn_range: [1, 3],
            ..settings()
        };
        let sessions = Sessions::make(&settings, 1, 100).unwrap();
        let place = |wanted: &Session| {
            let is_it = |session: &Session| session.id == wanted.id;
            sessions.all.iter().position(is_it).unwrap()
        };
        let restarts: Vec<_> = sessions
            .all
            .iter()
            .filter(|session| session.is_restart)
            .collect();
        assert!(restarts.len() > 2, "{}", restarts.len());
        for rest in restarts {
            let is_first = |session: &&Session| {
                session.end == End::Split
                    && session.turns.last().is_some_and(|last| {
                        last.context + last.output == rest.turns[0].context
                            && session.group == rest.group
                    })
            };
            let first = sessions.all.iter().find(is_first).unwrap();
            assert!(place(rest) > place(first) + 10);
            assert_eq!(rest.first_ids[..first.first_ids.len()], first.first_ids);
        }
    }

    #[test]
    fn sessions_of_chosen_lengths_have_them() {
        let turns = Turns {
            mean: 4,
            median: 4,
            min: 2,
            max: 6,
            allow_truncation: false,
            max_session_attempts: None,
        };
        let wanted = Settings {
            turns: Some(turns),
            reset: None,
            ..Settings::default()
        };
        let sessions = Sessions::make(&wanted.clone().checked().unwrap(), 1, 50).unwrap();
        for session in &sessions.all {
            assert_eq!((session.turns.len(), session.end), (4, End::Turns));
        }
        let narrow = Settings {
            max_prompt_tokens: 52_200,
            ..wanted.clone()
        };
        let narrow = narrow.checked();
        let error = narrow
            .and_then(|narrow| Sessions::make(&narrow, 1, 1))
            .err()
            .unwrap();
        assert!(
            error.to_string().contains("no session of 4 turns fits"),
            "{error}"
        );
        let cut = Settings {
            max_prompt_tokens: 70_000,
            turns: Some(Turns {
                mean: 300,
                median: 300,
                max: 300,
                min: 300,
                allow_truncation: true,
                max_session_attempts: None,
            }),
            ..wanted
        };
        let sessions = Sessions::make(&cut.checked().unwrap(), 1, 3).unwrap();
        assert!(
            sessions
                .all
                .iter()
                .all(|session| session.end == End::ContextFull)
        );
    }
}
