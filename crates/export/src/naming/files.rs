//! File names, with and without `--profile-export-prefix`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::ExportError;

/// A file in the artifact directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OutputFile {
    /// Summary, CSV.
    SummaryCsv,
    /// Summary, JSON.
    SummaryJson,
    /// Requests and responses, one line per request.
    RawRecords,
    /// Server metrics, CSV.
    ServerMetricsCsv,
    /// Server metrics, JSON.
    ServerMetricsJson,
    /// Server metrics, one line per scrape.
    ServerMetricsJsonl,
    /// Server metrics, Parquet.
    ServerMetricsParquet,
    /// Time slices, CSV.
    TimeslicesCsv,
    /// Time slices, JSON.
    TimeslicesJson,
    /// Time slices, Parquet.
    TimeslicesParquet,
    /// Metrics, one row per request, Parquet.
    RecordsParquet,
    /// Accuracy by task.
    AccuracyResults,
    /// Response texts.
    Outputs,
    /// Metrics, one line per request.
    Records,
    /// Request bodies.
    Inputs,
    /// The console report as text.
    Console,
    /// GPU samples.
    GpuTelemetry,
    /// Network probes.
    NetworkLatency,
    /// Accuracy, one line per request.
    Accuracy,
    /// Phases and their files.
    PhaseManifest,
    /// What a run knows beside its records.
    RunState,
    /// Written last; its presence means that the others are complete.
    ReadyMarker,
    /// Log.
    Log,
}

/// The name without prefix, the ending that follows a prefix (absent: the prefix has no effect),
/// what the footer calls the file (absent: not listed), what an error message calls it.
struct Naming(
    &'static str,
    Option<&'static str>,
    Option<&'static str>,
    &'static str,
);

impl OutputFile {
    fn naming(self) -> Naming {
        match self {
            Self::SummaryCsv => Naming(
                "profile_export_aiperf.csv",
                Some(".csv"),
                Some("CSV Export"),
                "summary CSV",
            ),
            Self::SummaryJson => Naming(
                "profile_export_aiperf.json",
                Some(".json"),
                Some("JSON Export"),
                "summary JSON",
            ),
            Self::RawRecords => Naming(
                "profile_export_raw.jsonl",
                Some("_raw.jsonl"),
                Some("Raw Records"),
                "raw records",
            ),
            Self::ServerMetricsCsv => Naming(
                "server_metrics_export.csv",
                Some("_server_metrics.csv"),
                Some("Server Metrics CSV Export"),
                "server metrics CSV",
            ),
            Self::ServerMetricsJson => Naming(
                "server_metrics_export.json",
                Some("_server_metrics.json"),
                Some("Server Metrics JSON Export"),
                "server metrics JSON",
            ),
            Self::ServerMetricsJsonl => Naming(
                "server_metrics_export.jsonl",
                Some("_server_metrics.jsonl"),
                None,
                "server metrics records",
            ),
            Self::ServerMetricsParquet => Naming(
                "server_metrics_export.parquet",
                Some("_server_metrics.parquet"),
                None,
                "server metrics Parquet",
            ),
            Self::TimeslicesCsv => Naming(
                "profile_export_aiperf_timeslices.csv",
                Some("_timeslices.csv"),
                Some("Timeslice CSV Export"),
                "time slice CSV",
            ),
            Self::TimeslicesJson => Naming(
                "profile_export_aiperf_timeslices.json",
                Some("_timeslices.json"),
                Some("Timeslice JSON Export"),
                "time slice JSON",
            ),
            Self::TimeslicesParquet => Naming(
                "profile_export_aiperf_timeslices.parquet",
                Some("_timeslices.parquet"),
                Some("Timeslice Parquet Export"),
                "time slice Parquet",
            ),
            Self::RecordsParquet => Naming(
                "profile_export.parquet",
                Some(".parquet"),
                Some("Records Parquet"),
                "request records as Parquet",
            ),
            Self::AccuracyResults => Naming(
                "accuracy_results.csv",
                None,
                Some("Accuracy CSV Export"),
                "accuracy results",
            ),
            Self::Outputs => Naming("outputs.json", None, Some("Outputs JSON"), "response texts"),
            Self::Records => Naming(
                "profile_export.jsonl",
                Some(".jsonl"),
                Some("Records"),
                "request records",
            ),
            Self::Inputs => Naming("inputs.json", None, Some("Inputs JSON"), "request bodies"),
            Self::Console => Naming(
                "profile_export_console.txt",
                Some("_console.txt"),
                Some("Console Report"),
                "console report",
            ),
            Self::GpuTelemetry => Naming(
                "gpu_telemetry_export.jsonl",
                Some("_gpu_telemetry.jsonl"),
                None,
                "GPU telemetry",
            ),
            Self::NetworkLatency => Naming(
                "profile_export_network_latency.jsonl",
                Some("_network_latency.jsonl"),
                None,
                "network latency probes",
            ),
            Self::Accuracy => Naming(
                "accuracy_export.jsonl",
                Some("_accuracy.jsonl"),
                None,
                "accuracy records",
            ),
            Self::PhaseManifest => Naming("phase_manifest.json", None, None, "phase manifest"),
            Self::RunState => Naming(".aiperf_run_state.json", None, None, "run state"),
            Self::ReadyMarker => Naming(".aiperf_results_ready.json", None, None, "ready marker"),
            Self::Log => Naming("logs/aiperf.log", None, Some("Log File"), "log"),
        }
    }

