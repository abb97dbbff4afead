//! All rows of a file, in order.

use std::path::Path;
use std::thread;

use serde_json::{Map, Value};

use super::fields::{Flaw, kind};
use super::lines::Lines;
use crate::error::DatasetError;

/// Bytes that are parsed together. Large enough that threads pay, small enough to keep little.
const BATCH_BYTES: usize = 4 << 20;

/// Below this many bytes a thread costs more than it saves.
const BYTES_PER_THREAD: usize = 64 << 10;

type Numbered = (usize, Vec<u8>);

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
    let mut first_bad: Option<(usize, Flaw)> = None;
    let mut bad_lines = 0;
    let mut seen_any = false;
    let mut lines = Lines::open(path)?;
    loop {
        let batch = next_batch(&mut lines)?;
        let Some((first_line, first_content)) = batch.first() else {
            break;
        };
        if !seen_any && *first_line == 1 && first_content.trim_ascii_start().starts_with(b"[") {
            refuse_array_file(path, first_content)?;
        }
        seen_any = true;
        for (line, parsed) in parse(&batch, &read_line) {
            let outcome = match parsed {
                Ok(row) if first_bad.is_none() => take(line, row),
                Ok(_) => Ok(()),
                Err(flaw) => Err(flaw),
            };
            if let Err(flaw) = outcome {
                bad_lines += 1;
                first_bad.get_or_insert((line, flaw));
            }
        }
    }
    match first_bad {
        Some((line, flaw)) => Err(DatasetError::Row {
            path: path.to_path_buf(),
            line,
            flaw: flaw.to_string(),
            further_lines: bad_lines - 1,
        }),
        None if !seen_any => Err(DatasetError::Empty {
            path: path.to_path_buf(),
        }),
        None => Ok(()),
    }
}

fn next_batch(lines: &mut Lines) -> Result<Vec<Numbered>, DatasetError> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    while bytes < BATCH_BYTES {
        let Some(numbered) = lines.next() else { break };
        let (line, content) = numbered?;
        bytes += content.len();
        batch.push((line, content));
    }
    Ok(batch)
}

fn parse<Row: Send>(
    batch: &[Numbered],
    read_line: &(impl Fn(&[u8]) -> Result<Row, Flaw> + Sync),
) -> Vec<(usize, Result<Row, Flaw>)> {
    let parse_share = |share: &[Numbered]| -> Vec<_> {
        share
            .iter()
            .map(|(line, content)| (*line, read_line(content)))
            .collect()
    };
    let bytes: usize = batch.iter().map(|(_, content)| content.len()).sum();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(bytes / BYTES_PER_THREAD).max(1);
    if threads == 1 {
        return parse_share(batch);
    }
    let share = batch.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let workers: Vec<_> = batch
            .chunks(share)
            .map(|share| scope.spawn(|| parse_share(share)))
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    })
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
