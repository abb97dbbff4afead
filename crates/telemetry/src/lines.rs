//! `server_metrics_export.jsonl` and its like: a line is on disk as soon as it is known.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

/// A file of lines that comes into being with its first line.
pub(crate) struct Lines {
    path: PathBuf,
    file: Option<File>,
    has_failed: bool,
}

impl Lines {
    /// An earlier file of that name is removed.
    pub(crate) fn new(path: PathBuf) -> Self {
        // Where there was none there is nothing to remove; any other obstacle shows at the first line.
        let _ = std::fs::remove_file(&path);
        Self {
            path,
            file: None,
            has_failed: false,
        }
    }

    /// Appends a line. The first failure is told, and ends the file there.
    pub(crate) fn append(&mut self, line: &impl serde::Serialize) {
        if self.has_failed {
            return;
        }
        if let Err(error) = self.try_append(line) {
            self.has_failed = true;
            let path = self.path.display();
            tracing::warn!("cannot write to `{path}`: {error}; further lines are left out");
        }
    }

    fn try_append(&mut self, line: &impl serde::Serialize) -> std::io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        let file = match &mut self.file {
            Some(file) => file,
            empty => empty.insert(File::create(&self.path)?),
        };
        file.write_all(&text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn there_is_no_file_without_a_line_and_an_earlier_one_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        std::fs::write(&path, "old\n").unwrap();
        let mut lines = Lines::new(path.clone());
        assert!(!path.exists());
        lines.append(&Value::from(1));
        lines.append(&Value::from("two"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "1\n\"two\"\n");
    }

    #[test]
    fn a_line_that_cannot_be_written_ends_the_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let mut lines = Lines::new(folder.path().join("missing/a.jsonl"));
        lines.append(&Value::from(1));
        assert!(lines.has_failed);
    }
}
