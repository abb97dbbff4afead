//! `aiperf profile`.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use aiperf_config::document::{self, Document, InlineRows, Variation};
use aiperf_config::profile::{
    ESSENTIAL_FLAGS, PROFILE, Surroundings, changes, input_config, resolve, variations,
};
use aiperf_config::{CommandSummary, Parsed, ProfileArgs, Resolved, Warning};
use aiperf_export::RunInfo;
use anyhow::{Context as _, Result, bail};

use crate::exit::Exit;
use crate::plan::{self, Plan, PlannedVariation};
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
    let line: Vec<&str> = std::iter::once("profile")
        .chain(words.iter().map(String::as_str))
        .collect();
    let cli_command = aiperf_redact::command_line(&line);
    let (plan, _rows) = match &args.config {
        Some(path) => of_file(path, &args, surroundings, cli_command)?,
        None => (
            of_flags(&args, words, surroundings, cli_command)?,
            Vec::new(),
        ),
    };
    if plan.is_single() {
        single(plan)
    } else {
        plan::carry_out(&plan)
    }
}

/// The only run of a plan.
fn single(mut plan: Plan) -> Result<Exit> {
    let seeds = plan.seeds();
    let Some(only) = plan.variations.pop() else {
        bail!("there is nothing to run");
    };
    let mut config = only.config;
    config.random_seed = seeds.of_run(0, &only.identity.label, 0);
    let of_run = config.clone();
    run::run(RunRequest {
        config,
        input_config: Box::new(move |folder| (only.input_config)(&of_run, folder)),
        cli_command: plan.cli_command,
        warnings: only.warnings,
        place: RunInfo::default(),
    })
}

/// What the user should know before a run starts.
fn warnings(resolved: Vec<Warning>) -> Vec<String> {
    resolved
        .into_iter()
        .map(|warning| match warning.hint {
            Some(hint) => format!("{}; {hint}", warning.message),
            None => warning.message,
        })
        .chain(environment::notices_of_process())
        .collect()
}

fn of_flags(
    args: &ProfileArgs,
    words: &[String],
    surroundings: Surroundings,
    cli_command: String,
) -> Result<Plan> {
    let of_base = resolve(args, surroundings)?;
    let base = of_base.config.clone();
    let has_variants = !args.runs.variants.is_empty();
    let folder = PathBuf::new();
    let block_of_base = has_variants.then(|| input_config(args, &base, &folder));
    // Where nothing is swept the only run is resolved already.
    let is_swept = has_variants || !args.runs.lists.is_empty();
    let mut known = (!is_swept).then_some(of_base);
    let mut planned = Vec::new();
    for variation in variations(args, words)? {
        let (mut identity, mut args) = (variation.identity, variation.args);
        if has_variants {
            // These were read anew from the words.
            run::template::expand_path(&mut args.extra_inputs);
        }
        let resolved = match known.take() {
            Some(resolved) => resolved,
            None => resolve(&args, surroundings)?,
        };
        if let Some(block_of_base) = &block_of_base {
            let block = input_config(&args, &resolved.config, &folder);
            let different = changes(block_of_base, &block).unwrap_or_default();
            identity.values.insert("benchmark".to_owned(), different);
        }
        planned.push(PlannedVariation {
            identity,
            config: resolved.config,
            input_config: Rc::new(move |config, folder| input_config(&args, config, folder)),
            warnings: warnings(resolved.warnings),
        });
    }
    Ok(Plan {
        base,
        variations: planned,
        cli_command,
        sampling_design: None,
    })
}

/// The rows that a file has written out are kept until the plan is done.
fn of_file(
    path: &Path,
    args: &ProfileArgs,
    surroundings: Surroundings,
    cli_command: String,
) -> Result<(Plan, Vec<Rows>)> {
    let document = Document::load_with_flags(path, &super::config::environment, args)?;
    let mut kept = Vec::new();
    let mut resolved_of = |document: &Document| -> Result<Resolved> {
        let rows = document
            .inline_rows()
            .map(|rows| Rows::write(&rows))
            .transpose()?;
        let path = rows.as_ref().map(|rows| rows.0.as_path());
        let resolved = document.resolve(args, surroundings, path)?;
        kept.extend(rows);
        Ok(resolved)
    };
    let of_base = resolved_of(&document)?;
    let base = of_base.config.clone();
    let sampling_design = document.sampling()?.map(|sampling| sampling.design);
    // Without a sweep the only run is resolved already.
    let mut known = base.runs.sweep.is_none().then_some(of_base);
    let mut planned = Vec::new();
    for Variation { identity, document } in document.variations(args)? {
        let resolved = match known.take() {
            Some(resolved) => resolved,
            None => resolved_of(&document)?,
        };
        planned.push(PlannedVariation {
            identity,
            config: resolved.config,
            input_config: Rc::new(move |config, folder| {
                document::input_config(&document, config, folder)
            }),
            warnings: warnings(resolved.warnings),
        });
    }
    let plan = Plan {
        base,
        variations: planned,
        cli_command,
        sampling_design,
    };
    Ok((plan, kept))
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
