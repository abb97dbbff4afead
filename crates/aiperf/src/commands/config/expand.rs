//! `aiperf config expand FILE`: the runs that a file describes.

use std::path::PathBuf;

use aiperf_config::document::{self, Document, Dump};
use aiperf_config::{Command, Flag, Group, Kind, Parsed, Positional};
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
    about: "Lists the runs that a configuration describes, without running them. Sweeps are not supported yet.",
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
    examples: &[],
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
    let mut whole = document.dump(Dump::Full);
    if whole.get("sweep").is_some() {
        bail!("`sweep` is an AIPerf setting that this version does not support yet");
    }
    if let Some(index) = args.index.filter(|index| *index > 0) {
        bail!("`--index {index}` is out of range: there is 1 run");
    }
    super::show::hide_credentials(&mut whole);
    let is_full = args.full || args.index.is_some();
    let body = is_full.then(|| whole["benchmark"].take());
    let text = match args.format.unwrap_or("text") {
        "json" => format!("{}\n", serde_json::to_string_pretty(&listed(body))?),
        "yaml" => document::to_yaml(&listed(body)),
        _ => as_text(body.as_ref()),
    };
    commands::print(&text)?;
    Ok(Exit::Success)
}

fn listed(body: Option<Value>) -> Value {
    let mut run = json!({ "index": 0, "dir_name": "base", "label": "base", "values": {} });
    if let Some(body) = body {
        run["benchmark"] = body;
    }
    json!({ "sweep_type": "none", "variations": [run] })
}

fn as_text(body: Option<&Value>) -> String {
    let mut text = "Sweep type: none (1 variation)\n\n[0] dir=base  label=base\n".to_owned();
    if let Some(body) = body {
        for line in document::to_yaml(body).lines() {
            text.push_str(&format!("    {line}\n"));
        }
        text.push('\n');
    }
    text
}
