//! The installed reference.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::place::wait;
use crate::support::{Ended, Place};

pub(super) struct Reference {
    venv: PathBuf,
}

impl Reference {
    /// `None`, after a notice, where it is not installed.
    #[track_caller]
    pub(super) fn find() -> Option<Self> {
        let venv = std::env::var_os("AIPERF_TEST_REFERENCE")
            .map_or_else(|| repository().join(".venv"), PathBuf::from);
        if venv.join("bin/aiperf").exists() {
            return Some(Self { venv });
        }
        let is_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        assert!(
            !is_ci,
            "the reference is not installed in `{}`",
            venv.display()
        );
        skip(&venv);
        None
    }

    /// Runs a script of `conformance/` and returns how it ended.
    pub(super) fn script(&self, name: &str, words: &[&str]) -> Ended {
        let mut command = Command::new(self.venv.join("bin/python"));
        command
            .arg(repository().join("conformance").join(name))
            .args(words);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        finish(command)
    }

    /// Runs the reference with the same words that [`Place::profile`] gives to our program.
    pub(super) fn profile(&self, place: &Place, url: &str, words: &[&str]) -> Ended {
        let mut command = Command::new(self.venv.join("bin/aiperf"));
        command
            .args(["profile", "--url", url, "--artifact-dir", "results"])
            .args([
                "--model",
                "mock-model",
                "--tokenizer",
                "builtin",
                "--ui",
                "none",
            ])
            .args(words)
            .current_dir(place.path())
            .env("HOME", place.path())
            .env("HF_HUB_OFFLINE", "1")
            .env("TIKTOKEN_CACHE_DIR", self.venv.join("tiktoken"));
        finish(command)
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a test that checks nothing must be seen"
)]
fn skip(venv: &Path) {
    eprintln!(
        "SKIPPED: the reference is not installed in `{}`, so conformance is not checked\n  \
         hint: `cargo xtask test` installs it",
        venv.display()
    );
}

fn finish(mut command: Command) -> Ended {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    wait(command.spawn().unwrap())
}

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The one test whose output is always shown.
#[test]
fn the_reference_is_installed() {
    let _ = Reference::find();
}
