//! What can go wrong while files are written.

use std::path::PathBuf;

/// An export that did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file system refused.
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        /// The file that was wanted.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A request body that goes into `inputs.json` is not JSON.
    #[error("cannot write session `{session_id}` to `{}`: {source}", path.display())]
    Payload {
        /// The file that was wanted.
        path: PathBuf,
        /// The conversation with the unreadable body.
        session_id: String,
        /// Where the body stops being JSON.
        source: serde_json::Error,
    },
    /// Records that another file is made of cannot be read.
    #[error(transparent)]
    Read(#[from] aiperf_model::ReadError),
    /// A file in columns cannot be made.
    #[error("cannot write `{}`: {source}", path.display())]
    Columns {
        /// The file that was wanted.
        path: PathBuf,
        /// What the columns lack.
        source: parquet::errors::ParquetError,
    },
    /// Two outputs of one run would land in the same file.
    #[error(
        "`{name}` would hold both the {first} and the {second}; hint: choose another \
         `--profile-export-prefix`"
    )]
    NameCollision {
        /// The shared file name.
        name: String,
        /// What the first output is called.
        first: &'static str,
        /// What the second output is called.
        second: &'static str,
    },
}
