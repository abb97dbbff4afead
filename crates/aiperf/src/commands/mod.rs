//! The commands, as a table.

mod analyze;
mod analyze_trace;
mod chat;
mod completions;
mod config;
mod demo;
mod man;
mod mock_server;
mod plugins;
mod profile;
mod reference;
mod schema;
mod speed_bench_report;
mod summarize;
mod synthesize;
mod validate;

use std::io::Write as _;

use aiperf_config::CommandSummary;
use aiperf_config::command::{HelpRequest, help, help_for, nearest_word};
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
        name: "config",
        about: "Begin, check, show and convert YAML configurations",
        summary: config::summary,
        run: config::run,
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
        name: "summarize",
        about: "Make the summary of a run again from its records, also of a run that was killed",
        summary: summarize::summary,
        run: summarize::run,
    },
    Entry {
        name: "analyze",
        about: "Make pictures and pages of finished runs",
        summary: analyze::summary,
        run: analyze::run,
    },
    Entry {
        name: "analyze-trace",
        about: "Tell the lengths and shared prefixes of a trace",
        summary: analyze_trace::summary,
        run: analyze_trace::run,
    },
    Entry {
        name: "synthesize",
        about: "Make a workload by laws of chance: sessions of coding agents",
        summary: synthesize::summary,
        run: synthesize::run,
    },
    Entry {
        name: "speed-bench-report",
        about: "Put runs of SPEED-Bench categories together in one table",
        summary: speed_bench_report::summary,
        run: speed_bench_report::run,
    },
    Entry {
        name: "chat",
        about: "Talk to a chat server and see how fast each answer is",
        summary: chat::summary,
        run: chat::run,
    },
    Entry {
        name: "validate",
        about: "Tell whether a file has the format of a dataset",
        summary: validate::summary,
        run: validate::run,
    },
    Entry {
        name: "plugins",
        about: "List what can be chosen: endpoint types, formats of data, metrics …",
        summary: plugins::summary,
        run: plugins::run,
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
    Entry {
        name: "man",
        about: "Print a manual page",
        summary: man::summary,
        run: man::run,
    },
];

/// Carries out a command line.
pub(crate) fn dispatch(words: &[String]) -> Result<Exit> {
    let Some((first, rest)) = words.split_first() else {
        print(&overview())?;
        return Ok(Exit::Success);
    };
    match first.as_str() {
        "-h" | "--help" | "--help-all" => {
            print(&overview())?;
            Ok(Exit::Success)
        }
        "help" => help_command(rest),
        "--install-completion" => bail!(
            "`--install-completion` is not here: a program does not write into the files of a shell by itself\n  \
             hint: `aiperf completions bash`, `zsh` or `fish` prints a script to source"
        ),
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

/// `aiperf help COMMAND GROUP` is `aiperf COMMAND --help GROUP`.
fn help_command(words: &[String]) -> Result<Exit> {
    let Some((command, topic)) = words.split_first() else {
        print(&overview())?;
        return Ok(Exit::Success);
    };
    let asked = [command.clone(), "--help".to_owned()];
    dispatch(&[&asked, topic].concat())
}

fn unknown(name: &str) -> String {
    if REFERENCE_COMMANDS.contains(&name) {
        return format!("`{name}` is an AIPerf command that this version does not support yet");
    }
    let names = || COMMANDS.iter().map(|command| command.name);
    if name.starts_with('-') {
        return format!(
            "`{name}` stands where a command is expected\n  hint: {}",
            of_flag(name)
        );
    }
    match nearest_word(name, names()) {
        Some(nearest) => format!("unknown command `{name}`\n  hint: did you mean `{nearest}`?"),
        None => {
            let known = names().collect::<Vec<_>>().join("`, `");
            format!("unknown command `{name}`\n  hint: the commands are `{known}`")
        }
    }
}

/// What to do with a flag that no command stands before.
fn of_flag(typed: &str) -> String {
    let flag = typed.split_once('=').map_or(typed, |(flag, _)| flag);
    let spellings = profile::summary();
    let belongs_to_profile = spellings
        .flags()
        .any(|known| known.spellings.iter().any(|spelling| spelling == flag));
    if belongs_to_profile {
        return format!("`aiperf profile {flag} …` measures a server");
    }
    if matches!(flag, "-V" | "-v") {
        return "did you mean `--version`?".to_owned();
    }
    match nearest_word(flag, ["--help", "--help-all", "--version"]) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => "`aiperf --help` lists the commands".to_owned(),
    }
}

/// Commands of the reference that have no entry above.
const REFERENCE_COMMANDS: &[&str] = &["plot", "service", "proxy", "kube"];

fn overview() -> String {
    let mut text = format!(
        "aiperf {VERSION}: measures generative-AI inference servers\n\n\
         Usage: aiperf COMMAND [FLAGS]\n\nCommands:\n"
    );
    for command in COMMANDS {
        text.push_str(&format!("  {:<18} {}\n", command.name, command.about));
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

/// Prints the help that the words of a command with many flags ask for.
fn print_help_asked(summary: &CommandSummary, words: &[String]) -> Result<Exit> {
    let request = HelpRequest::of(words).unwrap_or(HelpRequest::Short);
    let text = help_for("aiperf", summary, &request, help_width()).map_err(anyhow::Error::msg)?;
    print(&text)?;
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

/// Writes to standard error.
fn print_error(text: &str) -> Result<()> {
    std::io::stderr().lock().write_all(text.as_bytes())?;
    Ok(())
}

/// The flags of all commands.
fn summaries() -> Vec<CommandSummary> {
    COMMANDS.iter().map(|command| (command.summary)()).collect()
}
