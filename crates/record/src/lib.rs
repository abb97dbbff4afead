//! Turns finished exchanges into records.
//!
//! The walk of one exchange: it waits in the [`backlog`] until a recorder thread takes it, its
//! answer is read and its tokens are counted (`interpret`), its metrics are computed, its line is
//! written (`line`, [`jsonl`]), and its values are appended to columns ([`recorder`]).
//!
//! Nothing here is ever waited for by the sending side.

pub mod backlog;
pub mod client;
mod conversations;
mod interpret;
pub mod jsonl;
mod line;
pub mod live;
mod output;
pub mod recorder;
pub mod self_check;
pub mod settings;
mod spill;
pub mod tally;
mod trace;

pub use backlog::{Backlog, BacklogFacts};
pub use client::ClientFacts;
pub use conversations::{ConversationMetas, DescribeLater};
pub use interpret::transcript;
pub use live::LiveRecords;
pub use recorder::{Recorded, Recorder, RecorderError};
pub use self_check::{Finding, SelfCheck, Verdict, judge};
pub use settings::{
    CacheMark, ConversationMeta, MarkOf, OutputSettings, PhaseMeta, RecorderSettings, TurnMeta,
};
pub use tally::{ErrorTally, TalliedError};
