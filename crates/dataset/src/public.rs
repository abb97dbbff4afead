//! Datasets of a hub, by name.
//!
//! - `table`: the names, each with its repository and the mapping of its rows;
//! - `fetch`: files of a hub, with its cache on disk;
//! - `files`: which files of a repository hold a subset and a split;
//! - `cell`: a row's values, from Parquet or JSON; `read`: the rows of a file;
//! - `mapping`: rows become conversations; `sharegpt`, `exgentic`, `filters`, `audio`: the larger
//!   cases of it.

mod audio;
mod cell;
mod exgentic;
mod fetch;
mod files;
mod filters;
mod mapping;
mod read;
mod sharegpt;
mod table;

use std::ops::ControlFlow;
use std::path::PathBuf;

use aiperf_endpoint::conversation::Conversation;
use aiperf_tokenizer::Tokenizer;

pub use fetch::{Fetch, FetchError, HubFetch};
pub use filters::Filters;
pub use table::{Mapping, Origin, PublicDataset};

use crate::error::DatasetError;
use crate::law::Law;
use crate::session_ids::SessionIds;
use mapping::Mapper;

/// A public dataset and how much of it is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct PublicPlan {
    /// Which one.
    pub dataset: &'static PublicDataset,
    /// Another subset than the dataset's own.
    pub subset: Option<String>,
    /// Another revision of the repository than the dataset's own.
    pub revision: Option<String>,
    /// Upper bound of the answer for rows that name none.
    pub output_tokens: Option<Law>,
    /// At most this many conversations (sessions of Exgentic). Reading stops there.
    pub limit: Option<usize>,
    /// Rows that are wanted; Exgentic's datasets only.
    pub filters: Filters,
    /// The run follows recorded times: every recorded call is a conversation of its own.
    pub fixed_schedule: bool,
}

impl PublicPlan {
    /// The whole dataset of this name, in snake or kebab case.
    ///
    /// # Errors
    /// Nobody knows the name, or its rows cannot be read yet.
    pub fn new(name: &str) -> Result<Self, DatasetError> {
        Ok(Self {
            dataset: PublicDataset::from_name(name)?,
            subset: None,
            revision: None,
            output_tokens: None,
            limit: None,
            filters: Filters::default(),
            fixed_schedule: false,
        })
    }
}

/// The dataset's conversations, with ids.
pub(crate) fn conversations(
    plan: &PublicPlan,
    tokenizer: Option<&Tokenizer>,
    ids: SessionIds,
    hub: &dyn Fetch,
) -> Result<Vec<Conversation>, DatasetError> {
    let refuse = |reason: String| DatasetError::Public {
        name: plan.dataset.name.to_owned(),
        reason,
    };
    let mut mapper = Mapper::new(plan, tokenizer, ids).map_err(refuse)?;
    let files = locate(plan, hub).map_err(refuse)?;
    for file in files {
        let path = file.fetch(hub).map_err(|error| refuse(error.to_string()))?;
        let columns = plan.dataset.mapping.columns();
        let mut outcome = Ok(());
        read::rows(&path, &columns, &mut |row| {
            outcome = mapper.take(row);
            if outcome.is_err() || mapper.is_full() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .and(outcome)
        .map_err(|reason| refuse(format!("{reason} (in `{}`)", path.display())))?;
        if mapper.is_full() {
            break;
        }
    }
    mapper.finish().map_err(refuse)
}

/// A file that is yet to be fetched.
enum Remote {
    Hub {
        repository: String,
        revision: String,
        path: String,
    },
    Url {
        url: String,
        file_name: String,
    },
}

impl Remote {
    fn fetch(&self, hub: &dyn Fetch) -> Result<PathBuf, FetchError> {
        match self {
            Self::Hub {
                repository,
                revision,
                path,
            } => hub.file(repository, revision, path),
            Self::Url { url, file_name } => hub.url(url, file_name),
        }
    }
}

/// The files of the plan's subset and split, in order; only what is needed gets fetched.
fn locate(plan: &PublicPlan, hub: &dyn Fetch) -> Result<Vec<Remote>, String> {
    match plan.dataset.origin {
        Origin::Url { url, file_name } => Ok(vec![Remote::Url {
            url: url.to_owned(),
            file_name: file_name.to_owned(),
        }]),
        Origin::HubFile { repository, path } => Ok(vec![Remote::Hub {
            repository: repository.to_owned(),
            revision: plan.revision.clone().unwrap_or_else(|| "main".to_owned()),
            path: path.to_owned(),
        }]),
        Origin::Hub {
            repository,
            subset,
            split,
            revision,
        } => {
            let subset = plan.subset.as_deref().or(subset);
            let own_revision = plan.revision.as_deref().or(revision);
            let found = files::find(hub, repository, own_revision, subset, split)?;
            Ok(found
                .paths
                .into_iter()
                .map(|path| Remote::Hub {
                    repository: repository.to_owned(),
                    revision: found.revision.clone(),
                    path,
                })
                .collect())
        }
    }
}

#[cfg(test)]
mod tests;
