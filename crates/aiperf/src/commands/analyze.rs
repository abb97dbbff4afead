//! `aiperf analyze ACTION`: pictures and pages of finished runs.

mod swim_lane;
mod turn_messages;

use std::path::{Path, PathBuf};

use aiperf_config::{Command, CommandSummary, Parsed, Positional};
use anyhow::{Result, bail};

use crate::exit::Exit;

/// One action: its name, what it is for, and what carries it out.
struct Action {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result<Exit>,
}

const ACTIONS: &[Action] = &[
    Action {
        name: "swim-lane",
        about: "a picture of which session had requests under way when",
        run: swim_lane::run,
    },
    Action {
        name: "turn-messages",
        about: "a page of the messages that each turn of a run sent",
        run: turn_messages::run,
    },
];

/// The help of the command; the actions have their own.
static ANALYZE: Command<()> = Command {
    name: "analyze",
    about: "Makes pictures and pages of finished runs. `aiperf analyze ACTION --help` shows the flags of an action.",
    groups: &[],
    positional: Some(Positional {
        value: "ACTION",
        help: "`swim-lane` (which session had requests under way when) or `turn-messages` (the messages that each turn \
               sent).",
        many: true,
        set: |_, _| Ok(()),
    }),
    reference_names: &[],
    examples: &[
        aiperf_config::command::Example {
            purpose: "When which session had requests under way, as a picture",
            line: "aiperf analyze swim-lane artifacts/my-run",
        },
        aiperf_config::command::Example {
            purpose: "What a run sent, as a page",
            line: "aiperf analyze turn-messages artifacts/my-run",
        },
    ],
};

pub(super) fn summary() -> CommandSummary {
    ANALYZE
        .summary()
        .with_words(ACTIONS.iter().map(|action| action.name))
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let Some((first, rest)) = words.split_first() else {
        return super::print_help(&summary());
    };
    if let Some(action) = ACTIONS.iter().find(|action| action.name == first) {
        return (action.run)(rest);
    }
    match ANALYZE.parse(words.iter().cloned())? {
        Parsed::Help => super::print_help(&summary()),
        Parsed::Version => super::print_version(),
        Parsed::Values(()) => {
            let known: Vec<_> = ACTIONS
                .iter()
                .map(|action| format!("`{}` ({})", action.name, action.about))
                .collect();
            bail!(
                "`{first}` is nothing that can be made of a run\n  hint: there is {}",
                known.join(", ")
            )
        }
    }
}

/// Makes something of each run; one that cannot be read does not keep the others from being made.
/// `output` is the one file that was asked for instead of the usual ones.
fn for_each_run(
    action: &str,
    what: &str,
    runs: &[PathBuf],
    output: Option<&Path>,
    make: impl Fn(&Path) -> Result<()>,
) -> Result<Exit> {
    if runs.is_empty() {
        super::print_error(&format!("name runs: `aiperf analyze {action} RUNS`\n"))?;
        return Ok(Exit::NothingToDo);
    }
    if output.is_some() && runs.len() > 1 {
        super::print_error(&format!(
            "`--out` names one {what}, and there are several runs\n"
        ))?;
        return Ok(Exit::NothingToDo);
    }
    let mut exit = Exit::Success;
    for run in runs {
        if let Err(error) = make(run) {
            super::print_error(&format!("skip {}: {error:#}\n", run.display()))?;
            exit = Exit::Failure;
        }
    }
    Ok(exit)
}
