//! Disks that take no more.

#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Command;

use aiperf_clock::{SECOND, monotonic_now};
use aiperf_engine::ExchangeSink;
use aiperf_record::jsonl::LineFile;
use aiperf_record::{Backlog, Recorder};

use crate::support::{EVENT_STREAM, answered, event, processors, settings, with_raw, with_records};

#[test]
fn a_full_disk_is_reported_and_the_figures_are_complete_all_the_same() {
    for is_raw in [false, true] {
        let full = Path::new("/dev/full");
        let settings = if is_raw {
            with_raw(settings(1), full)
        } else {
            with_records(settings(1), full)
        };
        let backlog = Backlog::new(usize::MAX);
        let recorder = Recorder::start(settings, backlog.clone(), processors(2)).unwrap();
        assert_eq!(recorder.failure(), None);
        (0..5).for_each(|index| backlog.accept(answered(index, 200, EVENT_STREAM, &event("hi"))));
        let limit = monotonic_now() + 30 * SECOND;
        let failure = loop {
            if let Some(failure) = recorder.failure() {
                break failure;
            }
            assert!(monotonic_now() < limit, "the failure is not reported");
            std::thread::yield_now();
        };
        assert!(
            failure.contains("`/dev/full`") && failure.contains("space"),
            "{failure}"
        );
        (5..9).for_each(|index| backlog.accept(answered(index, 200, EVENT_STREAM, &event("hi"))));
        let recorded = recorder.finish().unwrap();
        assert_eq!(recorded.counts[1], (9, 0));
        assert_eq!(recorded.columns.len(), 9);
    }
}

#[test]
fn a_file_that_cannot_be_created_is_refused_with_its_name() {
    let settings = with_records(settings(1), Path::new("/nonexistent/records.jsonl"));
    let error = Recorder::start(settings, Backlog::new(1_000), processors(1))
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("`/nonexistent/records.jsonl`"),
        "{error}"
    );
}

const FOLDER: &str = "AIPERF_TEST_FOLDER";

/// Mounts a small disk that only the commands after it see, runs them, and copies what is on it.
const ON_A_SMALL_DISK: &str = r#"
    mount -t tmpfs -o size=256k tmpfs "$AIPERF_TEST_FOLDER" || exit 77
    "$@"; code=$?
    cp "$AIPERF_TEST_FOLDER/lines" "$AIPERF_TEST_FOLDER.copy"
    exit $code
"#;

#[test]
fn threads_that_fill_a_disk_together_leave_whole_lines() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return fill(&Path::new(&folder).join("lines"));
    }
    // Whether a thread meets the full disk at the worst moment is chance.
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let disk = folder.path().join("disk");
        std::fs::create_dir(&disk).unwrap();
        let output = Command::new("unshare")
            .args([
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                ON_A_SMALL_DISK,
                "sh",
            ])
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "full_disk::threads_that_fill_a_disk_together_leave_whole_lines",
            ])
            .env(FOLDER, &disk)
            .output();
        let Some(output) = output
            .ok()
            .filter(|output| output.status.code() != Some(77))
        else {
            return eprintln!("SKIPPED: this system lets tests mount no disk of their own");
        };
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && text.contains("1 passed"),
            "{text}"
        );
        let text = std::fs::read_to_string(folder.path().join("disk.copy")).unwrap();
        assert!(
            text.len() > 200_000,
            "only {} bytes were written",
            text.len()
        );
        assert!(text.ends_with('\n'));
        for line in text.lines() {
            let (name, length) = (line.as_bytes()[0], line.len());
            assert!(
                length == LONG - 1 || length == SHORT - 1,
                "a line of {length} bytes"
            );
            assert!(
                line.bytes().all(|byte| byte == name),
                "a line of several threads"
            );
        }
    }
}

const LONG: usize = 20_000;
const SHORT: usize = 1_000;

fn fill(path: &Path) {
    let file = LineFile::create(path).unwrap();
    let start = std::sync::Barrier::new(8);
    std::thread::scope(|scope| {
        for name in b'a'..=b'h' {
            let (file, start) = (&file, &start);
            let length = if name % 2 == 0 { LONG } else { SHORT };
            scope.spawn(move || {
                let mut line = vec![name; length - 1];
                line.push(b'\n');
                start.wait();
                (0..300).for_each(|_| file.append(&line));
            });
        }
    });
    assert!(file.failure().unwrap().contains(path.to_str().unwrap()));
}
