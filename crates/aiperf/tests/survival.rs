//! The program against what befalls it: signals, a full disk, a machine that gives it no time.
//!
//! The mock server runs in the test's own process, so nothing that is done to the program is done
//! to the server.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread::{JoinHandle, sleep};
use std::time::Duration;

use aiperf_clock::{Nanos, SECOND, monotonic_now};
use aiperf_mock::{MockOptions, MockServer};
use aiperf_model::MetricRecord;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// Longer than anything here takes; what reaches it hangs.
const PATIENCE: Nanos = 60 * SECOND;

const PROGRAM: &str = env!("CARGO_BIN_EXE_aiperf");

/// A mock server that takes its time with tokens.
fn slow_tokens() -> MockServer {
    let options = MockOptions {
        ttft_ms: 10.0,
        itl_ms: 2.0,
        ..MockOptions::default()
    };
    MockServer::start(options).unwrap()
}

/// The command line of a streamed chat run, without its load.
fn arguments(server: &MockServer, folder: &Path) -> Vec<String> {
    let url = server.url();
    let folder = folder.to_str().unwrap();
    let line = [
        "profile",
        "--model",
        "m",
        "--tokenizer",
        "builtin",
        "--url",
        &url,
        "--endpoint-type",
        "chat",
        "--streaming",
        "--isl",
        "8",
        "--osl",
        "8",
        "--num-prompts",
        "4",
        "--ui",
        "none",
        "--no-server-metrics",
        "--output-artifact-dir",
        folder,
    ];
    line.map(str::to_owned).to_vec()
}

/// A run of the program; ends with the test.
struct Run {
    child: Child,
    folder: TempDir,
    stderr: mpsc::Receiver<u8>,
    stdout: JoinHandle<String>,
}

impl Run {
    fn start(server: &MockServer, load: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(PROGRAM);
        command.args(arguments(server, folder.path())).args(load);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let (byte, stderr) = mpsc::channel();
        let errors = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            errors
                .bytes()
                .map_while(Result::ok)
                .try_for_each(|read| byte.send(read))
        });
        let mut output = child.stdout.take().unwrap();
        let stdout = std::thread::spawn(move || {
            let mut text = String::new();
            output.read_to_string(&mut text).unwrap();
            text
        });
        Self {
            child,
            folder,
            stderr,
            stdout,
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until the file of records has `count` whole lines.
    fn wait_for_records(&mut self, count: usize) {
        let path = self.file("profile_export.jsonl");
        wait_until("records are on disk", || {
            assert!(
                self.child.try_wait().unwrap().is_none(),
                "the program has ended"
            );
            let bytes = std::fs::read(&path).unwrap_or_default();
            bytes.iter().filter(|&&byte| byte == b'\n').count() >= count
        });
    }

    /// Waits until standard error holds `text`.
    fn wait_for_message(&self, text: &str) {
        let mut seen = Vec::new();
        while !seen.ends_with(text.as_bytes()) {
            match self.stderr.recv_timeout(Duration::from_nanos(PATIENCE)) {
                Ok(byte) => seen.push(byte),
                Err(_) => panic!("no `{text}` in: {}", String::from_utf8_lossy(&seen)),
            }
        }
    }

    fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        wait_until("the program ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    fn summary(&self) -> Value {
        let text = std::fs::read(self.file("profile_export_aiperf.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // Fails where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let limit = monotonic_now() + PATIENCE;
    while !is_so() {
        assert!(monotonic_now() < limit, "in vain: {what}");
        sleep(Duration::from_millis(10));
    }
}

/// Reads the whole lines as records, and returns what comes after the last of them.
fn read_whole_lines(path: &Path) -> (Vec<MetricRecord>, Vec<u8>) {
    let bytes = std::fs::read(path).unwrap();
    let end = bytes
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |place| place + 1);
    let (whole, rest) = bytes.split_at(end);
    let lines = whole
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty());
    let parse = |line: &[u8]| {
        serde_json::from_slice(line)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(line)))
    };
    (lines.map(parse).collect(), rest.to_vec())
}

#[test]
fn a_killed_run_leaves_its_records_readable() {
    let server = slow_tokens();
    let mut run = Run::start(
        &server,
        &["--concurrency", "8", "--request-count", "100000"],
    );
    run.wait_for_records(50);
    run.signal(Signal::KILL);
    assert!(!run.wait().success());
    let (records, rest) = read_whole_lines(&run.file("profile_export.jsonl"));
    assert!(records.len() >= 50);
    assert!(
        records
            .iter()
            .all(|record| record.number("time_to_first_token").is_some())
    );
    // A line that was being written has its beginning at most.
    assert!(rest.is_empty() || rest.starts_with(b"{\"metadata\""));
    // No file pretends to be the result of a complete run.
    assert!(!run.file("profile_export_aiperf.json").exists());
}

#[test]
fn an_interrupted_run_ends_well_and_says_that_it_was_cancelled() {
    for signal in [Signal::INT, Signal::TERM] {
        let server = slow_tokens();
        let mut run = Run::start(
            &server,
            &["--concurrency", "8", "--request-count", "100000"],
        );
        run.wait_for_records(20);
        run.signal(signal);
        assert_eq!(run.wait().code(), Some(0), "{signal:?}");
        let summary = run.summary();
        assert_eq!(summary["was_cancelled"], true, "{signal:?}");
        let (records, rest) = read_whole_lines(&run.file("profile_export.jsonl"));
        assert!(records.len() >= 20 && rest.is_empty());
        // What was on its way has a line that says so, is accounted for, and enters no figure.
        let accounting = &summary["request_accounting"];
        let count = |key: &str| accounting[key].as_u64().unwrap();
        assert_eq!(
            summary["request_count"]["avg"].as_f64(),
            Some(count("completed") as f64)
        );
        assert_eq!(count("completed") + count("cut_off"), records.len() as u64);
        assert_eq!(count("sent"), count("completed") + count("cut_off"));
        run.wait_for_message("Cancellation in Progress");
    }
}

