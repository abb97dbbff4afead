//! The truth file: what the server really did, for comparison with what a client measured.
//!
//! Records go through a channel to a thread that formats and writes them, so that serving never
//! waits for a disk. The file is flushed every second and when the server stops.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use aiperf_clock::EpochNanos;
use serde::{Deserialize, Serialize};

use crate::error::MockError;
use crate::fault::Fault;

/// One line of the truth file: one request. Written when the request ends, so lines are in the
/// order of endings. All stamps are nanoseconds since the Unix epoch on one steady clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TruthRecord {
    /// The request's `X-Request-ID`, if it had one.
    pub x_request_id: Option<String>,
    /// The request's path, without the query.
    pub path: String,
    /// The client's port; equal for requests on one connection.
    pub peer_port: u16,
    /// When the request's first bytes had been read.
    pub first_byte_read_ns: EpochNanos,
    /// When the request's last byte had been read: the zero of the answer's schedule.
    pub arrival_ns: EpochNanos,
    /// For each content chunk of a stream, just before the write call that handed it to the
    /// socket. Chunks that one call took share a stamp; of one that is written byte by byte, it is
    /// that of the first byte. Empty for answers that are not streams.
    pub chunk_ns: Vec<EpochNanos>,
    /// When the last write call had returned, or the connection was given up.
    pub end_ns: EpochNanos,
    /// When the client was found to have gone away before the end of the answer.
    pub disconnect_ns: Option<EpochNanos>,
    /// The HTTP status; `None` where the connection was reset before any answer.
    pub status: Option<u16>,
    /// The fault that befell the request.
    pub fault: Option<Fault>,
    /// Output tokens written.
    pub output_tokens: u64,
    /// Length of the request's body.
    pub body_bytes: u64,
}

/// The thread that writes the file. Ends when every sender is dropped.
pub(crate) struct TruthWriter {
    thread: JoinHandle<()>,
}

const FLUSH_EVERY: Duration = Duration::from_secs(1);

impl TruthWriter {
    /// Opens the file for appending and starts the thread.
    pub(crate) fn start(path: &Path) -> Result<(Self, Sender<TruthRecord>), MockError> {
        let file = File::options()
            .create(true)
            .append(true)
            .open(path)
            .map_err(|source| MockError::TruthFile {
                path: path.to_owned(),
                source,
            })?;
        let (sender, records) = channel();
        let shown_path = path.display().to_string();
        let thread = std::thread::Builder::new()
            .name("mock-truth".to_owned())
            .spawn(move || {
                if let Err(error) = write_all(&records, BufWriter::new(file)) {
                    tracing::error!("truth file `{shown_path}` is incomplete: {error}");
                }
            })
            .map_err(MockError::Thread)?;
        Ok((Self { thread }, sender))
    }

    /// Waits until everything is on file. Every sender must have been dropped.
    pub(crate) fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!("the truth file's writer ended early; the file is incomplete");
        }
    }
}

fn write_all(records: &Receiver<TruthRecord>, mut file: impl Write) -> io::Result<()> {
    let clock = aiperf_clock::Clock::start();
    let interval = FLUSH_EVERY.as_nanos() as aiperf_clock::Nanos;
    let mut next_flush = clock.now() + interval;
    loop {
        let until_flush = next_flush.saturating_sub(clock.now());
        match records.recv_timeout(Duration::from_nanos(until_flush)) {
            Ok(record) => {
                serde_json::to_writer(&mut file, &record)?;
                file.write_all(b"\n")?;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return file.flush(),
        }
        if clock.now() >= next_flush {
            file.flush()?;
            next_flush = clock.now() + interval;
        }
    }
}
