//! Names of the run's directory and files.

use std::path::{Path, PathBuf};

use super::config::{Arrivals, ProfileConfig};

/// Endings that are taken off `--profile-export-prefix`: the first that fits, once. Longer ones
/// come first, so that the name of any output file leads back to its prefix.
const KNOWN_ENDINGS: &[&str] = &[
    "_server_metrics.parquet",
    "_server_metrics.jsonl",
    "_server_metrics.json",
    "_server_metrics.csv",
    "_network_latency.jsonl",
    "_gpu_telemetry.jsonl",
    "_timeslices.csv",
    "_timeslices.json",
    "_console.txt",
    "_raw.jsonl",
    ".parquet",
    ".csv",
    ".json",
    ".jsonl",
];

/// Where runs go that were not told where to go.
const BASE_DIRECTORY: &str = "artifacts";

/// Of an absolute path only the last part counts: files go to the artifact directory.
pub(super) fn prefix_as_recorded(typed: &Path) -> PathBuf {
    match typed.file_name() {
        Some(name) if typed.is_absolute() => name.into(),
        _ => typed.to_owned(),
    }
}

/// What names of files begin with; empty where nothing is left of the prefix.
pub(super) fn stem(prefix: &Path) -> String {
    let text = prefix.to_string_lossy();
    let stem = KNOWN_ENDINGS
        .iter()
        .find_map(|ending| text.strip_suffix(ending))
        .unwrap_or(&text);
    let names_a_file = !stem.ends_with('/') && Path::new(stem).file_name().is_some();
    if names_a_file {
        stem.to_owned()
    } else {
        String::new()
    }
}

impl ProfileConfig {
    /// Where the run's files go: the directory that was given, or one below `artifacts` that is
    /// named after model, endpoint and load. Runs with the same name share it.
    pub fn artifact_directory(&self) -> PathBuf {
        match &self.output.artifact_dir {
            Some(directory) => directory.clone(),
            None => Path::new(BASE_DIRECTORY).join(self.run_name()),
        }
    }

    /// `<model>[_multi]-<service>-<endpoint type>-<load>`, such as `org_model-openai-chat-concurrency10`.
    pub fn run_name(&self) -> String {
        let several = if self.models.names.len() > 1 {
            "_multi"
        } else {
            ""
        };
        let first = self.models.names.first().map_or("", String::as_str);
        // A model's name may be a path; none of its parts may become a directory of ours.
        let model = format!("{first}{several}").replace('/', "_");
        format!(
            "{model}-openai-{}-{}",
            self.endpoint.kind,
            stimulus(self.profiling.arrivals)
        )
    }
}

/// The load in a few letters. Rates are written as floating-point numbers (`5.0`).
fn stimulus(arrivals: Arrivals) -> String {
    match arrivals {
        Arrivals::ClosedLoop { concurrency } => format!("concurrency{concurrency}"),
        Arrivals::Rate {
            rate,
            concurrency: Some(concurrency),
            ..
        } => {
            format!("concurrency{concurrency}-request_rate{rate:?}")
        }
        Arrivals::Rate {
            rate,
            concurrency: None,
            ..
        } => format!("request_rate{rate:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_known_ending_is_taken_off() {
        for (prefix, expected) in [
            ("foo", "foo"),
            ("foo.json", "foo"),
            ("foo_raw.jsonl", "foo"),
            ("foo_server_metrics.csv", "foo"),
            ("foo.json.csv", "foo.json"),
            ("foo_timeslices", "foo_timeslices"),
            ("foo.txt", "foo.txt"),
            ("sub/foo.csv", "sub/foo"),
            (".json", ""),
            ("", ""),
            (".", ""),
            ("sub/", ""),
        ] {
            assert_eq!(stem(Path::new(prefix)), expected, "{prefix:?}");
        }
    }

    #[test]
    fn only_the_last_part_of_an_absolute_prefix_counts() {
        assert_eq!(
            prefix_as_recorded(Path::new("/a/b/foo.json")),
            Path::new("foo.json")
        );
        assert_eq!(
            prefix_as_recorded(Path::new("b/foo.json")),
            Path::new("b/foo.json")
        );
    }

    #[test]
    fn loads_are_named_as_the_reference_names_them() {
        use crate::profile::config::RatePattern::Poisson;
        let rate = |concurrency| Arrivals::Rate {
            pattern: Poisson,
            rate: 20.0,
            concurrency,
        };
        assert_eq!(
            stimulus(Arrivals::ClosedLoop { concurrency: 10 }),
            "concurrency10"
        );
        assert_eq!(stimulus(rate(None)), "request_rate20.0");
        assert_eq!(stimulus(rate(Some(3))), "concurrency3-request_rate20.0");
    }
}
