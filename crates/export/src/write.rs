//! Files appear under their final name complete or not at all: they are written beside it and
//! renamed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::ExportError;

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// As the process's mask says.
    Usual,
    /// The owner alone.
    OwnerOnly,
}

/// Writes the whole of `text`; missing parent directories are made.
pub fn write_text(path: &Path, text: &str) -> Result<(), ExportError> {
    write_with_access(path, text, Access::Usual)
}

/// [`write_text`] with a choice of who may read the file.
pub fn write_with_access(path: &Path, text: &str, access: Access) -> Result<(), ExportError> {
    let mut file = PendingFile::create(path, access)?;
    file.write_all(text.as_bytes())
        .map_err(|source| file.failed(source))?;
    file.commit()
}

/// A file that is being written. Dropped before [`PendingFile::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct PendingFile {
    path: PathBuf,
    temporary: PathBuf,
    writer: Option<BufWriter<File>>,
}

impl PendingFile {
    /// Opens the temporary file beside `path`.
    pub fn create(path: &Path, access: Access) -> Result<Self, ExportError> {
        let failed = |source| ExportError::Write {
            path: path.to_owned(),
            source,
        };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".tmp");
        let temporary = PathBuf::from(temporary);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        if access == Access::OwnerOnly {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        #[cfg(not(unix))]
        let _ = access;
        let file = options.open(&temporary).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            temporary,
            writer: Some(BufWriter::new(file)),
        })
    }

    /// Gives the file its final name.
    pub fn commit(mut self) -> Result<(), ExportError> {
        self.flush().map_err(|source| self.failed(source))?;
        self.writer = None;
        fs::rename(&self.temporary, &self.path).map_err(|source| {
            let _ = fs::remove_file(&self.temporary);
            self.failed(source)
        })
    }

    /// The final name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn failed(&self, source: io::Error) -> ExportError {
        ExportError::Write {
            path: self.path.clone(),
            source,
        }
    }
}

impl Write for PendingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.writer {
            Some(writer) => writer.write(bytes),
            None => Err(io::Error::from(io::ErrorKind::BrokenPipe)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for PendingFile {
    fn drop(&mut self) {
        if self.writer.is_some() {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_committed_leaves_the_old_one_and_no_rest() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep/summary.json");
        write_text(&path, "old").unwrap();
        let mut pending = PendingFile::create(&path, Access::Usual).unwrap();
        pending.write_all(b"half of the n").unwrap();
        drop(pending);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn an_error_names_the_file_that_was_wanted() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("in_the_way"), "").unwrap();
        let error = write_text(&directory.path().join("in_the_way/a.json"), "").unwrap_err();
        assert!(error.to_string().starts_with("cannot write `"), "{error}");
        assert!(
            error.to_string().contains("in_the_way/a.json`: "),
            "{error}"
        );
    }
}