    /// What the footer calls the file; absent for files that it does not list.
    pub fn footer_label(self) -> Option<&'static str> {
        self.naming().2
    }

    /// What messages call the file.
    pub fn description(self) -> &'static str {
        self.naming().3
    }
}

/// Endings that people leave on a prefix, in the order in which they are tried; `foo.json` and
/// `foo_timeslices.csv` both mean `foo`.
const ENDINGS: [&str; 15] = [
    "_server_metrics.parquet",
    "_server_metrics.jsonl",
    "_server_metrics.json",
    "_server_metrics.csv",
    "_network_latency.jsonl",
    "_gpu_telemetry.jsonl",
    "_timeslices.csv",
    "_timeslices.json",
    "_timeslices.parquet",
    "_console.txt",
    "_raw.jsonl",
    ".parquet",
    ".csv",
    ".json",
    ".jsonl",
];

/// The file names of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileNames {
    prefix: Option<String>,
}

impl FileNames {
    /// The names without a prefix.
    pub fn usual() -> Self {
        Self::default()
    }

    /// The names under `--profile-export-prefix`, as typed. One known ending is taken off; where
    /// nothing else is left, the names are the usual ones.
    pub fn with_prefix(typed: &Path) -> Self {
        let typed = typed.to_string_lossy();
        let stem = ENDINGS
            .iter()
            .find_map(|ending| typed.strip_suffix(ending))
            .unwrap_or(&typed);
        Self {
            prefix: Some(stem.to_owned()).filter(|stem| !stem.is_empty()),
        }
    }

    /// The path of `file` relative to the artifact directory.
    pub fn name(&self, file: OutputFile) -> String {
        let Naming(usual, ending, _, _) = file.naming();
        match (&self.prefix, ending) {
            (Some(prefix), Some(ending)) => format!("{prefix}{ending}"),
            _ => usual.to_owned(),
        }
    }

