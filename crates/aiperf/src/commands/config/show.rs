//! `aiperf config show FILE [FLAGS]`, `aiperf config convert FLAGS` and `aiperf config schema`.

use std::path::Path;

use aiperf_config::document::{self, Document, Dump};
use aiperf_config::{PROFILE, Parsed, ProfileArgs, Surroundings, input_config, resolve};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::commands;
use crate::exit::Exit;

const SHOW: &str = "\
Usage: aiperf config show FILE [--given] [FLAGS]

Shows what a configuration means: short forms written out, variables replaced, templates rendered, the
flags of `aiperf profile` written over it, defaults filled in. With --given, without defaults.
";

const CONVERT: &str = "\
Usage: aiperf config convert FLAGS

Writes flags of `aiperf profile` as a YAML configuration. Credentials are left out.
";

const SCHEMA: &str = "\
Usage: aiperf config schema

Prints the JSON Schema of configurations, for editors.
";

/// Whether the words ask for help.
fn wants_help(words: &[String]) -> bool {
    words.iter().any(|word| word == "-h" || word == "--help")
}

/// The flags of `aiperf profile`.
fn flags(words: Vec<String>) -> Result<ProfileArgs> {
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
        commands::print_error(&format!("Warning: {warning}\n"))?;
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

pub(super) fn convert(words: &[String]) -> Result<Exit> {
    if wants_help(words) {
        commands::print(CONVERT)?;
        return Ok(Exit::Success);
    }
    let args = flags(words.to_vec())?;
    if args.config.is_some() {
        bail!(
            "`--config` is a file already\n  hint: `aiperf config show` writes it with flags over it"
        );
    }
    let surroundings = Surroundings {
        stdout_is_terminal: false,
    };
    let resolved = resolve(&args, surroundings)?;
    let folder = args.artifact_dir.clone();
    let mut body = input_config(
        &args,
        &resolved.config,
        folder.as_deref().unwrap_or(Path::new("")),
    );
    if let Some(members) = body.as_object_mut() {
        if folder.is_none()
            && let Some(artifacts) = members.get_mut("artifacts").and_then(Value::as_object_mut)
        {
            artifacts.shift_remove("dir");
        }
        if args.ui.is_none()
            && let Some(runtime) = members.get_mut("runtime").and_then(Value::as_object_mut)
        {
            runtime.shift_remove("ui");
        }
        if let Some(endpoint) = members.get_mut("endpoint").and_then(Value::as_object_mut) {
            endpoint.shift_remove("api_key");
        }
        members.retain(|_, section| {
            section
                .as_object()
                .is_none_or(|section| !section.is_empty())
        });
    }
    let mut file = json!({ "schema_version": "2.0" });
    if let (Some(members), Some(seed)) = (file.as_object_mut(), args.random_seed) {
        members.insert("random_seed".to_owned(), json!(seed));
    }
    file["benchmark"] = body;
    commands::print(&document::to_yaml(&file))?;
    Ok(Exit::Success)
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
