//! What can go wrong when a file is read.

use std::io;
use std::path::{Path, PathBuf};

/// A file that could not be read, and where in it. Lines and columns count from 1, columns in bytes.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file could not be opened.
    #[error("cannot open `{}`: {error}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says; part of the message, hence not offered as its source.
        error: io::Error,
    },
    /// The file was opened but could not be read.
    #[error("cannot read `{}` from line {line} on: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The line that was being read.
        line: u64,
        /// What the system says; part of the message, hence not offered as its source.
        error: io::Error,
    },
    /// The text is not what the file should hold.
    #[error("`{}` line {line} column {column}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The column where parsing stopped; 0 when no single place is to blame.
        column: usize,
        /// What was found and what was expected.
        reason: String,
    },
    /// The file ends in the middle of its last line, as after a kill or on a full disk. The lines
    /// before it are whole.
    #[error(
        "`{}` line {line} is cut off at the end of the file, as after a kill; the lines before it are whole",
        path.display()
    )]
    TruncatedLine {
        /// The file.
        path: PathBuf,
        /// The line, the last one of the file.
        line: u64,
    },
}

impl ReadError {
    /// The file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Open { path, .. }
            | Self::Io { path, .. }
            | Self::Malformed { path, .. }
            | Self::TruncatedLine { path, .. } => path,
        }
    }

    /// The line, when the file could be opened.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::Open { .. } => None,
            Self::Io { line, .. }
            | Self::Malformed { line, .. }
            | Self::TruncatedLine { line, .. } => Some(*line),
        }
    }

    /// Whether only the last line is cut off, so that what came before can be trusted.
    pub fn is_truncated_line(&self) -> bool {
        matches!(self, Self::TruncatedLine { .. })
    }

    /// `first_line` is the line of the file at which the parsed text begins.
    pub(super) fn malformed(path: &Path, first_line: u64, error: &serde_json::Error) -> Self {
        let line = first_line + (error.line() as u64).saturating_sub(1);
        Self::Malformed {
            path: path.to_owned(),
            line,
            column: error.column(),
            reason: without_position(error),
        }
    }
}

/// The parser appends its own line and column, which count from the start of the parsed text.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&position).unwrap_or(&text).to_owned()
}
