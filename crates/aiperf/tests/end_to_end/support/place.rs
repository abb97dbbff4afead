//! A folder of its own, in which the program runs and leaves its files.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::Ended;

/// No run here takes more than a few seconds; one that does hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// A folder that is gone after the test.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder for temporary files"),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where [`Self::profile`] puts results.
    pub(crate) fn results(&self) -> PathBuf {
        self.path().join("results")
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path().join(name), content).unwrap();
    }

    /// The program, with nothing of this process's environment but the path.
    pub(crate) fn aiperf(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aiperf"));
        command
            .args(words)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("HF_HOME", "hf")
            .env("HF_HUB_OFFLINE", "1")
            // Only tests about the server's own metrics have their files, and wait for the last scrape.
            .env("AIPERF_SERVER_METRICS_DEFAULT", "false")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ended {
        wait(self.aiperf(words).spawn().unwrap())
    }

    /// `aiperf profile` of `url` that needs no network and writes into [`Self::results`]. `words`
    /// come on top.
    pub(crate) fn profiling(&self, url: &str, words: &[&str]) -> Command {
        let mut command = self.aiperf(&["profile", "--url", url, "--artifact-dir", "results"]);
        command.args([
            "--model",
            "mock-model",
            "--tokenizer",
            "builtin",
            "--ui",
            "none",
        ]);
        command.args(words);
        command
    }

    /// Carries out [`Self::profiling`].
    pub(crate) fn profile(&self, url: &str, words: &[&str]) -> Ended {
        wait(self.profiling(url, words).spawn().unwrap())
    }

    /// Every file below `folder`, as paths relative to it, sorted.
    pub(crate) fn files(&self, folder: &Path) -> Vec<String> {
        let mut names = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for entry in std::fs::read_dir(&next).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let relative = path.strip_prefix(folder).unwrap();
                    names.push(relative.to_string_lossy().into_owned());
                }
            }
        }
        names.sort();
        names
    }

    /// A file of the results.
    #[track_caller]
    pub(crate) fn result(&self, name: &str) -> String {
        let path = self.results().join(name);
        std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("`{name}`: {error}; {:?}", self.files(&self.results())))
    }

    /// The summary of the results.
    #[track_caller]
    pub(crate) fn summary(&self) -> Value {
        serde_json::from_str(&self.result("profile_export_aiperf.json")).unwrap()
    }

    /// The lines of a JSONL file of the results.
    #[track_caller]
    pub(crate) fn records(&self, name: &str) -> Vec<Value> {
        self.result(name)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// Waits for the end of a program and takes what it wrote. One that hangs is ended.
pub(crate) fn wait(child: Child) -> Ended {
    let pid = Pid::from_child(&child);
    let (done, is_done) = channel::<()>();
    let watchdog = std::thread::spawn(move || {
        if is_done.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
            let _ = kill_process(pid, Signal::KILL);
        }
    });
    let output = child.wait_with_output().unwrap();
    drop(done);
    watchdog.join().unwrap();
    Ended::new(output)
}

/// Asks `condition` until it holds.
#[track_caller]
pub(crate) fn wait_until(what: &str, condition: impl Fn() -> bool) {
    const STEP: Duration = Duration::from_millis(5);
    let mut left = LIMIT.as_millis() / STEP.as_millis();
    while !condition() {
        left -= 1;
        assert!(left > 0, "never happened: {what}");
        std::thread::sleep(STEP);
    }
}

/// Asks a running program to end.
pub(crate) fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}
