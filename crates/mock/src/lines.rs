//! Files of JSON lines that grow while the server runs.
//!
//! Records go through a channel to a thread that formats and writes them, so that serving never
//! waits for a disk. The file is flushed every second and when the server stops.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Serialize;

/// The thread that writes a file. Ends when every sender is dropped.
pub(crate) struct LineWriter {
    thread: JoinHandle<()>,
}

const FLUSH_EVERY: Duration = Duration::from_secs(1);

impl LineWriter {
    /// Opens the file for appending and starts the thread.
    pub(crate) fn start<T: Serialize + Send + 'static>(
        path: &Path,
        thread_name: &str,
    ) -> io::Result<(Self, Sender<T>)> {
        let file = File::options().create(true).append(true).open(path)?;
        let (sender, records) = channel();
        let shown_path = path.display().to_string();
        let thread = std::thread::Builder::new()
            .name(thread_name.to_owned())
            .spawn(move || {
                if let Err(error) = write_all(&records, BufWriter::new(file)) {
                    tracing::error!("file `{shown_path}` is incomplete: {error}");
                }
            })?;
        Ok((Self { thread }, sender))
    }

    /// Waits until everything is on file. Every sender must have been dropped.
    pub(crate) fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!("a writer of lines ended early; its file is incomplete");
        }
    }
}

fn write_all<T: Serialize>(records: &Receiver<T>, mut file: impl Write) -> io::Result<()> {
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
