//! The marks of `--cache-bust`: each playing of a conversation has its own.

use std::sync::Arc;
use std::sync::Once;

use aiperf_config::profile::ProfileConfig;
use aiperf_dataset::CacheBust;
use aiperf_endpoint::conversation::{ContextMode, Conversation};
use aiperf_engine::Playing;
use aiperf_record::{CacheMark, MarkOf};
use aiperf_schedule::PhaseKind;

/// Says which mark a session's requests carry, and puts it into them.
#[derive(Debug)]
pub(crate) struct SessionMarks {
    target: CacheBust,
    benchmark_id: String,
    /// Told once that there is no place for a mark.
    warned: Once,
}

impl SessionMarks {
    /// The marks of a run, where it has any.
    pub(crate) fn of(config: &ProfileConfig, benchmark_id: &str) -> Option<Arc<Self>> {
        let target = config.dataset.cache_bust?;
        Some(Arc::new(Self::new(target, benchmark_id)))
    }

    fn new(target: CacheBust, benchmark_id: &str) -> Self {
        Self {
            target,
            benchmark_id: benchmark_id.to_owned(),
            warned: Once::new(),
        }
    }

    /// Whether requests of such a phase are marked.
    pub(crate) fn are_in(&self, phase: PhaseKind) -> bool {
        phase == PhaseKind::Warmup || !self.target.is_for_warmup()
    }

    /// The mark of a session: a function of the run's id, the session's number and the
    /// conversation, so that a session has one mark for all its turns.
    pub(crate) fn mark(
        &self,
        phase: PhaseKind,
        session: u64,
        conversation_id: &str,
    ) -> Option<String> {
        let mark = || {
            let id = &self.benchmark_id;
            self.target.mark(id, session, session, conversation_id)
        };
        self.are_in(phase).then(mark)
    }

    /// For the recorder, which writes marks beside raw requests.
    pub(crate) fn of_exchanges(self: &Arc<Self>) -> MarkOf {
        let marks = Arc::clone(self);
        Arc::new(move |exchange, phase, conversation| {
            let kind = if phase.is_profiling {
                PhaseKind::Profiling
            } else {
                PhaseKind::Warmup
            };
            Some(CacheMark {
                text: marks.mark(kind, exchange.session, &conversation.id)?,
                target: marks.target_name(),
            })
        })
    }

    /// The name of the target in flags and files.
    fn target_name(&self) -> &'static str {
        let named = CacheBust::NAMED;
        let found = named.iter().find(|(_, target)| *target == self.target);
        found.map_or("", |(name, _)| name)
    }

    /// The conversation up to a turn as a session plays it: the mark is where the history that goes
    /// with the turn begins.
    ///
    /// # Errors
    /// The turn is a ready-made body, into which nothing is put.
    pub(crate) fn marked(
        &self,
        conversation: Arc<Conversation>,
        playing: Playing,
        turn: usize,
    ) -> Result<Arc<Conversation>, String> {
        let Some(mark) = self.mark(playing.phase, playing.session, &conversation.id) else {
            return Ok(conversation);
        };
        let mut marked = Arc::unwrap_or_clone(conversation);
        if marked.turns[turn].raw_payload.is_some() {
            return Err(format!(
                "`--cache-bust` cannot mark the ready-made body of conversation `{}`, turn {turn}",
                marked.id
            ));
        }
        let later = marked.turns.split_off(turn + 1);
        let earlier = match marked.context_mode {
            ContextMode::MessageArrayWithResponses => {
                let alone = marked.turns.split_off(turn);
                std::mem::replace(&mut marked.turns, alone)
            }
            _ => Vec::new(),
        };
        if !self.target.apply(&mut marked, &mark) {
            self.warned.call_once(|| {
                tracing::warn!(
                    "conversation `{}`, turn {turn}, has no message for the mark of \
                     `--cache-bust`; it is sent without, and so are others like it",
                    marked.id
                );
            });
        }
        let own = std::mem::replace(&mut marked.turns, earlier);
        marked.turns.extend(own);
        marked.turns.extend(later);
        Ok(Arc::new(marked))
    }
}

#[cfg(test)]
mod tests {
    use aiperf_endpoint::conversation::Turn;

    use super::*;

    fn playing(session: u64, phase: PhaseKind) -> Playing {
        Playing {
            session,
            conversation: 0,
            phase,
        }
    }

    fn two_turns(context_mode: ContextMode) -> Arc<Conversation> {
        Arc::new(Conversation {
            id: "c".to_owned(),
            turns: vec![Turn::text("one"), Turn::text("two")],
            context_mode,
            ..Conversation::default()
        })
    }

    fn texts(conversation: &Conversation) -> Vec<&str> {
        let turns = conversation.turns.iter();
        turns
            .map(|turn| turn.texts[0].contents[0].as_str())
            .collect()
    }

    #[test]
    fn a_session_has_one_mark_and_another_session_another() {
        let marks = SessionMarks::new(CacheBust::FirstTurnPrefix, "bench");
        let of = |session, turn| {
            let playing = playing(session, PhaseKind::Profiling);
            let conversation = two_turns(ContextMode::DeltasWithoutResponses);
            marks.marked(conversation, playing, turn).unwrap()
        };
        let mark = marks.mark(PhaseKind::Profiling, 3, "c").unwrap();
        assert_eq!(texts(&of(3, 0)), [&format!("{mark}one"), "two"]);
        assert_eq!(texts(&of(3, 1)), [&format!("{mark}one"), "two"]);
        assert_ne!(texts(&of(4, 0)), texts(&of(3, 0)));
        assert_eq!(
            marks.mark(PhaseKind::Warmup, 3, "c"),
            Some(mark),
            "the phase does not matter"
        );
    }

    #[test]
    fn a_turn_that_holds_its_whole_history_is_marked_itself() {
        let marks = SessionMarks::new(CacheBust::FirstTurnSuffix, "bench");
        let conversation = two_turns(ContextMode::MessageArrayWithResponses);
        let mark = marks.mark(PhaseKind::Profiling, 0, "c").unwrap();
        let marked = marks
            .marked(conversation, playing(0, PhaseKind::Profiling), 1)
            .unwrap();
        assert_eq!(texts(&marked), ["one", &format!("two{mark}")]);
    }

    #[test]
    fn isolation_marks_the_warmup_and_nothing_else() {
        let marks = SessionMarks::new(CacheBust::WarmupIsolationFirstTurn, "bench");
        let of = |phase| {
            let conversation = two_turns(ContextMode::DeltasWithoutResponses);
            let marked = marks.marked(conversation, playing(1, phase), 0).unwrap();
            texts(&marked)[0].to_owned()
        };
        assert_eq!(of(PhaseKind::Warmup), "[warmup]\n\none");
        assert_eq!(of(PhaseKind::Profiling), "one");
        assert!(marks.are_in(PhaseKind::Warmup) && !marks.are_in(PhaseKind::Profiling));
    }

    #[test]
    fn ready_made_bodies_are_refused() {
        let marks = SessionMarks::new(CacheBust::FirstTurnPrefix, "bench");
        let conversation = Conversation {
            turns: vec![Turn {
                raw_payload: Some(serde_json::Map::new()),
                ..Turn::default()
            }],
            ..Conversation::default()
        };
        let playing = playing(0, PhaseKind::Profiling);
        let error = marks.marked(Arc::new(conversation), playing, 0);
        assert!(error.unwrap_err().contains("--cache-bust"));
    }
}
