//! All rows of a file, in order.

use std::path::Path;
use std::thread;

use serde_json::{Map, Value};

use super::fields::{Flaw, kind};
use super::lines::Lines;
use super::pieces::{Piece, Pieces, Slice};
use crate::error::DatasetError;

/// Reads every line with `read_row`. One bad line refuses the file; the others are still looked
/// at, so that the message can say how many there are.
pub(crate) fn read<Row: Send>(
    path: &Path,
    read_row: impl Fn(Map<String, Value>) -> Result<Row, Flaw> + Sync,
) -> Result<Vec<Row>, DatasetError> {
    let mut rows = Vec::new();
    for_each(path, read_row, |_, row| {
        rows.push(row);
        Ok(())
    })?;
    Ok(rows)
}

/// Hands every row to `take` with its line number, in the order of the file, while lines that
/// come later are not yet read. What `take` refuses is a flaw of that line.
pub(crate) fn for_each<Row: Send>(
    path: &Path,
    read_row: impl Fn(Map<String, Value>) -> Result<Row, Flaw> + Sync,
    take: impl FnMut(usize, Row) -> Result<(), Flaw>,
) -> Result<(), DatasetError> {
    for_each_line(path, |line| parse_object(line).and_then(&read_row), take)
}

/// [`for_each`] for rows that are read from the bytes of their line.
pub(crate) fn for_each_line<Row: Send>(
    path: &Path,
    read_line: impl Fn(&[u8]) -> Result<Row, Flaw> + Sync,
    mut take: impl FnMut(usize, Row) -> Result<(), Flaw>,
) -> Result<(), DatasetError> {
    let mut bad = BadLines::default();
    for_each_slice(
        path,
        |slice| -> Vec<(usize, Result<Row, Flaw>)> {
            let lines = slice.lines();
            lines
                .map(|(line, content)| (line, read_line(content)))
                .collect()
        },
        |parsed| {
            for (line, parsed) in parsed {
                let outcome = match parsed {
                    Ok(row) if bad.is_none() => take(line, row),
                    Ok(_) => Ok(()),
                    Err(flaw) => Err(flaw),
                };
                if let Err(flaw) = outcome {
                    bad.note(line, flaw);
                }
            }
        },
    )?;
    bad.refuse(path)
}

/// The lines of a file that cannot be used: the first, and how many.
#[derive(Debug, Default)]
pub(crate) struct BadLines {
    first: Option<(usize, Flaw)>,
    count: usize,
}

impl BadLines {
    pub(crate) fn is_none(&self) -> bool {
        self.first.is_none()
    }

    pub(crate) fn note(&mut self, line: usize, flaw: Flaw) {
        self.count += 1;
        self.first.get_or_insert((line, flaw));
    }

    /// Adds those of later lines.
    pub(crate) fn append(&mut self, later: Self) {
        self.count += later.count;
        self.first = self.first.take().or(later.first);
    }

    /// Refuses the file for them.
    pub(crate) fn refuse(self, path: &Path) -> Result<(), DatasetError> {
        match self.first {
            Some((line, flaw)) => Err(DatasetError::Row {
                path: path.to_path_buf(),
                line,
                flaw: flaw.to_string(),
                further_lines: self.count - 1,
            }),
            None => Ok(()),
        }
    }
}

/// Reads slices of a file side by side and hands over what was made of each, in the order of the
/// file. A file without rows is refused, and so is one that is a single array.
pub(crate) fn for_each_slice<Made: Send>(
    path: &Path,
    read: impl Fn(Slice<'_>) -> Made + Sync,
    mut take: impl FnMut(Made),
) -> Result<(), DatasetError> {
    let mut pieces = Pieces::open(path)?;
    let (mut current, mut next) = (Piece::default(), Piece::default());
    pieces.next_into(&mut current)?;
    let mut has_rows = false;
    while !current.is_empty() {
        let slices = current.slices();
        if !has_rows
            && let Some((line, content)) = slices.iter().find_map(|slice| slice.lines().next())
        {
            has_rows = true;
            if line == 1 && content.trim_ascii_start().starts_with(b"[") {
                refuse_array_file(path, content)?;
            }
        }
        if let [slice] = slices[..] {
            take(read(slice));
            pieces.next_into(&mut next)?;
        } else {
            let (made, ahead) = thread::scope(|scope| {
                let workers: Vec<_> = slices
                    .iter()
                    .map(|slice| scope.spawn(|| read(*slice)))
                    .collect();
                let ahead = pieces.next_into(&mut next);
                let made = workers.into_iter().map(|worker| {
                    worker
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                });
                (made.collect::<Vec<_>>(), ahead)
            });
            made.into_iter().for_each(&mut take);
            ahead?;
        }
        std::mem::swap(&mut current, &mut next);
    }
    if has_rows {
        Ok(())
    } else {
        Err(DatasetError::Empty {
            path: path.to_path_buf(),
        })
    }
}

/// A line as a JSON object.
pub(crate) fn parse_object(content: &[u8]) -> Result<Map<String, Value>, Flaw> {
    let content = std::str::from_utf8(content).map_err(|_| Flaw::whole("not valid UTF-8"))?;
    match serde_json::from_str(content) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(Flaw::whole(format!(
            "expected a JSON object, found {}",
            kind(&other)
        ))),
        Err(error) => {
            let reason = error.to_string();
            // A line is its own document, so the parser's line number would mislead.
            let reason = reason.split(" at line").next().unwrap_or_default();
            Err(Flaw::whole(format!(
                "not valid JSON: {reason} (column {})",
                error.column()
            )))
        }
    }
}

/// One large array instead of lines has a message of its own, however it is laid out.
pub(super) fn refuse_array_file(path: &Path, first_line: &[u8]) -> Result<(), DatasetError> {
    let is_array = |content: &[u8]| {
        serde_json::from_slice::<Value>(content).is_ok_and(|document| document.is_array())
    };
    if is_array(first_line) || is_array(&Lines::open(path)?.into_rest()?) {
        return Err(DatasetError::TopLevelArray {
            path: path.to_path_buf(),
        });
    }
    Ok(())
}
