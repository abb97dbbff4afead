//! All files that are written once, after the run, in one call.
//!
//! An exporter that fails does not stop the others. The ready marker is not among them: it belongs
//! after every other exporter of the program, see [`crate::ready_marker`].

use std::path::{Path, PathBuf};

use crate::console::{ConsoleOptions, Paints, render_report};
use crate::json::pretty;
use crate::parquet_files;
use crate::phases::{unwritable, write_manifest, write_phase};
use crate::summary_csv::summary_csv;
use crate::summary_json::{SummaryOptions, run_summary};
use crate::timeslices::{timeslices_csv, timeslices_json};
use crate::write::write_text;
use crate::{ExportError, FileNames, OutputFile, RunReport};

/// Choices of the user that bear on the End files.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    /// Off with `artifacts.summary: false`. The CSV is written all the same.
    pub summary_json: bool,
    /// How figures are written to JSON and CSV.
    pub summary: SummaryOptions,
    /// Whether time slices are written in columns too.
    pub slice_columns: bool,
    /// How the console file looks. It is plain text whatever the paints say.
    pub console: ConsoleOptions,
}

impl Default for ExportOptions {
    fn default() -> Self {
        Self {
            summary_json: true,
            summary: SummaryOptions::default(),
            slice_columns: false,
            console: ConsoleOptions::default(),
        }
    }
}

/// A file that now exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// Which one.
    pub file: OutputFile,
    /// Where.
    pub path: PathBuf,
}

/// What became of the End files.
#[derive(Debug, Default)]
pub struct WriteOutcome {
    /// Files that now exist, in the order in which the footer lists them.
    pub written: Vec<WrittenFile>,
    /// Files that could not be written.
    pub failures: Vec<(OutputFile, ExportError)>,
}

impl WriteOutcome {
    /// What failed, in the words of the ready marker.
    pub fn failed_exporters(&self) -> Vec<String> {
        self.failures
            .iter()
            .map(|(file, _)| file.description().to_owned())
            .collect()
    }

    /// Adds what became of one more file.
    pub fn note(&mut self, file: OutputFile, path: PathBuf, outcome: Result<(), ExportError>) {
        match outcome {
            Ok(()) => self.written.push(WrittenFile { file, path }),
            Err(error) => self.failures.push((file, error)),
        }
    }
}

/// Writes summary CSV and JSON, the console file, for more than one phase the phase files, and time
/// slices where there are any. A run in which every request failed gets them too: its errors are its result.
pub fn write_all(
    report: &RunReport,
    directory: &Path,
    names: &FileNames,
    options: &ExportOptions,
) -> WriteOutcome {
    let mut outcome = WriteOutcome::default();

    let path = directory.join(names.name(OutputFile::SummaryCsv));
    let csv = summary_csv(&report.results, options.summary.hidden);
    let result = write_text(&path, &csv);
    outcome.note(OutputFile::SummaryCsv, path, result);

    if options.summary_json {
        let path = directory.join(names.name(OutputFile::SummaryJson));
        let result = pretty(&run_summary(report, &options.summary))
            .map_err(|error| unwritable(&path, error))
            .and_then(|text| write_text(&path, &text));
        outcome.note(OutputFile::SummaryJson, path, result);
    }

    let path = directory.join(names.name(OutputFile::Console));
    let console = ConsoleOptions {
        paints: Paints::Plain,
        ..options.console.clone()
    };
    let result = write_text(&path, &render_report(report, &console));
    outcome.note(OutputFile::Console, path, result);

    if report.phases.len() > 1 {
        let path = directory.join(names.name(OutputFile::PhaseManifest));
        let phases = report
            .phases
            .iter()
            .try_for_each(|phase| write_phase(report, phase, directory, names, &options.summary));
        let result = phases.and_then(|()| write_manifest(&report.phases, directory, names));
        outcome.note(OutputFile::PhaseManifest, path, result);
    }
    if !report.timeslices.is_empty() {
        write_slices(report, directory, names, options, &mut outcome);
    }
    outcome
}

fn write_slices(
    report: &RunReport,
    directory: &Path,
    names: &FileNames,
    options: &ExportOptions,
    outcome: &mut WriteOutcome,
) {
    let (slices, hidden) = (&report.timeslices, options.summary.hidden);
    let path = directory.join(names.name(OutputFile::TimeslicesCsv));
    let result = write_text(&path, &timeslices_csv(slices, hidden));
    outcome.note(OutputFile::TimeslicesCsv, path, result);

    let path = directory.join(names.name(OutputFile::TimeslicesJson));
    let result = pretty(&timeslices_json(
        slices,
        report.input_config.as_ref(),
        hidden,
    ))
    .map_err(|error| unwritable(&path, error))
    .and_then(|text| write_text(&path, &text));
    outcome.note(OutputFile::TimeslicesJson, path, result);

    if options.slice_columns {
        let path = directory.join(names.name(OutputFile::TimeslicesParquet));
        let result = parquet_files::write_slices(&path, slices, hidden);
        outcome.note(OutputFile::TimeslicesParquet, path, result);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_report;

    fn files_below(directory: &Path) -> Vec<String> {
        let mut names = Vec::new();
        let mut pending = vec![directory.to_owned()];
        while let Some(current) = pending.pop() {
            for entry in std::fs::read_dir(current).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    pending.push(path);
                } else {
                    let relative = path.strip_prefix(directory).unwrap();
                    names.push(relative.to_string_lossy().into_owned());
                }
            }
        }
        names.sort();
        names
    }

    #[test]
    fn a_run_with_a_warmup_leaves_its_files_and_those_of_its_phases() {
        let directory = tempfile::tempdir().unwrap();
        let names = FileNames::with_prefix("P".as_ref());
        let outcome = write_all(
            &test_report::report(),
            directory.path(),
            &names,
            &ExportOptions::default(),
        );
        assert!(outcome.failures.is_empty());
        assert_eq!(
            files_below(directory.path()),
            [
                "P.csv",
                "P.json",
                "P_console.txt",
                "phase_manifest.json",
                "phases/profiling/P.csv",
                "phases/profiling/P.json",
                "phases/warmup/P.csv",
                "phases/warmup/P.json",
            ]
        );
    }

    #[test]
    fn one_file_that_cannot_be_written_does_not_stop_the_others() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("profile_export_aiperf.csv")).unwrap();
        let report = test_report::all_failed();
        let names = FileNames::usual();
        let outcome = write_all(&report, directory.path(), &names, &ExportOptions::default());
        assert_eq!(outcome.failed_exporters(), ["summary CSV"]);
        let written: Vec<OutputFile> = outcome.written.iter().map(|file| file.file).collect();
        assert_eq!(written, [OutputFile::SummaryJson, OutputFile::Console]);
        assert!(
            !files_below(directory.path())
                .iter()
                .any(|name| name.ends_with(".tmp"))
        );
    }
}
