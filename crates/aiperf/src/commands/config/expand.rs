//! `aiperf config expand FILE`: the runs that a file describes.

use std::path::PathBuf;

use aiperf_config::command::Example;
use aiperf_config::document::{self, Document, Dump, Variation};
use aiperf_config::{Command, CommandSummary, Flag, Group, Kind, Parsed, Positional, ProfileArgs};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::commands;
use crate::exit::Exit;

#[derive(Default)]
struct ExpandArgs {
    file: Option<PathBuf>,
    full: bool,
    index: Option<u64>,
    format: Option<&'static str>,
}

static EXPAND: Command<ExpandArgs> = Command {
    name: "config expand",
    about: "Lists the runs that a configuration describes, without running them: every combination of a grid, the \
            pairs of a zip, the runs of scenarios, the points of a sampled space.",
    groups: &[&Group {
        title: "Parameters",
        flags: &[FULL, INDEX, FORMAT],
    }],
    positional: Some(Positional {
        value: "FILE",
        help: "The configuration.",
        many: false,
        set: |args, file| {
            args.file = Some(file.into());
            Ok(())
        },
    }),
    reference_names: &[],
    examples: &[
        Example {
            purpose: "The runs of a sweep, with the names of their directories",
            line: "aiperf config expand sweep.yaml",
        },
        Example {
            purpose: "All that the second one does",
            line: "aiperf config expand sweep.yaml --index 1 --format yaml",
        },
    ],
};

const FULL: Flag<ExpandArgs> = Flag {
    names: &["full"],
    short: Some("F"),
    kind: Kind::Switch(|args, on| args.full = on),
    value: "",
    default: "",
    path: "",
    help: "Show all that each run does, with defaults.",
};

const INDEX: Flag<ExpandArgs> = Flag {
    names: &["index"],
    short: Some("i"),
    kind: Kind::Integer {
        within: 0..=u64::MAX,
        set: |args, index| args.index = Some(index),
    },
    value: "NUMBER",
    default: "",
    path: "",
    help: "Show only this run, counted from 0, and all that it does.",
};

const FORMAT: Flag<ExpandArgs> = Flag {
    names: &["format"],
    short: Some("f"),
    kind: Kind::Choice {
        names: &["text", "yaml", "json"],
        later: &[],
        set: |args, word| {
            args.format = Some(word);
            Ok(())
        },
    },
    value: "FORMAT",
    default: "text",
    path: "",
    help: "The form of the list.",
};

pub(super) fn summary() -> CommandSummary {
    EXPAND.summary()
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let args = match EXPAND.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return commands::print_help(&EXPAND.summary()),
        Parsed::Version => return commands::print_version(),
    };
    let file = args
        .file
        .context("name the file: `aiperf config expand FILE`")?;
    let document = Document::load(&file, &super::environment)?;
    let kind = document.sweep_kind();
    if kind == "AdaptiveSearchSweep" {
        commands::print_error(
            "the runs of an adaptive search follow from the results of earlier ones: there is nothing to list\n",
        )?;
        return Ok(Exit::NothingToDo);
    }
    let variations = document.variations(&ProfileArgs::default())?;
    let count = variations.len();
    let index = args.index.and_then(|index| usize::try_from(index).ok());
    if let Some(index) = args.index.filter(|index| *index >= count as u64) {
        let last = count - 1;
        bail!("`--index {index}` is out of range\n  hint: runs are counted from 0 to {last}");
    }
    let is_full = args.full || index.is_some();
    let shown: Vec<Value> = variations
        .iter()
        .filter(|variation| index.is_none_or(|index| variation.identity.index == index))
        .map(|variation| listed(variation, is_full))
        .collect();
    let text = match args.format.unwrap_or("text") {
        "json" => {
            let list = json!({ "sweep_type": kind, "variations": shown });
            format!("{}\n", serde_json::to_string_pretty(&list)?)
        }
        "yaml" => document::to_yaml(&json!({ "sweep_type": kind, "variations": shown })),
        _ => as_text(kind, count, document.trials(), &shown),
    };
    commands::print(&text)?;
    Ok(Exit::Success)
}

/// A run with its name and values, and with all that it does.
fn listed(variation: &Variation, is_full: bool) -> Value {
    let mut run = json!({
        "index": variation.identity.index,
        "dir_name": variation.identity.dir_name,
        "label": variation.identity.label,
        "values": variation.identity.values,
    });
    if is_full {
        let mut body = variation.document.dump(Dump::Full);
        super::show::hide_credentials(&mut body);
        run["benchmark"] = body["benchmark"].take();
    }
    run
}

fn as_text(kind: &str, count: usize, trials: u64, runs: &[Value]) -> String {
    let variations = if count == 1 {
        "variation"
    } else {
        "variations"
    };
    let mut text = format!("Sweep type: {kind} ({count} {variations})");
    if runs.len() != count {
        text.push_str(&format!(" (showing {} of {count})", runs.len()));
    }
    if trials > 1 {
        text.push_str(&format!(", each {trials} times"));
    }
    text.push_str("\n\n");
    for run in runs {
        let word = |key: &str| run[key].as_str().unwrap_or_default();
        text.push_str(&format!(
            "[{}] dir={}  label={}\n",
            run["index"],
            word("dir_name"),
            word("label")
        ));
        if let Some(body) = run.get("benchmark") {
            for line in document::to_yaml(body).lines() {
                text.push_str(&format!("    {line}\n"));
            }
            text.push('\n');
        }
    }
    text
}
