//! A file in pieces of whole lines, so that several threads can parse it side by side without a
//! copy of each line.

use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};
use std::thread;

use memchr::{memchr, memchr_iter, memrchr};

use super::lines::{BYTE_ORDER_MARK, Lines, unreadable};
use crate::error::DatasetError;

/// Bytes that are read at once, and so the length of a piece but for its last line.
const READ_BYTES: usize = 4 << 20;

/// Below this many bytes a thread costs more than it saves.
const BYTES_PER_THREAD: usize = 64 << 10;

/// Whole lines that follow each other in a file. Empty at the end of the file.
#[derive(Debug, Default)]
pub(crate) struct Piece {
    bytes: Vec<u8>,
    /// Where its slices end, and the numbers of their first lines, from 1.
    slices: Vec<(usize, usize)>,
}

/// Some of the lines of a piece.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slice<'a> {
    bytes: &'a [u8],
    first_line: usize,
}

/// Cuts a file into pieces, in order.
pub(crate) struct Pieces {
    path: PathBuf,
    reader: Box<dyn BufRead + Send>,
    /// The beginning of a line that the last read has cut.
    cut_line: Vec<u8>,
    next_line: usize,
    read_bytes: usize,
    threads: usize,
    bytes_per_thread: usize,
}

impl Pieces {
    /// Opens a file; gzip is unpacked, a byte order mark left out.
    pub(crate) fn open(path: &Path) -> Result<Self, DatasetError> {
        Ok(Self {
            path: path.to_path_buf(),
            reader: Lines::open(path)?.into_reader(),
            cut_line: Vec::new(),
            next_line: 1,
            read_bytes: READ_BYTES,
            threads: thread::available_parallelism().map_or(1, usize::from),
            bytes_per_thread: BYTES_PER_THREAD,
        })
    }

    /// Fills `piece` with the lines that come next.
    pub(crate) fn next_into(&mut self, piece: &mut Piece) -> Result<(), DatasetError> {
        let bytes = &mut piece.bytes;
        bytes.clear();
        bytes.append(&mut self.cut_line);
        loop {
            let start = bytes.len();
            let mut part = self.reader.by_ref().take(self.read_bytes as u64);
            let read = part
                .read_to_end(bytes)
                .map_err(|error| unreadable(&self.path, &error))?;
            if self.next_line == 1 && bytes.starts_with(BYTE_ORDER_MARK) {
                bytes.drain(..BYTE_ORDER_MARK.len());
            }
            if read < self.read_bytes {
                break;
            }
            let from = start.min(bytes.len());
            if let Some(end) = memrchr(b'\n', &bytes[from..]) {
                self.cut_line = bytes.split_off(from + end + 1);
                break;
            }
        }
        self.cut(piece);
        Ok(())
    }

    /// Cuts a piece into slices, as many as there are threads that pay.
    fn cut(&mut self, piece: &mut Piece) {
        piece.slices.clear();
        let length = piece.bytes.len();
        let share = length.div_ceil(self.slices_of(length)).max(1);
        let mut start = 0;
        while start < length {
            let line_end = piece.bytes.get(start + share - 1..);
            let line_end = line_end.and_then(|tail| memchr(b'\n', tail));
            let end = line_end.map_or(length, |end| start + share + end);
            piece.slices.push((end, self.next_line));
            self.next_line += memchr_iter(b'\n', &piece.bytes[start..end]).count();
            start = end;
        }
    }

    fn slices_of(&self, bytes: usize) -> usize {
        self.threads.min(bytes / self.bytes_per_thread).max(1)
    }
}

impl Piece {
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The lines of the piece, in slices of about the same length: one for each thread that pays.
    pub(crate) fn slices(&self) -> Vec<Slice<'_>> {
        let mut start = 0;
        let slice = |&(end, first_line): &(usize, usize)| {
            let bytes = &self.bytes[start..end];
            start = end;
            Slice { bytes, first_line }
        };
        self.slices.iter().map(slice).collect()
    }
}

impl<'a> Slice<'a> {
    pub(crate) fn len(self) -> usize {
        self.bytes.len()
    }

    /// The lines that are not blank, without the white space at their ends, with their numbers.
    pub(crate) fn lines(self) -> impl Iterator<Item = (usize, &'a [u8])> {
        let (mut rest, mut line) = (self.bytes, self.first_line);
        std::iter::from_fn(move || {
            while !rest.is_empty() {
                let end = memchr(b'\n', rest);
                let content = rest[..end.unwrap_or(rest.len())].trim_ascii_end();
                let number = line;
                rest = &rest[end.map_or(rest.len(), |end| end + 1)..];
                line += 1;
                if !content.is_empty() {
                    return Some((number, content));
                }
            }
            None
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by_pieces(content: &[u8], read_bytes: usize, slices: usize) -> Vec<(usize, Vec<u8>)> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let mut pieces = Pieces::open(file.path()).unwrap();
        pieces.read_bytes = read_bytes;
        (pieces.threads, pieces.bytes_per_thread) = (slices, 1);
        let mut lines = Vec::new();
        let mut piece = Piece::default();
        loop {
            pieces.next_into(&mut piece).unwrap();
            if piece.is_empty() {
                return lines;
            }
            for slice in piece.slices() {
                lines.extend(
                    slice
                        .lines()
                        .map(|(line, content)| (line, content.to_vec())),
                );
            }
        }
    }

    proptest! {
        #[test]
        fn lines_and_their_numbers_do_not_depend_on_how_a_file_is_cut(
            content in "(\u{feff})?([ab]{0,9}[ \r]{0,2}\n?){0,12}",
            read_bytes in 1usize..40,
            slices in 1usize..5,
        ) {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &content).unwrap();
            let expected: Vec<_> = Lines::open(file.path()).unwrap().map(Result::unwrap).collect();
            prop_assert_eq!(by_pieces(content.as_bytes(), read_bytes.max(3), slices), expected);
        }
    }
}
