//! Which files of a repository hold a subset and a split.
//!
//! The repository's own README says so in its head (`configs:`), or names of files and folders do
//! by the hub's conventions, or the hub has converted the dataset to Parquet on a branch of its
//! own. Code in a repository is never run.

use globset::GlobBuilder;
use serde_yaml_ng::Value as Yaml;

use super::fetch::{Fetch, FetchError};

const CONVERTED: &str = "refs/convert/parquet";

/// The files and where they are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) revision: String,
    /// In order of their names.
    pub(super) paths: Vec<String>,
}

/// Looks in the revision (the newest where absent), then among the converted files.
pub(super) fn find(
    hub: &dyn Fetch,
    repository: &str,
    revision: Option<&str>,
    subset: Option<&str>,
    split: &str,
) -> Result<Found, String> {
    let own_revision = revision.unwrap_or("main");
    let paths = hub
        .list(repository, own_revision)
        .map_err(|error| error.to_string())?;
    let readme = if paths.iter().any(|path| path == "README.md") {
        let readme = hub.file(repository, own_revision, "README.md");
        readme
            .ok()
            .and_then(|path| std::fs::read_to_string(path).ok())
    } else {
        None
    };
    let chosen = choose(&paths, readme.as_deref(), subset, split);
    if !chosen.is_empty() {
        return Ok(Found {
            revision: own_revision.to_owned(),
            paths: chosen,
        });
    }
    // A pinned revision has no converted files of its own.
    if revision.is_none() {
        match hub.list(repository, CONVERTED) {
            Ok(paths) => {
                let chosen = choose_converted(&paths, subset, split);
                if !chosen.is_empty() {
                    return Ok(Found {
                        revision: CONVERTED.to_owned(),
                        paths: chosen,
                    });
                }
            }
            Err(FetchError::NotFound(_) | FetchError::Failed(_)) => {}
        }
    }
    Err(format!(
        "`{repository}` has no Parquet or JSON files for {}split `{split}`",
        subset.map_or_else(String::new, |subset| format!("subset `{subset}`, "))
    ))
}

fn choose(
    paths: &[String],
    readme: Option<&str>,
    subset: Option<&str>,
    split: &str,
) -> Vec<String> {
    let mut data: Vec<&str> = paths
        .iter()
        .map(String::as_str)
        .filter(|path| is_data_file(path))
        .collect();
    data.sort_unstable();
    let patterns = readme.and_then(|readme| patterns_of(readme, subset, split));
    let chosen = match patterns {
        Some(patterns) => data
            .iter()
            .copied()
            .filter(|path| patterns.iter().any(|pattern| matches(pattern, path)))
            .collect(),
        None => by_convention(&data, subset, split),
    };
    chosen.into_iter().map(str::to_owned).collect()
}

fn is_data_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let is_data = [".parquet", ".jsonl", ".json"]
        .iter()
        .any(|ending| name.ends_with(ending));
    // What the hub's own tools leave beside the data.
    let is_description = ["dataset_infos.json", "dataset_info.json", "state.json"].contains(&name);
    is_data && !is_description && !name.starts_with('.')
}

