//! `aiperf completions SHELL`.

use aiperf_config::command::{Choice, Shell, completions};
use aiperf_config::{Command, CommandSummary, Parsed, Positional};
use anyhow::{Result, bail};

use crate::exit::Exit;

#[derive(Default)]
struct CompletionArgs {
    shell: Option<String>,
}

static COMPLETIONS: Command<CompletionArgs> = Command {
    name: "completions",
    about: "Prints a script that completes aiperf's commands and flags.",
    groups: &[],
    positional: Some(Positional {
        value: "SHELL",
        help: "`bash`, `zsh` or `fish`.",
        many: false,
        set: |args, shell| {
            args.shell = Some(shell);
            Ok(())
        },
    }),
    reference_names: &[],
    examples: &[],
};

pub(super) fn summary() -> CommandSummary {
    COMPLETIONS
        .summary()
        .with_words(Shell::NAMES.iter().copied())
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let args = match COMPLETIONS.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return super::print_help(&summary()),
        Parsed::Version => return super::print_version(),
    };
    let Some(named) = args.shell else {
        bail!("name a shell: `aiperf completions bash`, `zsh` or `fish`");
    };
    let Some(shell) = Shell::named(&named) else {
        bail!(
            "there are no completions for `{named}`\n  hint: there are some for `bash`, `zsh` and `fish`"
        );
    };
    super::print(&completions(shell, "aiperf", &super::summaries()))?;
    Ok(Exit::Success)
}
