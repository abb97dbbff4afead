//! `aiperf summarize DIR`: the files of the end of a run, made from its records.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use aiperf_config::command::Example;
use aiperf_config::{Command, CommandSummary, Parsed, Positional};
use aiperf_endpoint::failure::is_context_overflow;
use aiperf_export::console::notice_panel;
use aiperf_export::summarize::{RebuiltRecords, write_run};
use aiperf_export::{OutputFile, RunState};
use anyhow::{Context, Result, bail};

use crate::exit::Exit;
use crate::run::conclude::present::{self, Presentation};

#[derive(Default)]
struct SummarizeArgs {
    folder: Option<PathBuf>,
}

static SUMMARIZE: Command<SummarizeArgs> = Command {
    name: "summarize",
    about: "Makes the summary, the report and the other files of the end of a run again from its records. \
            Of a run that was killed they tell what it had measured until then.",
    groups: &[],
    positional: Some(Positional {
        value: "DIRECTORY",
        help: "The artifact directory of the run.",
        many: false,
        set: |args, folder| {
            args.folder = Some(folder.into());
            Ok(())
        },
    }),
    reference_names: &[],
    examples: &[Example {
        purpose: "After a run was killed",
        line: "aiperf summarize artifacts/my-model-openai-chat-concurrency10",
    }],
};

pub(super) fn summary() -> CommandSummary {
    SUMMARIZE.summary()
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let args = match SUMMARIZE.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return super::print_help(&summary()),
        Parsed::Version => return super::print_version(),
    };
    let Some(folder) = args.folder else {
        bail!("no directory is given\n  hint: name the artifact directory of a run");
    };
    let folder = folder
        .canonicalize()
        .with_context(|| format!("cannot open the directory `{}`", folder.display()))?;
    summarize(&folder)
}

fn summarize(folder: &Path) -> Result<Exit> {
    let mut state = RunState::read(folder).map_err(|error| {
        anyhow::anyhow!(
            "{error}\n  hint: `aiperf profile` of this program writes the file when a run begins; \
             without it, nothing is known of the run but its records"
        )
    })?;
    let lines = records_of(folder, &state)?;
    let (records, count, is_cut) = read(&lines, &state)?;
    if !state.is_finished {
        let reason = unfinished(count);
        notice("Partial results", &reason);
        state.incomplete_reason = Some(reason);
    }
    if is_cut {
        let text = format!(
            "The last line of `{}` is cut off and was left out.",
            lines.display()
        );
        notice("Partial results", &text);
    }
    let report = records.report(&state);
    let mut outcome = write_run(&report, &state, records.columns().active(), folder);
    present::add_earlier_files(&mut outcome, &state, folder);
    for (_, error) in &outcome.failures {
        notice("Error", &error.to_string());
    }
    let degraded = outcome.failed_exporters();
    present::print(&Presentation {
        report: &report,
        console: state.export_options().console,
        written: &outcome.written,
        degraded: &degraded,
    });
    Ok(if degraded.is_empty() {
        Exit::Success
    } else {
        Exit::Failure
    })
}

fn unfinished(count: u64) -> String {
    format!(
        "The run did not come to its end, or has not yet: this is what {count} records say. Requests \
         that were under way are missing."
    )
}

/// The file of records, which a run need not have.
fn records_of(folder: &Path, state: &RunState) -> Result<PathBuf> {
    let path = folder.join(state.files.names.name(OutputFile::Records));
    if !state.files.records {
        bail!(
            "the run in `{}` kept no records: it was asked for `--export-level summary`",
            folder.display()
        );
    }
    if !path.exists() {
        bail!(
            "`{}` is not there\n  hint: it is made of records; a run that was killed before its first \
             answer has none",
            path.display()
        );
    }
    Ok(path)
}

/// The records, their number, and whether the last one was cut off.
fn read(lines: &Path, state: &RunState) -> Result<(RebuiltRecords, u64, bool)> {
    let mut records = RebuiltRecords::new(&state.context)?;
    let mut count = 0;
    for record in aiperf_model::open_records(lines)? {
        match record {
            Ok(record) => {
                let texts = &state.context_overflow_texts;
                records.add(&record, |message| is_context_overflow(message, texts));
                count += 1;
            }
            Err(error) if error.is_truncated_line() => return Ok((records, count, true)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok((records, count, false))
}

/// A box on standard error, so that the report on standard output stays what it is.
fn notice(title: &str, text: &str) {
    let panel = notice_panel(title, text);
    let _ = std::io::stderr().lock().write_all(panel.as_bytes());
}
