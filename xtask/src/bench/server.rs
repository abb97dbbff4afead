//! The mock server, as a process of its own on its own core.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use aiperf_clock::{Nanos, SECOND, monotonic_now};
use aiperf_mock::TruthRecord;
use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::affinity::spawn_on;
use super::setting::Setting;

/// A running mock server. Dropping it ends it.
pub(super) struct Server {
    child: Child,
    /// Kept open: the server still says something when it ends.
    output: BufReader<ChildStdout>,
    truth: Option<PathBuf>,
    pub(super) url: String,
}

/// What a server did while something ran.
pub(super) struct Busy {
    at: Nanos,
    cpu_s: f64,
}

impl Server {
    /// Starts a server with these delays in milliseconds that keeps no truth file.
    pub(super) fn start(setting: &Setting, ttft: f64, itl: f64) -> Result<Self> {
        Self::start_with(setting, ttft, itl, None)
    }

    /// The same with a truth file.
    pub(super) fn start_truthful(setting: &Setting, ttft: f64, itl: f64) -> Result<Self> {
        let path = setting.fresh_folder("truth")?.join("truth.jsonl");
        Self::start_with(setting, ttft, itl, Some(path))
    }

    fn start_with(setting: &Setting, ttft: f64, itl: f64, truth: Option<PathBuf>) -> Result<Self> {
        let mut command = Command::new(&setting.aiperf);
        command.args(["mock-server", "--port", "0"]);
        command.args(["--ttft", &ttft.to_string(), "--itl", &itl.to_string()]);
        if let Some(path) = &truth {
            command.arg("--truth").arg(path);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = spawn_on(setting.server_core, &mut command)?;
        let output = child
            .stdout
            .take()
            .context("the server's output is not at hand")?;
        let mut server = Self {
            child,
            output: BufReader::new(output),
            truth,
            url: String::new(),
        };
        let mut line = String::new();
        server.output.read_line(&mut line)?;
        let Some(url) = line.trim().strip_prefix("listening on ") else {
            bail!("the mock server did not start: {line}");
        };
        server.url = url.to_owned();
        Ok(server)
    }

    /// Begins to watch how busy the server is.
    pub(super) fn busy(&self) -> Result<Busy> {
        Ok(Busy {
            at: monotonic_now(),
            cpu_s: self.cpu_s()?,
        })
    }

    /// Share of one core that the server used since `since`, in percent.
    pub(super) fn busy_percent(&self, since: &Busy) -> Result<f64> {
        let wall = (monotonic_now() - since.at) as f64 / SECOND as f64;
        Ok(100.0 * (self.cpu_s()? - since.cpu_s) / wall)
    }

    /// User and system time so far.
    fn cpu_s(&self) -> Result<f64> {
        const TICKS_PER_SECOND: f64 = 100.0;
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name in brackets may hold blanks; what follows is regular.
        let (_, fields) = text.rsplit_once(')').context("/proc/…/stat has no name")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks = |place: usize| {
            fields
                .get(place)
                .and_then(|field| field.parse::<f64>().ok())
        };
        let (Some(user), Some(system)) = (ticks(11), ticks(12)) else {
            bail!("/proc/…/stat is not understood");
        };
        Ok((user + system) / TICKS_PER_SECOND)
    }

    /// Ends the server and returns what really happened, by request id.
    pub(super) fn finish(mut self) -> Result<HashMap<String, TruthRecord>> {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGINT)?;
        let status = self.child.wait()?;
        if !status.success() {
            bail!("the mock server ended with {status}");
        }
        let Some(path) = self.truth.take() else {
            return Ok(HashMap::new());
        };
        let file = BufReader::new(std::fs::File::open(path)?);
        let mut truth = HashMap::new();
        for line in file.lines() {
            let record: TruthRecord = serde_json::from_str(&line?)?;
            if let Some(id) = record.x_request_id.clone() {
                truth.insert(id, record);
            }
        }
        Ok(truth)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has usually ended by now; then neither does anything.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
