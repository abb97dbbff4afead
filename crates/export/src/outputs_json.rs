//! `outputs.json`: the text that came back for every measured request.
//!
//! During the run entries are appended as lines to fragments. At the end the fragments are put in order and copied, one entry in memory at a time.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use aiperf_model::OutputEntry;
use serde_json::value::RawValue;

use crate::ExportError;
use crate::json::write_pretty;
use crate::write::{Access, PendingFile};

/// Where fragments are, below the artifact directory.
pub const FRAGMENTS_DIRECTORY: &str = "output_fragments";

/// The metrics that an entry shows, where the request has them.
pub const SHOWN_METRICS: [&str; 6] = [
    "input_sequence_length",
    "output_token_count",
    "output_sequence_length",
    "request_latency",
    "time_to_first_token",
    "inter_token_latency",
];

/// A fragment.
pub fn fragment_path(directory: &Path, record_processor_id: &str) -> PathBuf {
    directory
        .join(FRAGMENTS_DIRECTORY)
        .join(format!("output_fragments_{record_processor_id}.jsonl"))
}

/// Where an entry is.
struct Place {
    session_num: u64,
    turn_index: u64,
    fragment: usize,
    start: u64,
    length: usize,
}

/// Writes the file from the fragments below `directory`, sorted by position of issue and turn, and
/// removes them. Lines that a killed run left half written are passed over.
///
/// # Errors
/// A fragment cannot be read or the file cannot be written; the fragments then stay.
pub fn merge_fragments(directory: &Path, path: &Path) -> Result<(), ExportError> {
    let fragments = directory.join(FRAGMENTS_DIRECTORY);
    let unreadable = |source| ExportError::Write {
        path: path.to_owned(),
        source,
    };
    let mut files = open_fragments(&fragments).map_err(unreadable)?;
    let mut places = Vec::new();
    for (index, file) in files.iter_mut().enumerate() {
        find_entries(file, index, &mut places).map_err(unreadable)?;
    }
    places.sort_by_key(|place| (place.session_num, place.turn_index));

    let mut output = PendingFile::create(path, Access::Usual)?;
    let failed = |output: &PendingFile, source| output.failed(source);
    let head = b"{\n  \"schema_version\": \"1.0\",\n  \"data\": [";
    output
        .write_all(head)
        .map_err(|error| failed(&output, error))?;
    let mut line = Vec::new();
    for (index, place) in places.iter().enumerate() {
        line.resize(place.length, 0);
        let file = &mut files[place.fragment];
        file.seek(SeekFrom::Start(place.start))
            .and_then(|_| file.read_exact(&mut line))
            .map_err(unreadable)?;
        let separator: &[u8] = if index == 0 { b"\n    " } else { b",\n    " };
        output
            .write_all(separator)
            .map_err(|error| failed(&output, error))?;
        let entry: OutputEntry =
            serde_json::from_slice(&line).map_err(|error| failed(&output, error.into()))?;
        write_pretty(&mut output, &entry, 2).map_err(|error| failed(&output, error.into()))?;
    }
    let tail: &[u8] = if places.is_empty() {
        b"]\n}"
    } else {
        b"\n  ]\n}"
    };
    output
        .write_all(tail)
        .map_err(|error| failed(&output, error))?;
    output.commit()?;
    if fragments.exists() {
        fs::remove_dir_all(&fragments).map_err(unreadable)?;
    }
    Ok(())
}

fn open_fragments(directory: &Path) -> std::io::Result<Vec<BufReader<File>>> {
    if !directory.exists() {
        return Ok(Vec::new());
    }
    let mut paths: Vec<PathBuf> = fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    paths
        .iter()
        .map(|path| File::open(path).map(BufReader::new))
        .collect()
}

fn find_entries(
    file: &mut BufReader<File>,
    fragment: usize,
    places: &mut Vec<Place>,
) -> std::io::Result<()> {
    /// The order is all that is needed at first.
    #[derive(serde::Deserialize)]
    struct Key<'a> {
        session_num: u64,
        turn_index: Option<u64>,
        #[serde(borrow, rename = "metrics")]
        _metrics: &'a RawValue,
    }
    let mut line = Vec::new();
    let mut start = 0;
    loop {
        line.clear();
        let length = file.read_until(b'\n', &mut line)?;
        if length == 0 {
            return Ok(());
        }
        if let Ok(key) = serde_json::from_slice::<Key<'_>>(&line) {
            places.push(Place {
                session_num: key.session_num,
                turn_index: key.turn_index.unwrap_or(0),
                fragment,
                start,
                length,
            });
        }
        start += length as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aiperf_model::NumberValue;

    fn entry(session_num: u64, turn_index: u64, text: Option<&str>) -> OutputEntry {
        OutputEntry {
            session_num,
            conversation_id: Some("session_000000".to_owned()),
            turn_index: Some(turn_index),
            x_request_id: Some("af3ae04d".to_owned()),
            benchmark_phase: None,
            request_start_ns: 1_795_299_900_808_803_679,
            request_end_ns: 1_795_299_900_932_311_485,
            metrics: Default::default(),
            response_text: text.map(str::to_owned),
        }
    }

    #[test]
    fn entries_of_all_fragments_are_put_in_order_and_the_fragments_removed() {
        let directory = tempfile::tempdir().unwrap();
        let fragment = |processor: &str, lines: &[Vec<u8>]| {
            let path = fragment_path(directory.path(), processor);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, lines.concat()).unwrap();
        };
        let written = |entry: &OutputEntry| {
            let mut line = serde_json::to_vec(entry).unwrap();
            line.push(b'\n');
            line
        };
        let line = |mut entry: OutputEntry| {
            let figures = [
                ("output_token_count", NumberValue::Int(7)),
                ("request_latency", NumberValue::Float(113.5)),
            ];
            let figures = figures.map(|(tag, number)| (tag.to_owned(), number));
            entry.metrics.extend(figures);
            written(&entry)
        };
        let failed = written(&entry(1, 0, None));
        fragment(
            "a",
            &[
                line(entry(2, 0, Some("two"))),
                failed,
                b"{\"session_num\":9,".to_vec(),
            ],
        );
        fragment(
            "b",
            &[
                line(entry(0, 1, Some("é\n"))),
                line(entry(0, 0, Some("zero"))),
            ],
        );
        let path = directory.path().join("outputs.json");
        merge_fragments(directory.path(), &path).unwrap();
        insta::assert_snapshot!(fs::read_to_string(&path).unwrap());
        let parsed = aiperf_model::read_outputs(&path).unwrap();
        assert_eq!(parsed.data.len(), 4);
        assert!(!directory.path().join(FRAGMENTS_DIRECTORY).exists());
    }

    #[test]
    fn a_run_without_answers_has_an_empty_list() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("outputs.json");
        merge_fragments(directory.path(), &path).unwrap();
        assert_eq!(aiperf_model::read_outputs(&path).unwrap().data, []);
    }
}
