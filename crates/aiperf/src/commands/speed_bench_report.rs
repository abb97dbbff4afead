//! `aiperf speed-bench-report PATHS`: runs of one category each become a table of models and categories.

mod matrix;
mod run_folder;

use std::path::{Path, PathBuf};

use aiperf_config::command::{Example, Flag, Group, Kind};
use aiperf_config::{Command, CommandSummary, Parsed, Positional};
use aiperf_export::console::Paints;
use aiperf_export::write::write_text;
use anyhow::{Context, Result, bail};

use crate::exit::Exit;
use matrix::Matrix;
use run_folder::{PROFILE, RunFolder};

/// The width of the table, whatever the terminal's.
const WIDTH: usize = 140;

/// What is reported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Figure {
    #[default]
    AcceptLength,
    AcceptRate,
    Throughput,
}

impl Figure {
    const NAMES: &[&str] = &["accept_length", "accept_rate", "throughput"];

    fn title(self) -> &'static str {
        match self {
            Self::AcceptLength => "Acceptance Length Report",
            Self::AcceptRate => "Acceptance Rate Report",
            Self::Throughput => "Throughput Report (tokens/sec)",
        }
    }
}

struct ReportArgs {
    paths: Vec<PathBuf>,
    output: PathBuf,
    writes_csv: bool,
    prints_table: bool,
    figure: Figure,
}

impl Default for ReportArgs {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            output: "speed_bench_report.csv".into(),
            writes_csv: true,
            prints_table: true,
            figure: Figure::default(),
        }
    }
}

static REPORT: Command<ReportArgs> = Command {
    name: "speed-bench-report",
    about: "Puts runs of SPEED-Bench categories, or of other benchmarks of speculative decoding, together: a row \
            for each model, a column for each category, and the mean of the row. A run's category is that of its \
            dataset (`speed_bench_coding`, `spec_al_gsm8k`).",
    groups: &[&REPORTED],
    positional: Some(Positional {
        value: "PATHS",
        help: "Folders of runs, or folders that hold such folders.",
        many: true,
        set: |args, path| {
            args.paths.push(path.into());
            Ok(())
        },
    }),
    reference_names: &[],
    examples: &[
        Example {
            purpose: "How many tokens a verification step yields, of all runs below a folder",
            line: "aiperf speed-bench-report artifacts",
        },
        Example {
            purpose: "Output tokens per second of two runs, as a table alone",
            line: "aiperf speed-bench-report run_coding run_math --metric throughput --format table",
        },
    ],
};

static REPORTED: Group<ReportArgs> = Group {
    title: "Report",
    flags: &[
        Flag {
            names: &["metric"],
            short: None,
            kind: Kind::Choice {
                names: Figure::NAMES,
                later: &[],
                set: |args, name| {
                    args.figure = match name {
                        "accept_rate" => Figure::AcceptRate,
                        "throughput" => Figure::Throughput,
                        _ => Figure::AcceptLength,
                    };
                    Ok(())
                },
            },
            value: "NAME",
            default: "accept_length",
            path: "",
            help: "What is reported: tokens per verification step, the share of draft tokens that were accepted \
                   (both from the server's metrics), or output tokens per second.",
        },
        Flag {
            names: &["format"],
            short: None,
            kind: Kind::Choice {
                names: &["csv", "table", "both"],
                later: &[],
                set: |args, name| {
                    args.writes_csv = name != "table";
                    args.prints_table = name != "csv";
                    Ok(())
                },
            },
            value: "FORM",
            default: "both",
            path: "",
            help: "Whether the report is written as a file, printed as a table, or both.",
        },
        Flag {
            names: &["output"],
            short: None,
            kind: Kind::Path(|args, path| {
                args.output = path;
                Ok(())
            }),
            value: "FILE",
            default: "speed_bench_report.csv",
            path: "",
            help: "The file.",
        },
    ],
};

pub(super) fn summary() -> CommandSummary {
    REPORT.summary()
}

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let args = match REPORT.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return super::print_help(&summary()),
        Parsed::Version => return super::print_version(),
    };
    if args.paths.is_empty() {
        bail!("name folders of runs: `aiperf speed-bench-report PATHS`");
    }
    let folders = run_folders(&args.paths)?;
    if folders.is_empty() {
        bail!("there are no runs here\n  hint: a folder of a run holds `{PROFILE}`");
    }
    super::print(&format!("Found {} run directories.\n", folders.len()))?;
    let matrix = matrix_of(&folders, args.figure)?;
    if matrix.is_empty() {
        bail!("none of the runs has the figure for a category of SPEED-Bench");
    }
    if args.prints_table {
        let table = matrix.table(args.figure.title());
        super::print(&table.render(WIDTH, Paints::Plain))?;
    }
    if args.writes_csv {
        let path = args.output.display();
        write_text(&args.output, &matrix.csv()?)
            .with_context(|| format!("`--output {path}` cannot be written"))?;
        super::print(&format!("CSV written to {path}\n"))?;
    }
    Ok(Exit::Success)
}

/// The folders themselves where they are those of runs, else those right below them, by name.
fn run_folders(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for path in paths {
        if !path.is_dir() {
            warn(&format!("{} is not a directory, skipping", path.display()))?;
        } else if path.join(PROFILE).exists() {
            folders.push(path.clone());
        } else {
            let mut below: Vec<PathBuf> = std::fs::read_dir(path)
                .with_context(|| format!("`{}` cannot be read", path.display()))?
                .filter_map(|entry| Some(entry.ok()?.path()))
                .filter(|folder| folder.join(PROFILE).exists())
                .collect();
            below.sort();
            folders.append(&mut below);
        }
    }
    Ok(folders)
}

fn matrix_of(folders: &[PathBuf], figure: Figure) -> Result<Matrix> {
    let mut matrix = Matrix::default();
    for path in folders {
        let shown = path.display();
        let folder = match RunFolder::read(path) {
            Ok(folder) => folder,
            Err(error) => {
                warn(&format!("{error:#}, skipping"))?;
                continue;
            }
        };
        let Some(category) = folder.category() else {
            warn(&format!("cannot determine category from {shown}, skipping"))?;
            continue;
        };
        let value = match folder.value(figure) {
            Ok(value) => value,
            Err(error) => {
                warn(&format!("{error:#}"))?;
                None
            }
        };
        if let Some(earlier) = matrix.set(folder.model(), category, path, value) {
            warn(&format!(
                "{} and {shown} are runs of the same model and category; the second counts",
                earlier.display()
            ))?;
        }
    }
    Ok(matrix)
}

fn warn(text: &str) -> Result<()> {
    super::print_error(&format!("Warning: {text}\n"))
}

/// A path in a message.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
