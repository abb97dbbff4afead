//! Line by line: the files that grow while the program runs.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::error::ReadError;
use crate::{MetricRecord, RawRecord};

/// An iterator over the records of a file with one JSON object per line, which holds one line in
/// memory at a time.
///
/// A line that cannot be parsed gives an error and reading goes on with the next one; after an
/// input error it ends. Empty lines are passed over.
#[derive(Debug)]
pub struct RecordReader<R, T = MetricRecord> {
    source: R,
    path: PathBuf,
    line: u64,
    buffer: Vec<u8>,
    finished: bool,
    record: PhantomData<fn() -> T>,
}

/// Opens a `profile_export.jsonl`.
///
/// # Errors
/// When the file cannot be opened.
pub fn open_records(path: impl AsRef<Path>) -> Result<RecordReader<BufReader<File>>, ReadError> {
    open_lines(path)
}

/// Opens a `profile_export_raw.jsonl`.
///
/// # Errors
/// When the file cannot be opened.
pub fn open_raw_records(
    path: impl AsRef<Path>,
) -> Result<RecordReader<BufReader<File>, RawRecord>, ReadError> {
    open_lines(path)
}

/// Opens a file with one `T` per line.
///
/// # Errors
/// When the file cannot be opened.
pub fn open_lines<T: DeserializeOwned>(
    path: impl AsRef<Path>,
) -> Result<RecordReader<BufReader<File>, T>, ReadError> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|error| ReadError::Open {
        path: path.to_owned(),
        error,
    })?;
    Ok(RecordReader::new(
        BufReader::with_capacity(BUFFER_BYTES, file),
        path,
    ))
}

/// Raw lines run to tens of kilobytes; a buffer of several saves system calls.
pub(super) const BUFFER_BYTES: usize = 256 * 1024;

impl<R: BufRead, T: DeserializeOwned> RecordReader<R, T> {
    /// Reads from any source; `path` is what errors call it.
    pub fn new(source: R, path: impl Into<PathBuf>) -> Self {
        Self {
            source,
            path: path.into(),
            line: 0,
            buffer: Vec::new(),
            finished: false,
            record: PhantomData,
        }
    }

    /// The line of the last record, from 1; 0 before the first.
    pub fn line(&self) -> u64 {
        self.line
    }
}

impl<R: BufRead, T: DeserializeOwned> Iterator for RecordReader<R, T> {
    type Item = Result<T, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.finished {
            self.buffer.clear();
            match self.source.read_until(b'\n', &mut self.buffer) {
                Ok(0) => self.finished = true,
                Ok(_) => {
                    self.line += 1;
                    if let Some(record) = parse_line(&self.buffer, &self.path, self.line) {
                        return Some(record);
                    }
                }
                Err(error) => {
                    self.finished = true;
                    let (path, line) = (self.path.clone(), self.line + 1);
                    return Some(Err(ReadError::Io { path, line, error }));
                }
            }
        }
        None
    }
}

/// Parses one line with its line end, if it has one; `None` for an empty line.
pub(super) fn parse_line<T: DeserializeOwned>(
    text: &[u8],
    path: &Path,
    line: u64,
) -> Option<Result<T, ReadError>> {
    let is_terminated = text.ends_with(b"\n");
    let text = text.trim_ascii_end();
    if text.is_empty() {
        return None;
    }
    Some(serde_json::from_slice(text).map_err(|error| {
        // Only text that breaks off without a line end was cut; the same text on a whole line was
        // written that way.
        if error.is_eof() && !is_terminated {
            ReadError::TruncatedLine {
                path: path.to_owned(),
                line,
            }
        } else {
            ReadError::malformed(path, line, &error)
        }
    }))
}
