//! A file as numbered lines: plain or gzipped, with or without byte order mark.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::error::DatasetError;

const GZIP_MAGIC: [u8; 2] = [0x1F, 0x8B];
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The lines of a file that are not blank, each with its number, counted from 1.
pub(crate) struct Lines {
    path: PathBuf,
    reader: Box<dyn BufRead + Send>,
    line: usize,
}

impl Lines {
    /// Opens a file. Gzip is known by its first two bytes, whatever the file's name.
    pub(crate) fn open(path: &Path) -> Result<Self, DatasetError> {
        if path.is_dir() {
            return Err(DatasetError::Folder {
                path: path.to_path_buf(),
            });
        }
        let file = File::open(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => DatasetError::Missing {
                path: path.to_path_buf(),
            },
            _ => unreadable(path, &error),
        })?;
        let mut plain = BufReader::with_capacity(1 << 16, file);
        let head = plain.fill_buf().map_err(|error| unreadable(path, &error))?;
        let reader: Box<dyn BufRead + Send> = if head.starts_with(&GZIP_MAGIC) {
            Box::new(BufReader::with_capacity(
                1 << 16,
                MultiGzDecoder::new(plain),
            ))
        } else {
            Box::new(plain)
        };
        Ok(Self {
            path: path.to_path_buf(),
            reader,
            line: 0,
        })
    }

    /// The whole file as bytes, for formats that are no lines.
    pub(crate) fn into_reader(self) -> Box<dyn BufRead + Send> {
        self.reader
    }

    /// The rest of the file in one piece.
    pub(crate) fn into_rest(mut self) -> Result<Vec<u8>, DatasetError> {
        let mut content = Vec::new();
        self.reader
            .read_to_end(&mut content)
            .map_err(|error| unreadable(&self.path, &error))?;
        Ok(without_byte_order_mark(content))
    }
}

impl Iterator for Lines {
    type Item = Result<(usize, Vec<u8>), DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut content = Vec::new();
            match self.reader.read_until(b'\n', &mut content) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => return Some(Err(unreadable(&self.path, &error))),
            }
            self.line += 1;
            if self.line == 1 {
                content = without_byte_order_mark(content);
            }
            while content.last().is_some_and(u8::is_ascii_whitespace) {
                content.pop();
            }
            if !content.is_empty() {
                return Some(Ok((self.line, content)));
            }
        }
    }
}

fn without_byte_order_mark(mut content: Vec<u8>) -> Vec<u8> {
    if content.starts_with(BYTE_ORDER_MARK) {
        content.drain(..BYTE_ORDER_MARK.len());
    }
    content
}

pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> DatasetError {
    DatasetError::Unreadable {
        path: path.to_path_buf(),
        reason: error.to_string(),
    }
}
