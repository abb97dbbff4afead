//! The folder of a run and the names of the files in it.

use std::path::{Path, PathBuf};

use aiperf_config::profile::{Arrivals, ExportFormat, ExportLevel, ProfileConfig};
use aiperf_export::naming::{BASE_DIRECTORY, PHASES_DIRECTORY, Stimulus, run_directory_name};
use aiperf_export::outputs_json::FRAGMENTS_DIRECTORY;
use aiperf_export::{FileNames, OutputFile, ready_marker};
use anyhow::{Context, Result};

use super::{server_metrics, user_files};

/// The names of the run's files; an error where two of them would be one.
pub(crate) fn file_names(config: &ProfileConfig) -> Result<FileNames> {
    let names = match &config.output.prefix {
        Some(prefix) => FileNames::with_prefix(prefix),
        None => FileNames::usual(),
    };
    let written = written_files(config);
    names.check_collisions(&written)?;
    user_files::check_paths(&config.output.user_files, &written, &names)?;
    Ok(names)
}

/// Makes the run's folder where there is none.
pub(crate) fn make(config: &ProfileConfig) -> Result<PathBuf> {
    let wanted = path(config);
    std::fs::create_dir_all(&wanted)
        .with_context(|| format!("cannot make the artifact folder `{}`", wanted.display()))?;
    wanted
        .canonicalize()
        .with_context(|| format!("cannot use the artifact folder `{}`", wanted.display()))
}

/// Removes what an earlier run of the same name would leave in the way.
pub(crate) fn clear(folder: &Path, names: &FileNames) -> Result<()> {
    let remove = |file| remove_if_there(&folder.join(names.name(file)));
    ready_marker::remove_stale_marker(folder)?;
    for file in [
        OutputFile::Records,
        OutputFile::RawRecords,
        OutputFile::SummaryJson,
        OutputFile::SummaryCsv,
        OutputFile::Console,
        OutputFile::PhaseManifest,
        OutputFile::TimeslicesCsv,
        OutputFile::TimeslicesJson,
        OutputFile::TimeslicesParquet,
        OutputFile::RecordsParquet,
        OutputFile::Outputs,
        OutputFile::RunState,
        OutputFile::NetworkLatency,
        OutputFile::ServerMetricsJson,
        OutputFile::ServerMetricsCsv,
        OutputFile::ServerMetricsJsonl,
        OutputFile::ServerMetricsParquet,
    ] {
        remove(file)?;
    }
    remove_phases(folder, names)?;
    remove_fragments(folder)
}

/// The folder that was given, or one that is named after model, endpoint and load. Runs with the
/// same name share it.
fn path(config: &ProfileConfig) -> PathBuf {
    if let Some(given) = &config.output.artifact_dir {
        return given.clone();
    }
    let models: Vec<&str> = config.models.names.iter().map(String::as_str).collect();
    // Every run measures a phase; the first of them names it.
    let stimulus = config
        .measured()
        .next()
        .map_or(Stimulus::Concurrency(1), |phase| stimulus(&phase.arrivals));
    let name = run_directory_name(&models, config.endpoint.kind.name(), stimulus);
    Path::new(BASE_DIRECTORY).join(name)
}

fn stimulus(arrivals: &Arrivals) -> Stimulus {
    match arrivals {
        Arrivals::ClosedLoop { concurrency } => Stimulus::Concurrency(concurrency.count),
        Arrivals::Rate {
            rate, concurrency, ..
        } => Stimulus::Rate {
            concurrency: concurrency.map(|limit| limit.count),
            requests_per_second: Some(rate.base()),
        },
        Arrivals::UserCentric { rate, users, .. } => Stimulus::UserCentric {
            users: *users,
            requests_per_second: *rate,
        },
        Arrivals::FixedSchedule { .. } => Stimulus::FixedSchedule,
    }
}

fn written_files(config: &ProfileConfig) -> Vec<OutputFile> {
    let mut files = vec![
        OutputFile::SummaryCsv,
        OutputFile::Console,
        OutputFile::Inputs,
        OutputFile::Log,
        OutputFile::PhaseManifest,
        OutputFile::RunState,
        OutputFile::ReadyMarker,
    ];
    if config.output.summary_json {
        files.push(OutputFile::SummaryJson);
    }
    if config.output.export_level != ExportLevel::Summary {
        files.push(OutputFile::Records);
    }
    if config.output.export_level == ExportLevel::Raw {
        files.push(OutputFile::RawRecords);
    }
    if config.telemetry.network_probes.is_some() {
        files.push(OutputFile::NetworkLatency);
    }
    if let Some(server_metrics) = &config.telemetry.server_metrics {
        files.extend(
            server_metrics
                .formats
                .iter()
                .copied()
                .map(server_metrics::file),
        );
    }
    let output = &config.output;
    let has_slices = output.slice_duration_seconds.is_some();
    if has_slices {
        files.extend([OutputFile::TimeslicesCsv, OutputFile::TimeslicesJson]);
    }
    if output.formats.contains(&ExportFormat::Parquet) {
        files.push(OutputFile::RecordsParquet);
        if has_slices {
            files.push(OutputFile::TimeslicesParquet);
        }
    }
    if output.outputs_json {
        files.push(OutputFile::Outputs);
    }
    files
}

