//! `aiperf config ACTION`: what there is to do with YAML configurations besides a run.

mod convert;
mod expand;
mod init;
mod show;
mod validate;

use aiperf_config::command::{Example, nearest_word};
use aiperf_config::{Command, CommandSummary, Parsed, Positional};
use anyhow::{Result, bail};

use crate::exit::Exit;

/// One action: its name, what it is for, and what carries it out.
struct Action {
    name: &'static str,
    about: &'static str,
    summary: fn() -> CommandSummary,
    run: fn(&[String]) -> Result<Exit>,
}

const ACTIONS: &[Action] = &[
    Action {
        name: "init",
        about: "print or write a configuration to begin with",
        summary: init::summary,
        run: init::run,
    },
    Action {
        name: "validate",
        about: "tell all that is wrong with a file",
        summary: validate::summary,
        run: validate::run,
    },
    Action {
        name: "show",
        about: "show what a file means, with flags over it",
        summary: show::summary,
        run: show::run,
    },
    Action {
        name: "convert",
        about: "write flags of `aiperf profile` as a file, or a file as flags",
        summary: show::summary,
        run: convert::run,
    },
    Action {
        name: "expand",
        about: "list the runs that a file describes",
        summary: expand::summary,
        run: expand::run,
    },
    Action {
        name: "schema",
        about: "print the JSON Schema of such files",
        summary: show::schema_summary,
        run: show::schema,
    },
];

/// The help of the command; the actions have their own.
static CONFIG: Command<()> = Command {
    name: "config",
    about: "Begins, checks, shows and converts YAML configurations, as `aiperf profile --config` takes them. \
            `aiperf config ACTION --help` shows the flags of an action.",
    groups: &[],
    positional: Some(Positional {
        value: "ACTION",
        help: "`init` (a configuration to begin with), `validate` (all that is wrong), `show` (what a file means, with \
               flags over it), `convert` (flags as a file, or a file as flags), `expand` (the runs of a sweep) or `schema` (JSON Schema).",
        many: true,
        set: |_, _| Ok(()),
    }),
    reference_names: &[],
    examples: &[
        Example {
            purpose: "Begin with a template",
            line: "aiperf config init --template latency_test --model my-model --output bench.yaml",
        },
        Example {
            purpose: "Run it, with another rate",
            line: "aiperf profile --config bench.yaml --request-rate 20",
        },
        Example {
            purpose: "Write a command line as a file",
            line: "aiperf config convert --model m --url localhost:8000 --streaming --concurrency 10",
        },
        Example {
            purpose: "Write a file as a command line",
            line: "aiperf config convert bench.yaml",
        },
    ],
};

pub(super) fn summary() -> CommandSummary {
    let actions = ACTIONS
        .iter()
        .map(|action| (action.name, (action.summary)()));
    CONFIG.summary().with_actions(actions.collect())
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let Some((first, rest)) = words.split_first() else {
        return super::print_help(&summary());
    };
    if let Some(action) = ACTIONS.iter().find(|action| action.name == first) {
        return (action.run)(rest);
    }
    match CONFIG.parse(words.iter().cloned())? {
        Parsed::Help => super::print_help(&summary()),
        Parsed::Version => super::print_version(),
        Parsed::Values(()) => {
            let hint = match nearest_word(first, ACTIONS.iter().map(|action| action.name)) {
                Some(nearest) => format!("did you mean `aiperf config {nearest}`?"),
                None => {
                    let known = ACTIONS.iter();
                    let known = known.map(|action| format!("`{}` ({})", action.name, action.about));
                    format!("there is {}", known.collect::<Vec<_>>().join(", "))
                }
            };
            bail!("`{first}` is nothing that can be done with a configuration\n  hint: {hint}")
        }
    }
}

/// The value of a variable of the environment, where it is text.
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
