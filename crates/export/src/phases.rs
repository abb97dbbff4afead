//! `phase_manifest.json` and the summaries of single phases, for runs of more than one phase.

use std::path::Path;

use serde_json::{Value, json};

use crate::naming::phase_directory_name;
use crate::summary_json::{SummaryOptions, phase_summary};
use crate::write::write_text;
use crate::{
    ErrorCount, ExportError, FileNames, OutputFile, PhaseReport, RunReport, json as json_text,
};

/// Writes `phases/<name>/…` of one phase.
pub fn write_phase(
    report: &RunReport,
    phase: &PhaseReport,
    directory: &Path,
    names: &FileNames,
    options: &SummaryOptions,
) -> Result<(), ExportError> {
    let path = directory.join(phase_file(phase, names, OutputFile::SummaryJson));
    let summary = phase_summary(report, phase, options);
    write_text(
        &path,
        &json_text::pretty(&summary).map_err(|error| unwritable(&path, error))?,
    )?;
    let csv = crate::summary_csv::summary_csv(&phase.results, options.hidden);
    write_text(
        &directory.join(phase_file(phase, names, OutputFile::SummaryCsv)),
        &csv,
    )
}

/// Writes `phase_manifest.json`.
pub fn write_manifest(
    phases: &[PhaseReport],
    directory: &Path,
    names: &FileNames,
) -> Result<(), ExportError> {
    let path = directory.join(names.name(OutputFile::PhaseManifest));
    let text = json_text::pretty(&manifest(phases, names));
    write_text(
        &path,
        &(text.map_err(|error| unwritable(&path, error))? + "\n"),
    )
}

/// Which phases ran and where their files are. Keys are sorted, and this file does hold nulls.
pub fn manifest(phases: &[PhaseReport], names: &FileNames) -> Value {
    json!({
        "phases": phases.iter().map(|phase| manifest_entry(phase, names)).collect::<Vec<_>>(),
        "schema_version": 1,
    })
}

fn manifest_entry(phase: &PhaseReport, names: &FileNames) -> Value {
    json!({
        "end_ns": phase.end_ns,
        "error_request_count": phase.counts.failed,
        "error_summary": phase.errors.iter().map(error_entry).collect::<Vec<_>>(),
        "metrics_csv": phase_file(phase, names, OutputFile::SummaryCsv),
        "metrics_json": phase_file(phase, names, OutputFile::SummaryJson),
        "phase_index": phase.phase_index,
        "phase_kind": phase.kind.as_str(),
        "phase_name": phase.name,
        "profiling_index": phase.profiling_index,
        "start_ns": phase.start_ns,
        "successful_request_count": phase.counts.successful,
        "total_request_count": phase.counts.total(),
        "was_cancelled": phase.was_cancelled,
    })
}

fn error_entry(error: &ErrorCount) -> Value {
    json!({
        "count": error.count,
        "error_details": {
            "cause": error.cause,
            "cause_chain": error.cause_chain,
            "code": error.code,
            "details": error.details,
            "message": error.message,
            "type": error.kind,
        },
    })
}

fn phase_file(phase: &PhaseReport, names: &FileNames, file: OutputFile) -> String {
    format!(
        "phases/{}/{}",
        phase_directory_name(&phase.name),
        names.name(file)
    )
}

pub(crate) fn unwritable(path: &Path, error: serde_json::Error) -> ExportError {
    ExportError::Write {
        path: path.to_owned(),
        source: error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_report;

    #[test]
    fn the_manifest_names_the_files_of_each_phase() {
        let report = test_report::report();
        let text = json_text::pretty(&manifest(&report.phases, &FileNames::usual())).unwrap();
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_phase_summary_has_its_own_figures_and_no_warmup_block() {
        let report = test_report::report();
        let summary = phase_summary(&report, &report.phases[0], &SummaryOptions::default());
        assert!(summary.get("warmup_metrics").is_none());
        assert_eq!(summary["error_summary"], json!([]));
        assert_eq!(summary["request_count"]["avg"], 2.0);
    }
}
