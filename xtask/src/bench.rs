//! `cargo xtask bench`: what a run costs and how true its stamps are, measured from outside and
//! next to other clients.
//!
//! The walk: [`options`] say what is wanted, [`setting`] builds the program and chooses the
//! processor cores, one [`case`](CASES) after the other starts a [`server`] and [`client`]s (each
//! through [`launch`], which measures it), compares their [`records`] with the server's truth and
//! adds to the [`figures`], whose table of rows, with what each must reach, is in [`rows`].
//!
//! `docs/benchmarks.md` tells what each row means.

mod affinity;
mod client;
mod dataset;
mod figures;
mod instructions;
mod launch;
mod memory;
mod open_streams;
mod options;
mod peers;
mod recorder;
mod records;
mod rows;
mod schedule;
mod server;
mod setting;
mod startup;
mod statistics;
mod streams;
mod throughput;

use anyhow::{Context, Result, bail};

use crate::test::shell::say;
use figures::Figures;
use options::{Options, Wanted};
use setting::Setting;

/// One group of measurements.
struct Case {
    name: &'static str,
    about: &'static str,
    run: fn(&Setting, &mut Figures) -> Result<()>,
}

/// In the order in which they run.
const CASES: &[Case] = &[
    Case {
        name: "startup",
        about: "one request: wall time, processor time, memory",
        run: startup::run,
    },
    Case {
        name: "throughput",
        about: "unstreamed requests on 64 connections, next to wrk",
        run: throughput::run,
    },
    Case {
        name: "streams",
        about: "64 streams of 32 tokens: cost, and stamps against the server's truth",
        run: streams::run,
    },
    Case {
        name: "thousand",
        about: "1,000 streamed requests, 16 at a time: wall and processor time",
        run: startup::thousand,
    },
    Case {
        name: "dataset",
        about: "traces and texts of 20,000 and 1,000,000 rows: first request, memory",
        run: dataset::run,
    },
    Case {
        name: "schedule",
        about: "constant rates: how late requests leave, and whether all do",
        run: schedule::run,
    },
    Case {
        name: "open-streams",
        about: "1,000 and 5,000 streams at the same time: memory, and nothing lost",
        run: open_streams::run,
    },
    Case {
        name: "memory",
        about: "memory that each finished request leaves behind",
        run: memory::run,
    },
    Case {
        name: "recorder",
        about: "processor time of recording, inside the process",
        run: recorder::run,
    },
    Case {
        name: "instructions",
        about: "instructions and allocations of recording, against the recorded baseline",
        run: instructions::run,
    },
];

pub(crate) fn run(words: &[String]) -> Result<()> {
    match words.split_first() {
        // How this program starts others: see `launch` and `streams`.
        Some((word, rest)) if word == launch::COMMAND => return launch::carry_out(rest),
        Some((word, rest)) if word == affinity::SPIN_COMMAND => return affinity::spin(rest),
        _ => {}
    }
    let options = match Options::parse(words)? {
        Wanted::Help => {
            say(&options::help());
            return Ok(());
        }
        Wanted::Run(options) => options,
    };
    let setting = Setting::prepare(options)?;
    let mut figures = Figures::default();
    let mut failed = Vec::new();
    for case in CASES.iter().filter(|case| setting.options.wants(case.name)) {
        say(&format!("── {}: {}", case.name, case.about));
        // What the other cases found is worth having.
        if let Err(error) = (case.run)(&setting, &mut figures) {
            say(&format!("FAILED: {error:#}"));
            failed.push(case.name);
        }
    }
    say(&figures.table());
    if let Some(path) = &setting.options.json {
        let document = serde_json::to_string_pretty(&figures.document(&setting))?;
        std::fs::write(path, document + "\n")
            .with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    if setting.options.check {
        instructions::check(&figures)?;
    }
    if !failed.is_empty() {
        bail!("not measured: {}", failed.join(", "));
    }
    Ok(())
}
