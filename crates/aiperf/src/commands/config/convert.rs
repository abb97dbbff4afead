//! `aiperf config convert`: flags as a file, or a file as flags.

use std::path::{Path, PathBuf};

use aiperf_config::document::{self, Document, differences, of_flags};
use aiperf_config::{PROFILE, Parsed, ProfileArgs, Surroundings, input_config, resolve};
use aiperf_redact::REDACTED;
use anyhow::{Result, bail};

use super::show::{flags, wants_help};
use crate::commands;
use crate::exit::Exit;

const HELP: &str = "\
Writes flags of `aiperf profile` as a YAML configuration, or a configuration as a command line.
Credentials are left out. What the other form cannot say is named on standard error.

Usage: aiperf config convert FLAGS
       aiperf config convert FILE [FLAGS]

Arguments:
  FILE
          The configuration, which becomes a command line.
  FLAGS
          Flags of `aiperf profile`. Without a file they become one; with a file they win over it.

Options:
  -h, --help
          Show this text.

Examples:
  # A command line as a file
  aiperf config convert --model m --url localhost:8000 --streaming --concurrency 10 > bench.yaml
  # A file as a command line
  aiperf config convert bench.yaml
";

/// Nothing here depends on the terminal.
const SURROUNDINGS: Surroundings = Surroundings {
    stdout_is_terminal: false,
};

pub(super) fn run(words: &[String]) -> Result<Exit> {
    if wants_help(words) || words.is_empty() {
        commands::print(HELP)?;
        return Ok(Exit::Success);
    }
    let (file, typed) = match words.split_first() {
        Some((first, rest)) if !first.starts_with('-') => (Some(PathBuf::from(first)), rest),
        _ => (None, words),
    };
    let args = flags(typed.to_vec())?;
    match file.or_else(|| args.config.clone()) {
        Some(file) => to_flags(&file, &args, typed),
        None => to_file(&args, typed),
    }
}

fn to_file(args: &ProfileArgs, typed: &[String]) -> Result<Exit> {
    let resolved = resolve(args, SURROUNDINGS)?;
    let folder = args.artifact_dir.clone().unwrap_or_default();
    let body = input_config(args, &resolved.config, &folder);
    let file = document::to_yaml(&of_flags(args, body));
    commands::print(&file)?;
    tell_keyless(typed, "no key stands for it; give it beside `--config`")?;
    if args.api_key.is_some() {
        warn(
            "`--api-key` holds a credential and is left out; write `api_key: ${NAME}` below `endpoint` \
             and set that variable, or give the flag beside `--config`",
        )?;
    }
    if file.contains(REDACTED) {
        warn(&format!(
            "what stands as `{REDACTED}` is a credential; write `${{NAME}}` there and set that variable"
        ))?;
    }
    Ok(Exit::Success)
}

fn to_flags(file: &Path, args: &ProfileArgs, typed: &[String]) -> Result<Exit> {
    let document = Document::load_with_flags(file, &super::environment, args)?;
    let line = document.command_line();
    commands::print(&line.shown())?;
    for key in &line.left_out {
        warn(&format!("no flag stands for {key}"))?;
    }
    for flag in &line.secret {
        warn(&format!(
            "`{flag}` holds credentials and is left out; add it yourself"
        ))?;
    }
    tell_keyless(typed, "no key stands for it; add it yourself")?;
    // A file that this version cannot run cannot be compared.
    let Ok(ours) = document.resolve(args, SURROUNDINGS, None) else {
        return Ok(Exit::Success);
    };
    let words = document.command_line_with_credentials();
    let theirs = match PROFILE.parse(words.into_iter().skip(1)) {
        Ok(Parsed::Values(theirs)) => resolve(&theirs, SURROUNDINGS)?,
        Ok(_) => bail!("the command line asks for help"),
        Err(error) => return Err(error.into()),
    };
    let parts = differences(&ours.config, &theirs.config);
    if !parts.is_empty() {
        warn(&format!(
            "the command line is not quite the file: another {}",
            parts.join(", ")
        ))?;
    }
    Ok(Exit::Success)
}

/// Names the flags that have no key.
fn tell_keyless(typed: &[String], why: &str) -> Result<()> {
    for word in typed.iter().take_while(|word| *word != "--") {
        let spelling = word.split('=').next().unwrap_or_default();
        let flag = PROFILE
            .flags()
            .filter(|flag| flag.path.is_empty() && flag.names != ["config"])
            .find(|flag| flag.spellings().iter().any(|known| known == spelling));
        if flag.is_some() {
            warn(&format!("`{spelling}`: {why}"))?;
        }
    }
    Ok(())
}

fn warn(message: &str) -> Result<()> {
    commands::print_error(&format!("Warning: {message}\n"))
}
