//! `aiperf analyze ACTION`: pictures and pages of finished runs.

mod swim_lane;
mod turn_messages;

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
