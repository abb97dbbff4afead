//! `aiperf reference PAGE`: the generated pages under `docs/`.

use aiperf_config::command::reference_markdown;
use aiperf_config::{Command, CommandSummary, Parsed, Positional};
use anyhow::{Result, bail};

use crate::exit::Exit;

#[derive(Default)]
struct ReferenceArgs {
    page: Option<String>,
}

static REFERENCE: Command<ReferenceArgs> = Command {
    name: "reference",
    about: "Prints a reference page: `metrics`, or the name of a command for its flags.",
    groups: &[],
    positional: Some(Positional {
        value: "PAGE",
        help: "`metrics`, `profile`, `mock-server` …",
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
    REFERENCE.summary()
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let args = match REFERENCE.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return super::print_help(&summary()),
        Parsed::Version => return super::print_version(),
    };
    let page = args.page.unwrap_or_default();
    let text = if page == "metrics" {
        aiperf_metrics::reference_markdown()
    } else {
        match super::COMMANDS.iter().find(|command| command.name == page) {
            Some(command) => reference_markdown("aiperf", &(command.summary)()),
            None => bail!("no page is called `{page}`\n  hint: `metrics` or the name of a command"),
        }
    };
    super::print(&text)?;
    Ok(Exit::Success)
}
