//! `aiperf profile`.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use aiperf_config::document::{self, Document, InlineRows};
use aiperf_config::profile::{ESSENTIAL_FLAGS, PROFILE, Surroundings, input_config, resolve};
use aiperf_config::{CommandSummary, Parsed, ProfileArgs, Resolved};
use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::exit::Exit;
use crate::run::{self, RunRequest, environment};

pub(super) fn summary() -> CommandSummary {
    PROFILE.summary().with_essential(ESSENTIAL_FLAGS)
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let mut args = match PROFILE.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return super::print_help_asked(&summary(), words),
        Parsed::Version => return super::print_version(),
    };
    run::template::expand_path(&mut args.extra_inputs);
    let surroundings = Surroundings {
        stdout_is_terminal: std::io::stdout().is_terminal(),
    };
    let Asked {
        resolved,
        block,
        rows: _rows,
    } = match &args.config {
        Some(path) => of_file(path, &args, surroundings)?,
        None => of_flags(args, surroundings)?,
    };
    let warnings = resolved
        .warnings
        .into_iter()
        .map(|warning| match warning.hint {
            Some(hint) => format!("{}; {hint}", warning.message),
            None => warning.message,
        })
        .chain(environment::notices_of_process())
        .collect();
    let line: Vec<&str> = std::iter::once("profile")
        .chain(words.iter().map(String::as_str))
        .collect();
    run::run(RunRequest {
        config: resolved.config,
        input_config: block,
        cli_command: aiperf_redact::command_line(&line),
        warnings,
    })
}

/// What is asked for.
struct Asked {
    resolved: Resolved,
    /// What the summary says of its configuration.
    block: Box<dyn FnOnce(&Path) -> Value>,
    /// Kept until the run is over.
    rows: Option<Rows>,
}

fn of_flags(args: ProfileArgs, surroundings: Surroundings) -> Result<Asked> {
    let resolved = resolve(&args, surroundings)?;
    let config = resolved.config.clone();
    let block = Box::new(move |folder: &Path| input_config(&args, &config, folder));
    Ok(Asked {
        resolved,
        block,
        rows: None,
    })
}

fn of_file(path: &Path, args: &ProfileArgs, surroundings: Surroundings) -> Result<Asked> {
    let document = Document::load_with_flags(path, &super::config::environment, args)?;
    let rows = document
        .inline_rows()
        .map(|rows| Rows::write(&rows))
        .transpose()?;
    let resolved = document.resolve(
        args,
        surroundings,
        rows.as_ref().map(|rows| rows.0.as_path()),
    )?;
    let config = resolved.config.clone();
    let block = Box::new(move |folder: &Path| document::input_config(&document, &config, folder));
    Ok(Asked {
        resolved,
        block,
        rows,
    })
}

/// The rows of a configuration as a file or a folder, for the time of the run.
struct Rows(PathBuf);

impl Rows {
    fn write(rows: &InlineRows) -> Result<Self> {
        let name = format!("aiperf-rows-{}", uuid::Uuid::new_v4().simple());
        let rows_at = std::env::temp_dir().join(name);
        let written = match rows {
            InlineRows::File(lines) => {
                let place = Self(rows_at.with_extension("jsonl"));
                std::fs::write(&place.0, lines).map(|()| place)
            }
            InlineRows::Folder(pools) => Self(rows_at.clone()).with_pools(pools),
        };
        written.with_context(|| {
            format!(
                "cannot write the rows of the dataset to `{}`",
                rows_at.display()
            )
        })
    }

    fn with_pools(self, pools: &[(String, String)]) -> std::io::Result<Self> {
        std::fs::create_dir(&self.0)?;
        for (name, lines) in pools {
            std::fs::write(self.0.join(format!("{name}.jsonl")), lines)?;
        }
        Ok(self)
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        let _ = if self.0.is_dir() {
            std::fs::remove_dir_all(&self.0)
        } else {
            std::fs::remove_file(&self.0)
        };
    }
}
