//! Files of the user's own (`artifacts.userFiles`): made before the first request is sent.

use std::path::{Path, PathBuf};

use aiperf_clock::SECOND;
use aiperf_config::document::{RenderedFile, RunFacts, UserFiles};
use aiperf_config::profile::ProfileConfig;
use aiperf_export::write::write_text;
use aiperf_export::{FileNames, OutputFile};
use anyhow::{Context as _, Result, bail};

use super::environment::Environment;

/// Refuses files that would take the place of a file that the run writes, or of each other.
pub(super) fn check_paths(
    files: &UserFiles,
    written: &[OutputFile],
    names: &FileNames,
) -> Result<()> {
    let mut taken: Vec<PathBuf> = written
        .iter()
        .map(|&file| names.name(file).into())
        .collect();
    for path in files.paths() {
        // A file where another needs a folder is as bad as two files of one name.
        let twin = taken
            .iter()
            .find(|other| path.starts_with(other) || other.starts_with(path));
        if let Some(twin) = twin {
            bail!(
                "`artifacts.userFiles`: `{}` would be in the way of `{}`, which the run writes too\n  \
                 hint: choose another path",
                path.display(),
                twin.display()
            );
        }
        taken.push(path.to_owned());
    }
    Ok(())
}

/// Files that are ready to be written.
pub(super) struct Rendered(Vec<RenderedFile>);

/// Renders the files of a configuration for the run in `folder`.
pub(super) fn render(
    config: &ProfileConfig,
    environment: &Environment,
    folder: &Path,
) -> Result<Rendered> {
    let files = &config.output.user_files;
    let facts = facts(config, environment, folder);
    for name in files.hidden_variables(&facts) {
        tracing::warn!(
            "`artifacts.userFiles`: `{name}` is what the run says, not the variable of that name"
        );
    }
    Ok(Rendered(files.render(&facts)?))
}

fn facts(config: &ProfileConfig, environment: &Environment, folder: &Path) -> RunFacts {
    let Place { job_name, epoch } = place(folder);
    let started = || (aiperf_clock::realtime_now() / SECOND as i64).to_string();
    let url = config.endpoint.urls.first();
    RunFacts {
        epoch: epoch.unwrap_or_else(started),
        job_name,
        namespace: environment.namespace.clone(),
        model: config.models.names.first().cloned().unwrap_or_default(),
        endpoint_url: url.map_or_else(String::new, |url| aiperf_redact::url(url).into_owned()),
        artifact_dir: folder.display().to_string(),
    }
}

/// What the run's folder tells.
#[derive(Debug, PartialEq)]
struct Place {
    job_name: String,
    epoch: Option<String>,
}

/// The last part of the folder is the job's name; one that is an instant, as AIPerf's operator makes
/// them, stands below the job's name.
fn place(folder: &Path) -> Place {
    let name = |path: &Path| {
        let last = path.file_name().unwrap_or_default();
        last.to_string_lossy().into_owned()
    };
    let leaf = name(folder);
    if is_instant(&leaf) {
        Place {
            job_name: folder.parent().map(name).unwrap_or_default(),
            epoch: Some(leaf),
        }
    } else {
        Place {
            job_name: leaf,
            epoch: None,
        }
    }
}

/// Seconds since the epoch, with or without microseconds, or the name that stands for an unknown one.
fn is_instant(name: &str) -> bool {
    let has_digits_only = name.bytes().all(|byte| byte.is_ascii_digit());
    name == "legacy" || (has_digits_only && matches!(name.len(), 9 | 10 | 15 | 16))
}

impl Rendered {
    /// Writes all files below the run's folder; missing folders are made.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        for file in &self.0 {
            let path = folder.join(&file.path);
            stays_within(folder, &file.path)?;
            write_text(&path, &file.text)
                .with_context(|| format!("`artifacts.userFiles`: `{}`", file.path.display()))?;
        }
        Ok(())
    }
}

/// Refuses paths that a link on the way leads out of the folder.
fn stays_within(folder: &Path, path: &Path) -> Result<()> {
    let mut reached = folder.to_owned();
    for part in path.parent().into_iter().flat_map(Path::components) {
        reached.push(part);
        let Ok(real) = reached.canonicalize() else {
            // Not there yet.
            return Ok(());
        };
        if !real.starts_with(folder) {
            bail!(
                "`artifacts.userFiles`: `{}` would be written to `{}`, outside the run's folder",
                path.display(),
                real.display()
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_tells_the_name_of_the_job_and_perhaps_the_instant() {
        for (folder, job_name, epoch) in [
            ("/runs/chat-1", "chat-1", None),
            ("/runs/job/1714000000", "job", Some("1714000000")),
            (
                "/runs/job/1714000000123456",
                "job",
                Some("1714000000123456"),
            ),
            ("/runs/job/legacy", "job", Some("legacy")),
            ("/runs/job/12345678", "12345678", None),
            ("/runs/job/17140000001", "17140000001", None),
            ("/", "", None),
        ] {
            let expected = Place {
                job_name: job_name.to_owned(),
                epoch: epoch.map(str::to_owned),
            };
            assert_eq!(place(Path::new(folder)), expected, "{folder}");
        }
    }
}
