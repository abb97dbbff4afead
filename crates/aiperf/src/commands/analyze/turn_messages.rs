//! `aiperf analyze turn-messages`: what each turn of a run sent, as a page.

mod page;
mod records;
mod tree;

use std::path::{Path, PathBuf};

use aiperf_config::command::{Example, Flag, Group, Kind};
use aiperf_config::{Command, Parsed, Positional};
use aiperf_export::write::write_text;
use anyhow::{Result, bail};

use crate::commands;
use crate::exit::Exit;
use records::RawFiles;
use tree::{Limits, tree};

#[derive(Default)]
struct MessagesArgs {
    runs: Vec<PathBuf>,
    output: Option<PathBuf>,
    limits: Limits,
}

static TURN_MESSAGES: Command<MessagesArgs> = Command {
    name: "analyze turn-messages",
    about: "Makes a page of the messages that a run sent: conversation by conversation, turn by turn. The page is one \
            file that needs no network. The run must have written raw records (`aiperf profile --export-level raw`).",
    groups: &[&PAGE],
    positional: Some(Positional {
        value: "RUNS",
        help: "Folders of runs, or files of raw records.",
        many: true,
        set: |args, run| {
            args.runs.push(run.into());
            Ok(())
        },
    }),
    reference_names: &[],
    examples: &[
        Example {
            purpose: "The page `turn_messages.html` in the folder of a run",
            line: "aiperf analyze turn-messages artifacts/my-run",
        },
        Example {
            purpose: "Everything of a run, without cuts",
            line: "aiperf analyze turn-messages artifacts/my-run --limit-conversations 100000 --max-turns 100000 --content-cap 10000000 --out all.html",
        },
    ],
};

static PAGE: Group<MessagesArgs> = Group {
    title: "Page",
    flags: &[
        Flag {
            names: &["out"],
            short: Some("o"),
            kind: Kind::Path(|args, path| {
                args.output = Some(path);
                Ok(())
            }),
            value: "FILE",
            default: "turn_messages.html beside the records",
            path: "",
            help: "The page, where there is one run.",
        },
        Flag {
            names: &["limit-conversations"],
            short: Some("n"),
            kind: Kind::Integer {
                within: 0..=u32::MAX as u64,
                set: |args, count| args.limits.conversations = count as usize,
            },
            value: "COUNT",
            default: "40",
            path: "",
            help: "Conversations that are shown: roots first, then by their first request.",
        },
        Flag {
            names: &["max-turns"],
            short: None,
            kind: Kind::Integer {
                within: 0..=u32::MAX as u64,
                set: |args, count| args.limits.turns = count as usize,
            },
            value: "COUNT",
            default: "60",
            path: "",
            help: "Turns of a conversation that are shown; the others are counted.",
        },
        Flag {
            names: &["content-cap"],
            short: None,
            kind: Kind::Integer {
                within: 0..=u32::MAX as u64,
                set: |args, count| args.limits.characters = count as usize,
            },
            value: "CHARACTERS",
            default: "8000",
            path: "",
            help: "Characters of a message that are shown; the others are counted.",
        },
    ],
};

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let summary = TURN_MESSAGES.summary();
    let args = match TURN_MESSAGES.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return commands::print_help(&summary),
        Parsed::Version => return commands::print_version(),
    };
    let output = args.output.as_deref();
    super::for_each_run("turn-messages", "page", &args.runs, output, |run| {
        write_page(run, output, args.limits)
    })
}

fn write_page(run: &Path, output: Option<&Path>, limits: Limits) -> Result<()> {
    let files = RawFiles::of(run)?;
    let records = files.read()?;
    if records.is_empty() {
        bail!("there are no raw records in it");
    }
    let html = page::page(&tree(&records, files.count(), limits))?;
    let output = output.map_or_else(|| files.folder().join("turn_messages.html"), Path::to_owned);
    write_text(&output, &html)?;
    commands::print(&format!(
        "saved {} ({} KB)\n",
        output.display(),
        html.len() / 1024
    ))
}
