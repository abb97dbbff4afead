//! `aiperf analyze-trace FILE`.

use std::path::{Path, PathBuf};

use aiperf_config::command::{Flag, Group, Kind};
use aiperf_config::{Command, CommandSummary, Parsed, Positional};
use aiperf_dataset::trace::analysis::{COLUMNS, TraceAnalysis, analyze};
use aiperf_export::console::{Align, Cell, Column, Paints, Table};
use aiperf_export::write::write_text;
use anyhow::{Context, Result};

use crate::exit::Exit;

/// The width of the table, whatever the terminal's.
const WIDTH: usize = 120;

struct AnalyzeArgs {
    file: Option<PathBuf>,
    block_size: u32,
    output: Option<PathBuf>,
}

impl Default for AnalyzeArgs {
    fn default() -> Self {
        Self {
            file: None,
            block_size: 512,
            output: None,
        }
    }
}

static ANALYZE_TRACE: Command<AnalyzeArgs> = Command {
    name: "analyze-trace",
    about: "Tells how long the prompts and answers of a trace are, how much of the prompts they \
            share, and what a prefix cache without bound would save. The trace has the format \
            `mooncake_trace`.",
    groups: &[&TRACE],
    positional: Some(Positional {
        value: "FILE",
        help: "The trace: JSON lines, plain or gzip.",
        many: false,
        set: |args, file| {
            args.file = Some(file.into());
            Ok(())
        },
    }),
    reference_names: &[],
    examples: &[],
};

static TRACE: Group<AnalyzeArgs> = Group {
    title: "Trace",
    flags: &[
        Flag {
            names: &["block-size"],
            short: None,
            kind: Kind::Integer {
                within: 1..=u32::MAX as u64,
                set: |args, size| args.block_size = size as u32,
            },
            value: "TOKENS",
            default: "512",
            path: "",
            help: "Tokens that one of the trace's `hash_ids` stands for.",
        },
        Flag {
            names: &["output-file"],
            short: None,
            kind: Kind::Path(|args, path| {
                args.output = Some(path);
                Ok(())
            }),
            value: "FILE",
            default: "",
            path: "",
            help: "Write the figures to this file too, as JSON.",
        },
    ],
};

pub(super) fn summary() -> CommandSummary {
    ANALYZE_TRACE.summary()
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let args = match ANALYZE_TRACE.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return super::print_help(&summary()),
        Parsed::Version => return super::print_version(),
    };
    let file = args
        .file
        .context("name a trace: `aiperf analyze-trace FILE`")?;
    let analysis = analyze(&file, args.block_size)?;
    super::print(&report(&analysis))?;
    if let Some(path) = &args.output {
        save(path, &analysis)?;
    }
    Ok(Exit::Success)
}

fn save(path: &Path, analysis: &TraceAnalysis) -> Result<()> {
    let text = serde_json::to_string_pretty(&analysis.to_json())?;
    write_text(path, &text)
        .with_context(|| format!("`--output-file {}` cannot be written", path.display()))?;
    super::print(&format!("\nFigures written to {}\n", path.display()))
}

fn report(analysis: &TraceAnalysis) -> String {
    let columns = COLUMNS.iter().enumerate().map(|(place, heading)| {
        let align = if place == 0 {
            Align::Left
        } else {
            Align::Right
        };
        Column::new(heading, align)
    });
    let mut table = Table::new("Trace Statistics", columns.collect());
    for (name, statistics) in analysis.table() {
        let values = match statistics {
            Some(statistics) => statistics
                .columns()
                .map(|value| Cell::from(with_separators(value)))
                .to_vec(),
            None => vec![Cell::absent(); COLUMNS.len() - 1],
        };
        table.push([vec![Cell::from(name)], values].concat());
    }
    format!(
        "\nTrace Analysis Report\n\
         Total requests:   {}\n\
         Unique prefixes:  {}\n\
         Prefix groups:    {}\n\n{}",
        grouped(analysis.total_requests as u64),
        grouped(analysis.unique_prefixes as u64),
        grouped(analysis.num_prefix_groups as u64),
        table.render(WIDTH, Paints::Plain),
    )
}

/// Two decimals, and a comma between thousands.
fn with_separators(value: f64) -> String {
    let text = format!("{:.2}", value.abs());
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, "00"));
    let sign = if value < 0.0 { "-" } else { "" };
    let whole = whole.parse().map_or(whole.to_owned(), grouped);
    format!("{sign}{whole}.{decimals}")
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(String::from_utf8_lossy).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_two_decimals_and_commas() {
        assert_eq!(with_separators(1_234_567.891), "1,234,567.89");
        assert_eq!(with_separators(-999.5), "-999.50");
        assert_eq!(
            (grouped(0).as_str(), grouped(1_000).as_str()),
            ("0", "1,000")
        );
    }
}
