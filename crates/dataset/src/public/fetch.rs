//! Files of a hub, with the cache on disk that Python libraries share.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aiperf_tokenizer::HubEnvironment;
use hf_hub::api::sync::{Api, ApiBuilder, ApiError, ApiRepo};
use hf_hub::{Cache, Repo, RepoType};

/// Longest silence of a server in the middle of a download.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Why a file cannot be had, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// There is no such repository, revision or file.
    #[error("{0}")]
    NotFound(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

/// Gets files of dataset repositories.
pub trait Fetch: Send + Sync {
    /// The paths of all files of a repository.
    ///
    /// # Errors
    /// The repository is not there, or cannot be reached.
    fn list(&self, repository: &str, revision: &str) -> Result<Vec<String>, FetchError>;

    /// One file of a repository, on disk.
    ///
    /// # Errors
    /// The file is not there, or cannot be had.
    fn file(&self, repository: &str, revision: &str, path: &str) -> Result<PathBuf, FetchError>;

    /// A file from anywhere, on disk under the given name.
    ///
    /// # Errors
    /// The file is not there, or cannot be had.
    fn url(&self, url: &str, file_name: &str) -> Result<PathBuf, FetchError>;
}

/// The hub that an environment names. Files that are in the cache are not asked for again;
/// offline, nothing else is to be had.
#[derive(Debug, Clone)]
pub struct HubFetch {
    environment: HubEnvironment,
}

impl HubFetch {
    /// Nothing is looked up before the first file is asked for.
    pub fn new(environment: HubEnvironment) -> Self {
        Self { environment }
    }

    fn cached(&self, repository: &str, revision: &str) -> Option<PathBuf> {
        let folder = format!("datasets--{}", repository.replace('/', "--"));
        let repository = self.environment.cache.join(folder);
        let commit = fs::read_to_string(repository.join("refs").join(revision))
            .map_or_else(|_| revision.to_owned(), |commit| commit.trim().to_owned());
        let snapshot = repository.join("snapshots").join(commit);
        snapshot.is_dir().then_some(snapshot)
    }

    fn offline(&self, what: &str) -> FetchError {
        FetchError::Failed(format!(
            "{what} is not in the cache `{}` and offline mode is on; unset `HF_HUB_OFFLINE` and \
             `TRANSFORMERS_OFFLINE`, or use a prompt file with `--input-file`",
            self.environment.cache.display()
        ))
    }

    fn repository(&self, repository: &str, revision: &str) -> Result<ApiRepo, FetchError> {
        if self.environment.offline {
            return Err(self.offline(&format!("`{repository}` (revision `{revision}`)")));
        }
        // The client library waits half a minute for a connection and has no setting for it.
        self.environment.check_reachable().map_err(|reason| {
            FetchError::Failed(format!(
                "`{repository}` is not in the cache `{}` and `{}` cannot be reached: {reason}; \
                 use a prompt file with `--input-file`, or set `HF_ENDPOINT` to a mirror",
                self.environment.cache.display(),
                self.environment.endpoint
            ))
        })?;
        let api = self.api().map_err(FetchError::Failed)?;
        Ok(api.repo(Repo::with_revision(
            repository.to_owned(),
            RepoType::Dataset,
            revision.to_owned(),
        )))
    }

    fn api(&self) -> Result<Api, String> {
        let cache =
            std::path::absolute(&self.environment.cache).map_err(|error| error.to_string())?;
        ApiBuilder::from_cache(Cache::new(cache))
            .with_endpoint(self.environment.endpoint.clone())
            .with_token(self.environment.token.clone())
            .with_progress(false)
            .build()
            .map_err(|error| error.to_string())
    }

    fn failure(&self, what: &str, error: &ApiError) -> FetchError {
        let endpoint = &self.environment.endpoint;
        match status(error) {
            Some(status @ (401 | 403)) => FetchError::Failed(format!(
                "access to {what} is refused by `{endpoint}` (status {status}); set `HF_TOKEN` to \
                 a token that may read it, and accept the dataset's terms on its page if it is \
                 gated"
            )),
            Some(404) => FetchError::NotFound(format!("`{endpoint}` has no {what}")),
            _ => FetchError::Failed(format!("cannot get {what} from `{endpoint}`: {error}")),
        }
    }

    fn shared_folder(&self) -> PathBuf {
        match &self.environment.home {
            Some(home) => home.join(".cache"),
            None => PathBuf::from(".cache"),
        }
        .join("aiperf/datasets")
    }
}

impl Fetch for HubFetch {
    fn list(&self, repository: &str, revision: &str) -> Result<Vec<String>, FetchError> {
        if self.environment.offline {
            let what = format!("`{repository}` (revision `{revision}`)");
            let snapshot = self
                .cached(repository, revision)
                .ok_or_else(|| self.offline(&what))?;
            let mut paths = Vec::new();
            list_folder(&snapshot, &snapshot, &mut paths)
                .map_err(|error| FetchError::Failed(error.to_string()))?;
            return Ok(paths);
        }
        let info = self
            .repository(repository, revision)?
            .info()
            .map_err(|error| {
                self.failure(
                    &format!("dataset `{repository}` (revision `{revision}`)"),
                    &error,
                )
            })?;
        Ok(info
            .siblings
            .into_iter()
            .map(|file| file.rfilename)
            .collect())
    }

    fn file(&self, repository: &str, revision: &str, path: &str) -> Result<PathBuf, FetchError> {
        let cached = self.cached(repository, revision);
        if let Some(cached) = cached.map(|snapshot| snapshot.join(path))
            && cached.is_file()
        {
            return Ok(cached);
        }
        tracing::info!("fetching `{path}` of `{repository}`");
        let what = format!("`{path}` of dataset `{repository}` (revision `{revision}`)");
        if self.environment.offline {
            return Err(self.offline(&what));
        }
        self.repository(repository, revision)?
            .get(path)
            .map_err(|error| self.failure(&what, &error))
    }

    fn url(&self, url: &str, file_name: &str) -> Result<PathBuf, FetchError> {
        let folder = self.shared_folder();
        let target = folder.join(file_name);
        if target.is_file() {
            return Ok(target);
        }
        if self.environment.offline {
            return Err(FetchError::Failed(format!(
                "`{}` does not exist and offline mode is on; download `{url}` to that place",
                target.display()
            )));
        }
        tracing::info!("fetching `{url}`");
        download(url, &folder, &target, self.environment.connect_timeout)
            .map_err(|reason| FetchError::Failed(format!("cannot download `{url}`: {reason}")))?;
        Ok(target)
    }
}

/// Downloads to another name first, so that a file is whole or not there.
fn download(
    url: &str,
    folder: &Path,
    target: &Path,
    connect_timeout: Duration,
) -> Result<(), String> {
    let agent = ureq::AgentBuilder::new()
        .timeout_connect(connect_timeout)
        .timeout_read(READ_TIMEOUT)
        .try_proxy_from_env(true)
        .build();
    let answer = agent.get(url).call().map_err(|error| error.to_string())?;
    fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    let partial = target.with_extension(format!("{}.part", std::process::id()));
    let written = fs::File::create(&partial)
        .and_then(|mut file| io::copy(&mut answer.into_reader(), &mut file))
        .and_then(|_| fs::rename(&partial, target));
    written.map_err(|error| {
        // What is left of it is of no use; that it cannot be removed is no further harm.
        let _ = fs::remove_file(&partial);
        error.to_string()
    })
}

fn list_folder(root: &Path, folder: &Path, paths: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list_folder(root, &path, paths)?;
        } else if let Ok(below) = path.strip_prefix(root) {
            paths.push(below.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}

/// The HTTP status in an error of the client library, which only its text tells.
fn status(error: &ApiError) -> Option<u16> {
    let text = error.to_string();
    let (_, after) = text.split_once("status code ")?;
    after.get(..3)?.parse().ok()
}
