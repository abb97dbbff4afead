//! Starts one program and measures it from outside.
//!
//! A small process of its own does the starting and the waiting: what the system tells about ended
//! children is then about this one child and what it waited for, and the memory of the bench does
//! not count as the child's, as it would between `fork` and `exec`.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aiperf_clock::{EpochNanos, SECOND, monotonic_now, realtime_now};
use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::sys::time::TimeValLike;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::affinity::spawn_on;

/// Hidden subcommand: `__launch CORE OUTPUT PROGRAM ARGS…`.
pub(super) const COMMAND: &str = "__launch";

/// How often the child's memory is looked at.
const SAMPLE_EVERY: Duration = Duration::from_millis(20);

/// A child that runs longer hangs.
const LONGEST: u64 = 300 * SECOND;

/// What a program cost from its start to its end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Cost {
    pub(super) wall_s: f64,
    /// User and system time, with that of its own children.
    pub(super) cpu_s: f64,
    /// The most memory of one process: of the program or of one of its children.
    pub(super) peak_mb: f64,
    /// Resident memory while it ran: instant and bytes.
    pub(super) memory: Vec<(EpochNanos, u64)>,
    /// Its exit code; absent where a signal ended it.
    pub(super) code: Option<i32>,
}

/// What is to be started.
pub(super) struct Launch<'a> {
    pub(super) program: &'a Path,
    pub(super) words: Vec<OsString>,
    pub(super) environment: &'a [(&'static str, OsString)],
    pub(super) core: usize,
    /// Gets what the program writes to both of its outputs.
    pub(super) output: PathBuf,
}

impl Launch<'_> {
    /// Runs the program to its end.
    ///
    /// # Errors
    /// It cannot be started, or ends with a failure.
    pub(super) fn measure(self) -> Result<Cost> {
        let mut launcher = Command::new(std::env::current_exe()?);
        launcher
            .args(["bench", COMMAND, &self.core.to_string()])
            .arg(&self.output)
            .arg(self.program)
            .args(&self.words)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stderr(Stdio::inherit());
        let output = launcher.output().context("cannot start the launcher")?;
        if !output.status.success() {
            bail!("cannot measure `{}`", self.program.display());
        }
        let cost: Cost = serde_json::from_slice(&output.stdout)?;
        if cost.code != Some(0) {
            let said = std::fs::read_to_string(&self.output).unwrap_or_default();
            let start = said.len().saturating_sub(2_000);
            let tail = said.get(start..).unwrap_or(&said);
            bail!(
                "`{}` ended with code {:?}:\n{tail}",
                self.program.display(),
                cost.code
            );
        }
        Ok(cost)
    }
}

/// The launching process.
pub(super) fn carry_out(words: &[String]) -> Result<()> {
    let [core, output, program, rest @ ..] = words else {
        bail!("not for use by hand")
    };
    let output = File::create(output)?;
    let mut command = Command::new(program);
    command
        .args(rest)
        .stdin(Stdio::null())
        .stderr(output.try_clone()?)
        .stdout(output);

    let start = monotonic_now();
    let mut child = spawn_on(core.parse()?, &mut command)?;
    let id = child.id();
    let has_ended = AtomicBool::new(false);
    let (status, end, memory) = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(id, &has_ended));
        let status = child.wait();
        let end = monotonic_now();
        has_ended.store(true, Ordering::Relaxed);
        let memory = watcher.join().unwrap_or_default();
        (status, end, memory)
    });
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    let cost = Cost {
        wall_s: (end - start) as f64 / SECOND as f64,
        cpu_s: cpu as f64 / 1e6,
        peak_mb: usage.max_rss() as f64 * 1024.0 / 1e6,
        memory,
        code: status?.code(),
    };
    serde_json::to_writer(std::io::stdout().lock(), &cost)?;
    Ok(())
}

/// Notes the child's memory, and ends it if it hangs.
fn watch(id: u32, has_ended: &AtomicBool) -> Vec<(EpochNanos, u64)> {
    let deadline = monotonic_now() + LONGEST;
    let mut samples = Vec::new();
    while !has_ended.load(Ordering::Relaxed) {
        if let Some(bytes) = resident_bytes(id) {
            samples.push((realtime_now(), bytes));
        }
        if monotonic_now() > deadline {
            // It may have ended just now; then there is nothing to end.
            let _ = kill(Pid::from_raw(id as i32), Signal::SIGKILL);
            break;
        }
        std::thread::park_timeout(SAMPLE_EVERY);
    }
    samples
}

fn resident_bytes(id: u32) -> Option<u64> {
    const PAGE: u64 = 4096;
    let text = std::fs::read_to_string(format!("/proc/{id}/statm")).ok()?;
    let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * PAGE)
}
