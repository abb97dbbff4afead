//! What may be sent: bodies that are ready to go.

use std::sync::Arc;

use aiperf_clock::Nanos;
use aiperf_schedule::PhaseKind;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use crate::conversations::ConversationPlans;
use crate::exchange::Exchange;

/// Everything that a run can send.
pub struct Workload {
    /// The conversations of the dataset.
    pub conversations: ConversationPlans,
    /// Which conversation the n-th session of the run plays: a function of n alone.
    pub sampler: Box<dyn Fn(u64) -> usize + Send + Sync>,
    /// Builds the bodies that depend on the server's replies.
    pub composer: Arc<dyn Compose>,
}

impl Workload {
    /// The conversation that session `index` plays.
    pub fn conversation_of(&self, index: u64) -> usize {
        (self.sampler)(index)
    }

    /// Whether bodies of first turns are made during the run.
    pub fn is_made_on_demand(&self) -> bool {
        let phases = [PhaseKind::Warmup, PhaseKind::Profiling];
        if phases
            .iter()
            .any(|&phase| self.composer.is_particular(phase))
        {
            return true;
        }
        let ready = self.conversations.ready().iter();
        self.conversations.has_later()
            || ready
                .filter_map(|planned| planned.turns.first())
                .any(|turn| turn.body == TurnBody::OnDemand)
    }

    /// The body of a turn, where it was encoded beforehand and is the same for all sessions.
    pub(crate) fn shared_body<'a>(
        &self,
        turn: &'a PlannedTurn,
        phase: PhaseKind,
    ) -> Option<&'a Bytes> {
        match &turn.body {
            TurnBody::Ready(body) if !self.composer.is_particular(phase) => Some(body),
            _ => None,
        }
    }

    /// The first body of a session, where it is made on demand. One that cannot be made is made
    /// again by its session, which reports why.
    pub(crate) fn first_body_on_demand(&self, playing: Playing) -> Option<Bytes> {
        let planned = self.conversations.get(playing.conversation)?;
        let first = planned.turns.first()?;
        let is_there = self.shared_body(first, playing.phase).is_some();
        if is_there || first.body == TurnBody::AfterReplies {
            return None;
        }
        self.composer.compose(playing, 0, &[]).ok()
    }

    /// Whether every session is one request, so that request `i` of a phase is session `i`.
    pub fn is_single_turn(&self) -> bool {
        (0..self.conversations.len()).all(|index| self.conversations.turn_count(index) == 1)
    }
}

/// One conversation, ready to be played.
#[derive(Debug, Clone)]
pub struct PlannedConversation {
    /// Its id in the dataset.
    pub id: Arc<str>,
    /// At least one.
    pub turns: Vec<PlannedTurn>,
}

/// One turn of a conversation.
#[derive(Debug, Clone)]
pub struct PlannedTurn {
    /// Its body.
    pub body: TurnBody,
    /// How long to wait after the previous turn's answer.
    pub delay: Nanos,
    /// Header fields of this turn alone.
    pub headers: Option<Box<HeaderMap>>,
    /// Its time in the trace, in milliseconds; only fixed schedules look at it.
    pub timestamp_ms: Option<f64>,
}

/// The body of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnBody {
    /// Encoded and ready.
    Ready(Bytes),
    /// Made a little before it is needed, always the same.
    OnDemand,
    /// Depends on the replies to earlier turns.
    AfterReplies,
}

/// One session's way through a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Playing {
    /// The session's number in the run, from 0.
    pub session: u64,
    /// The conversation that it plays.
    pub conversation: usize,
    /// What the phase is for.
    pub phase: PhaseKind,
}

/// Builds bodies that are not there beforehand.
///
/// Called on a thread of its own, never on an I/O thread: it reads answers and writes prompts.
pub trait Compose: Send + Sync {
    /// The body of turn `turn` of a session, given the exchanges of all turns before it; none are
    /// given where the turn does not depend on them. A function of its arguments alone.
    ///
    /// # Errors
    /// The body cannot be built; the session ends there and the text is reported once.
    fn compose(&self, playing: Playing, turn: usize, earlier: &[Exchange])
    -> Result<Bytes, String>;

    /// Whether each session of such a phase has bodies of its own. Those that were encoded
    /// beforehand are not sent then.
    fn is_particular(&self, _phase: PhaseKind) -> bool {
        false
    }

    /// How a body goes over the wire where that is not as it is, with its content type: a form is
    /// made from the JSON that describes it. Called on an I/O thread, before the request is due.
    fn wire_form(&self, _body: &Bytes) -> Option<(Bytes, HeaderValue)> {
        None
    }
}

/// For workloads whose bodies are all known beforehand.
#[derive(Debug, Clone, Copy)]
pub struct NothingToCompose;

impl Compose for NothingToCompose {
    fn compose(&self, _: Playing, turn: usize, _: &[Exchange]) -> Result<Bytes, String> {
        Err(format!("turn {turn} has no body"))
    }
}