/// The patterns that the README's head gives for a subset and a split; none without such a head.
fn patterns_of(readme: &str, subset: Option<&str>, split: &str) -> Option<Vec<String>> {
    let head = readme.strip_prefix("---")?.split("\n---").next()?;
    let head: Yaml = serde_yaml_ng::from_str(head).ok()?;
    let configs = head.get("configs")?.as_sequence()?;
    let name_of = |config: &Yaml| {
        config
            .get("config_name")
            .and_then(Yaml::as_str)
            .map(str::to_owned)
    };
    let config = match subset {
        Some(subset) => configs
            .iter()
            .find(|config| name_of(config).as_deref() == Some(subset))?,
        None => configs
            .iter()
            .find(|config| config.get("default").and_then(Yaml::as_bool) == Some(true))
            .or_else(|| {
                configs
                    .iter()
                    .find(|config| name_of(config).as_deref() == Some("default"))
            })
            .or_else(|| configs.first())?,
    };
    let files = config.get("data_files")?;
    let folder = config.get("data_dir").and_then(Yaml::as_str);
    let mut patterns = Vec::new();
    match files {
        Yaml::Sequence(entries) if entries.iter().any(|entry| entry.get("split").is_some()) => {
            for entry in entries {
                if entry.get("split").and_then(Yaml::as_str) == Some(split) {
                    patterns.extend(strings(entry.get("path")));
                }
            }
        }
        Yaml::Mapping(splits) => patterns.extend(strings(splits.get(split))),
        // Without splits everything is for training.
        other if split == "train" => patterns.extend(strings(Some(other))),
        _ => {}
    }
    if let Some(folder) = folder {
        for pattern in &mut patterns {
            *pattern = format!("{}/{pattern}", folder.trim_end_matches('/'));
        }
    }
    Some(patterns)
}

fn strings(value: Option<&Yaml>) -> Vec<String> {
    match value {
        Some(Yaml::String(text)) => vec![text.clone()],
        Some(Yaml::Sequence(items)) => items
            .iter()
            .filter_map(Yaml::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    let pattern = pattern.trim_start_matches("./");
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    glob.is_ok_and(|glob| glob.compile_matcher().is_match(path))
}

/// The words by which names tell a split.
const SPLIT_WORDS: [(&str, &[&str]); 3] = [
    ("train", &["train", "training"]),
    ("validation", &["validation", "valid", "val", "dev"]),
    ("test", &["test", "testing", "eval", "evaluation"]),
];

fn words_of(split: &str) -> Vec<&str> {
    SPLIT_WORDS
        .iter()
        .find(|(_, words)| words.contains(&split))
        .map_or_else(|| vec![split], |(_, words)| words.to_vec())
}

fn has_word(path: &str, wanted: &[&str]) -> bool {
    path.split(|letter: char| !letter.is_ascii_alphanumeric())
        .any(|word| wanted.contains(&word))
}

fn by_convention<'a>(data: &[&'a str], subset: Option<&str>, split: &str) -> Vec<&'a str> {
    let below_subset: Vec<(&str, &'a str)> = match subset {
        Some(subset) => {
            let inside = format!("{subset}/");
            let below = data.iter().filter_map(|path| {
                let at = format!("/{path}").find(&format!("/{inside}"))?;
                Some((&path[at + inside.len()..], *path))
            });
            below.collect()
        }
        None => data.iter().map(|path| (*path, *path)).collect(),
    };
    let wanted = words_of(split);
    let chosen: Vec<&str> = below_subset
        .iter()
        .filter(|(below, _)| has_word(below, &wanted))
        .map(|(_, path)| *path)
        .collect();
    if !chosen.is_empty() {
        return chosen;
    }
    let any_word: Vec<&str> = SPLIT_WORDS
        .iter()
        .flat_map(|(_, words)| words.iter().copied())
        .collect();
    let tells_no_split = !below_subset
        .iter()
        .any(|(below, _)| has_word(below, &any_word));
    if split == "train" && tells_no_split {
        return below_subset.iter().map(|(_, path)| *path).collect();
    }
    Vec::new()
}

