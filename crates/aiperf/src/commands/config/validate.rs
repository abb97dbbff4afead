//! `aiperf config validate FILE`.

use std::path::PathBuf;

use aiperf_config::command::Example;
use aiperf_config::document::{Document, Dump};
use aiperf_config::{Command, CommandSummary, Parsed, Positional};
use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::commands;
use crate::exit::Exit;

#[derive(Default)]
pub(super) struct FileArgs {
    pub(super) file: Option<PathBuf>,
}

static VALIDATE: Command<FileArgs> = Command {
    name: "config validate",
    about: "Tells all that is wrong with a configuration, with file, line and column. What would only be odd is a warning.",
    groups: &[],
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
    examples: &[Example {
        purpose: "All that is wrong with a file",
        line: "aiperf config validate bench.yaml",
    }],
};

pub(super) fn summary() -> CommandSummary {
    VALIDATE.summary()
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let args = match VALIDATE.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return commands::print_help(&VALIDATE.summary()),
        Parsed::Version => return commands::print_version(),
    };
    let file = args
        .file
        .context("name the file: `aiperf config validate FILE`")?;
    let document = Document::load(&file, &super::environment)?;
    let mut warnings: Vec<String> = document
        .warnings()
        .iter()
        .map(|warning| warning.in_file(&file))
        .collect();
    limits(&document, &mut warnings)?;
    for warning in &warnings {
        commands::print_error(&format!("Warning: {warning}\n"))?;
    }
    let shown = file.display();
    let verdict = match warnings.len() {
        0 => format!("Configuration valid: {shown}\n"),
        1 => format!("Configuration valid with 1 warning: {shown}\n"),
        count => format!("Configuration valid with {count} warnings: {shown}\n"),
    };
    commands::print(&verdict)?;
    Ok(Exit::Success)
}

/// Limits that good requests keep are about metrics that there are.
fn limits(document: &Document, warnings: &mut Vec<String>) -> Result<()> {
    let body = document.dump_benchmark(Dump::Full);
    let Some(limits) = body.get("slos").and_then(Value::as_object) else {
        return Ok(());
    };
    let streams = body.pointer("/endpoint/streaming") == Some(&Value::Bool(true));
    for tag in limits.keys() {
        if aiperf_metrics::catalog::find(tag).is_none() {
            bail!(
                "`benchmark.slos.{tag}`: no metric is called `{tag}`\n  hint: `aiperf reference metrics` lists all"
            );
        }
        if !streams && matches!(tag.as_str(), "time_to_first_token" | "inter_token_latency") {
            warnings.push(format!(
                "`benchmark.slos.{tag}` needs `benchmark.endpoint.streaming: true`: only a stream has this metric"
            ));
        }
    }
    Ok(())
}
