//! `aiperf profile`.

use std::io::IsTerminal as _;

use aiperf_config::profile::{PROFILE, Surroundings, input_config, resolve};
use aiperf_config::{CommandSummary, Parsed};
use anyhow::Result;

use crate::exit::Exit;
use crate::run::{self, RunRequest};

pub(super) fn summary() -> CommandSummary {
    PROFILE.summary()
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let mut args = match PROFILE.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return super::print_help(&summary()),
        Parsed::Version => return super::print_version(),
    };
    run::template::expand_path(&mut args.extra_inputs);
    let surroundings = Surroundings {
        stdout_is_terminal: std::io::stdout().is_terminal(),
    };
    let resolved = resolve(&args, surroundings)?;
    let config = resolved.config.clone();
    let warnings = resolved
        .warnings
        .into_iter()
        .map(|warning| match warning.hint {
            Some(hint) => format!("{}; {hint}", warning.message),
            None => warning.message,
        })
        .collect();
    let line: Vec<&str> = std::iter::once("profile")
        .chain(words.iter().map(String::as_str))
        .collect();
    run::run(RunRequest {
        config: resolved.config,
        input_config: Box::new(move |folder| input_config(&args, &config, folder)),
        cli_command: aiperf_redact::command_line(&line),
        warnings,
    })
}