/// Converted files lie in `<subset>/<split>/`.
fn choose_converted(paths: &[String], subset: Option<&str>, split: &str) -> Vec<String> {
    let first_folder = paths.iter().filter_map(|path| path.split_once('/'));
    let folders: Vec<&str> = first_folder.map(|(folder, _)| folder).collect();
    let subset = match subset {
        Some(subset) => subset,
        None if folders.contains(&"default") => "default",
        None => folders.first().copied().unwrap_or("default"),
    };
    let inside = [
        format!("{subset}/{split}/"),
        format!("{subset}/partial-{split}/"),
    ];
    let mut chosen: Vec<String> = paths
        .iter()
        .filter(|path| inside.iter().any(|folder| path.starts_with(folder)))
        .filter(|path| path.ends_with(".parquet"))
        .cloned()
        .collect();
    chosen.sort();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(
        paths: &[&str],
        readme: Option<&str>,
        subset: Option<&str>,
        split: &str,
    ) -> Vec<String> {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        choose(&paths, readme, subset, split)
    }

    #[test]
    fn names_tell_subset_and_split() {
        for (paths, subset, split, expected) in [
            (
                &[
                    "data/train-00000-of-00002.parquet",
                    "data/train-00001-of-00002.parquet",
                    "data/test-00000-of-00001.parquet",
                ][..],
                None,
                "train",
                &[
                    "data/train-00000-of-00002.parquet",
                    "data/train-00001-of-00002.parquet",
                ][..],
            ),
            (
                &[
                    "main/test-00000-of-00001.parquet",
                    "main/train-00000-of-00001.parquet",
                    "socratic/test-00000-of-00001.parquet",
                ],
                Some("main"),
                "test",
                &["main/test-00000-of-00001.parquet"],
            ),
            (&["test.jsonl", "README.md"], None, "test", &["test.jsonl"]),
            (
                &["validation.json", "dataset_infos.json"],
                None,
                "validation",
                &["validation.json"],
            ),
            (&["dev.json"], None, "val", &["dev.json"]),
            (
                &["raw/question.jsonl"],
                None,
                "train",
                &["raw/question.jsonl"],
            ),
            (&["raw/question.jsonl"], None, "test", &[]),
            // The subset's name is no split.
            (
                &["test/test-0.parquet", "S/train-0.parquet"],
                Some("test"),
                "test",
                &["test/test-0.parquet"],
            ),
            (
                &[
                    "clean/test/0000.parquet",
                    "clean/train.100/0000.parquet",
                    "all/test.clean/0.parquet",
                ],
                Some("clean"),
                "test",
                &["clean/test/0000.parquet"],
            ),
        ] {
            assert_eq!(chosen(paths, None, subset, split), expected, "{paths:?}");
        }
    }

    #[test]
    fn the_readme_of_a_repository_decides_where_it_says_something() {
        let readme = "---\nlicense: mit\nconfigs:\n- config_name: val\n  data_files:\n  - split: val\n    path: mmstar.parquet\n- config_name: b\n  default: true\n  data_files:\n  - split: test\n    path:\n    - data/b-*.parquet\n    - more/**/x.jsonl\n---\n# Text\n";
        let paths = [
            "mmstar.parquet",
            "data/b-0.parquet",
            "data/c-0.parquet",
            "more/deep/er/x.jsonl",
        ];
        assert_eq!(
            chosen(&paths, Some(readme), Some("val"), "val"),
            ["mmstar.parquet"]
        );
        assert_eq!(
            chosen(&paths, Some(readme), None, "test"),
            ["data/b-0.parquet", "more/deep/er/x.jsonl"]
        );
        assert!(chosen(&paths, Some(readme), None, "train").is_empty());

        let single =
            "---\nconfigs:\n- config_name: default\n  data_dir: d\n  data_files: \"*.json\"\n---\n";
        assert_eq!(
            chosen(&["d/a.json", "b.json"], Some(single), None, "train"),
            ["d/a.json"]
        );
    }

    #[test]
    fn converted_files_lie_in_folders_of_subset_and_split() {
        let paths: Vec<String> = [
            "en/test/0000.parquet",
            "en/test/0001.parquet",
            "en/train/0000.parquet",
            "de/partial-test/0000.parquet",
        ]
        .map(str::to_owned)
        .into();
        assert_eq!(
            choose_converted(&paths, Some("en"), "test"),
            ["en/test/0000.parquet", "en/test/0001.parquet"]
        );
        assert_eq!(
            choose_converted(&paths, Some("de"), "test"),
            ["de/partial-test/0000.parquet"]
        );
        assert_eq!(
            choose_converted(&paths, None, "train"),
            ["en/train/0000.parquet"]
        );
    }
}
