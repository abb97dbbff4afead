//! `aiperf man [COMMAND]`: manual pages.

use aiperf_config::command::Example;
use aiperf_config::command::{man_overview, man_page};
use aiperf_config::{Command, CommandSummary, Parsed, Positional};
use anyhow::{Result, bail};

use crate::exit::Exit;
use crate::version::VERSION;

#[derive(Default)]
struct ManArgs {
    command: Option<String>,
}

static MAN: Command<ManArgs> = Command {
    name: "man",
    about: "Prints a manual page in roff, as `man` reads it: of a command, or without one the overview.",
    groups: &[],
    positional: Some(Positional {
        value: "COMMAND",
        help: "`profile`, `mock-server` …",
        many: false,
        set: |args, command| {
            args.command = Some(command);
            Ok(())
        },
    }),
    reference_names: &[],
    examples: &[Example {
        purpose: "Read the page of a command",
        line: "aiperf man profile | man -l -",
    }],
};

pub(super) fn summary() -> CommandSummary {
    MAN.summary()
        .with_words(super::COMMANDS.iter().map(|command| command.name))
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let args = match MAN.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return super::print_help(&summary()),
        Parsed::Version => return super::print_version(),
    };
    let page = match args.command {
        None => {
            let commands: Vec<_> = super::COMMANDS
                .iter()
                .map(|command| (command.name, command.about))
                .collect();
            let about = "measures generative-AI inference servers";
            man_overview("aiperf", VERSION, about, &commands)
        }
        Some(name) => match super::COMMANDS.iter().find(|command| command.name == name) {
            Some(command) => man_page("aiperf", VERSION, &(command.summary)()),
            None => bail!(super::unknown(&name)),
        },
    };
    super::print(&page)?;
    Ok(Exit::Success)
}
