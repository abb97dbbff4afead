//! Line by line without blocking a tokio runtime; the same rules as the blocking reader.

use std::io;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use serde::de::DeserializeOwned;
use tokio::fs::File;
use tokio::io::{AsyncBufRead, BufReader};

use super::error::ReadError;
use super::lines::{BUFFER_BYTES, parse_line};
use crate::{MetricRecord, RawRecord};

/// A stream over the records of a file with one JSON object per line, which holds one line in
/// memory at a time. See [`crate::RecordReader`] for what it does about errors and empty lines.
#[derive(Debug)]
pub struct AsyncRecordReader<R, T = MetricRecord> {
    source: R,
    path: PathBuf,
    line: u64,
    /// The part of the current line that has arrived.
    buffer: Vec<u8>,
    finished: bool,
    record: PhantomData<fn() -> T>,
}

/// Opens a `profile_export.jsonl`.
///
/// # Errors
/// When the file cannot be opened.
pub async fn open_records_async(
    path: impl AsRef<Path>,
) -> Result<AsyncRecordReader<BufReader<File>>, ReadError> {
    open_lines_async(path).await
}

/// Opens a `profile_export_raw.jsonl`.
///
/// # Errors
/// When the file cannot be opened.
pub async fn open_raw_records_async(
    path: impl AsRef<Path>,
) -> Result<AsyncRecordReader<BufReader<File>, RawRecord>, ReadError> {
    open_lines_async(path).await
}

/// Opens a file with one `T` per line.
///
/// # Errors
/// When the file cannot be opened.
pub async fn open_lines_async<T: DeserializeOwned>(
    path: impl AsRef<Path>,
) -> Result<AsyncRecordReader<BufReader<File>, T>, ReadError> {
    let path = path.as_ref();
    let file = File::open(path).await.map_err(|error| ReadError::Open {
        path: path.to_owned(),
        error,
    })?;
    Ok(AsyncRecordReader::new(
        BufReader::with_capacity(BUFFER_BYTES, file),
        path,
    ))
}

impl<R: AsyncBufRead + Unpin, T: DeserializeOwned> AsyncRecordReader<R, T> {
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

    /// The next record. Dropping the future loses nothing: the next call goes on where it stopped.
    pub async fn next_record(&mut self) -> Option<Result<T, ReadError>> {
        std::future::poll_fn(|context| self.poll_record(context)).await
    }

    fn poll_record(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, ReadError>>> {
        while !self.finished {
            match ready!(poll_line(&mut self.source, &mut self.buffer, context)) {
                Ok(()) if self.buffer.is_empty() => self.finished = true,
                Ok(()) => {
                    self.line += 1;
                    let record = parse_line(&self.buffer, &self.path, self.line);
                    self.buffer.clear();
                    if record.is_some() {
                        return Poll::Ready(record);
                    }
                }
                Err(error) => {
                    self.finished = true;
                    let (path, line) = (self.path.clone(), self.line + 1);
                    return Poll::Ready(Some(Err(ReadError::Io { path, line, error })));
                }
            }
        }
        Poll::Ready(None)
    }
}

impl<R: AsyncBufRead + Unpin, T: DeserializeOwned> Stream for AsyncRecordReader<R, T> {
    type Item = Result<T, ReadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_record(context)
    }
}

/// Appends to `line` up to and including the next line feed, or to the end of the input.
fn poll_line<R: AsyncBufRead + Unpin>(
    source: &mut R,
    line: &mut Vec<u8>,
    context: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    loop {
        let arrived = ready!(Pin::new(&mut *source).poll_fill_buf(context))?;
        if arrived.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let line_end = arrived.iter().position(|&byte| byte == b'\n');
        let taken = line_end.map_or(arrived.len(), |position| position + 1);
        line.extend_from_slice(&arrived[..taken]);
        Pin::new(&mut *source).consume(taken);
        if line_end.is_some() {
            return Poll::Ready(Ok(()));
        }
    }
}
