//! What may be sent: bodies that are ready to go.

use std::sync::Arc;

use aiperf_clock::Nanos;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use crate::exchange::Exchange;

/// Everything that a run can send.
pub struct Workload {
    /// The conversations of the dataset.
    pub conversations: Vec<PlannedConversation>,
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

    /// Whether every session is one request, so that request `i` of a phase is session `i`.
    pub fn is_single_turn(&self) -> bool {
        self.conversations
            .iter()
            .all(|conversation| conversation.turns.len() == 1)
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
    /// The encoded body; absent where it depends on the replies to earlier turns.
    pub body: Option<Bytes>,
    /// How long to wait after the previous turn's answer.
    pub delay: Nanos,
    /// Header fields of this turn alone.
    pub headers: Option<Box<HeaderMap>>,
    /// Its time in the trace, in milliseconds; only fixed schedules look at it.
    pub timestamp_ms: Option<f64>,
}

/// Builds bodies out of the server's replies.
///
/// Called on a thread of its own, never on an I/O thread: it reads answers.
pub trait Compose: Send + Sync {
    /// The body of turn `turn` of `conversation`, given the exchanges of all turns before it.
    ///
    /// # Errors
    /// The body cannot be built; the session ends there and the text is reported once.
    fn compose(
        &self,
        conversation: usize,
        turn: usize,
        earlier: &[Exchange],
    ) -> Result<Bytes, String>;

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
    fn compose(&self, _: usize, turn: usize, _: &[Exchange]) -> Result<Bytes, String> {
        Err(format!("turn {turn} has no body"))
    }
}
