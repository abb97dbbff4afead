//! The commands, as a table.

mod analyze_trace;
mod completions;
mod demo;
mod mock_server;
mod profile;
mod reference;
mod schema;

use std::io::Write as _;

use aiperf_config::CommandSummary;
use aiperf_config::command::help;
use anyhow::{Result, bail};

use crate::exit::Exit;
use crate::version::VERSION;

/// One command: its name, what it is for, its flags, and what carries it out.
struct Entry {
    name: &'static str,
    about: &'static str,
    summary: fn() -> CommandSummary,
    run: fn(&[String]) -> Result<Exit>,
}

const COMMANDS: &[Entry] = &[
    Entry {
        name: "profile",
        about: "Measure an inference server and write the figures",
        summary: profile::summary,
        run: profile::run,
    },
    Entry {
        name: "demo",
        about: "Measure the built-in mock server for a few seconds; needs no flags and no network",
        summary: demo::summary,
        run: demo::run,
    },
    Entry {
        name: "mock-server",
        about: "Serve OpenAI-compatible endpoints with chosen delays and faults",
        summary: mock_server::summary,
        run: mock_server::run,
    },
    Entry {
        name: "analyze-trace",
        about: "Tell the lengths and shared prefixes of a trace",
        summary: analyze_trace::summary,
        run: analyze_trace::run,
    },
    Entry {
        name: "schema",
        about: "Print the JSON Schema of a result file",
        summary: schema::summary,
        run: schema::run,
    },
    Entry {
        name: "completions",
        about: "Print a completion script for a shell",
        summary: completions::summary,
        run: completions::run,
    },
    Entry {
        name: "reference",
        about: "Print a reference page in Markdown, made from the program's own tables",
        summary: reference::summary,
        run: reference::run,
    },
];

/// Carries out a command line.
pub(crate) fn dispatch(words: &[String]) -> Result<Exit> {
    let Some((first, rest)) = words.split_first() else {
        print(&overview())?;
        return Ok(Exit::Success);
    };
    match first.as_str() {
        "-h" | "--help" | "help" => {
            print(&overview())?;
            Ok(Exit::Success)
        }
        "--version" => {
            print(&format!("{VERSION}\n"))?;
            Ok(Exit::Success)
        }
        name => match COMMANDS.iter().find(|command| command.name == name) {
            Some(command) => (command.run)(rest),
            None => bail!(unknown(name)),
        },
    }
}

fn unknown(name: &str) -> String {
    if REFERENCE_COMMANDS.contains(&name) {
        return format!("`{name}` is an AIPerf command that this version does not support yet");
    }
    let known = COMMANDS
        .iter()
        .map(|command| command.name)
        .collect::<Vec<_>>()
        .join("`, `");
    format!("unknown command `{name}`\n  hint: the commands are `{known}`")
}

/// Commands of the reference that have no entry above.
const REFERENCE_COMMANDS: &[&str] = &[
    "plot",
    "analyze",
    "chat",
    "config",
    "validate",
    "synthesize",
    "speed-bench-report",
    "plugins",
    "service",
    "proxy",
    "kube",
];

fn overview() -> String {
    let mut text = format!(
        "aiperf {VERSION}: measures generative-AI inference servers\n\n\
         Usage: aiperf COMMAND [FLAGS]\n\nCommands:\n"
    );
    for command in COMMANDS {
        text.push_str(&format!("  {:<13} {}\n", command.name, command.about));
    }
    text.push_str(
        "\n`aiperf COMMAND --help` shows a command's flags; `aiperf --version` the version.\n",
    );
    text
}

/// Prints the help of a command, as wide as the terminal.
fn print_help(summary: &CommandSummary) -> Result<Exit> {
    print(&help("aiperf", summary, help_width()))?;
    Ok(Exit::Success)
}

fn print_version() -> Result<Exit> {
    print(&format!("{VERSION}\n"))?;
    Ok(Exit::Success)
}

fn help_width() -> usize {
    const USUAL: usize = 100;
    let columns = rustix::termios::tcgetwinsize(std::io::stdout()).map(|size| size.ws_col);
    columns.map_or(USUAL, |columns| usize::from(columns).clamp(60, 120))
}

/// Writes to standard output. A reader that has gone away (`| head`) is no error.
fn print(text: &str) -> Result<()> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// The flags of all commands.
fn summaries() -> Vec<CommandSummary> {
    COMMANDS.iter().map(|command| (command.summary)()).collect()
}
