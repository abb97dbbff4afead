//! Whether a file is a trace that can be replayed, with everything that is wrong about it.

use std::path::Path;

use super::mooncake;
use crate::error::DatasetError;
use crate::file::rows;

/// What was found in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TraceCheck {
    /// Rows, good and bad; empty lines are none.
    pub rows: usize,
    /// What is wrong, with the number of the line, from 1, in the order of the file.
    pub flaws: Vec<(usize, String)>,
}

/// Looks at every row of a file in the format `mooncake_trace`.
///
/// # Errors
/// The file cannot be read or has no row.
pub fn check_mooncake(path: &Path) -> Result<TraceCheck, DatasetError> {
    let mut check = TraceCheck::default();
    rows::for_each_line(
        path,
        |line| Ok(mooncake::read_line(line).err()),
        |line, flaw| {
            check.rows += 1;
            if let Some(flaw) = flaw {
                check.flaws.push((line, flaw.to_string()));
            }
            Ok(())
        },
    )?;
    Ok(check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_that_is_wrong_is_told_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.jsonl");
        let text = "{\"input_length\": 5, \"hash_ids\": [1]}\n{\"output_length\": 3}\n\n\
                    nonsense\n{\"text_input\": \"x\", \"timestamp\": \"late\"}\n";
        std::fs::write(&path, text).unwrap();
        let check = check_mooncake(&path).unwrap();
        assert_eq!(check.rows, 4);
        let lines: Vec<usize> = check.flaws.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 4, 5]);
        assert!(check.flaws[0].1.contains("exactly one of"), "{check:?}");
        assert!(check.flaws[2].1.contains("timestamp"), "{check:?}");

        std::fs::write(&path, "{\"input_length\": 5}\n").unwrap();
        let good = check_mooncake(&path).unwrap();
        assert_eq!((good.rows, good.flaws.len()), (1, 0));
    }
}