/// Removes the phase files of an earlier run, whatever its phases were called, and their folders if
/// nothing else is in them.
fn remove_phases(folder: &Path, names: &FileNames) -> Result<()> {
    let phases = folder.join(PHASES_DIRECTORY);
    for entry in std::fs::read_dir(&phases).into_iter().flatten().flatten() {
        let own = entry.path();
        for file in [OutputFile::SummaryJson, OutputFile::SummaryCsv] {
            remove_if_there(&own.join(names.name(file)))?;
        }
        // What somebody else has put there stays, and its folder with it.
        let _ = std::fs::remove_dir(own);
    }
    let _ = std::fs::remove_dir(phases);
    Ok(())
}

/// Removes the texts of answers that a run left which was killed: they would go into this run's file.
fn remove_fragments(folder: &Path) -> Result<()> {
    let fragments = folder.join(FRAGMENTS_DIRECTORY);
    match std::fs::remove_dir_all(&fragments) {
        Err(error) if !is_absent(&error) => {
            Err(error).with_context(|| format!("cannot replace `{}`", fragments.display()))
        }
        _ => Ok(()),
    }
}

fn remove_if_there(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if !is_absent(&error) => {
            Err(error).with_context(|| format!("cannot replace `{}`", path.display()))
        }
        _ => Ok(()),
    }
}

/// Whether there is nothing at a path, because it or its folder does not exist.
fn is_absent(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
    )
}

#[cfg(test)]
mod tests {
    use aiperf_config::Parsed;
    use aiperf_config::profile::{PROFILE, Surroundings, resolve};

    use super::*;

    fn config(line: &str) -> ProfileConfig {
        let Parsed::Values(args) = PROFILE.parse(line.split(' ')).unwrap() else {
            panic!("`{line}` asks for help")
        };
        resolve(
            &args,
            Surroundings {
                stdout_is_terminal: false,
            },
        )
        .unwrap()
        .config
    }

    #[test]
    fn a_run_goes_to_the_folder_given_or_to_one_named_after_model_endpoint_and_load() {
        for (line, folder) in [
            ("-m m", "artifacts/m-openai-chat-concurrency1"),
            (
                "-m m --concurrency 10",
                "artifacts/m-openai-chat-concurrency10",
            ),
            (
                "-m m --model org/x --endpoint-type completions",
                "artifacts/m_multi-openai-completions-concurrency1",
            ),
            (
                "-m m --request-rate 20",
                "artifacts/m-openai-chat-request_rate20.0",
            ),
            (
                "-m m --request-rate 2.5 --concurrency 2",
                "artifacts/m-openai-chat-concurrency2-request_rate2.5",
            ),
            (
                "-m org/sub/x",
                "artifacts/org_sub_x-openai-chat-concurrency1",
            ),
            ("-m m --artifact-dir artifacts", "artifacts"),
        ] {
            assert_eq!(path(&config(line)), Path::new(folder), "{line}");
        }
    }

    #[test]
    fn one_known_ending_is_taken_off_the_prefix_and_no_second_one() {
        for (prefix, summary) in [
            ("foo", "foo.json"),
            ("foo.json", "foo.json"),
            ("foo.json.csv", "foo.json.json"),
            ("/abs/foo.csv", "foo.json"),
            ("sub/foo.csv", "sub/foo.json"),
            (".json", "profile_export_aiperf.json"),
        ] {
            let names = file_names(&config(&format!("-m m --profile-export-prefix {prefix}")));
            assert_eq!(
                names.unwrap().name(OutputFile::SummaryJson),
                summary,
                "{prefix}"
            );
        }
    }

    #[test]
    fn a_prefix_that_makes_two_files_one_is_refused() {
        for (line, file) in [
            ("-m m --profile-export-prefix inputs", "inputs.json"),
            (
                "-m m --profile-export-prefix outputs --export-outputs-json",
                "outputs.json",
            ),
        ] {
            let message = file_names(&config(line)).unwrap_err().to_string();
            let start = format!("`{file}` would hold both");
            assert!(message.starts_with(&start), "{message}");
        }
        let harmless = config("-m m --profile-export-prefix outputs");
        assert!(file_names(&harmless).is_ok());
    }
}
