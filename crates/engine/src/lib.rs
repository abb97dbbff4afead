//! Sends the plan.
//!
//! I/O threads, each with its own event loop, connections and share of the plan, play sessions:
//! one request after the other, each noted as an [`Exchange`] and handed to an [`ExchangeSink`].
//!
//! What is absent: nothing here reads a body, counts a token, writes a file or logs per request,
//! and nothing waits for what happens to a finished exchange. What threads share is in
//! [`PhaseState`]: counters, limits, and the turns that wait for an arrival.
//!
//! Reading order: [`workload`] (what may be sent) → [`Engine::run_phase`] → `io_thread` →
//! `closed_loop`, `open_loop`, `user_centric` or `fixed_schedule` → `session` → `request`. What threads
//! share are `slots` (limits), `continuations` (turns that wait for an arrival) and `counters`.

mod ahead;
mod closed_loop;
mod continuations;
pub mod conversations;
mod correlation;
mod counters;
mod engine;
pub mod exchange;
mod first_content;
mod fixed_schedule;
mod headers;
mod io_thread;
mod job;
mod open_loop;
pub mod phase_state;
mod priority;
mod request;
mod running;
mod session;
mod slots;
mod user_centric;
pub mod workload;

pub use conversations::{ConversationPlans, PlanLater};
pub use correlation::CorrelationId;
pub use counters::PhaseCounts;
pub use engine::{
    CancelHandle, Engine, EngineError, EngineSettings, PhaseOutcome, PhaseTimes, ThreadReport,
};
pub use exchange::{Exchange, ExchangeSink};
pub use first_content::{ContentWatch, FirstContent};
pub use headers::{HeaderField, HeaderPlan, HeaderValueSource};
pub use job::{Job, JobFailure, JobStep, Jobs};
pub use phase_state::{PhaseState, SendingComplete};
pub use priority::IoPriority;
pub use request::ConnectionReuse;
pub use running::RunningPhase;
pub use workload::{
    Compose, NothingToCompose, PlannedConversation, PlannedTurn, Playing, TurnBody, Workload,
};
