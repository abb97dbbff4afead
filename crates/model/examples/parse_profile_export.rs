//! Loads the per-request file of a run, lists the metrics it holds and shows one record.
//!
//! `cargo run --example parse_profile_export -- [--async] [profile_export.jsonl]`
//!
//! Without a path it reads the sample that lies beside this example.
#![expect(clippy::print_stdout, reason = "an example that shows its result")]

mod table;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use aiperf_model::{MetricRecord, ReadError, open_records, open_records_async};
use table::table;

fn main() -> anyhow::Result<()> {
    let mut path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/profile_export.jsonl");
    let mut is_async = false;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--async" => is_async = true,
            _ => path = PathBuf::from(argument),
        }
    }
    let records = if is_async {
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime.block_on(load_async(&path))?
    } else {
        load(&path)?
    };
    print!("{}", report(&records)?);
    Ok(())
}

/// Reads all records. One that is cut off at the end of the file, because the run was killed, is
/// left out.
pub(crate) fn load(path: &Path) -> Result<Vec<MetricRecord>, ReadError> {
    let mut records = Vec::new();
    for record in open_records(path)? {
        match record {
            Ok(record) => records.push(record),
            Err(error) if error.is_truncated_line() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(records)
}

/// The same without blocking a tokio runtime.
pub(crate) async fn load_async(path: &Path) -> Result<Vec<MetricRecord>, ReadError> {
    let mut reader = open_records_async(path).await?;
    let mut records = Vec::new();
    while let Some(record) = reader.next_record().await {
        match record {
            Ok(record) => records.push(record),
            Err(error) if error.is_truncated_line() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(records)
}

/// What the records hold, as text.
pub(crate) fn report(records: &[MetricRecord]) -> anyhow::Result<String> {
    let profiling = records
        .iter()
        .filter(|record| record.is_profiling())
        .count();
    let failed = records.iter().filter(|record| record.is_error()).count();
    let mut text = format!(
        "{} records: {} warmup, {profiling} profiling, {failed} failed\n\n{}",
        records.len(),
        records.len() - profiling,
        metric_table(records),
    );
    let shown = records
        .iter()
        .find(|record| record.is_profiling() && !record.is_error());
    if let Some(record) = shown {
        text.push_str("\nthe first good profiling record:\n");
        text.push_str(&serde_json::to_string_pretty(record)?);
        text.push('\n');
    }
    Ok(text)
}

fn metric_table(records: &[MetricRecord]) -> String {
    #[derive(Default)]
    struct Seen<'a> {
        kinds: BTreeSet<&'static str>,
        unit: &'a str,
        records: usize,
    }
    let mut metrics: BTreeMap<&str, Seen<'_>> = BTreeMap::new();
    for record in records {
        for (tag, metric) in &record.metrics {
            let seen = metrics.entry(tag).or_default();
            seen.kinds.insert(metric.value.kind());
            seen.unit = &metric.unit;
            seen.records += 1;
        }
    }
    let mut rows = Vec::with_capacity(metrics.len());
    for (tag, seen) in metrics {
        let kinds: Vec<&str> = seen.kinds.into_iter().collect();
        rows.push([
            tag.to_owned(),
            kinds.join("/"),
            seen.unit.to_owned(),
            seen.records.to_string(),
        ]);
    }
    table(["metric", "type", "unit", "records"], &rows)
}
