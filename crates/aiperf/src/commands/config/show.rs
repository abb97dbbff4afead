//! `aiperf config show FILE [FLAGS]` and `aiperf config schema`.

use aiperf_config::document::{self, Document, Dump};
use aiperf_config::{Command, CommandSummary, PROFILE, Parsed, ProfileArgs};
use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::commands;
use crate::exit::Exit;

const SHOW: &str = "\
Shows what a configuration means: short forms written out, variables replaced, templates rendered, the
flags of `aiperf profile` written over it, defaults filled in. Credentials are hidden.

Usage: aiperf config show FILE [--given] [FLAGS]

Arguments:
  FILE
          The configuration.

Options:
      --given
          Show what was written only, without defaults.
  [FLAGS]
          Flags of `aiperf profile`, which win over the file; `aiperf profile --help` shows them.
  -h, --help
          Show this text.

Examples:
  # What a file comes to
  aiperf config show bench.yaml
  # What another rate makes of it
  aiperf config show bench.yaml --given --request-rate 20
";

const SCHEMA: &str = "\
Prints the JSON Schema of configurations: keys, short forms, limits, defaults and what each key is for.
Editors complete and check files with it.

Usage: aiperf config schema

Options:
  -h, --help
          Show this text.

Examples:
  # Put it where an editor finds it
  aiperf config schema > aiperf-config.schema.json
  # The first line of a configuration, for editors that speak the YAML language server
  # yaml-language-server: $schema=aiperf-config.schema.json
";

/// What may follow, for completions.
pub(super) fn summary() -> CommandSummary {
    PROFILE.summary().with_file()
}

/// The same of `aiperf config schema`: nothing.
pub(super) fn schema_summary() -> CommandSummary {
    static NOTHING: Command<()> = Command {
        name: "config schema",
        about: "",
        groups: &[],
        positional: None,
        reference_names: &[],
        examples: &[],
    };
    NOTHING.summary()
}

/// Whether the words ask for help.
pub(super) fn wants_help(words: &[String]) -> bool {
    words.iter().any(|word| word == "-h" || word == "--help")
}

/// The flags of `aiperf profile`.
pub(super) fn flags(words: Vec<String>) -> Result<ProfileArgs> {
    match PROFILE.parse(words)? {
        Parsed::Values(args) => Ok(args),
        _ => bail!("`--version` has no place here"),
    }
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    if wants_help(words) {
        commands::print(SHOW)?;
        return Ok(Exit::Success);
    }
    let (given, mut words): (Vec<String>, Vec<String>) =
        words.iter().cloned().partition(|word| word == "--given");
    let file = match words.first() {
        Some(first) if !first.starts_with('-') => Some(words.remove(0)),
        _ => None,
    };
    let args = flags(words)?;
    let file = file.map(Into::into).or_else(|| args.config.clone());
    let file = file.context("name the file: `aiperf config show FILE`")?;
    let document = Document::load_with_flags(&file, &super::environment, &args)?;
    for warning in document.warnings() {
        commands::print_error(&format!("Warning: {}\n", warning.in_file(&file)))?;
    }
    let dump = if given.is_empty() {
        Dump::Full
    } else {
        Dump::Given
    };
    let mut shown = document.dump(dump);
    hide_credentials(&mut shown);
    commands::print(&document::to_yaml(&shown))?;
    Ok(Exit::Success)
}

/// What is shown on a terminal ends up in tickets.
pub(super) fn hide_credentials(shown: &mut Value) {
    if let Some(variables) = shown.get_mut("variables")
        && let Some(fields) = variables.as_object()
    {
        *variables = aiperf_redact::fields(fields).into();
    }
    if let Some(body) = shown.get_mut("benchmark") {
        document::hide_credentials(body);
    }
}

pub(super) fn schema(words: &[String]) -> Result<Exit> {
    if wants_help(words) {
        commands::print(SCHEMA)?;
        return Ok(Exit::Success);
    }
    if let Some(word) = words.first() {
        bail!("unexpected argument `{word}`");
    }
    let schema = serde_json::to_string_pretty(&document::schema())?;
    commands::print(&format!("{schema}\n"))?;
    Ok(Exit::Success)
}
