//! Shell completions: which commands and flags there are, and which words some of them take.

mod bash;
mod fish;
mod zsh;

use super::choice::choices;
use super::summary::CommandSummary;

choices! {
    /// A shell that completions can be made for.
    pub enum Shell {
        /// GNU Bash 4 or later.
        Bash = "bash",
        /// The Z shell.
        Zsh = "zsh",
        /// fish.
        Fish = "fish",
    }
}

/// A completion script for all commands of a program; ends in a newline.
pub fn completions(shell: Shell, program: &str, commands: &[CommandSummary]) -> String {
    match shell {
        Shell::Bash => bash::script(program, commands),
        Shell::Zsh => zsh::script(program, commands),
        Shell::Fish => fish::script(program, commands),
    }
}

fn command_names(commands: &[CommandSummary]) -> String {
    commands
        .iter()
        .map(|command| command.name)
        .collect::<Vec<_>>()
        .join(" ")
}

/// What may stand where a command is expected.
const FLAGS_OF_PROGRAM: &str = "help --help --version";
/// What every command takes besides its own flags.
fn flags_of_all(command: &CommandSummary) -> Vec<&'static str> {
    let everything = (!command.essential.is_empty()).then_some("--help-all");
    ["--help", "--version"]
        .into_iter()
        .chain(everything)
        .collect()
}

/// What to offer for a word that is no flag.
enum Offer<'a> {
    Nothing,
    Files,
    Words(&'a [&'static str]),
}

impl<'a> Offer<'a> {
    fn of(command: &'a CommandSummary) -> Self {
        match (&command.positional, command.words.as_slice()) {
            (None, _) => Self::Nothing,
            (Some(_), []) => Self::Files,
            (Some(_), words) => Self::Words(words),
        }
    }
}
