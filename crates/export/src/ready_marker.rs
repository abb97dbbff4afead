//! `.aiperf_results_ready.json`: the last file of a run. Watchers read the others once it is there.

use std::path::Path;

use serde::Serialize;

use crate::naming::{FileNames, OutputFile};
use crate::write::{Access, write_with_access};
use crate::{ExportError, phases};

/// The state in which a run left its files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReadyMarker {
    ready: bool,
    was_cancelled: bool,
    partial: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed_exporters: Vec<String>,
}

impl ReadyMarker {
    /// All exporters are done; `failed_exporters` names those that did not succeed.
    pub fn new(was_cancelled: bool, failed_exporters: Vec<String>) -> Self {
        let partial = !failed_exporters.is_empty();
        Self {
            ready: true,
            was_cancelled,
            partial,
            failed_exporters,
        }
    }

    /// Writes the marker, readable by its owner alone.
    pub fn write(&self, directory: &Path) -> Result<(), ExportError> {
        let path = directory.join(FileNames::usual().name(OutputFile::ReadyMarker));
        let text = serde_json::to_string(self).map_err(|error| phases::unwritable(&path, error))?;
        write_with_access(&path, &text, Access::OwnerOnly)
    }
}

/// Removes the marker of an earlier run in the same directory, so that nobody takes that run's
/// files for this one's. To be called before the first request.
pub fn remove_stale_marker(directory: &Path) -> Result<(), ExportError> {
    let path = directory.join(FileNames::usual().name(OutputFile::ReadyMarker));
    match std::fs::remove_file(&path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(ExportError::Write { path, source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_is_compact_and_private() {
        let directory = tempfile::tempdir().unwrap();
        ReadyMarker::new(false, Vec::new())
            .write(directory.path())
            .unwrap();
        let path = directory.path().join(".aiperf_results_ready.json");
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            r#"{"ready":true,"was_cancelled":false,"partial":false}"#
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        remove_stale_marker(directory.path()).unwrap();
        remove_stale_marker(directory.path()).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_failed_exporter_makes_the_results_partial() {
        let marker = ReadyMarker::new(true, vec!["summary CSV".to_owned()]);
        assert_eq!(
            serde_json::to_string(&marker).unwrap(),
            r#"{"ready":true,"was_cancelled":true,"partial":true,"failed_exporters":["summary CSV"]}"#
        );
    }
}
