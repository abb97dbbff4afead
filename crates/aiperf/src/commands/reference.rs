//! `aiperf reference PAGE`: the generated pages under `docs/`.

use aiperf_config::command::reference_markdown;
use aiperf_config::{Command, CommandSummary, Parsed, Positional};
use anyhow::{Result, bail};

use crate::exit::Exit;
use crate::run::environment;

#[derive(Default)]
struct ReferenceArgs {
    page: Option<String>,
}

static REFERENCE: Command<ReferenceArgs> = Command {
    name: "reference",
    about: "Prints a reference page: `metrics`, `environment`, `rules`, or the name of a command for its flags.",
    groups: &[],
    positional: Some(Positional {
        value: "PAGE",
        help: "`metrics`, `environment`, `rules`, `profile`, `mock-server` …",
        many: false,
        set: |args, page| {
            args.page = Some(page);
            Ok(())
        },
    }),
    reference_names: &[],
    examples: &[],
};

pub(super) fn summary() -> CommandSummary {
    let commands = super::COMMANDS.iter().map(|command| command.name);
    let pages = ["metrics", "environment", "rules"]
        .into_iter()
        .chain(commands);
    REFERENCE.summary().with_words(pages)
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let args = match REFERENCE.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return super::print_help(&summary()),
        Parsed::Version => return super::print_version(),
    };
    let page = args.page.unwrap_or_default();
    let command = || super::COMMANDS.iter().find(|command| command.name == page);
    let text = match page.as_str() {
        "metrics" => aiperf_metrics::reference_markdown(),
        "environment" => environment::reference_markdown(),
        "rules" => aiperf_config::rules::reference_markdown(),
        _ => match command() {
            Some(command) => reference_markdown("aiperf", &(command.summary)()),
            None => bail!(
                "no page is called `{page}`\n  hint: `metrics`, `environment`, `rules` or the name of a command"
            ),
        },
    };
    super::print(&text)?;
    Ok(Exit::Success)
}
