//! Makes summary, time slices and Parquet files from the lines of a streaming chat run, without the
//! state that `aiperf summarize` would ask for.
//!
//!     cargo run -p aiperf-export --example from_lines -- PROFILE_EXPORT_JSONL DIRECTORY

use std::path::Path;

use aiperf_export::parquet_files::write_records;
use aiperf_export::summarize::RebuiltRecords;
use aiperf_export::{FileChoices, FileNames, OutputFile, RunState, write_all};
use aiperf_metrics::{ActiveMetrics, EndpointTraits, RunContext};

const SLICE_NS: u64 = 100_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [lines, directory] = arguments.as_slice() else {
        return Err("give the file of lines and a directory".into());
    };
    let (directory, names) = (Path::new(directory), FileNames::usual());
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
        files: FileChoices {
            parquet: true,
            slice_duration_ns: Some(SLICE_NS),
            ..FileChoices::default()
        },
        ..RunState::default()
    };
    let mut records = RebuiltRecords::new(&context)?;
    for record in aiperf_model::open_records(lines)? {
        records.add(&record?, |_| false);
    }
    let report = records.report(&state);
    let outcome = write_all(&report, directory, &names, &state.export_options());
    if let Some((_, error)) = outcome.failures.into_iter().next() {
        return Err(error.into());
    }
    let path = directory.join(names.name(OutputFile::RecordsParquet));
    let active = ActiveMetrics::new(&context)?;
    write_records(&path, &active, aiperf_model::open_records(lines)?)?;
    Ok(())
}
