//! Files that are read before a run: when the first request leaves, and what memory that takes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::client::{Client, Run, unless_failed};
use super::figures::{Figures, Who};
use super::server::Server;
use super::setting::Setting;

/// The reference needs a second for a thousand rows.
const REFERENCE_ROWS: usize = 20_000;

pub(super) fn run(setting: &Setting, figures: &mut Figures) -> Result<()> {
    let server = Server::start(setting, 0.0, 0.0)?;
    let folder = setting.fresh_folder("datasets")?;
    let trace = "--custom-dataset-type mooncake_trace --fixed-schedule";
    let texts = "--custom-dataset-type single_turn --concurrency 1";
    for (rows, name) in [(REFERENCE_ROWS, "20k"), (1_000_000, "1m")] {
        let trace_file = written(&folder, &format!("trace_{name}.jsonl"), rows, trace_row)?;
        let texts_file = written(&folder, &format!("texts_{name}.jsonl"), rows, text_row)?;
        for _ in 0..setting.options.rounds {
            for (kind, flags, file) in
                [("trace", trace, &trace_file), ("texts", texts, &texts_file)]
            {
                let keys = [
                    format!("{kind}_{name}_first"),
                    format!("{kind}_{name}_memory"),
                ];
                let play = |client: Client<'_>| {
                    client
                        .flags("--streaming --tokenizer builtin --request-count 20")
                        .flags(flags)
                        .path("--input-file", file)
                        .run()
                };
                let ours = play(Client::ours(setting, &server.url))?;
                add(figures, Who::Ours, &keys, &ours)?;
                if rows > REFERENCE_ROWS {
                    continue;
                }
                let reference = Client::reference(setting, &server.url).map(play);
                if let Some(run) = unless_failed(reference) {
                    add(figures, Who::Reference, &keys, &run)?;
                }
            }
        }
    }
    Ok(())
}

fn add(figures: &mut Figures, who: Who, [first, memory]: &[String; 2], run: &Run) -> Result<()> {
    figures.add("dataset", first, who, seconds_to_first_request(run)?);
    figures.add("dataset", memory, who, run.cost.peak_mb);
    Ok(())
}

/// From the start of the process, which is when its memory was first looked at.
fn seconds_to_first_request(run: &Run) -> Result<f64> {
    let records = run.records()?;
    let first = records
        .iter()
        .map(|record| record.metadata.request_start_ns);
    let first = first.min().context("the run has no records")?;
    let (start, _) = run.cost.memory.first().context("the run was too short")?;
    Ok((first - *start) as f64 / 1e9)
}

fn written(folder: &Path, name: &str, rows: usize, row: fn(usize) -> String) -> Result<PathBuf> {
    let path = folder.join(name);
    let content: String = (0..rows).map(row).collect();
    std::fs::write(&path, content).with_context(|| format!("cannot write `{}`", path.display()))?;
    Ok(path)
}

/// A row of a trace as published ones have them: about 130 bytes, some blocks shared with other rows.
fn trace_row(row: usize) -> String {
    let blocks = 1 + row * 7 % 15;
    let shared = blocks.min(row * 5 % 9);
    let first_shared = row % 2000 * 20;
    let length = (blocks - 1) * 512 + 1 + row * 31 % 512;
    let mut line = format!(
        "{{\"timestamp\": {}, \"input_length\": {length}, \"output_length\": {}, \"hash_ids\": [",
        row * 10,
        1 + row * 13 % 400
    );
    for block in 0..blocks {
        let id = if block < shared {
            first_shared + block
        } else {
            46_000 + row * 15 + block
        };
        let comma = if block == 0 { "" } else { ", " };
        // Writing into a text cannot fail.
        let _ = write!(line, "{comma}{id}");
    }
    line + "]}\n"
}

fn text_row(row: usize) -> String {
    format!(
        "{{\"text\": \"Question {row}: how many of the {} boats in the harbour leave before noon, and \
         which of them carry grain?\", \"output_length\": {}}}\n",
        row % 977,
        1 + row % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_as_long_as_published_ones_and_have_an_id_for_each_block() {
        let bytes: usize = (0..1000).map(|row| trace_row(row).len()).sum();
        assert!((110_000..160_000).contains(&bytes), "{bytes}");
        for row in 0..100 {
            let value: serde_json::Value = serde_json::from_str(&trace_row(row)).unwrap();
            let length = value["input_length"].as_u64().unwrap();
            let ids = value["hash_ids"].as_array().unwrap().len() as u64;
            assert_eq!(length.div_ceil(512), ids);
            serde_json::from_str::<serde_json::Value>(&text_row(row)).unwrap();
        }
    }
}
