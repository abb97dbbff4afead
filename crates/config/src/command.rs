//! The machinery of flags, generic over the struct that a command stores its values in.
//!
//! A command is a `static` of type [`Command<T>`]; its groups and flags are constants. There is no
//! builder and no registry: what the tables say is what the command accepts.

mod choice;
mod completions;
mod flag;
mod help;
mod list;
mod man;
mod nearest;
mod pairs;
mod parse;
mod reference;
mod scalar;
mod summary;

pub use choice::Choice;
pub(crate) use choice::choices;
pub use completions::{Shell, completions};
pub use flag::{Command, Example, Flag, Group, Kind, Limits, Positional, StoreTextPairs};
pub use help::{HelpRequest, help, help_for};
pub use man::{man_overview, man_page};
pub use nearest::nearest_word;
pub use parse::Parsed;
pub use reference::reference_markdown;
pub use summary::{CommandSummary, FlagSummary, GroupSummary};

#[cfg(test)]
mod tests;
