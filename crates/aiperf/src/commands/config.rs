//! `aiperf config ACTION`: what there is to do with YAML configurations besides a run.

mod convert;
mod expand;
mod init;
mod show;
mod validate;

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
        name: "init",
        about: "print or write a configuration to begin with",
        run: init::run,
    },
    Action {
        name: "validate",
        about: "tell all that is wrong with a file",
        run: validate::run,
    },
    Action {
        name: "show",
        about: "show what a file means, with flags over it",
        run: show::run,
    },
    Action {
        name: "convert",
        about: "write flags of `aiperf profile` as a file, or a file as flags",
        run: convert::run,
    },
    Action {
        name: "expand",
        about: "list the runs that a file describes",
        run: expand::run,
    },
    Action {
        name: "schema",
        about: "print the JSON Schema of such files",
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
        aiperf_config::command::Example {
            purpose: "Begin with a template",
            line: "aiperf config init --template latency_test --model my-model --output bench.yaml",
        },
        aiperf_config::command::Example {
            purpose: "Run it, with another rate",
            line: "aiperf profile --config bench.yaml --request-rate 20",
        },
        aiperf_config::command::Example {
            purpose: "Write a command line as a file",
            line: "aiperf config convert --model m --url localhost:8000 --streaming --concurrency 10",
        },
        aiperf_config::command::Example {
            purpose: "Write a file as a command line",
            line: "aiperf config convert bench.yaml",
        },
    ],
};

pub(super) fn summary() -> CommandSummary {
    CONFIG
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
    match CONFIG.parse(words.iter().cloned())? {
        Parsed::Help => super::print_help(&summary()),
        Parsed::Version => super::print_version(),
        Parsed::Values(()) => {
            let known: Vec<_> = ACTIONS
                .iter()
                .map(|action| format!("`{}` ({})", action.name, action.about))
                .collect();
            bail!(
                "`{first}` is nothing that can be done with a configuration\n  hint: there is {}",
                known.join(", ")
            )
        }
    }
}

/// The value of a variable of the environment, where it is text.
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
