//! Configuration files beside what the reference makes of them: what it accepts is accepted, what
//! it refuses is refused, and what both accept is dumped alike.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::path::{Path, PathBuf};
use std::process::Command;

use aiperf_config::document::{Document, Dump};
use serde_json::Value;

/// The reference's virtual environment; `None`, after a notice, where it is not installed.
#[expect(
    clippy::print_stderr,
    reason = "a test that checks nothing must be seen"
)]
fn reference() -> Option<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let venv = std::env::var_os("AIPERF_TEST_REFERENCE")
        .map_or_else(|| repository.join(".venv"), PathBuf::from);
    if venv.join("bin/aiperf").exists() {
        return Some(venv);
    }
    let is_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    assert!(!is_ci, "the reference is not installed");
    eprintln!("SKIPPED: the reference is not installed, so configuration files are not compared");
    None
}

fn dumps(venv: &Path, folder: Option<&Path>) -> serde_json::Map<String, Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/config_dumps.py");
    let mut command = Command::new(venv.join("bin/python"));
    command.arg(script.canonicalize().unwrap()).args(folder);
    for (name, value) in ENVIRONMENT {
        command.env(name, value);
    }
    let output = command
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    let text = String::from_utf8(output.stdout).unwrap();
    let start = text.find("{\"").unwrap_or_else(|| panic!("{told}"));
    serde_json::from_str(&text[start..]).unwrap()
}

const ENVIRONMENT: &[(&str, &str)] = &[("CASE_PORT", "8000"), ("CASE_RATE", "2.5")];

fn environment(name: &str) -> Option<String> {
    let found = ENVIRONMENT.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| (*value).to_owned())
}

/// Numbers by their value, and infinity, which JSON has not, as nothing.
fn comparable(value: &Value) -> Value {
    match value {
        Value::Number(number) => serde_json::json!(number.as_f64()),
        Value::Array(items) => items.iter().map(comparable).collect(),
        Value::Object(members) => members
            .iter()
            .filter(|(_, value)| *value != "inf")
            .map(|(key, value)| (key.clone(), comparable(value)))
            .collect(),
        other => other.clone(),
    }
}

/// Where two values first differ.
fn difference(ours: &Value, theirs: &Value, path: &str) -> Option<String> {
    match (ours, theirs) {
        (Value::Object(left), Value::Object(right)) => {
            let keys = left
                .keys()
                .chain(right.keys().filter(|key| !left.contains_key(*key)));
            keys.into_iter()
                .find_map(|key| match (left.get(key), right.get(key)) {
                    (Some(left), Some(right)) => difference(left, right, &format!("{path}.{key}")),
                    (left, right) => Some(format!("{path}.{key}: ours {left:?}, theirs {right:?}")),
                })
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => left
            .iter()
            .zip(right)
            .enumerate()
            .find_map(|(index, (left, right))| difference(left, right, &format!("{path}.{index}"))),
        (left, right) if left == right => None,
        (left, right) => Some(format!("{path}: ours {left}, theirs {right}")),
    }
}

/// What is different, if anything is.
fn compared(ours: &Result<Document, String>, theirs: &Value) -> Option<String> {
    match (ours, theirs.get("refused")) {
        (Err(_), Some(_)) => None,
        (Err(error), None) => Some(format!("refused, and the reference accepts it: {error}")),
        (Ok(_), Some(reason)) => Some(format!("accepted, and the reference refuses it: {reason}")),
        (Ok(document), None) => [(Dump::Full, "full"), (Dump::Given, "given")]
            .into_iter()
            .find_map(|(dump, name)| {
                let ours = comparable(&document.dump_benchmark(dump));
                difference(&ours, &comparable(&theirs[name]), name)
            }),
    }
}

#[test]
fn templates_of_the_reference_are_read_as_it_reads_them() {
    let Some(venv) = reference() else { return };
    let all = dumps(&venv, None);
    assert!(all.len() > 25);
    let different: Vec<String> = all
        .iter()
        .filter_map(|(name, theirs)| {
            let text = theirs["text"].as_str()?;
            let ours = Document::parse(text, &environment).map_err(|error| error.to_string());
            compared(&ours, theirs).map(|reason| format!("{name}: {reason}"))
        })
        .collect();
    assert!(
        different.is_empty(),
        "{} of {}:\n{}",
        different.len(),
        all.len(),
        different.join("\n")
    );
}

/// Small files, one for each line: bodies of `benchmark` between braces. A line that begins with
/// `~` is one of which the reference is known to think otherwise.
const CASES: &str = include_str!("fixtures/documents.txt");

#[test]
fn small_files_are_accepted_and_refused_as_by_the_reference() {
    let Some(venv) = reference() else { return };
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<&str> = CASES
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .collect();
    let text = |line: &str| {
        let body = line.trim_start_matches('~').trim();
        let usual = "model: m, endpoint: {url: 'http://h:1', streaming: true}";
        let body = body
            .replace("$E", usual)
            .replace("$D", "dataset: {isl: 5}")
            .replace("$P", "phases: {type: concurrency, requests: 4}");
        match body.strip_prefix("top ") {
            Some(whole) => whole.replace("; ", "\n"),
            None => format!("benchmark: {{{body}}}\n"),
        }
    };
    for (index, line) in lines.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{index:04}.yaml")), text(line)).unwrap();
    }
    let all = dumps(&venv, Some(folder.path()));
    assert_eq!(all.len(), lines.len());
    let mut different = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let ours = Document::parse(&text(line), &environment).map_err(|error| error.to_string());
        let reason = compared(&ours, &all[&format!("{index:04}")]);
        match (reason, line.starts_with('~')) {
            (Some(reason), false) => different.push(format!("{line}\n    {reason}")),
            (None, true) => different.push(format!("{line}\n    no longer differs")),
            _ => {}
        }
    }
    assert!(
        different.is_empty(),
        "{} of {}:\n{}",
        different.len(),
        lines.len(),
        different.join("\n")
    );
}
