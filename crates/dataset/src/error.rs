//! What can be wrong with a dataset.

use std::path::PathBuf;

/// Why there is no dataset.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// No such file.
    #[error("input file `{}` does not exist", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A folder where a file is needed.
    #[error("`{}` is a folder; this dataset type needs one file", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read `{}`: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The operating system's or the decompressor's words.
        reason: String,
    },
    /// Nothing but blank lines.
    #[error("input file `{}` holds no rows", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// One large array instead of lines.
    #[error("`{}` holds a JSON array; write one JSON object on each line instead", path.display())]
    TopLevelArray {
        /// The file.
        path: PathBuf,
    },
    /// A line that breaks the format's rules.
    #[error("`{}` line {line}: {flaw}{}", path.display(), more_lines(*further_lines))]
    Row {
        /// The file.
        path: PathBuf,
        /// The first bad line, counted from 1.
        line: usize,
        /// Key and reason.
        flaw: String,
        /// How many further lines are bad.
        further_lines: usize,
    },
    /// A format that the reference knows and this program does not read.
    #[error("{subject} has the format `{format}`, which is not yet supported")]
    UnsupportedFormat {
        /// The file, or the option's value.
        subject: String,
        /// The format's name.
        format: String,
    },
    /// A format that nobody knows.
    #[error(
        "unknown dataset type `{name}`; known are {}",
        crate::file::known_formats()
    )]
    UnknownFormat {
        /// What was asked for.
        name: String,
    },
    /// The first row fits no format.
    #[error(
        "cannot tell the format of `{}` from its first row: a `single_turn` row has a key such as \
         `text` or `image`, a `multi_turn` row has `turns`, a `mooncake_trace` row has \
         `input_length`; say which with `--custom-dataset-type`",
        path.display()
    )]
    Unrecognized {
        /// The file.
        path: PathBuf,
    },
    /// A folder whose files fit no format.
    #[error(
        "cannot tell what the folder `{}` holds: expected SageMaker captures or raw payloads in \
         `*.jsonl`, or pools of rows; say which with `--custom-dataset-type`",
        path.display()
    )]
    UnrecognizedFolder {
        /// The folder.
        path: PathBuf,
    },
    /// A file or folder is wrong as a whole.
    #[error("`{}`: {reason}", path.display())]
    Source {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong, with what to do about it.
        reason: String,
    },
    /// Settings that do not fit the dataset.
    #[error("{reason}")]
    Settings {
        /// Names the option and says why it does not fit.
        reason: String,
    },
    /// Images, audio or video cannot be made.
    #[error("{reason}")]
    Media {
        /// What is wrong, with what to do about it.
        reason: String,
    },
    /// A public dataset cannot be had or read.
    #[error("public dataset `{name}`: {reason}")]
    Public {
        /// The dataset's name.
        name: String,
        /// What is wrong, with what to do about it.
        reason: String,
    },
    /// Synthetic text was asked for and no tokenizer is at hand.
    #[error("synthetic prompts need a tokenizer; name one with `--tokenizer`")]
    NoTokenizer,
    /// No text with this many tokens could be found.
    #[error("cannot write a text of exactly {tokens} tokens for this tokenizer")]
    PromptLength {
        /// The length that was wanted.
        tokens: usize,
    },
    /// `--prefix-prompt-length` without `--num-prefix-prompts`.
    #[error("a prefix length of {tokens} tokens needs a pool; set `--num-prefix-prompts`")]
    PrefixWithoutPool {
        /// The length that was given.
        tokens: usize,
    },
    /// Zero conversations were asked for.
    #[error("the dataset has no conversations; `--num-dataset-entries` must be at least 1")]
    NoConversations,
}

fn more_lines(further_lines: usize) -> String {
    match further_lines {
        0 => String::new(),
        1 => " (1 more line has errors)".to_owned(),
        count => format!(" ({count} more lines have errors)"),
    }
}
