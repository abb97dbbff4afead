//! Log lines: to the console as `HH:MM:SS.mmm LEVEL    message (file:line)`, to the run's file as
//! `YYYY-MM-DD HH:MM:SS.mmm - logger - LEVEL - message`. Both in local time.

use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// Events of this target are shown as `NOTICE`, which stands between `INFO` and `WARNING`.
pub(crate) const NOTICE: &str = "aiperf::notice";

/// Where log lines go.
pub(crate) struct LogLayer {
    least: u8,
    file: OnceLock<Mutex<File>>,
}

/// Starts logging to the console. The file joins with [`LogHandle::add_file`].
pub(crate) fn start(least: u8) -> LogHandle {
    let layer: &'static LogLayer = Box::leak(Box::new(LogLayer {
        least,
        file: OnceLock::new(),
    }));
    let subscriber = tracing_subscriber::registry().with(Forward(layer));
    // A second run in one process (tests) keeps the first subscriber.
    let _ = tracing::subscriber::set_global_default(subscriber);
    LogHandle(layer)
}

/// Lets the log file join later, when the run's folder is known.
#[derive(Clone, Copy)]
pub(crate) struct LogHandle(&'static LogLayer);

impl LogHandle {
    /// From now on lines also go to `path`, which is appended to.
    pub(crate) fn add_file(self, path: &Path) -> io::Result<()> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let _ = self.0.file.set(Mutex::new(file));
        Ok(())
    }
}

struct Forward(&'static LogLayer);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Forward {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        self.0.write(event);
    }
}

/// Severities as the reference numbers them.
fn severity(level: Level, target: &str) -> (u8, &'static str) {
    if target == NOTICE {
        return (25, "NOTICE");
    }
    match level {
        Level::TRACE => (5, "TRACE"),
        Level::DEBUG => (10, "DEBUG"),
        Level::INFO => (20, "INFO"),
        Level::WARN => (30, "WARNING"),
        Level::ERROR => (40, "ERROR"),
    }
}

impl LogLayer {
    fn write(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let (number, name) = severity(*metadata.level(), metadata.target());
        // Of other crates only what may matter to a user is shown.
        let is_own = metadata.target().starts_with("aiperf");
        if number < self.least || (!is_own && number < 30 && self.least > 5) {
            return;
        }
        let mut message = Message::default();
        event.record(&mut message);
        let now = jiff::Zoned::now();
        let place = match (metadata.file(), metadata.line()) {
            (Some(file), Some(line)) => {
                let file = file.rsplit('/').next().unwrap_or(file);
                format!(" ({file}:{line})")
            }
            _ => String::new(),
        };
        let console = format!(
            "{} {name:<8} {}{place}\n",
            now.strftime("%H:%M:%S%.3f"),
            message.0
        );
        // A closed standard output must not end the run; the files are what counts.
        let _ = io::stdout().lock().write_all(console.as_bytes());
        if let Some(file) = self.file.get() {
            let logger = metadata.target().replace("::", ".");
            let line = format!(
                "{} - {logger} - {name} - {}\n",
                now.strftime("%Y-%m-%d %H:%M:%S%.3f"),
                message.0
            );
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = file.write_all(line.as_bytes());
        }
    }
}

#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = if field.name() == "message" {
            write!(self.0, "{value:?}")
        } else {
            write!(self.0, " {}={value:?}", field.name())
        };
    }
}
