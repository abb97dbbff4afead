//! Command line flags and the resolved configuration of a run.
//!
//! Reading a command line has two stages. [`Command::parse`] turns the words into what was typed
//! (for `profile`: [`ProfileArgs`], nothing but options that are there or not). [`resolve`] turns
//! that into what the program does ([`ProfileConfig`], every default and derived value filled in).
//! Only the second is seen by the rest of the program.
//!
//! Each flag is one item, which holds its names, group, kind, default, help and the place it
//! writes to. Parsing, help, the reference and manual pages and shell completions all come from that
//! item.
//! To add one, copy a neighbour in `profile/flags/`, list it in its group, and give it a row in
//! `tests/every_flag/samples.rs`.
//!
//! - [`command`]: the machinery, generic over what a command stores: [`Flag`], [`Command`],
//!   parsing, help, reference page, manual page, completions.
//! - [`document`]: the YAML configuration file.
//! - [`profile`]: the flags of `aiperf profile`, [`ProfileArgs`], [`ProfileConfig`], resolution
//!   and the `input_config` block of the summary.
//! - [`rules`]: what settings must not say together, whoever says it.
//! - [`UsageError`]: everything that is wrong with a command line, all of it at once.
//!
//! Nothing here prints, ends the process or reads an environment variable. The only look at the
//! world outside is whether an input file exists.

pub mod command;
pub mod document;
mod error;
pub mod profile;
pub mod rules;
mod variation;

pub use command::{
    Choice, Command, CommandSummary, Example, Flag, Group, Kind, Limits, Parsed, Positional, Shell,
    completions, help, reference_markdown,
};
pub use error::{Problem, UsageError, Warning};
pub use profile::{
    PROFILE, ProfileArgs, ProfileConfig, Resolved, Surroundings, input_config, resolve,
};
pub use variation::Identity;
