//! `cargo xtask test`: installs what the tests need, then runs every check and every test.
//!
//! What is installed stays (`.venv`, `target/test-tokenizers`), so a second run starts at once. A
//! check that fails does not keep the next ones from running: one run shows all that is wrong. What
//! cannot be checked on this machine is called out at the end, and is a failure where `CI` is set.

mod checks;
mod published_tokenizers;
mod reference;
pub(crate) mod shell;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use shell::{heading, say};

/// How a step ended that did not fail.
enum Outcome {
    Passed,
    /// Nothing was checked; the text says why and what would help.
    Skipped(String),
}

/// What the steps share.
struct Workshop {
    /// The repository.
    root: PathBuf,
    /// Whether a step that cannot be done is a failure.
    is_ci: bool,
    /// Where published tokenizers lie, once they are there.
    tokenizers: Option<PathBuf>,
}

struct Step {
    title: &'static str,
    run: fn(&mut Workshop) -> Result<Outcome>,
}

/// Quick checks first, so that a slip shows early; then what tests need, then tests.
const STEPS: &[Step] = &[
    Step {
        title: "formatting",
        run: checks::formatting,
    },
    Step {
        title: "lints",
        run: checks::lints,
    },
    Step {
        title: "the reference in .venv",
        run: reference::install,
    },
    Step {
        title: "published tokenizers",
        run: published_tokenizers::fetch,
    },
    Step {
        title: "tests",
        run: checks::tests,
    },
    Step {
        title: "tests with published tokenizers",
        run: checks::tokenizer_tests,
    },
    Step {
        title: "documentation tests",
        run: checks::documentation_tests,
    },
    Step {
        title: "examples",
        run: checks::examples,
    },
    Step {
        title: "generated references",
        run: checks::generated_references,
    },
    Step {
        title: "licences and duplicates",
        run: checks::dependencies,
    },
];

pub(crate) fn run(words: &[String]) -> Result<()> {
    if let Some(word) = words.first() {
        bail!("`cargo xtask test` takes no arguments, and got `{word}`");
    }
    let mut workshop = Workshop {
        root: repository_root(),
        is_ci: std::env::var_os("CI").is_some_and(|value| !value.is_empty()),
        tokenizers: None,
    };
    let mut lines = Vec::with_capacity(STEPS.len());
    let mut failures = Vec::new();
    for step in STEPS {
        heading(step.title);
        let start = now();
        let outcome = (step.run)(&mut workshop);
        let word = match &outcome {
            Ok(Outcome::Passed) => "passed",
            Ok(Outcome::Skipped(_)) => "SKIPPED",
            Err(_) => "FAILED",
        };
        let mut line = format!(
            "{word:<8}{:>6.0} s  {}",
            seconds(start.elapsed()),
            step.title
        );
        match outcome {
            Ok(Outcome::Passed) => {}
            Ok(Outcome::Skipped(reason)) => {
                say(&format!("SKIPPED: {reason}"));
                line.push_str(&format!(": {reason}"));
            }
            Err(error) => {
                say(&format!("FAILED: {error:#}"));
                line.push_str(&format!(": {error:#}"));
                failures.push(step.title);
            }
        }
        lines.push(line);
    }
    heading("summary");
    for line in &lines {
        say(line);
    }
    if failures.is_empty() {
        say("\nall steps passed");
        return Ok(());
    }
    bail!(
        "{} of {} steps failed: {}",
        failures.len(),
        STEPS.len(),
        failures.join(", ")
    )
}

impl Workshop {
    /// For a step that this machine has not got the means for.
    fn cannot(&self, reason: String) -> Result<Outcome> {
        if self.is_ci {
            bail!("{reason} (a failure because `CI` is set)");
        }
        Ok(Outcome::Skipped(reason))
    }
}

/// The folder above this package.
pub(crate) fn repository_root() -> PathBuf {
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    package.parent().map_or(package.clone(), PathBuf::from)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a chore is timed for people, to the second"
)]
fn now() -> Instant {
    Instant::now()
}

fn seconds(length: Duration) -> f64 {
    length.as_secs_f64()
}
