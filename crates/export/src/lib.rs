//! Summary JSON and CSV, `inputs.json`, console tables and the other files of a finished run.
//!
//! Everything here takes plain data ([`RunReport`]) and turns it into text or files. Absent on
//! purpose: no printing, no clock, no knowledge of how the figures came about. File names, key
//! order and number formats are those of the reference, so that its readers accept the files.
//!
//! | Module | What it makes |
//! |---|---|
//! | [`report`] | the data that a finished run hands over |
//! | [`naming`] | directory and file names |
//! | [`summary_json`], [`summary_csv`] | `profile_export_aiperf.json` and `.csv` |
//! | [`phases`] | `phases/…` and `phase_manifest.json` |
//! | [`inputs_json`] | `inputs.json`, streamed |
//! | [`outputs_json`] | `outputs.json`, from the fragments of a run |
//! | [`timeslices`] | the files of time slices |
//! | [`parquet_files`] | records and time slices in columns |
//! | [`run_state`] | `.aiperf_run_state.json`: what a run knows beside its records |
//! | [`server_metrics_csv`] | `server_metrics_export.csv` |
//! | [`assemble`] | a report from state, values and counts |
//! | [`summarize`] | a run's report again, from its lines |
//! | [`advisory`] | what a reader of the figures should know, as data |
//! | [`aggregates`] | the CSV files of repeated runs and sweeps |
//! | [`ready_marker`] | `.aiperf_results_ready.json`, the last file of a run |
//! | [`console`] | the end-of-run report, the footer and the panel of a failed run |
//! | [`artifacts`] | all End files of a run in one call |

pub mod advisory;
pub mod aggregates;
pub mod artifacts;
pub mod assemble;
pub mod console;
mod csv;
mod error;
pub mod inputs_json;
pub mod json;
mod metrics;
pub mod naming;
pub mod outputs_json;
pub mod parquet_files;
pub mod phases;
pub mod ready_marker;
pub mod report;
pub mod run_state;
pub mod server_metrics_csv;
pub mod summarize;
pub mod summary_csv;
pub mod summary_json;
#[cfg(test)]
mod test_report;
mod time;
pub mod timeslices;
pub mod write;

pub use artifacts::{ExportOptions, WriteOutcome, WrittenFile, write_all};
pub use assemble::PhaseTotals;
pub use error::ExportError;
pub use metrics::HiddenMetrics;
pub use naming::{FileNames, OutputFile};
pub use report::{
    ErrorCount, Fact, PhaseKind, PhaseReport, RequestCounts, RunInfo, RunReport, SelfCheckView,
};
pub use run_state::{FileChoices, PhaseState, RunState};
pub use time::{local_stamp, utc_stamp};