    /// Fails when two of the files that a run is going to write share a name, as with the prefix
    /// `outputs` and `outputs.json`.
    pub fn check_collisions(&self, files: &[OutputFile]) -> Result<(), ExportError> {
        for (index, &first) in files.iter().enumerate() {
            let name = self.name(first);
            let twin = files[index + 1..]
                .iter()
                .find(|&&second| second != first && self.name(second) == name);
            if let Some(second) = twin {
                return Err(ExportError::NameCollision {
                    name,
                    first: first.description(),
                    second: second.description(),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_replaces_base_name_and_infix() {
        let cases = [
            (
                OutputFile::SummaryJson,
                "profile_export_aiperf.json",
                "P.json",
            ),
            (OutputFile::SummaryCsv, "profile_export_aiperf.csv", "P.csv"),
            (OutputFile::Records, "profile_export.jsonl", "P.jsonl"),
            (
                OutputFile::RawRecords,
                "profile_export_raw.jsonl",
                "P_raw.jsonl",
            ),
            (
                OutputFile::Console,
                "profile_export_console.txt",
                "P_console.txt",
            ),
            (
                OutputFile::TimeslicesCsv,
                "profile_export_aiperf_timeslices.csv",
                "P_timeslices.csv",
            ),
            (
                OutputFile::TimeslicesJson,
                "profile_export_aiperf_timeslices.json",
                "P_timeslices.json",
            ),
            (
                OutputFile::TimeslicesParquet,
                "profile_export_aiperf_timeslices.parquet",
                "P_timeslices.parquet",
            ),
            (
                OutputFile::RecordsParquet,
                "profile_export.parquet",
                "P.parquet",
            ),
            (
                OutputFile::ServerMetricsParquet,
                "server_metrics_export.parquet",
                "P_server_metrics.parquet",
            ),
            (
                OutputFile::GpuTelemetry,
                "gpu_telemetry_export.jsonl",
                "P_gpu_telemetry.jsonl",
            ),
            (
                OutputFile::NetworkLatency,
                "profile_export_network_latency.jsonl",
                "P_network_latency.jsonl",
            ),
            (
                OutputFile::Accuracy,
                "accuracy_export.jsonl",
                "P_accuracy.jsonl",
            ),
            (
                OutputFile::AccuracyResults,
                "accuracy_results.csv",
                "accuracy_results.csv",
            ),
            (OutputFile::Inputs, "inputs.json", "inputs.json"),
            (OutputFile::Outputs, "outputs.json", "outputs.json"),
            (
                OutputFile::PhaseManifest,
                "phase_manifest.json",
                "phase_manifest.json",
            ),
            (
                OutputFile::RunState,
                ".aiperf_run_state.json",
                ".aiperf_run_state.json",
            ),
            (
                OutputFile::ReadyMarker,
                ".aiperf_results_ready.json",
                ".aiperf_results_ready.json",
            ),
            (OutputFile::Log, "logs/aiperf.log", "logs/aiperf.log"),
        ];
        for (file, usual, prefixed) in cases {
            assert_eq!(FileNames::usual().name(file), usual);
            assert_eq!(FileNames::with_prefix(Path::new("P")).name(file), prefixed);
        }
    }

    #[test]
    fn one_known_ending_is_taken_off_a_prefix() {
        let cases = [
            ("foo", "foo.json"),
            ("foo.json", "foo.json"),
            ("foo_timeslices.csv", "foo.json"),
            ("foo_server_metrics.parquet", "foo.json"),
            ("foo_raw.jsonl", "foo.json"),
            ("foo_accuracy.jsonl", "foo_accuracy.json"),
            ("foo_server_metrics.csv", "foo.json"),
            ("foo_timeslices", "foo_timeslices.json"),
            ("foo.csv.json", "foo.csv.json"),
            ("foo.json.csv", "foo.json.json"),
            ("foo_console.txt", "foo.json"),
            ("foo.txt", "foo.txt.json"),
            (".json", "profile_export_aiperf.json"),
            ("", "profile_export_aiperf.json"),
            ("sub/foo.csv", "sub/foo.json"),
        ];
        for (prefix, summary) in cases {
            assert_eq!(
                FileNames::with_prefix(Path::new(prefix)).name(OutputFile::SummaryJson),
                summary
            );
        }
    }

    #[test]
    fn outputs_that_share_a_name_are_refused_by_name() {
        let files = [
            OutputFile::SummaryJson,
            OutputFile::Inputs,
            OutputFile::Outputs,
        ];
        assert!(FileNames::usual().check_collisions(&files).is_ok());
        let error = FileNames::with_prefix(Path::new("outputs"))
            .check_collisions(&files)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "`outputs.json` would hold both the summary JSON and the response texts; hint: choose \
             another `--profile-export-prefix`"
        );
        assert!(
            FileNames::with_prefix(Path::new("outputs"))
                .check_collisions(&files[..2])
                .is_ok()
        );
    }
}
