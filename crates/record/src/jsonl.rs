//! A file of lines that several threads append to.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Appends whole lines. A write that fails is undone to the last whole line and ends the file: what
/// is written stays readable, and the failure is told once.
#[derive(Debug)]
pub struct LineFile {
    path: PathBuf,
    file: Mutex<(File, u64)>,
    failure: OnceLock<String>,
}

impl LineFile {
    /// Creates the file, empty.
    ///
    /// # Errors
    /// The path cannot be written to.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .open(path)?;
        Ok(Self {
            path: path.to_owned(),
            file: Mutex::new((file, 0)),
            failure: OnceLock::new(),
        })
    }

    /// Appends lines, each with its line end.
    pub fn append(&self, lines: &[u8]) {
        if lines.is_empty() {
            return;
        }
        let mut guard = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock: after a failure there may be room again, but behind a piece of a line.
        if self.failure.get().is_some() {
            return;
        }
        let (file, length) = &mut *guard;
        match file.write_all(lines) {
            Ok(()) => *length += lines.len() as u64,
            Err(error) => {
                // Shortening a file needs no space, so it works on a full disk.
                let _ = file.set_len(*length);
                let message = format!("cannot write `{}`: {error}", self.path.display());
                let _ = self.failure.set(message);
            }
        }
    }

    /// Why the file had to be ended, if it had to.
    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).1 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_several_threads_stay_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = LineFile::create(&folder.path().join("lines")).unwrap();
        std::thread::scope(|scope| {
            for line in [b"aaaa\n", b"bbbb\n"] {
                let file = &file;
                scope.spawn(move || (0..500).for_each(|_| file.append(line)));
            }
        });
        let text = std::fs::read_to_string(file.path()).unwrap();
        assert_eq!(text.lines().count(), 1_000);
        assert!(text.lines().all(|line| line == "aaaa" || line == "bbbb"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_and_later_lines_are_not_written() {
        let file = LineFile::create(Path::new("/dev/full")).unwrap();
        file.append(b"line\n");
        assert!(file.failure().unwrap().contains("/dev/full"));
        file.append(b"line\n");
        assert!(file.is_empty());
    }
}
