//! The Hugging Face hub: the cache on disk that Python libraries share, and downloads into it.

mod download;
mod environment;

use std::fs;
use std::path::{Path, PathBuf};

pub use environment::HubEnvironment;

use crate::error::TokenizerError;

/// One revision of a repository, on disk.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CachedRepository {
    /// Full name, with the organisation where the repository has one.
    pub(crate) name: String,
    /// Folder that holds `tokenizer.json`.
    pub(crate) snapshot: PathBuf,
}

/// The repository from the cache, else from the hub unless offline.
pub(crate) fn fetch(
    name: &str,
    revision: &str,
    environment: &HubEnvironment,
) -> Result<CachedRepository, TokenizerError> {
    if let Some(repository) = find_cached(&environment.cache, name, revision) {
        return Ok(repository);
    }
    if environment.offline {
        return Err(TokenizerError::Offline {
            name: name.to_owned(),
            revision: revision.to_owned(),
            cache: environment.cache.clone(),
        });
    }
    let snapshot = download::download(name, revision, environment)?;
    Ok(CachedRepository {
        name: name.to_owned(),
        snapshot,
    })
}

/// Looks up `models--<org>--<name>`; a name without organisation also matches the one folder
/// that ends in `--<name>`, whatever its case.
fn find_cached(cache: &Path, name: &str, revision: &str) -> Option<CachedRepository> {
    let folder_name = format!("models--{}", name.replace('/', "--"));
    if let Some(snapshot) = snapshot_of(&cache.join(folder_name), revision) {
        return Some(CachedRepository {
            name: name.to_owned(),
            snapshot,
        });
    }
    if name.contains('/') {
        return None;
    }
    let ending = format!("--{}", name.to_lowercase());
    let mut matches = fs::read_dir(cache).ok()?.filter_map(|entry| {
        let folder_name = entry.ok()?.file_name().into_string().ok()?;
        let full_name = folder_name.strip_prefix("models--")?;
        if !folder_name.to_lowercase().ends_with(&ending) {
            return None;
        }
        let snapshot = snapshot_of(&cache.join(&folder_name), revision)?;
        Some(CachedRepository {
            name: full_name.replacen("--", "/", 1),
            snapshot,
        })
    });
    let first = matches.next()?;
    matches.next().is_none().then_some(first)
}

/// The snapshot folder of a revision, which is a reference or a commit; only if it holds a
/// tokenizer.
fn snapshot_of(repository: &Path, revision: &str) -> Option<PathBuf> {
    let commit = fs::read_to_string(repository.join("refs").join(revision))
        .map_or_else(|_| revision.to_owned(), |commit| commit.trim().to_owned());
    let snapshot = repository.join("snapshots").join(commit);
    snapshot.join("tokenizer.json").exists().then_some(snapshot)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cache with one snapshot `abc` at `main` for each repository folder.
    fn cache(folders: &[&str]) -> tempfile::TempDir {
        let cache = tempfile::tempdir().unwrap();
        for folder in folders {
            let repository = cache.path().join(folder);
            fs::create_dir_all(repository.join("refs")).unwrap();
            fs::create_dir_all(repository.join("snapshots/abc")).unwrap();
            fs::write(repository.join("refs/main"), "abc").unwrap();
            fs::write(repository.join("snapshots/abc/tokenizer.json"), "{}").unwrap();
        }
        cache
    }

    fn found(cache: &tempfile::TempDir, name: &str, revision: &str) -> Option<String> {
        find_cached(cache.path(), name, revision).map(|repository| repository.name)
    }

    #[test]
    fn full_names_references_and_commits_are_found() {
        let cache = cache(&["models--org--Name", "models--gpt2"]);
        assert_eq!(found(&cache, "org/Name", "main"), Some("org/Name".into()));
        assert_eq!(found(&cache, "org/Name", "abc"), Some("org/Name".into()));
        assert_eq!(found(&cache, "gpt2", "main"), Some("gpt2".into()));
        assert_eq!(found(&cache, "org/Name", "v2"), None);
        assert_eq!(found(&cache, "other/Name", "main"), None);
    }

    #[test]
    fn short_names_match_one_repository_of_any_case() {
        let cache = cache(&["models--org--Llama", "models--a--Qwen", "models--b--qwen"]);
        assert_eq!(found(&cache, "llama", "main"), Some("org/Llama".into()));
        assert_eq!(found(&cache, "qwen", "main"), None);
        assert_eq!(found(&cache, "lama", "main"), None);
    }

    #[test]
    fn a_snapshot_without_tokenizer_does_not_count() {
        let cache = cache(&["models--org--weights"]);
        let file = cache
            .path()
            .join("models--org--weights/snapshots/abc/tokenizer.json");
        fs::remove_file(file).unwrap();
        assert_eq!(found(&cache, "org/weights", "main"), None);
    }
}
