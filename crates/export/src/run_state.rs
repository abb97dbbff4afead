//! `.aiperf_run_state.json`: what a run knows beside its records.
//!
//! Written before the first request, whenever a phase begins or ends, and once more at the end, so
//! that the records of a run that was killed can be summarised as well. A file of this program for
//! this program: its members may change from version to version.

use std::path::Path;

use aiperf_metrics::{RunContext, Thresholds as MetricThresholds};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::console::{ConsoleOptions, EXPORT_WIDTH, Paints, Thresholds};
use crate::phases::unwritable;
use crate::summary_json::SummaryOptions;
use crate::write::write_text;
use crate::{
    ExportError, ExportOptions, FileNames, HiddenMetrics, OutputFile, PhaseKind, RunInfo,
    SelfCheckView,
};

/// What a run knows beside its records.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunState {
    /// Version of the program.
    pub aiperf_version: String,
    /// The run came to its end, and all below is final.
    pub is_finished: bool,
    /// What the main table is called.
    pub metrics_title: String,
    /// Where the run stands among others and how it was started.
    pub run_info: RunInfo,
    /// The resolved configuration.
    pub input_config: Option<Value>,
    /// What decides which metrics apply.
    pub context: RunContext,
    /// Texts by which a server says that a prompt does not fit.
    pub context_overflow_texts: Vec<String>,
    /// Requests of a measured phase have times at which they are due.
    pub is_open_loop: bool,
    /// The phases that were begun, in order. Phases that only lines know are added.
    pub phases: Vec<PhaseState>,
    /// The round trip of the network in nanoseconds, if latencies are adjusted by it.
    pub network_rtt_ns: Option<f64>,
    /// The user stopped the run.
    pub was_cancelled: bool,
    /// Why the lines cover only a part of the run.
    pub incomplete_reason: Option<String>,
    /// Certificates of the server were not checked.
    pub tls_verification_off: bool,
    /// Further top-level members of the summary.
    pub extra: Map<String, Value>,
    /// The client's verdict on itself; known at the end.
    pub self_check: Option<SelfCheckView>,
    /// What is written.
    pub files: FileChoices,
}

/// A phase as the scheduler knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhaseState {
    /// Configured name.
    pub name: String,
    /// Whether it is measured.
    pub kind: PhaseKind,
    /// When it began, nanoseconds since the epoch.
    pub start_ns: Option<i64>,
    /// When its last request returned; absent if it did not end.
    pub end_ns: Option<i64>,
    /// The user stopped the run during this phase.
    #[serde(default)]
    pub was_cancelled: bool,
}

/// Which files the user wants, and how they look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileChoices {
    /// What they are called.
    pub names: FileNames,
    /// The summary is written as JSON too.
    pub summary_json: bool,
    /// There is a line for each request.
    pub records: bool,
    /// There are requests and responses in full.
    pub raw: bool,
    /// The texts of answers are written.
    pub outputs_json: bool,
    /// Records and time slices are also written in columns.
    pub parquet: bool,
    /// Length of a time slice, if there are any.
    pub slice_duration_ns: Option<u64>,
    /// Hidden metrics that files show.
    pub hidden: HiddenMetrics,
    /// Hidden metrics that the console shows.
    pub hidden_on_console: HiddenMetrics,
    /// Columns of the console file.
    pub console_width: usize,
    /// The console shows the times of connections.
    pub trace_timing: bool,
}

impl Default for FileChoices {
    fn default() -> Self {
        Self {
            names: FileNames::usual(),
            summary_json: true,
            records: true,
            raw: false,
            outputs_json: false,
            parquet: false,
            slice_duration_ns: None,
            hidden: HiddenMetrics::default(),
            hidden_on_console: HiddenMetrics::default(),
            console_width: EXPORT_WIDTH,
            trace_timing: false,
        }
    }
}

impl RunState {
    /// Writes the file.
    ///
    /// # Errors
    /// The file system refuses; an earlier state then stays.
    pub fn write(&self, directory: &Path) -> Result<(), ExportError> {
        let path = directory.join(FileNames::usual().name(OutputFile::RunState));
        let text = serde_json::to_string(self).map_err(|error| unwritable(&path, error))?;
        write_text(&path, &text)
    }

    /// Reads the file of the run in `directory`.
    ///
    /// # Errors
    /// There is none, or it is not one.
    pub fn read(directory: &Path) -> Result<Self, ExportError> {
        let path = directory.join(FileNames::usual().name(OutputFile::RunState));
        Ok(aiperf_model::read_document(path)?)
    }

    /// How the files of the end are written.
    pub fn export_options(&self) -> ExportOptions {
        let files = &self.files;
        let MetricThresholds {
            usage_difference_pct,
            osl_mismatch_pct,
            osl_mismatch_tokens,
        } = self.context.thresholds;
        ExportOptions {
            summary_json: files.summary_json,
            summary: SummaryOptions {
                hidden: files.hidden,
                ..SummaryOptions::default()
            },
            slice_columns: files.parquet,
            console: ConsoleOptions {
                width: files.console_width,
                paints: Paints::Plain,
                trace_timing: files.trace_timing,
                hidden: files.hidden_on_console,
                thresholds: Thresholds {
                    usage_difference_percent: usage_difference_pct,
                    output_length_percent: osl_mismatch_pct,
                    output_length_tokens: osl_mismatch_tokens as f64,
                },
                ..ConsoleOptions::default()
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_as_it_was_written() {
        let directory = tempfile::tempdir().unwrap();
        let state = RunState {
            aiperf_version: "1".to_owned(),
            is_open_loop: true,
            phases: vec![PhaseState {
                name: "warmup".to_owned(),
                kind: PhaseKind::Warmup,
                start_ns: Some(1_795_299_900_808_803_679),
                end_ns: None,
                was_cancelled: false,
            }],
            context_overflow_texts: vec!["too long".to_owned()],
            files: FileChoices {
                names: FileNames::with_prefix("P".as_ref()),
                slice_duration_ns: Some(500_000_000),
                parquet: true,
                ..FileChoices::default()
            },
            ..RunState::default()
        };
        state.write(directory.path()).unwrap();
        assert_eq!(RunState::read(directory.path()).unwrap(), state);
    }

    #[test]
    fn members_of_later_versions_are_passed_over_and_absent_ones_have_defaults() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".aiperf_run_state.json");
        std::fs::write(
            &path,
            r#"{"aiperf_version":"9","files":{"raw":true},"x":[]}"#,
        )
        .unwrap();
        let state = RunState::read(directory.path()).unwrap();
        assert!(state.files.raw && state.files.records && !state.is_finished);
        std::fs::remove_file(&path).unwrap();
        let error = RunState::read(directory.path()).unwrap_err().to_string();
        assert!(error.contains(".aiperf_run_state.json"), "{error}");
    }
}
