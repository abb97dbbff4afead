//! Reading files: line by line, or whole.
//!
//! Every error names the file and the place in it. Nothing here guesses: a line that cannot be
//! parsed is reported, and reading goes on with the next one if the caller wants it.

#[cfg(feature = "async")]
mod asynchronous;
mod documents;
mod error;
mod lines;

#[cfg(feature = "async")]
pub use asynchronous::{
    AsyncRecordReader, open_lines_async, open_raw_records_async, open_records_async,
};
pub use documents::{
    read_document, read_inputs, read_outputs, read_phase_manifest, read_ready_marker, read_summary,
    read_timeslices,
};
pub use error::ReadError;
pub use lines::{RecordReader, open_lines, open_raw_records, open_records};
