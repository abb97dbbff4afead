//! `aiperf analyze swim-lane`: when which session had requests under way, as a picture.

mod curves;
mod lanes;
mod page;
mod picture;
mod sessions;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use aiperf_config::command::{Example, Flag, Group, Kind, Limits};
use aiperf_config::{Command, Parsed, Positional};
use aiperf_export::write::{Access, PendingFile, write_text};
use anyhow::{Context, Result};
use serde_json::Value;

use crate::commands;
use crate::exit::Exit;
use curves::Curves;
use lanes::Lanes;
use sessions::Sessions;

#[derive(Default)]
struct LaneArgs {
    runs: Vec<PathBuf>,
    output: Option<PathBuf>,
    marks: Marks,
    html: bool,
}

/// What is drawn besides the requests.
#[derive(Debug, Clone, Copy, Default)]
struct Marks {
    /// The concurrency that was asked for.
    target: Option<u64>,
    /// Seconds until the concurrency was reached.
    ramp: Option<f64>,
    /// Seconds until the end.
    end: Option<f64>,
}

/// Everything that is drawn.
struct Chart {
    name: String,
    sessions: Sessions,
    lanes: Lanes,
    curves: Curves,
    marks: Marks,
}

static SWIM_LANE: Command<LaneArgs> = Command {
    name: "analyze swim-lane",
    about: "Draws when which session of a run had requests under way: a lane for each place that sessions take one \
            after the other, subagents below the session that began them, and beneath it how many requests and idle \
            sessions there were. The records of the run are read; cancelled requests are left out.",
    groups: &[&PICTURE],
    positional: Some(Positional {
        value: "RUNS",
        help: "Folders of runs.",
        many: true,
        set: |args, run| {
            args.runs.push(run.into());
            Ok(())
        },
    }),
    reference_names: &[],
    examples: &[
        Example {
            purpose: "The picture `swim_lane.png` in the folder of a run",
            line: "aiperf analyze swim-lane artifacts/my-run",
        },
        Example {
            purpose: "The same with the concurrency that was asked for, and a page to look closer",
            line: "aiperf analyze swim-lane artifacts/my-run --concurrency 32 --html",
        },
    ],
};

static PICTURE: Group<LaneArgs> = Group {
    title: "Picture",
    flags: &[
        Flag {
            names: &["out"],
            short: Some("o"),
            kind: Kind::Path(|args, path| {
                args.output = Some(path);
                Ok(())
            }),
            value: "FILE",
            default: "swim_lane.png in the folder of the run",
            path: "",
            help: "The picture, where there is one run.",
        },
        Flag {
            names: &["concurrency"],
            short: Some("c"),
            kind: Kind::Integer {
                within: 1..=u32::MAX as u64,
                set: |args, count| args.marks.target = Some(count),
            },
            value: "COUNT",
            default: "",
            path: "",
            help: "Draw a line at this concurrency.",
        },
        Flag {
            names: &["ramp"],
            short: None,
            kind: Kind::Float {
                limits: Limits::FROM_ZERO,
                set: |args, seconds| args.marks.ramp = Some(seconds),
            },
            value: "SECONDS",
            default: "that of the run",
            path: "",
            help: "Draw the end of the ramp here.",
        },
        Flag {
            names: &["html"],
            short: None,
            kind: Kind::Switch(|args, on| args.html = on),
            value: "",
            default: "",
            path: "",
            help: "Write a page to look closer as well, with `.html` in place of `.png`. It needs no network.",
        },
    ],
};

pub(super) fn run(words: &[String]) -> Result<Exit> {
    let summary = SWIM_LANE.summary();
    let args = match SWIM_LANE.parse(words.iter().cloned())? {
        Parsed::Values(args) => args,
        Parsed::Help => return commands::print_help(&summary),
        Parsed::Version => return commands::print_version(),
    };
    let output = args.output.as_deref();
    super::for_each_run("swim-lane", "picture", &args.runs, output, |run| {
        let usual = || run.join("swim_lane.png");
        draw(run, &output.map_or_else(usual, Path::to_owned), &args)
    })
}

fn draw(run: &Path, output: &Path, args: &LaneArgs) -> Result<()> {
    let sessions = Sessions::read(run)?;
    let chart = Chart {
        name: name_of(run),
        lanes: Lanes::new(&sessions),
        curves: Curves::new(&sessions),
        marks: args.marks.completed(run),
        sessions,
    };
    let mut file = PendingFile::create(output, Access::Usual)?;
    let written = picture::png(&chart).and_then(|png| Ok(file.write_all(&png)?));
    written.with_context(|| format!("`{}` cannot be written", output.display()))?;
    file.commit()?;
    commands::print(&format!("saved {}\n", output.display()))?;
    if args.html {
        let output = output.with_extension("html");
        write_text(&output, &page::page(&chart)?)?;
        commands::print(&format!("saved {}\n", output.display()))?;
    }
    Ok(())
}

/// The folder's own name, also of `.`.
fn name_of(run: &Path) -> String {
    let whole = run.canonicalize().unwrap_or_else(|_| run.to_owned());
    let name = whole.file_name().unwrap_or(whole.as_os_str());
    name.to_string_lossy().into_owned()
}

impl Marks {
    /// With what the summary of the run says, where there is one.
    fn completed(mut self, run: &Path) -> Self {
        let summary = std::fs::read(run.join("profile_export_aiperf.json"));
        let summary = summary
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok());
        let summary: Value = summary.unwrap_or_default();
        let phases = summary
            .pointer("/input_config/phases")
            .and_then(Value::as_array);
        let mut measured = phases.into_iter().flatten().filter(|phase| {
            let is_warmup = phase.get("exclude_from_results").and_then(Value::as_bool);
            is_warmup != Some(true)
        });
        self.ramp = self.ramp.or_else(|| {
            measured.find_map(|phase| phase.pointer("/concurrency_ramp/duration")?.as_f64())
        });
        self.end = summary
            .pointer("/benchmark_duration/avg")
            .and_then(Value::as_f64);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_come_from_the_flags_and_then_from_the_summary() {
        let folder = tempfile::tempdir().unwrap();
        let summary = r#"{"input_config": {"phases": [
            {"exclude_from_results": true, "concurrency_ramp": {"duration": 1.0}},
            {"concurrency_ramp": {"duration": 2.5}}]}, "benchmark_duration": {"avg": 60.0}}"#;
        std::fs::write(folder.path().join("profile_export_aiperf.json"), summary).unwrap();
        let marks = Marks::default().completed(folder.path());
        assert_eq!((marks.ramp, marks.end), (Some(2.5), Some(60.0)));
        let typed = Marks {
            ramp: Some(7.0),
            ..Marks::default()
        };
        assert_eq!(typed.completed(folder.path()).ramp, Some(7.0));
        let without = Marks::default().completed(Path::new("/nowhere"));
        assert_eq!((without.ramp, without.end), (None, None));
    }
}
