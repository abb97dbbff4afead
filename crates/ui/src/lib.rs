//! What is shown while a run goes on.
//!
//! [`model::Snapshot`] is what is known at one moment; everything else is a function of it: the
//! full-screen [`dashboard`], the [`bars`] of `--ui simple`, the [`stats_block`] in the log. There is
//! no terminal here, no clock, no thread and no socket: the program draws, times and reads keys.

pub mod bars;
pub mod dashboard;
pub mod figures;
pub mod logs;
pub mod model;
pub mod stats_block;
pub mod view;

#[cfg(test)]
mod test_run;

pub use dashboard::draw;
pub use logs::{LogLine, LogRing, Severity};
pub use model::{Counts, PhaseProgress, SendingEnd, Snapshot, Stage};
pub use view::{Command, Key, View};
