//! Whole: the files that are written once.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::error::ReadError;
use crate::{InputsFile, OutputsFile, PhaseManifest, ReadyMarker, Summary, Timeslices};

/// Reads a file that is one JSON document.
///
/// # Errors
/// When the file cannot be opened, cannot be read, or does not hold a `T`.
pub fn read_document<T: DeserializeOwned>(path: impl AsRef<Path>) -> Result<T, ReadError> {
    let path = path.as_ref();
    let text = std::fs::read(path).map_err(|error| ReadError::Open {
        path: path.to_owned(),
        error,
    })?;
    serde_json::from_slice(&text).map_err(|error| ReadError::malformed(path, 1, &error))
}

/// Reads a summary, `profile_export_aiperf.json`.
///
/// # Errors
/// As [`read_document`].
pub fn read_summary(path: impl AsRef<Path>) -> Result<Summary, ReadError> {
    read_document(path)
}

/// Reads an `inputs.json`.
///
/// # Errors
/// As [`read_document`].
pub fn read_inputs(path: impl AsRef<Path>) -> Result<InputsFile, ReadError> {
    read_document(path)
}

/// Reads an `outputs.json`.
///
/// # Errors
/// As [`read_document`].
pub fn read_outputs(path: impl AsRef<Path>) -> Result<OutputsFile, ReadError> {
    read_document(path)
}

/// Reads the time slices, `profile_export_aiperf_timeslices.json`.
///
/// # Errors
/// As [`read_document`].
pub fn read_timeslices(path: impl AsRef<Path>) -> Result<Timeslices, ReadError> {
    read_document(path)
}

/// Reads a `phase_manifest.json`.
///
/// # Errors
/// As [`read_document`].
pub fn read_phase_manifest(path: impl AsRef<Path>) -> Result<PhaseManifest, ReadError> {
    read_document(path)
}

/// Reads the marker of a finished run, `.aiperf_results_ready.json`.
///
/// # Errors
/// As [`read_document`].
pub fn read_ready_marker(path: impl AsRef<Path>) -> Result<ReadyMarker, ReadError> {
    read_document(path)
}