#[test]
fn a_second_interrupt_ends_a_run_at_once() {
    // Counting the tokens of these answers takes far longer than sending them, so that the program
    // is busy with what waits when the first signal has ended the sending.
    let options = MockOptions {
        single_chunk_bytes: Some(4 << 20),
        ..MockOptions::default()
    };
    let server = MockServer::start(options).unwrap();
    let load = [
        "--concurrency",
        "8",
        "--request-count",
        "100000",
        "--record-processors",
        "1",
    ];
    let mut run = Run::start(&server, &load);
    wait_until("answers wait to be recorded", || {
        server.stats().requests >= 60
    });
    run.signal(Signal::INT);
    run.wait_for_message("Cancellation in Progress");
    run.signal(Signal::INT);
    assert_eq!(run.wait().code(), Some(137));
    run.wait_for_message("Force Quit");
    assert!(!run.file("profile_export_aiperf.json").exists());
}

/// Mounts a small disk that only the commands after it see, runs them, and copies what is on it.
#[cfg(target_os = "linux")]
const ON_A_SMALL_DISK: &str = r#"
    disk="$1"; copy="$2"; shift 2
    mount -t tmpfs -o size=512k tmpfs "$disk" || exit 77
    "$@"; code=$?
    cp -r "$disk/." "$copy"
    exit $code
"#;

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_the_run_with_a_message_and_leaves_the_records_readable() {
    let server = slow_tokens();
    let folder = tempfile::tempdir().unwrap();
    let (disk, copy) = (folder.path().join("disk"), folder.path().join("copy"));
    std::fs::create_dir(&disk).unwrap();
    std::fs::create_dir(&copy).unwrap();
    let output = Command::new("unshare")
        .args([
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            ON_A_SMALL_DISK,
            "sh",
        ])
        .args([&disk, &copy])
        .arg(PROGRAM)
        .args(arguments(&server, &disk))
        .args(["--concurrency", "8", "--request-count", "20000"])
        .output();
    let Some(output) = output
        .ok()
        .filter(|output| output.status.code() != Some(77))
    else {
        return eprintln!("SKIPPED: this system lets tests mount no disk of their own");
    };
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let told = text.lines().any(|line| {
        line.contains("ERROR")
            && line.contains("profile_export.jsonl`: No space left on device")
            && line.contains("the run was ended")
    });
    assert!(told, "no word of the records:\n{text}");
    assert!(
        server.stats().requests < 20_000,
        "the run went on with nowhere to put its records"
    );
    let (records, rest) = read_whole_lines(&copy.join("profile_export.jsonl"));
    assert!(records.len() > 20, "only {} records", records.len());
    assert!(rest.is_empty(), "{}", String::from_utf8_lossy(&rest));
    // Nor is there half a summary.
    if let Ok(summary) = std::fs::read(copy.join("profile_export_aiperf.json")) {
        serde_json::from_slice::<Value>(&summary).unwrap();
    }
}

/// The verdict on a run, and the share of its schedule that was given up, in percent.
fn self_check(run: &Run) -> (String, f64) {
    let summary = run.summary();
    let check = &summary["client_self_check"];
    let lost = check["facts"]["schedule_lost"]["value"].as_f64().unwrap();
    (check["verdict"].as_str().unwrap().to_owned(), lost)
}

/// A process that the system stops is one that gets no processor: the same happens to it on a
/// machine that is busy with something else, only not so plainly.
#[test]
fn a_client_that_gets_no_processor_says_that_it_limited_the_figures() {
    let server = slow_tokens();
    let load = [
        "--request-rate",
        "100",
        "--arrival-pattern",
        "constant",
        "--request-count",
        "300",
    ];
    let mut starved = Run::start(&server, &[&load[..], &["--fail-on-client-limit"]].concat());
    starved.wait_for_records(5);
    for _ in 0..4 {
        starved.signal(Signal::STOP);
        sleep(Duration::from_millis(300));
        starved.signal(Signal::CONT);
        sleep(Duration::from_millis(50));
    }
    assert_eq!(starved.wait().code(), Some(3));
    let (verdict, lost) = self_check(&starved);
    assert_eq!(verdict, "CLIENT_LIMITED");
    assert!(lost > 10.0, "{lost} % of the schedule was given up");

    // The same load in peace. This machine may be busy too, so it has a few attempts.
    let peaceful = (0..10).map(|_| {
        let mut run = Run::start(&server, &load);
        assert_eq!(run.wait().code(), Some(0));
        self_check(&run)
    });
    let attempts: Vec<_> = peaceful
        .take_while(|(verdict, _)| verdict == "CLIENT_LIMITED")
        .collect();
    assert!(attempts.len() < 10, "{attempts:?}");
}

#[test]
fn a_run_in_good_order_says_so_on_standard_output_and_in_its_files() {
    let server = slow_tokens();
    let mut run = Run::start(&server, &["--concurrency", "4", "--request-count", "40"]);
    assert_eq!(run.wait().code(), Some(0));
    let summary = run.summary();
    assert_ne!(summary["was_cancelled"], true);
    let (records, rest) = read_whole_lines(&run.file("profile_export.jsonl"));
    assert_eq!((records.len(), rest.len()), (40, 0));
    let stdout = std::mem::replace(&mut run.stdout, std::thread::spawn(String::new));
    let text = stdout.join().unwrap();
    assert!(text.contains("profile_export_aiperf.json"), "{text}");
}
