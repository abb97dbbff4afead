//! Makes summary, time slices and Parquet files from the lines of a streaming chat run.
//!
//!     cargo run -p aiperf-export --example from_lines -- PROFILE_EXPORT_JSONL DIRECTORY

use std::path::Path;

use aiperf_export::json::pretty;
use aiperf_export::parquet_files::{write_records, write_slices};
use aiperf_export::summarize::{RebuiltRecords, RunState};
use aiperf_export::summary_json::{SummaryOptions, run_summary};
use aiperf_export::timeslices::write_timeslices;
use aiperf_export::write::write_text;
use aiperf_export::{FileNames, HiddenMetrics, OutputFile};
use aiperf_metrics::{ActiveMetrics, EndpointTraits, PhaseWindow, RunContext, timeslices};

const SECOND_NS: u64 = 1_000_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [lines, directory] = arguments.as_slice() else {
        return Err("give the file of lines and a directory".into());
    };
    let (directory, names, hidden) = (
        Path::new(directory),
        FileNames::usual(),
        HiddenMetrics::default(),
    );
    let context = RunContext {
        endpoint: EndpointTraits {
            produces_tokens: true,
            tokenizes_input: true,
            ..EndpointTraits::default()
        },
        streaming: true,
        ..RunContext::default()
    };
    let state = RunState {
        context: context.clone(),
        ..RunState::default()
    };
    let mut records = RebuiltRecords::new(&context)?;
    for record in aiperf_model::open_records(lines)? {
        records.add(&record?, |_| false);
    }
    let report = records.report(&state);
    let summary = pretty(&run_summary(&report, &SummaryOptions::default()))?;
    write_text(
        &directory.join(names.name(OutputFile::SummaryJson)),
        &summary,
    )?;

    let measured = report.phases.iter().zip(0..);
    let windows: Vec<PhaseWindow> = measured
        .filter(|(phase, _)| phase.profiling_index.is_some())
        .map(|(_, phase)| PhaseWindow {
            phase,
            bounds: None,
        })
        .collect();
    let slices = timeslices(records.columns(), &windows, SECOND_NS / 10);
    write_timeslices(&slices, None, hidden, directory, &names)?;
    let path = directory.join(names.name(OutputFile::TimeslicesParquet));
    write_slices(&path, &slices, hidden)?;
    let path = directory.join(names.name(OutputFile::RecordsParquet));
    let active = ActiveMetrics::new(&context)?;
    write_records(&path, &active, aiperf_model::open_records(lines)?)?;
    Ok(())
}
