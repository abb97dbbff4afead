//! What can go wrong while a tokenizer is found and loaded.

use std::path::PathBuf;

/// Why no tokenizer could be had. The message says what was tried; [`TokenizerError::hint`] says
/// what the user can do.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    /// A local path was named and nothing is there.
    #[error("tokenizer `{}` does not exist", path.display())]
    PathMissing {
        /// What was named.
        path: PathBuf,
    },
    /// A folder without the one file that is needed.
    #[error("folder `{}` holds no `tokenizer.json`", folder.display())]
    FileMissing {
        /// The folder that was searched.
        folder: PathBuf,
    },
    /// The file is there and is not a tokenizer.
    #[error("cannot load tokenizer `{}`: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause, from the file system or the parser.
        reason: String,
    },
    /// Offline mode, and the cache does not have it.
    #[error(
        "tokenizer `{name}` (revision `{revision}`) is not in the cache `{}` and offline mode is on",
        cache.display()
    )]
    Offline {
        /// The name that was asked for.
        name: String,
        /// The revision that was asked for.
        revision: String,
        /// The cache folder that was searched.
        cache: PathBuf,
    },
    /// The hub does not answer.
    #[error(
        "tokenizer `{name}` is not in the cache `{}` and `{endpoint}` cannot be reached: {reason}",
        cache.display()
    )]
    Unreachable {
        /// The name that was asked for.
        name: String,
        /// The cache folder that was searched.
        cache: PathBuf,
        /// The hub's address.
        endpoint: String,
        /// Why the connection failed.
        reason: String,
    },
    /// The hub wants a token, or this token may not see the repository.
    #[error("access to tokenizer `{name}` is refused by `{endpoint}` (status {status})")]
    AccessRefused {
        /// The name that was asked for.
        name: String,
        /// The hub's address.
        endpoint: String,
        /// 401 or 403.
        status: u16,
    },
    /// The hub has no such repository, revision or file.
    #[error("`{endpoint}` has no `tokenizer.json` for `{name}` at revision `{revision}`")]
    NotFound {
        /// The name that was asked for.
        name: String,
        /// The revision that was asked for.
        revision: String,
        /// The hub's address.
        endpoint: String,
    },
    /// The download broke off.
    #[error("cannot download tokenizer `{name}` from `{endpoint}`: {reason}")]
    Download {
        /// The name that was asked for.
        name: String,
        /// The hub's address.
        endpoint: String,
        /// What the client library says.
        reason: String,
    },
}

impl TokenizerError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::AccessRefused { .. } => {
                "set `HF_TOKEN` to a token that may read this model (gated models also need their \
                 licence accepted on the hub), or name a local folder with `--tokenizer PATH`, or \
                 use `--tokenizer builtin`"
            }
            _ => {
                "name a local folder or `tokenizer.json` with `--tokenizer PATH`, or use the one \
                 inside this program with `--tokenizer builtin`"
            }
        }
    }
}
